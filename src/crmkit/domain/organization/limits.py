"""How much a member may receive within a time, counted exactly.

Quotas are often worked out as a share of a day and rounded: 10 in 30 days become none a day, or 40
become 30 (Odoo). Here nothing is rounded: what was received since the span began is counted.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crmkit.domain.model import model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.errors import InvalidInput

__all__ = ["Limit", "Span"]

_TICK = timedelta(microseconds=1)
_LONGEST = 3_660


class Span(StrEnum):
    """A piece of the calendar, in the zone of whoever counts."""

    DAY = "day"
    WEEK = "week"
    """From Monday on."""
    MONTH = "month"

    def begins(self, now: datetime, calendar: WorkingCalendar | None = None) -> datetime:
        """Local midnight at which the piece that ``now`` lies in began, in the zone of ``calendar`` or in UTC."""
        zone = UTC if calendar is None else ZoneInfo(calendar.zone)
        day = now.astimezone(zone).date()
        if self is Span.WEEK:
            day -= timedelta(days=day.weekday())
        elif self is Span.MONTH:
            day = day.replace(day=1)
        return datetime.combine(day, time(0), zone).astimezone(UTC)


@model
class Limit:
    """At most ``most`` in each calendar ``per``, or in any stretch of ``days`` times 24 hours.

    >>> Limit(most=3, per="day")
    Limit(most=3, per=<Span.DAY: 'day'>, days=None)
    >>> Limit(most=10, days=30).begins(datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
    '2026-01-01'
    >>> Limit(most=40, per="week").begins(datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
    '2026-01-26'
    >>> Limit(most=10)
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Limit.per: needs per or days, and not both. Give per="day" or days=30.
    """

    most: int
    per: Span | None = None
    days: int | None = None

    def check(self) -> None:
        """Nothing is negative, and it says within which time."""
        if self.most < 0:
            raise InvalidInput("must not be negative.", field="Limit.most", hint="0 means none at all.")
        if (self.per is None) == (self.days is None):
            raise InvalidInput("needs per or days, and not both.", field="Limit.per", hint='Give per="day" or days=30.')
        if self.days is not None and not 1 <= self.days <= _LONGEST:
            raise InvalidInput(f"must lie between 1 and {_LONGEST}.", field="Limit.days", hint="Give whole days.")

    def begins(self, now: datetime, calendar: WorkingCalendar | None = None) -> datetime:
        """The first instant that counts at ``now``: what was received exactly ``days`` ago counts no more.

        Days, weeks and months begin at midnight in the zone of ``calendar``, without one in UTC.
        """
        if self.per is not None:
            return self.per.begins(now, calendar)
        return now - timedelta(days=self.days or 0) + _TICK
