"""The shapes in which people write dates, and what each means.

>>> read_written("15 Apr, 2021 00:03:00", order=None)
datetime.datetime(2021, 4, 15, 0, 3)
>>> read_written("13/1/2026", order=None), read_written("soon", order=None)
(datetime.datetime(2026, 1, 13, 0, 0), None)
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from crmkit.domain.values.plain_text import at_first_use
from crmkit.errors import InvalidInput

__all__ = ["DateOrder", "read_written"]


class DateOrder(StrEnum):
    """How to read 1/5/2026."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - wall-clock time without a zone; right for serials from 61 on
_excel_serial = at_first_use(r"\d{5}(?:\.\d{1,15})?", re.ASCII)
_year_first = at_first_use(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2})(?!\d) ?[日号號]?", re.ASCII)
_year_last = at_first_use(r"(\d{1,2}) ?[-/.] ?(\d{1,2}) ?[-/.] ?(\d{4})(?!\d)", re.ASCII)
_day_named = at_first_use(r"(\d{1,2})(?:st|nd|rd|th)?[ .-]*([a-z]{3,9})[ .,-]*(\d{4})(?!\d)", re.ASCII)
_month_named = at_first_use(r"([a-z]{3,9})[ .]*(\d{1,2})(?:st|nd|rd|th)?[ ,]+(\d{4})(?!\d)", re.ASCII)
_weekday = at_first_use(
    r"(?:星期|周|礼拜|週)[一二三四五六日天]|^(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)(?:day|nesday|urday)?[., ]+"
)
_time = at_first_use(
    r"[t, ]*(上午|下午)? ?(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)? ?([ap])?(?(6)\.?m\.?)"
    r" ?(z|(?:utc|gmt)?[+-]\d{2}:?\d{2}|utc|gmt)?",
    re.ASCII,
)
_CHINESE_CLOCK = str.maketrans({"时": ":", "時": ":", "点": ":", "點": ":", "分": ":", "秒": None})
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS = {name: number for number, whole in enumerate(_MONTH_NAMES, 1) for name in (whole, whole[:3])} | {"sept": 9}


def read_written(text: str, *, order: DateOrder | None) -> datetime | None:
    """The date and time in tidied ``text``, without a zone unless it says an offset; nothing for another shape.

    Raises:
        InvalidInput: the shape is known and has two readings, or there is no such day or time.
    """
    if _excel_serial().fullmatch(text):
        # Excel counts milliseconds; what is finer is noise of the binary fraction
        return _EXCEL_EPOCH + timedelta(milliseconds=round(float(text) * 86_400_000))
    text = " ".join(_weekday().sub(" ", text.lower()).split())
    found = _dated(text, order)
    if found is None:
        return None
    year, month, day, rest = found
    try:
        return _timed(datetime(year, month, day), rest)  # noqa: DTZ001 - the zone comes later
    except ValueError:
        raise InvalidInput("is no day of the calendar.", field="date", hint="Check day, month and time.") from None


def _dated(text: str, order: DateOrder | None) -> tuple[int, int, int, str] | None:
    """Year, month, day and what is left of the text."""
    if match := _year_first().match(text):
        return int(match[1]), int(match[2]), int(match[3]), text[match.end() :]
    if match := _year_last().match(text):
        day, month = _in_order(int(match[1]), int(match[2]), order)
        return int(match[3]), month, day, text[match.end() :]
    if (match := _day_named().match(text)) and (month := _MONTHS.get(match[2], 0)):
        return int(match[3]), month, int(match[1]), text[match.end() :]
    if (match := _month_named().match(text)) and (month := _MONTHS.get(match[1], 0)):
        return int(match[3]), month, int(match[2]), text[match.end() :]
    return None


def _in_order(first: int, second: int, order: DateOrder | None) -> tuple[int, int]:
    """Day and month; a part above twelve can only be the day."""
    if order is None and first != second and first <= 12 and second <= 12:
        hint = "Name the order: day_first or month_first."
        raise InvalidInput("can be read in two ways.", field="date", hint=hint)
    month_first = order is DateOrder.MONTH_FIRST or (order is None and second > 12)
    return (second, first) if month_first else (first, second)


def _timed(day: datetime, rest: str) -> datetime | None:
    """``day`` with the time and the offset in ``rest``; nothing when ``rest`` says something else."""
    rest = rest.translate(_CHINESE_CLOCK).rstrip(": ")
    if not rest:
        return day
    match = _time().fullmatch(rest)
    if not match:
        return None
    chinese, hour, minute, second, fraction, half, offset = match.groups()
    at = day.replace(
        hour=_hour(int(hour), half or {"上午": "a", "下午": "p"}.get(chinese)),
        minute=int(minute or 0),
        second=int(second or 0),
        microsecond=int((fraction or "0")[:6].ljust(6, "0")),
    )
    return at.replace(tzinfo=_offset(offset)) if offset else at


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day; some programs write 下午14:30."""
    if half is None or (half == "p" and hour > 12):
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half == "p" else 0)


def _offset(text: str) -> timezone:
    """Of "z", "utc", "gmt", "+08:00", "gmt+0800"."""
    digits = text.removeprefix("utc").removeprefix("gmt").replace(":", "")
    if digits in {"", "z"}:
        return UTC
    minutes = int(digits[1:3]) * 60 + int(digits[3:5])
    return timezone(timedelta(minutes=-minutes if digits[0] == "-" else minutes))
