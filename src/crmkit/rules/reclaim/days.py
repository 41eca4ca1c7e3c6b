"""How days are counted: each 24 hours, or working days of a calendar at the same local time of day.

>>> from datetime import date
>>> friday = datetime(2026, 1, 2, 9, tzinfo=UTC)
>>> DayCount().after(friday, 1).date().isoformat()
'2026-01-03'
>>> office = WorkingCalendar(id="c", name="Office", created_at=friday, updated_at=friday)
>>> DayCount(office).after(friday, 1).date().isoformat(), DayCount(office).before(friday, 4).date().isoformat()
('2026-01-05', '2025-12-29')
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import LONGEST, WorkingCalendar
from crmkit.domain.organization.member import Leave

__all__ = ["DayCount"]


@frozen
class DayCount:
    """Elapsed days, or working days where a calendar is given; ``leaves`` stop the count.

    Elapsed days go on where they stopped, to the second; a working day of which leave takes any part is
    not counted. ``leaves`` are in order of time and do not meet (see ``DayCount.of``).
    """

    calendar: WorkingCalendar | None = None
    leaves: tuple[Leave, ...] = ()

    @classmethod
    def of(cls, calendar: WorkingCalendar | None, leaves: Iterable[Leave]) -> "DayCount":
        """The count with ``leaves`` in any order; those that meet become one."""
        joined: list[Leave] = []
        for leave in sorted(leaves, key=lambda each: each.begins):
            if joined and leave.begins <= joined[-1].ends:
                joined[-1] = Leave(begins=joined[-1].begins, ends=max(leave.ends, joined[-1].ends))
            else:
                joined.append(leave)
        return cls(calendar, tuple(joined))

    def after(self, start: datetime, days: int) -> datetime:
        """The instant ``days`` after ``start``; for no days ``start`` itself, also in a leave.

        Raises:
            InvalidInput: so many working days reach more than ten years ahead.
        """
        if self.calendar is not None:
            return self._free(self.calendar).add_workdays(start, days)
        end = start + timedelta(days=days)
        for leave in self.leaves if days else ():
            if leave.begins < end and leave.ends > start:
                end += leave.ends - max(leave.begins, start)
        return end

    def before(self, end: datetime, days: int) -> datetime:
        """The instant ``days`` before ``end``; working days are looked for up to ten years back."""
        if self.calendar is not None:
            return _workdays_before(self._free(self.calendar), end, days)
        start = end - timedelta(days=days)
        for leave in reversed(self.leaves) if days else ():
            if leave.begins < end and leave.ends > start:
                start -= min(leave.ends, end) - leave.begins
        return start

    def _free(self, calendar: WorkingCalendar) -> WorkingCalendar:
        """The calendar without the days of leave."""
        return _without(calendar, self.leaves) if self.leaves else calendar


@lru_cache(maxsize=256)
def _without(calendar: WorkingCalendar, leaves: tuple[Leave, ...]) -> WorkingCalendar:
    zone = ZoneInfo(calendar.zone)
    away = {day for leave in leaves for day in _days_of(leave, zone)}
    return revise(
        calendar,
        holidays=(*calendar.holidays, *sorted(away)),
        workdays=tuple(day for day in calendar.workdays if day not in away),
    )


def _days_of(leave: Leave, zone: ZoneInfo) -> Iterator[date]:
    """The local days of which the leave takes a part; one that ends at midnight takes none of the next."""
    day = leave.begins.astimezone(zone).date()
    while datetime.combine(day, time(0), zone) < leave.ends:
        yield day
        day += timedelta(days=1)


def _workdays_before(calendar: WorkingCalendar, end: datetime, days: int) -> datetime:
    zone = ZoneInfo(calendar.zone)
    local = end.astimezone(zone)
    day, left = local.date(), days
    first = day - timedelta(days=LONGEST)
    while left > 0 and day > first:
        day -= timedelta(days=1)
        left -= calendar.is_workday(day)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)
