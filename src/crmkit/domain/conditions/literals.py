"""The values a condition compares with: what is accepted, how it is normalised, how it is written.

>>> literal_of("  Li Wei ", field="name")
'  Li Wei '
>>> text_of(literal_of(Decimal("12.50"), field="discount"))
'12.5'
>>> literal_of(float("nan"), field="discount")
Traceback (most recent call last):
...
crmkit.errors.InvalidCondition: discount: cannot be compared with a float. Use a whole number or decimal.Decimal.
"""

import keyword
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from attrs import evolve

from crmkit.domain.checks import MOST_DIGITS, MOST_TEXT, Check, check_for
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition, InvalidInput

__all__ = [
    "MAX_PATH",
    "MAX_TEXT",
    "WRITTEN",
    "Literal",
    "literal_of",
    "path_of",
    "path_text",
    "read_literal",
    "same",
    "text_of",
]

Literal: TypeAlias = str | int | bool | Decimal | date | datetime | Money
"""A value that a condition may hold. Instants are kept in UTC, enum members as their value."""

MAX_TEXT = MOST_TEXT
"""Characters of one text."""
MAX_PATH = 200
"""Characters of a field's dotted name."""

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_EXACT = Context(prec=2 * MOST_DIGITS + 2)
_CHECKS = {cls: check_for(cls) for cls in (str, bool, int, Decimal, datetime, date)}
"""What a literal may be besides money; a bool is an int and an instant a date, so they come first."""


def literal_of(raw: object, *, field: str) -> Literal:
    """``raw`` as conditions keep it: enum members as their value, instants in UTC, decimals without trailing zeros.

    Raises:
        InvalidCondition: not a value that can be compared; the problem names ``field``.
    """
    if isinstance(raw, Enum):
        raw = raw.value
    if isinstance(raw, Money):
        return raw
    for cls, check in _CHECKS.items():
        if isinstance(raw, cls):
            return _checked(check, raw, field)
    raise InvalidCondition(
        f"cannot be compared with a {type(raw).__name__}.",
        field=field,
        hint=_HINTS.get(type(raw), "Use text, a whole number, a Decimal, a bool, a date, an aware datetime or Money."),
    )


_HINTS: dict[type, str] = {
    type(None): "Write missing(...) to ask for a value that is not there.",
    float: "Use a whole number or decimal.Decimal.",
    list: "Write in_(...) for one of several values.",
    tuple: "Write in_(...) for one of several values.",
    set: "Write in_(...) for one of several values.",
}


def _checked(check: Check, raw: Any, field: str) -> Literal:
    try:
        value: Literal = check(field, raw)
    except InvalidInput as error:
        raise InvalidCondition(problems=error.problems) from None
    if isinstance(value, Decimal):
        return _EXACT.normalize(value) if value else Decimal(0)
    return value


WRITTEN = {"date": 1, "instant": 1, "decimal": 1, "money": 2}
"""The types that are written as a call or as a tagged mapping, with the number of texts each takes."""


def read_literal(name: str, texts: Sequence[object], *, place: str) -> Literal:
    """The value that ``name(*texts)`` stands for.

    Raises:
        InvalidCondition: no such value; the problem names ``place``.

    >>> read_literal("money", ["12.30", "EUR"], place="amount")
    Money(minor=1230, currency='EUR')
    """
    if len(texts) != WRITTEN[name] or not all(isinstance(text, str) and len(text) <= _MAX_WRITTEN for text in texts):
        raise InvalidCondition(f"{name} is not written like that.", field=place, hint=_EXAMPLES[name])
    try:
        value = _READERS[name](*texts)
    except InvalidInput as error:
        raise InvalidCondition(problems=[evolve(problem, field=place) for problem in error.problems]) from None
    except (ValueError, InvalidOperation):
        raise InvalidCondition(f"this is no {name}.", field=place, hint=_EXAMPLES[name]) from None
    return literal_of(value, field=place)


_MAX_WRITTEN = 100
_READERS: "dict[str, Callable[..., object]]" = {
    "date": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "decimal": Decimal,
    "money": Money.of,
}
_EXAMPLES = {
    "date": "Write date('2026-01-31').",
    "instant": "Write instant('2026-01-31T08:00:00+00:00'), with the offset.",
    "decimal": "Write decimal('12.50').",
    "money": "Write money('12.30', 'EUR').",
}


def same(value: Any) -> object:
    """A key under which two literals are equal only when their types are: ``True``, ``1`` and ``Decimal(1)`` differ."""
    if isinstance(value, tuple):
        return tuple((type(each), each) for each in value)
    return type(value), value


def text_of(value: Literal) -> str:
    """``value`` as the text form writes it; reading it back gives an equal value."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return plain if "." in plain else f"decimal('{plain}')"
    if isinstance(value, datetime):
        return f"instant('{value.isoformat()}')"
    if isinstance(value, date):
        return f"date('{value.isoformat()}')"
    if isinstance(value, Money):
        return f"money('{value.decimal:f}', '{value.currency}')"
    return str(value)


def path_of(raw: object) -> str:
    """``raw`` if it is a dotted field name of ASCII identifiers.

    Raises:
        InvalidCondition: it is not.
    """
    if not isinstance(raw, str) or len(raw) > MAX_PATH or not _is_path(raw):
        raise InvalidCondition(
            f"is not a field name of at most {MAX_PATH} characters.",
            field="field",
            hint="Write for example score, address.city or custom.region.",
        )
    return str(raw)


@lru_cache(maxsize=4_096)
def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None


def path_text(path: str) -> str:
    """``path`` as the text form writes it: as it stands unless a part is a Python keyword.

    >>> path_text("custom.region"), path_text("custom.class")
    ('custom.region', "field('custom.class')")
    """
    return f"field({path!r})" if any(map(keyword.iskeyword, path.split("."))) else path
