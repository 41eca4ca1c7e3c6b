"""Linear decay: an equal share is lost in equal time (HubSpot's "50 % per month" is ``over`` two months)."""

from datetime import timedelta
from typing import ClassVar

from crmkit.domain.conditions import MAX_PERIOD
from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["LinearDecay"]

TICK = timedelta(microseconds=1)


@model
class LinearDecay:
    """Of ``points``, ``points × (over − age) / over`` are left, rounded half up; none from the age ``over`` on.

    A whole number stands exactly: half the points at half of ``over``. A half is rounded up, so the
    first of ten points over ten days is still there at the age of exactly 12 hours, and lost a
    microsecond later.

    >>> [str(age) for age in LinearDecay(over=timedelta(days=4)).losses(2)]
    ['1 day, 0:00:00.000001', '3 days, 0:00:00.000001']
    """

    kind: ClassVar[str] = "linear_decay"

    over: timedelta

    def check(self) -> None:
        """Time goes forward, and ends."""
        if not timedelta(0) < self.over <= MAX_PERIOD:
            raise InvalidInput(
                "must be above zero, at most a hundred years.",
                field="LinearDecay.over",
                hint="Give for example 60 days.",
            )

    def losses(self, points: int) -> tuple[timedelta, ...]:
        """The first microsecond at which the rounded rest is below ``points``, ``points - 1`` … 1."""
        over = self.over // TICK
        # left points × (over − age) / over + 1/2 < rank, solved for the smallest whole age
        return tuple(((2 * points - 2 * rank + 1) * over // (2 * points) + 1) * TICK for rank in range(points, 0, -1))
