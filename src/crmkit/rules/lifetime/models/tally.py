"""What the likelihood of purchases needs of all customers together."""

from collections.abc import Mapping
from math import log

from attrs import frozen

from crmkit.rules.lifetime.models.purchase_model import WEEK

__all__ = ["Tally"]


@frozen
class Tally:
    """Customers counted by their purchases, so that what depends on nothing else is worked out once for all."""

    customers: int
    beyond: tuple[int, ...]
    """How many have more than 0, 1, 2 … repeat purchases."""
    once: tuple[tuple[float, int], ...]
    """Those who bought once: age in weeks, and how many."""

    @classmethod
    def of(cls, frequencies: Mapping[int, int], once: Mapping[int, int]) -> "Tally":
        """From how many customers there are of each frequency, and of each age in days of who bought once.

        >>> Tally.of({0: 5, 2: 3, 3: 1}, {70: 5})
        Tally(customers=9, beyond=(4, 4, 1), once=((10.0, 5),))
        """
        beyond, left = [], sum(frequencies.values())
        for count in range(max(frequencies)):
            left -= frequencies.get(count, 0)
            beyond.append(left)
        ages = tuple((age / WEEK, many) for age, many in sorted(once.items()))
        return cls(sum(frequencies.values()), tuple(beyond), ages)

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
