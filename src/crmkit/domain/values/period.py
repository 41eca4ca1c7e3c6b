"""A period: all instants from a start up to, but without, an end."""

from datetime import datetime, timedelta

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["Period"]


@model
class Period:
    """Half-open: ``start`` belongs to it, ``end`` does not, so that periods side by side share no instant.

    Raises:
        InvalidInput: a naive datetime, or a start that is not before the end.

    >>> from datetime import UTC
    >>> may = Period(start=datetime(2026, 5, 1, tzinfo=UTC), end=datetime(2026, 6, 1, tzinfo=UTC))
    >>> may.duration.days, may.start in may, may.end in may
    (31, True, False)
    """

    start: datetime
    end: datetime

    def check(self) -> None:
        """Refuse a period without instants."""
        if self.start >= self.end:
            raise InvalidInput(
                "must be after the start.", field="Period.end", hint="Swap them, or leave the period out."
            )

    @property
    def duration(self) -> timedelta:
        """The time between start and end."""
        return self.end - self.start

    def contains(self, at: datetime) -> bool:
        """Whether ``at``, an aware datetime, lies in the period.

        Raises:
            InvalidInput: ``at`` has no time zone.
        """
        try:
            return self.start <= at < self.end
        except TypeError:
            hint = "Pass an aware datetime, for example datetime.now(UTC)."
            raise InvalidInput("has no time zone.", field="at", hint=hint) from None

    __contains__ = contains

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share an instant; periods that only touch do not."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: "Period") -> "Period | None":
        """What the two share, or nothing."""
        if not self.overlaps(other):
            return None
        return Period(start=max(self.start, other.start), end=min(self.end, other.end))
