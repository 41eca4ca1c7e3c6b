"""How days are counted: each 24 hours, or working days of a calendar at the same local time of day.

>>> from datetime import date
>>> friday = datetime(2026, 1, 2, 9, tzinfo=UTC)
>>> DayCount().after(friday, 1).date().isoformat()
'2026-01-03'
>>> office = WorkingCalendar(id="c", name="Office", created_at=friday, updated_at=friday)
>>> DayCount(office).after(friday, 1).date().isoformat(), DayCount(office).before(friday, 4).date().isoformat()
('2026-01-05', '2025-12-29')
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.domain.organization.calendar import LONGEST, WorkingCalendar

__all__ = ["DayCount"]


@frozen
class DayCount:
    """Elapsed days, or working days where a calendar is given."""

    calendar: WorkingCalendar | None = None

    def after(self, start: datetime, days: int) -> datetime:
        """The instant ``days`` after ``start``.

        Raises:
            InvalidInput: so many working days reach more than ten years ahead.
        """
        return start + timedelta(days=days) if self.calendar is None else self.calendar.add_workdays(start, days)

    def before(self, end: datetime, days: int) -> datetime:
        """The instant ``days`` before ``end``; working days are looked for up to ten years back."""
        if self.calendar is None:
            return end - timedelta(days=days)
        zone = ZoneInfo(self.calendar.zone)
        local = end.astimezone(zone)
        day, left = local.date(), days
        first = day - timedelta(days=LONGEST)
        while left > 0 and day > first:
            day -= timedelta(days=1)
            left -= self.calendar.is_workday(day)
        return datetime.combine(day, local.time(), zone).astimezone(UTC)
