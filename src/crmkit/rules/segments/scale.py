"""From a measure to a score of 1, 2, 3 …: by cut points, which may come from the quantiles of all customers.

A score is a function of the value alone, so customers with the same value have the same score whatever the order
of rows. A value that many share stands in the middle of the ranks it takes (the mid-rank of M. G. Kendall, The
treatment of ties in ranking problems, Biometrika 33, 1945).
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby, pairwise

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.segments.facts import Orders

__all__ = ["MOST_BANDS", "RfmScales", "Scale"]

MOST_BANDS = 10
"""More bands than that nobody can name."""


@model
class Scale:
    """From which value on a score of 2, of 3 and so on is given.

    Args:
        cuts: rising; falling where ``less_is_better``. A cut that stands twice skips a score.
        less_is_better: as for days since the last order, where a cut says "at most".

    Raises:
        InvalidInput: the cuts do not rise, or there are more than nine.

    >>> Scale(cuts=(2, 5, 10)).score(5), Scale(cuts=(90, 30), less_is_better=True).score(30)
    (3, 3)
    """

    cuts: tuple[int, ...] = ()
    less_is_better: bool = False

    def check(self) -> None:
        """Cuts go one way, and there are few of them."""
        sign = self._sign
        if any(sign * lower > sign * higher for lower, higher in pairwise(self.cuts)):
            raise InvalidInput("are out of order.", field="Scale.cuts", hint="Let every cut be harder to reach.")
        if len(self.cuts) >= MOST_BANDS:
            raise InvalidInput("are too many.", field="Scale.cuts", hint=f"Give fewer than {MOST_BANDS}.")

    @classmethod
    def of(cls, values: Iterable[int], *, bands: int = 5, less_is_better: bool = False) -> "Scale":
        """The cuts that part ``values`` into ``bands`` of about the same size, without parting what is equal.

        A value that ``below`` of ``n`` stay under and ``equal`` have scores
        ``1 + floor(bands * (below + equal / 2) / n)``. Without values everybody scores 1.

        Raises:
            InvalidInput: ``bands`` is not within 1 to 10.

        >>> Scale.of([1, 1, 1, 2, 9]).cuts
        (1, 2, 2, 9)
        """
        if not 1 <= bands <= MOST_BANDS:
            raise InvalidInput("is out of range.", field="bands", hint=f"Give 1 to {MOST_BANDS}.")
        sign = -1 if less_is_better else 1
        ranked = sorted(sign * value for value in values)
        cuts: list[int] = []
        below = 0
        for value, same in groupby(ranked):
            equal = sum(1 for _ in same)
            reached = bands * (2 * below + equal) // (2 * len(ranked))
            cuts += [sign * value] * (reached - len(cuts))
            below += equal
        return cls(cuts=tuple(cuts), less_is_better=less_is_better)

    @property
    def most(self) -> int:
        """The highest score there is."""
        return len(self.cuts) + 1

    def score(self, value: int) -> int:
        """The score of ``value``, from 1."""
        return 1 + sum(self._sign * value >= self._sign * cut for cut in self.cuts)

    @property
    def _sign(self) -> int:
        return -1 if self.less_is_better else 1


@model
class RfmScales:
    """One scale for each measure: whole days since the last order, orders, and what they brought in minor units.

    Raises:
        InvalidInput: recency is not the one measure of which less is better.
    """

    recency: Scale
    frequency: Scale
    monetary: Scale

    def check(self) -> None:
        """Fewer days are better, more orders and more money are too."""
        if not self.recency.less_is_better or self.frequency.less_is_better or self.monetary.less_is_better:
            raise InvalidInput(
                "goes the wrong way.", field="RfmScales", hint="Of recency less is better, of the others more."
            )

    @classmethod
    def of(cls, customers: Iterable[Orders], *, bands: int = 5, now: datetime) -> "RfmScales":
        """The quantiles of those ``customers`` who have ordered.

        >>> from datetime import UTC, timedelta
        >>> now = datetime(2026, 3, 1, tzinfo=UTC)
        >>> known = [Orders(last_at=now - timedelta(days=day), count=9 - day, amount=day) for day in range(1, 5)]
        >>> scales = RfmScales.of(known, bands=2, now=now)
        >>> scales.recency.cuts, scales.frequency.cuts, scales.monetary.cuts
        ((2,), (7,), (3,))
        """
        some = [each for each in customers if each.count]
        return cls(
            recency=Scale.of((each.days(now) for each in some), bands=bands, less_is_better=True),
            frequency=Scale.of((each.count for each in some), bands=bands),
            monetary=Scale.of((each.amount for each in some), bands=bands),
        )
