"""Dates and times as people write them, and calendar arithmetic: the one door to pendulum.

Everything returned as an instant is a plain ``datetime`` in UTC. Where clocks go back and a wall-clock time happens
twice, the first is meant; where they go forward and it does not happen, the time moves on by the gap.

>>> str(parse_instant("2026年1月5日 下午2:30", zone="Asia/Shanghai"))
'2026-01-05 06:30:00+00:00'
>>> str(add_months(parse_instant("2026-01-31", zone="UTC"), 1, zone="UTC"))
'2026-02-28 00:00:00+00:00'
"""

import re
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from crmkit.domain.checks import check_for
from crmkit.domain.model import Code
from crmkit.domain.values.plain_text import plain
from crmkit.domain.values.written_dates import DateOrder, read_written
from crmkit.errors import InvalidInput

__all__ = [
    "DateOrder",
    "add_days",
    "add_months",
    "add_years",
    "in_zone",
    "parse_date",
    "parse_instant",
    "start_of_day",
]

_check_instant = check_for(datetime)
_check_date = check_for(date)
_check_int = check_for(int)
_check_word = check_for(Code)
_check_order = check_for(DateOrder | None)


Written = str | int | float | date | datetime
"""A date as a cell of a table holds it."""


def parse_instant(written: Written, *, zone: str, order: DateOrder | None = None) -> datetime:
    """The instant in UTC that ``written`` means in ``zone`` (an IANA name); a date means its first moment.

    Understood: ISO 8601, ``2026/1/5``, ``2026年1月5日 14时30分``, ``15 Apr, 2021 00:03:00``, ``April 15, 2021 3:05 PM``,
    ``1/5/2026`` and ``1.5.2026`` when ``order`` is named or only one reading exists, serial numbers of Excel's 1900
    system with five digits before the point (1927 to 2173), and dates or datetimes as they are. An offset in the text
    wins over ``zone``.

    Raises:
        InvalidInput: it cannot be read, or in two ways; or no such zone.

    >>> str(parse_instant(45292.5, zone="UTC"))
    '2024-01-01 12:00:00+00:00'
    >>> parse_instant("1/5/2026", zone="UTC")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: date: can be read in two ways. Name the order: day_first or month_first.
    """
    return _utc(_read(written, order), _zone(zone))


def parse_date(written: Written, *, order: DateOrder | None = None) -> date:
    """The date as it stands in ``written``, which is read like ``parse_instant`` does; a time of day is left out.

    >>> parse_date("31.12.2026"), parse_date("Dec 31, 2026")
    (datetime.date(2026, 12, 31), datetime.date(2026, 12, 31))
    """
    return _read(written, order).date()


def start_of_day(day: date, *, zone: str) -> datetime:
    """The first moment of ``day`` in ``zone``, in UTC."""
    return _utc(datetime.combine(_check_date("day", day), time()), _zone(zone))


def in_zone(at: datetime, zone: str) -> datetime:
    """The same instant with the clock of ``zone``, as people there see it.

    >>> str(in_zone(parse_instant("2026-01-05T06:30Z", zone="UTC"), "Asia/Shanghai"))
    '2026-01-05 14:30:00+08:00'
    """
    return _seen_in(_check_instant("at", at), _zone(zone))


def add_years(at: datetime, years: int, *, zone: str) -> datetime:
    """The same day and wall-clock time in ``zone`` so many years later; 29 February becomes the 28th where there is none."""
    return _moved(at, zone, years=years)


def add_months(at: datetime, months: int, *, zone: str) -> datetime:
    """The same wall-clock time in ``zone`` so many months later, on the month's last day if it is shorter."""
    return _moved(at, zone, months=months)


def add_days(at: datetime, days: int, *, zone: str) -> datetime:
    """The same wall-clock time in ``zone`` so many days later, which is not always a multiple of 24 hours."""
    return _moved(at, zone, days=days)


def _moved(at: datetime, zone: str, *, years: int = 0, months: int = 0, days: int = 0) -> datetime:
    import pendulum

    for amount in (years, months, days):
        _check_int("amount", amount)
    local = in_zone(at, zone)
    try:
        wall = pendulum.instance(local.replace(tzinfo=UTC)).add(years=years, months=months, days=days).naive()
    except (OverflowError, ValueError):
        raise _unreadable("leaves the calendar.", "Stay between the years 1 and 9999.") from None
    return _utc(datetime.combine(wall.date(), wall.time(), local.tzinfo).replace(fold=local.fold), UTC)


# dates that ISO 8601 allows and the shapes of written_dates leave: 20260105T1430, 2026-005, 2026-W02-1
_ISO = re.compile(r"\d{4}(?:\d{4}|-\d{3}|-?W\d{2}-?\d)(?:[T ].*)?", re.ASCII)


def _read(written: Written, order: DateOrder | None) -> datetime:
    """Date and time as written, aware only if an offset was written."""
    if isinstance(written, datetime):
        return written
    if isinstance(written, date):
        return datetime.combine(written, time())
    if type(written) in {int, float}:
        written = str(written)
    text = plain(_check_word("date", written))
    read = read_written(text, order=_check_order("order", order)) or (_iso(text) if _ISO.fullmatch(text) else None)
    if read is None:
        raise _unreadable("is no date that can be read.", "Write it like 2026-01-31 or 2026-01-31T14:30+08:00.")
    return read


def _iso(text: str) -> datetime | None:
    import pendulum

    try:
        # exact: never fill in parts from today's date; no zone: the caller knows it
        read = pendulum.parse(text, exact=True, tz=None)
    except ValueError:
        return None
    if isinstance(read, pendulum.DateTime):
        return read
    return datetime.combine(read, time()) if isinstance(read, pendulum.Date) else None


def _zone(name: str) -> tzinfo:
    try:
        return _zone_named(_check_word("zone", name))
    except (ValueError, OSError):
        hint = "Pass an IANA name such as Asia/Shanghai."
        raise InvalidInput("is no time zone.", field="zone", hint=hint) from None


@lru_cache(maxsize=600)  # looking a zone up anew costs five times as much as reading a date
def _zone_named(name: str) -> tzinfo:
    import pendulum

    return pendulum.timezone(name)


def _utc(at: datetime, zone: tzinfo) -> datetime:
    instant: datetime = _check_instant("date", _seen_in(at if at.tzinfo else at.replace(tzinfo=zone), UTC))
    return instant


def _seen_in(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:
        raise _unreadable("leaves the calendar.", "Stay between the years 1 and 9999.") from None


def _unreadable(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, field="date", hint=hint)
