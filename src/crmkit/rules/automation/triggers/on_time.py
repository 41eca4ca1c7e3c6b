"""A time counted from a field of the record, such as three days after the last contact."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from crmkit.domain.change import Record
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.errors import InvalidInput
from crmkit.rules.automation.triggers.on_event import values_of
from crmkit.rules.automation.triggers.trigger import TIME, Happened

__all__ = ["OnTime"]

FARTHEST = timedelta(days=3_660)
MOST_WORKDAYS = 366
_STEP = timedelta(microseconds=1)


@model
class OnTime:
    """``after`` the instant or the day in ``field``, or so many ``workdays`` after it; before it where that is negative.

    A day begins at midnight in ``zone``. Records whose time had passed when the rule came into force are left
    alone, unless it is to count for ``existing`` ones too.

    >>> OnTime(field="last_contact_at", workdays=3, calendar_id="cn").workdays
    3
    """

    kind: ClassVar[str] = "on_time"

    field: Code
    after: timedelta = timedelta(0)
    workdays: int = 0
    calendar_id: CalendarId | None = None
    zone: Code = "UTC"
    existing: bool = False

    def check(self) -> None:
        """The span can be counted."""
        if abs(self.after) > FARTHEST or not 0 <= self.workdays <= MOST_WORKDAYS:
            raise InvalidInput("is too long.", field="OnTime", hint=f"Up to ten years, or {MOST_WORKDAYS} workdays.")
        if (self.calendar_id is None) != (self.workdays == 0):
            raise InvalidInput("goes with workdays, and only with them.", field="OnTime.calendar_id", hint="Name both.")
        if self.workdays and self.after:
            raise InvalidInput("has hours and workdays.", field="OnTime", hint="Leave one out.")
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise InvalidInput(
                f"{self.zone!r} is not a time zone.", field="OnTime.zone", hint="Use for example Asia/Shanghai."
            ) from None

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:  # noqa: ARG002
        """Whether its time has come; or a save set the field, and the time that follows has passed already."""
        if TIME in happened.types:
            return True
        before, after = happened.before, happened.after
        if not happened.is_save or (before is not None and self.value(before) == self.value(after)):
            return False
        due = self.due(after, happened.calendar)
        return due is not None and due <= happened.at

    def value(self, record: Record) -> datetime | None:
        """The instant that is counted from."""
        [held] = values_of(record, (self.field,))
        if isinstance(held, datetime):
            return held
        if isinstance(held, date):
            return datetime.combine(held, time(0), ZoneInfo(self.zone)).astimezone(UTC)
        return None

    def due(self, record: Record, calendar: WorkingCalendar | None) -> datetime | None:
        """When the rule's time comes for ``record``; ``None`` where it has no such date, or the calendar is not there."""
        value = self.value(record)
        if value is None or (self.workdays and calendar is None):
            return None
        return self._from(value, calendar)

    def reached(self, calendar: WorkingCalendar | None, *, now: datetime) -> datetime:
        """The latest instant in the field from which ``now`` is late enough.

        Time that is counted in workdays never runs backwards, so it is found by halving.
        """
        if calendar is None or not self.workdays:
            return now - self.after
        early, late = now - FARTHEST, now
        while late - early > _STEP:
            middle = early + (late - early) / 2
            if self._from(middle, calendar) <= now:
                early = middle
            else:
                late = middle
        return early

    def _from(self, value: datetime, calendar: WorkingCalendar | None) -> datetime:
        if calendar is None or not self.workdays:
            return value + self.after
        return calendar.add_workdays(value, self.workdays)
