"""What the likelihood of purchases needs: customers counted, so that nothing is worked out twice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log

from attrs import frozen

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.models.purchase_model import WEEK
from crmkit.rules.lifetime.purchases import History

__all__ = ["LEAST_REPEATERS", "Row", "Tally", "counted"]

LEAST_REPEATERS = 10
"""Fewer customers who came back say nothing of all others."""

Row = tuple[int, float, float, int]
"""Frequency, recency and age in weeks, and how many customers have this history."""


@frozen
class Tally:
    """Customers counted by their purchases."""

    customers: int
    beyond: tuple[int, ...]
    """How many have more than 0, 1, 2 … repeat purchases."""
    once: tuple[tuple[float, int], ...]
    """Those who bought once: age in weeks, and how many."""

    @classmethod
    def of(cls, frequencies: Mapping[int, int], once: Mapping[int, int]) -> "Tally":
        """From how many customers there are of each frequency, and of each age in days of who bought once.

        Raises:
            InvalidInput: fewer than ``LEAST_REPEATERS`` bought again.

        >>> Tally.of({0: 5, 2: 30, 3: 10}, {70: 5})
        Tally(customers=45, beyond=(40, 40, 10), once=((10.0, 5),))
        """
        customers = sum(frequencies.values())
        again = customers - frequencies.get(0, 0)
        if again < LEAST_REPEATERS:
            message = f"of {customers} customers {again} bought again, at least {LEAST_REPEATERS} are needed."
            raise InvalidInput(message, field="histories", hint="Give more customers, or a longer time.")
        beyond, left = [], customers
        for count in range(max(frequencies)):
            left -= frequencies.get(count, 0)
            beyond.append(left)
        return cls(customers, tuple(beyond), tuple((age / WEEK, many) for age, many in sorted(once.items())))

    def rising(self, r: float) -> tuple[float, float]:
        """The sum of ln Γ(r + x) / Γ(r) over all customers, and its derivative by r.

        The quotient is r (r + 1) … (r + x − 1): each factor counts for everybody who has more purchases than that.
        """
        value = slope = 0.0
        for number, count in enumerate(self.beyond):
            value += count * log(r + number)
            slope += count / (r + number)
        return value, slope

    @property
    def usual_wait(self) -> float:
        """Weeks between purchases, roughly: a number to begin a search with."""
        ages = sum(age * count for age, count in self.once) / max(1, sum(count for _, count in self.once))
        return max(0.1, ages) * self.customers / (4 * sum(self.beyond) + self.customers)


def counted(histories: Iterable[History]) -> tuple[Tally, list[Row]]:
    """The tally of ``histories``, and each different one with the number of customers who have it.

    Raises:
        InvalidInput: fewer than ``LEAST_REPEATERS`` bought again.
    """
    same = Counter((each.frequency, each.recency, each.age) for each in histories)
    frequencies: Counter[int] = Counter()
    once: Counter[int] = Counter()
    for (x, _, age), count in same.items():
        frequencies[x] += count
        if not x:
            once[age] += count
    rows = [(x, recency / WEEK, age / WEEK, count) for (x, recency, age), count in same.items()]
    return Tally.of(frequencies, once), rows
