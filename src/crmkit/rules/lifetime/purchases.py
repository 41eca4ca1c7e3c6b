"""What a customer bought, and when, in the four numbers that the models ask for.

All purchases of a customer on one day count as one; time runs in whole days from the first of them (P. Fader,
B. Hardie, K. L. Lee, "Counting Your Customers the Easy Way", Marketing Science 24, 2005).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from crmkit.domain.model import Key, model
from crmkit.errors import InvalidInput

__all__ = ["MOST_DAYS", "History", "Purchase", "bought_after", "histories", "history", "purchase_days"]

MOST_DAYS = 36_525
"""A hundred years: what is longer is a wrong date."""


@model
class Purchase:
    """One purchase: who, on which day of the business calendar, and how much in minor units of one currency."""

    customer_id: Key
    on: date
    amount: int = 0

    def check(self) -> None:
        """A purchase has no negative amount."""
        if self.amount < 0:
            message = "must not be negative."
            raise InvalidInput(message, field="Purchase.amount", hint="Take returns off what was bought before.")


@model
class History:
    """A customer's purchases up to a day.

    ``frequency`` counts the days with a purchase after the first, ``recency`` the days from the first to the
    last of them and ``age`` those from the first to the day of the summary. ``spent`` is the sum of all but the
    first, in minor units.

    >>> History(frequency=2, recency=213, age=272)
    History(frequency=2, recency=213, age=272, spent=0)
    >>> History(frequency=2, recency=300, age=272)
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: History.recency: is more than the age. Count both from the first purchase, in days.
    """

    frequency: int
    recency: int
    age: int
    spent: int = 0

    def check(self) -> None:
        """The last purchase lies in time, and no two on one day."""
        wrong = _wrong(self)
        if wrong is not None:
            name, message, hint = wrong
            raise InvalidInput(message, field=f"History.{name}", hint=hint)

    @property
    def silent(self) -> int:
        """Days since the last purchase."""
        return self.age - self.recency

    @property
    def at_last(self) -> "History":
        """What was known on the day of the last purchase."""
        return History(frequency=self.frequency, recency=self.recency, age=self.recency, spent=self.spent)


def _wrong(given: History) -> tuple[str, str, str] | None:
    if given.frequency < 0 or given.spent < 0:
        return "frequency" if given.frequency < 0 else "spent", "must not be negative.", "0 means bought once."
    if given.recency > given.age:
        return "recency", "is more than the age.", "Count both from the first purchase, in days."
    if not 0 <= given.age <= MOST_DAYS:
        return "age", f"must lie between 0 and {MOST_DAYS}.", "Count days from the first purchase."
    if given.recency < given.frequency or (given.recency > 0) != (given.frequency > 0):
        hint = "Count one purchase a day, and 0 days for who bought once."
        return "recency", "does not fit the frequency.", hint
    return None


def purchase_days(purchases: Iterable[Purchase]) -> dict[str, list[tuple[date, int]]]:
    """The days on which each customer bought, with what was spent; customers and days in order."""
    ordered = sorted(purchases, key=lambda each: (each.customer_id, each.on))
    days: dict[str, list[tuple[date, int]]] = {}
    for (customer, on), same in groupby(ordered, key=lambda each: (each.customer_id, each.on)):
        days.setdefault(customer, []).append((on, sum(each.amount for each in same)))
    return days


def histories(purchases: Iterable[Purchase], *, as_of: date) -> dict[str, History]:
    """The history of each customer as it was known at the end of the day ``as_of``.

    Later purchases are left out, and with them whoever bought nothing before.

    >>> day = lambda number: date(2026, 1, number)
    >>> bought = [Purchase(customer_id="C-1", on=day(number), amount=900) for number in (1, 1, 8, 20)]
    >>> histories(bought, as_of=day(15))
    {'C-1': History(frequency=1, recency=7, age=14, spent=900)}
    """
    found = {}
    for customer, days in purchase_days(purchases).items():
        before = [each for each in days if each[0] <= as_of]
        if before:
            found[customer] = history(before, as_of=as_of)
    return found


def history(days: Sequence[tuple[date, int]], *, as_of: date) -> History:
    """The history of one customer who bought on these different ``days``, in order, none later than ``as_of``."""
    first = days[0][0]
    return History(
        frequency=len(days) - 1,
        recency=(days[-1][0] - first).days,
        age=(as_of - first).days,
        spent=sum(amount for _, amount in days[1:]),
    )


def bought_after(purchases: Iterable[Purchase], *, split: date, as_of: date) -> Mapping[str, int]:
    """On how many days after ``split`` and up to ``as_of`` each customer bought who had bought by ``split``.

    >>> bought = [Purchase(customer_id="C-1", on=date(2026, 1, number)) for number in (1, 8, 20, 30)]
    >>> bought_after(bought, split=date(2026, 1, 15), as_of=date(2026, 1, 25))
    {'C-1': 1}
    """
    return {
        customer: sum(split < on <= as_of for on, _ in days)
        for customer, days in purchase_days(purchases).items()
        if days[0][0] <= split
    }
