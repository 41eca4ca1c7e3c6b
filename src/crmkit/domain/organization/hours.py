"""Working hours: when a weekday is worked, in local minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["DAY", "Hours"]

DAY = 1_440
"""Minutes of a day by the clock on the wall."""


@model
class Hours:
    """From ``begins`` until ``ends``, half-open, in minutes after local midnight of an ISO ``weekday`` (Monday is 1).

    Hours that end before they begin, or at the same minute, end on the next day: a night shift, or a whole
    day. They belong to the day on which they begin.

    >>> Hours(weekday=5, begins=22 * 60, ends=6 * 60).on(date(2026, 1, 2), ZoneInfo("UTC"))[1].isoformat()
    '2026-01-03T06:00:00+00:00'
    """

    weekday: int
    begins: int
    ends: int

    def check(self) -> None:
        """The weekday and the minutes exist."""
        if not 1 <= self.weekday <= 7:
            raise InvalidInput("must be an ISO weekday.", field="Hours.weekday", hint="Monday is 1, Sunday is 7.")
        if not 0 <= self.begins < DAY:
            raise InvalidInput("must lie within the day.", field="Hours.begins", hint="9:30 is 570.")
        if not 0 <= self.ends <= DAY:
            raise InvalidInput("must lie within the day.", field="Hours.ends", hint="18:00 is 1080, midnight 1440.")

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants, in UTC, at which the clock on the wall says so; of an hour that comes twice the first."""
        last = day + timedelta(days=1) if self.ends <= self.begins else day
        return _at(day, self.begins, zone), _at(last, self.ends, zone)


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minutes, DAY)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone).astimezone(UTC)
