"""A working calendar: which days are worked, where, and until when that is known."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmkit.domain.change import Record
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.business_time import BusinessTime
from crmkit.domain.organization.hours import DAY, Hours
from crmkit.domain.organization.member import Leave
from crmkit.errors import InvalidInput

__all__ = ["WorkingCalendar"]

LONGEST = 3_660
"""Days that a search for working days may span: ten years."""


@model
class WorkingCalendar(Record):
    """Working weekdays with holidays and make-up workdays (调休) in one time zone.

    ``weekdays`` are ISO numbers, Monday is 1. ``known_until`` is the last day for which holidays are
    known; a deadline beyond it is provisional. Without ``hours`` a worked day is worked from midnight to
    midnight; with some, only the weekdays they name are, and a make-up workday that is no usual weekday has
    the hours of the first of them.

    >>> from datetime import UTC, date, datetime
    >>> moment = datetime(2026, 1, 1, tzinfo=UTC)
    >>> calendar = WorkingCalendar(
    ...     id="cn",
    ...     name="China",
    ...     zone="Asia/Shanghai",
    ...     holidays=(date(2026, 1, 1),),
    ...     workdays=(date(2026, 1, 4),),
    ...     created_at=moment,
    ...     updated_at=moment,
    ... )
    >>> calendar.is_workday(date(2026, 1, 1)), calendar.is_workday(date(2026, 1, 4))
    (False, True)
    """

    entity: ClassVar[str] = "calendar"

    id: CalendarId
    name: Line
    zone: Code = "UTC"
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    known_until: date | None = None
    hours: tuple[Hours, ...] = ()

    def check(self) -> None:
        """The zone exists and some weekday is worked."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidInput(
                f"{self.zone!r} is not a time zone.",
                field="WorkingCalendar.zone",
                hint="Use for example Asia/Shanghai.",
            ) from None
        if not self.weekdays or not set(self.weekdays) <= set(range(1, 8)):
            raise InvalidInput("must be ISO weekdays.", field="WorkingCalendar.weekdays", hint="Monday is 1.")

    def is_workday(self, day: date) -> bool:
        """Whether ``day`` is worked: make-up workdays win over holidays, holidays over weekdays."""
        if day in self.workdays:
            return True
        return day.isoweekday() in self.weekdays and day not in self.holidays

    def is_open(self, at: datetime) -> bool:
        """Whether it is a working hour.

        >>> from datetime import UTC, datetime
        >>> made = datetime(2026, 1, 1, tzinfo=UTC)
        >>> night = Hours(weekday=5, begins=22 * 60, ends=6 * 60)
        >>> calendar = WorkingCalendar(id="n", name="Night", hours=(night,), created_at=made, updated_at=made)
        >>> (
        ...     calendar.is_open(datetime(2026, 1, 3, 5, 59, tzinfo=UTC)),
        ...     calendar.is_open(datetime(2026, 1, 3, 6, tzinfo=UTC)),
        ... )
        (True, False)
        """
        return self.business_time().is_open(at)

    def next_open(self, at: datetime) -> datetime | None:
        """``at`` if it is a working hour, else when the next one begins, in UTC; ``None`` if none does in 50 years."""
        return self.business_time().next_open(at)

    def business_time(self, leaves: Iterable[Leave] = ()) -> BusinessTime:
        """The working hours to count in, without ``leaves``; equal calendars share what has been worked out.

        >>> made = datetime(2026, 1, 1, tzinfo=UTC)
        >>> day = Hours(weekday=1, begins=9 * 60, ends=17 * 60)
        >>> mondays = WorkingCalendar(id="m", name="Mondays", hours=(day,), created_at=made, updated_at=made)
        >>> mondays.business_time().add(made, timedelta(hours=12)).isoformat()
        '2026-01-12T13:00:00+00:00'
        """
        return _business_time(self, tuple(leaves))

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """When ``day`` is worked, in UTC: hours that begin on it."""
        if not self.is_workday(day):
            return
        weekday = day.isoweekday()
        if weekday not in self.weekdays and self.hours:
            weekday = min(
                (each.weekday for each in self.hours if each.weekday == weekday), default=self.hours[0].weekday
            )
        whole = (Hours(weekday=weekday, begins=0, ends=DAY),)
        for each in self.hours or whole:
            if each.weekday == weekday:
                yield each.on(day, ZoneInfo(self.zone))

    def add_workdays(self, start: datetime, days: int) -> datetime:
        """The instant ``days`` working days after ``start``, at the same local time of day, in UTC.

        Raises:
            InvalidInput: ``days`` is negative or reaches more than ten years ahead.
        """
        zone = ZoneInfo(self.zone)
        local = start.astimezone(zone)
        day, left = local.date(), days
        last = day + timedelta(days=LONGEST)
        while left > 0 and day < last:
            day += timedelta(days=1)
            left -= self.is_workday(day)
        if days < 0 or left > 0:
            raise InvalidInput("cannot be counted.", field="days", hint="Give 0 up to ten years of working days.")
        return datetime.combine(day, local.time(), zone).astimezone(UTC)

    def is_known(self, at: datetime) -> bool:
        """Whether the holidays of that day are known."""
        return self.known_until is None or at.astimezone(ZoneInfo(self.zone)).date() <= self.known_until


@lru_cache(maxsize=256)
def _business_time(calendar: WorkingCalendar, leaves: tuple[Leave, ...]) -> BusinessTime:
    return BusinessTime(calendar.spans, [(leave.begins, leave.ends) for leave in leaves])
