"""Periods that a date or an instant may lie in; all are half-open: the start belongs to them, the end does not.

>>> window = Last(timedelta(days=30)).window(datetime(2026, 3, 31, 9, tzinfo=UTC), whole_days=True)
>>> [day.isoformat() for day in window]
['2026-03-02', '2026-04-01']
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

from attrs import field, frozen

from crmkit.domain.conditions.literals import literal_of, text_of
from crmkit.errors import InvalidCondition, InvalidInput

__all__ = ["MAX_PERIOD", "AnyPeriod", "Between", "Last", "Next", "duration_of", "today", "utc"]

MAX_PERIOD = timedelta(days=36_525)
"""The longest relative period: a hundred years."""

_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def utc(now: datetime) -> datetime:
    """``now`` as an instant in UTC.

    Raises:
        InvalidInput: it has no time zone.
    """
    if now.tzinfo is UTC:
        return now
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    return now.astimezone(UTC)


def today(now: datetime) -> date:
    """The day that ``now`` shows in its own zone: pass it in the zone of the business.

    Raises:
        InvalidInput: it has no time zone.
    """
    utc(now)
    return date(now.year, now.month, now.day)


def duration_of(units: Mapping[str, object]) -> timedelta:
    """The sum of ``weeks``, ``days``, ``hours``, ``minutes`` and ``seconds``, each a whole number.

    Raises:
        InvalidCondition: another unit, not a whole number, or a sum that is not above zero and at most ``MAX_PERIOD``.
    """
    for unit, count in units.items():
        if unit not in _UNITS or type(count) is not int or abs(count) > MAX_PERIOD.total_seconds():
            raise InvalidCondition(
                "takes whole numbers of weeks, days, hours, minutes and seconds, up to a hundred years.",
                field="within",
                hint="Write for example days=30.",
            )
    return _bounded(timedelta(**units))  # type: ignore[arg-type]


def _bounded(duration: Any) -> timedelta:
    if not isinstance(duration, timedelta) or not timedelta(0) < duration <= MAX_PERIOD or duration.microseconds:
        raise InvalidCondition(
            "needs a duration of whole seconds above zero, up to a hundred years.",
            field="within",
            hint="Write for example days=30.",
        )
    return timedelta(seconds=round(duration.total_seconds()))


def _units_text(duration: timedelta) -> str:
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    counts = {"days": duration.days, "hours": hours, "minutes": minutes, "seconds": seconds}
    return ", ".join(f"{unit}={count}" for unit, count in counts.items() if count)


@frozen
class Last:
    """Elapsed time of less than ``duration``: ``now - duration < x <= now``.

    On dates it counts whole days: the last seven days are today and the six before it.
    """

    duration: timedelta = field(converter=_bounded)

    def offsets(self, unit: timedelta) -> tuple[timedelta, timedelta]:
        """Start and end of the window, counted from now; ``unit`` is the smallest step of the field."""
        return unit - self.duration, unit

    def window(self, now: datetime, *, whole_days: bool) -> tuple[date, date]:
        """Start (included) and end (excluded), as days or as UTC instants."""
        return _window(self, now, whole_days=whole_days)

    def __str__(self) -> str:
        return _units_text(self.duration)


@frozen
class Next:
    """Time to come of less than ``duration``: ``now <= x < now + duration``.

    On dates it counts whole days: the next seven days are today and the six after it.
    """

    duration: timedelta = field(converter=_bounded)

    def offsets(self, unit: timedelta) -> tuple[timedelta, timedelta]:
        """Start and end of the window, counted from now; ``unit`` is the smallest step of the field."""
        return 0 * unit, self.duration

    def window(self, now: datetime, *, whole_days: bool) -> tuple[date, date]:
        """Start (included) and end (excluded), as days or as UTC instants."""
        return _window(self, now, whole_days=whole_days)

    def __str__(self) -> str:
        return _units_text(self.duration)


def _window(period: Last | Next, now: datetime, *, whole_days: bool) -> tuple[date, date]:
    base, unit = (today(now), DAY) if whole_days else (utc(now), TICK)
    start, end = period.offsets(unit)
    return base + start, base + end


TICK = timedelta(microseconds=1)
"""The smallest step of an instant."""
DAY = timedelta(days=1)
"""The smallest step of a date."""


_BOUNDS = "Give two dates or two instants."


def _bound(raw: object) -> date | str:
    value = literal_of(raw, field="within")
    if not isinstance(value, date | str):
        raise InvalidCondition(f"starts or ends with a {type(value).__name__}.", field="within", hint=_BOUNDS)
    return value


@frozen
class Between:
    """From ``start`` (included) to ``end`` (excluded): two dates, two instants, or two ISO texts that ``bind`` reads."""

    start: date | str = field(converter=_bound)
    end: date | str = field(converter=_bound)

    def __attrs_post_init__(self) -> None:
        start, end = self.start, self.end
        if type(start) is not type(end):
            raise InvalidCondition("starts and ends with two kinds of value.", field="within", hint=_BOUNDS)
        if not isinstance(start, str) and start >= end:  # type: ignore[operator]
            raise InvalidCondition("ends before it starts.", field="within", hint="Swap start and end.")

    def window(self, now: datetime, *, whole_days: bool) -> tuple[date, date]:  # noqa: ARG002 - as the others
        """Start (included) and end (excluded), whatever the time is."""
        return self.start, self.end  # type: ignore[return-value]

    def __str__(self) -> str:
        return f"{text_of(self.start)}, {text_of(self.end)}"


AnyPeriod: TypeAlias = Between | Last | Next
