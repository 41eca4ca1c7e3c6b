"""Retention: of those who first bought in one month, how many bought again one, two, three months later."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from attrs import frozen

from crmkit.rules.lifetime.purchases import Purchase, purchase_days

__all__ = ["Cohort", "cohorts"]


@frozen
class Cohort:
    """The customers whose first purchase lies in ``month`` (its first day).

    ``active`` says, for that month and each complete one after it, how many of them bought in it; the first is all.
    """

    month: date
    active: tuple[int, ...]

    @property
    def customers(self) -> int:
        """How many there are."""
        return self.active[0]

    @property
    def shares(self) -> tuple[float, ...]:
        """The same as shares of them, from 0 to 1."""
        return tuple(count / self.customers for count in self.active)


def cohorts(purchases: Iterable[Purchase], *, as_of: date) -> list[Cohort]:
    """The cohorts up to the last month that is over on ``as_of``, the oldest first.

    A month that has only begun would look as if everybody had left, so it and who first bought in it are left out.

    >>> bought = [("C-1", 1, 5), ("C-1", 2, 9), ("C-2", 1, 7), ("C-2", 3, 1), ("C-3", 2, 2), ("C-3", 3, 30)]
    >>> given = [Purchase(customer_id=who, on=date(2026, month, day)) for who, month, day in bought]
    >>> [(f"{each.month:%m}", each.active) for each in cohorts(given, as_of=date(2026, 3, 31))]
    [('01', (2, 1, 1)), ('02', (1, 1))]
    """
    last = _number(as_of + timedelta(days=1)) - 1
    counts: dict[int, Counter[int]] = {}
    for days in purchase_days(purchases).values():
        months = {_number(on) for on, _ in days}
        first = min(months)
        if first <= last:
            counts.setdefault(first, Counter()).update(month for month in months if month <= last)
    return [
        Cohort(date(first // 12, first % 12 + 1, 1), tuple(counts[first][month] for month in range(first, last + 1)))
        for first in sorted(counts)
    ]


def _number(day: date) -> int:
    """Months since the year 0."""
    return 12 * day.year + day.month - 1
