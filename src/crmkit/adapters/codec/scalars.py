"""How single values look in JSON terms.

Instants are ISO 8601 in UTC with microseconds, so that text order is time order; dates ISO; decimals
text; durations ISO 8601 in days and seconds. Where a field may hold several kinds of value (custom
fields, the parameters of a reason) the less common kinds carry a tag: ``{"date": "2026-01-02"}``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput

__all__ = ["LOADS", "PLAINS", "is_scalar_union", "load_tagged", "plain_tagged"]

MILLION = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})S)?(?:(\d{1,6})U)?)?")


@lru_cache(maxsize=8)  # what a command writes has one time, again and again
def plain_instant(at: datetime) -> str:
    """``at`` as text whose order is the order of time."""
    return at.isoformat(timespec="microseconds")


def load_instant(text: Any) -> datetime:
    """The instant written in ISO 8601 with its offset."""
    at = datetime.fromisoformat(_text(text))
    if at.tzinfo is None:
        raise InvalidInput("has no time zone.", field="instant", hint="Add an offset, for example +00:00.")
    return at.astimezone(UTC)


def plain_duration(span: timedelta) -> str:
    """``span`` as ISO 8601 text of days and seconds; ``U`` counts microseconds.

    >>> plain_duration(timedelta(days=3, seconds=4)), plain_duration(timedelta(0))
    ('P3DT4S', 'P0D')
    """
    sign, span = ("-", -span) if span < timedelta(0) else ("", span)
    time = (f"{span.seconds}S" if span.seconds else "") + (f"{span.microseconds}U" if span.microseconds else "")
    days = f"{span.days}D" if span.days or not time else ""
    return f"{sign}P{days}{'T' + time if time else ''}"


def load_duration(text: Any) -> timedelta:
    """The duration written by ``plain_duration``."""
    match = _DURATION.fullmatch(_text(text))
    if match is None:
        raise InvalidInput(f"{text!r} is not a duration.", field="duration", hint="Write for example P3D or PT90S.")
    days, seconds, micros = (int(part or 0) for part in match.groups()[1:])
    span = timedelta(days=days, seconds=seconds, microseconds=micros)
    return -span if match[1] else span


def load_decimal(text: Any) -> Decimal:
    """The decimal written as text."""
    return Decimal(_text(text) if not isinstance(text, int) else text)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise InvalidInput("must be short text.", field="value", hint="Write it as a JSON string.")
    return value


PLAINS: Mapping[type, Callable[[Any], Any]] = {
    datetime: plain_instant,
    date: date.isoformat,
    Decimal: str,
    timedelta: plain_duration,
}
LOADS: Mapping[type, Callable[[Any], Any]] = {
    datetime: load_instant,
    date: lambda text: date.fromisoformat(_text(text)),
    Decimal: load_decimal,
    timedelta: load_duration,
}

_SCALARS = {str, int, float, bool, Decimal, date, datetime, Money, NoneType}


def is_scalar_union(annotation: Any) -> bool:
    """Whether a field of this annotation may hold several kinds of plain value."""
    if get_origin(annotation) not in (Union, UnionType):
        return False
    arms = set(get_args(annotation))
    return arms <= _SCALARS and len(arms - {NoneType}) > 1


def plain_tagged(value: Any) -> Any:
    """``value`` in JSON terms, tagged where the JSON type alone would not say what it is.

    Decimals are whole millionths and instants whole microseconds, so that a database compares them exactly.
    """
    if isinstance(value, Money):
        return {"money": {"minor": value.minor, "currency": value.currency}}
    if isinstance(value, Decimal):
        return {"decimal": int(value * MILLION)} if value * MILLION % 1 == 0 else {"exact": str(value)}
    if isinstance(value, datetime):
        return {"instant": (value - EPOCH) // timedelta(microseconds=1)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def load_tagged(plain: Any) -> Any:
    """The value that ``plain_tagged`` wrote."""
    if not isinstance(plain, Mapping):
        return plain
    ((tag, value),) = plain.items()
    match tag:
        case "money":
            return Money(minor=value["minor"], currency=value["currency"])
        case "decimal":
            return Decimal(value) / MILLION
        case "exact":
            return load_decimal(value)
        case "instant":
            return EPOCH + timedelta(microseconds=value)
        case "date":
            return LOADS[date](value)
    raise InvalidInput(f"{tag!r} is not a tag.", field="value", hint="Known: money, decimal, exact, instant, date.")
