"""A time of day, on every day or on some weekdays."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from crmkit.domain.change import Record
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.automation.triggers.trigger import SCHEDULE, Happened

__all__ = ["OnSchedule"]

DAY = timedelta(days=1)


@model
class OnSchedule:
    """At ``hour``:``minute`` in ``zone``, on ``weekdays`` (Monday is 1): every record for which the condition holds.

    A time that the clocks skip counts as soon as they have been put forward, one that comes twice counts the first
    time. Of several times that were missed, only the last is made up for.

    >>> weekly = OnSchedule(hour=9, weekdays=(1,), zone="Europe/Berlin")
    >>> weekly.next_after(datetime(2026, 3, 27, tzinfo=UTC)).isoformat()
    '2026-03-30T07:00:00+00:00'
    """

    kind: ClassVar[str] = "on_schedule"

    hour: int
    minute: int = 0
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    zone: Code = "UTC"

    def check(self) -> None:
        """There is such a time, and it comes."""
        if not (0 <= self.hour < 24 and 0 <= self.minute < 60):
            raise InvalidInput("is no time of day.", field="OnSchedule.hour", hint="From 0:00 to 23:59.")
        if not self.weekdays or not set(self.weekdays) <= set(range(1, 8)):
            raise InvalidInput("must be ISO weekdays.", field="OnSchedule.weekdays", hint="Monday is 1.")
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise InvalidInput(
                f"{self.zone!r} is not a time zone.", field="OnSchedule.zone", hint="Use for example Asia/Shanghai."
            ) from None

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:  # noqa: ARG002
        """Whether its time has come."""
        return SCHEDULE in happened.types

    def next_after(self, at: datetime) -> datetime:
        """The first of its times after ``at``, in UTC."""
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date() - DAY
        while True:
            # what lies in a gap is read with the offset before it, and so comes right after it
            moment = datetime.combine(day, time(self.hour, self.minute), zone).astimezone(UTC)
            if moment > at and day.isoweekday() in self.weekdays:
                return moment
            day += DAY

    def last_until(self, at: datetime, since: datetime) -> datetime | None:
        """The last of its times that is not after ``at``, but after ``since``; ``None`` where there is none."""
        start = max(since, at - 8 * DAY)
        found = None
        while (moment := self.next_after(start)) <= at:
            found = start = moment
        return found
