"""Half-life decay: half of what is left is lost in each half-life."""

from datetime import timedelta
from decimal import Context
from functools import lru_cache
from typing import ClassVar

from crmkit.domain.conditions import MAX_PERIOD
from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["HalfLife"]

TICK = timedelta(microseconds=1)
# a logarithm of the machine's own is off by a microsecond now and then, and on each machine elsewhere
_EXACT = Context(prec=50)
_LN2 = _EXACT.ln(2)


@model
class HalfLife:
    """Of ``points``, ``points × 2^(−age / every)`` are left, rounded half up.

    After a whole number of half-lives the rest is exact: 8 points are 4 after one, 2 after two, 1 after
    three; after four the exact half is rounded up to 1, and lost a microsecond later.

    >>> [str(age) for age in HalfLife(every=timedelta(days=2)).losses(1)]
    ['2 days, 0:00:00.000001']
    """

    kind: ClassVar[str] = "half_life"

    every: timedelta

    def check(self) -> None:
        """Time goes forward, and ends."""
        if not timedelta(0) < self.every <= MAX_PERIOD:
            raise InvalidInput(
                "must be above zero, at most a hundred years.", field="HalfLife.every", hint="Give for example 30 days."
            )

    def losses(self, points: int) -> tuple[timedelta, ...]:
        """The first microsecond at which the rounded rest is below ``points``, ``points - 1`` … 1."""
        return _losses(self.every // TICK, points)


@lru_cache(maxsize=1_024)
def _losses(every: int, points: int) -> tuple[timedelta, ...]:
    return tuple(_age_below(rank, points, every) * TICK for rank in range(points, 0, -1))


def _age_below(rank: int, points: int, every: int) -> int:
    """Where ``points × 2^(−age / every) + 1/2 < rank``: just after ``every × log2(2 × points / (2 × rank − 1))``."""
    times, rest = divmod(2 * points, 2 * rank - 1)
    if rest == 0 and times.bit_count() == 1:  # a whole number of half-lives
        return every * (times.bit_length() - 1) + 1
    ratio = _EXACT.divide(2 * points, 2 * rank - 1)
    return int(_EXACT.multiply(every, _EXACT.divide(_EXACT.ln(ratio), _LN2))) + 1
