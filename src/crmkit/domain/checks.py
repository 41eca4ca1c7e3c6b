"""From an annotation to the check that a value of it must pass.

``check_for(annotation)`` returns ``check(name, value) -> value``: the value to keep (sequences as
tuples, mappings read-only, instants in UTC, enum values as members), or ``InvalidInput`` naming the field.

>>> check_for(int)("Deal.amount", 3)
3
>>> check_for(tuple[str, ...])("Deal.tags", ["a", "b"])
('a', 'b')
>>> check_for(int | None)("Deal.amount", "3")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: Deal.amount: must be a whole number, not str. Pass an int.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, NoReturn, Union, get_args, get_origin

import attrs

from crmkit.errors import InvalidInput

__all__ = ["Check", "FrozenDict", "Text", "check_for", "optional_of", "plain_of"]

Check = Callable[[str, Any], Any]
"""Takes the field's name and the value given; returns the value to keep or raises ``InvalidInput``."""

MOST_TEXT = 65_536
"""Characters that a text without a limit of its own may have."""
MOST_ITEMS = 10_000
"""Items that a tuple or a mapping in one field may have."""
MOST_DIGITS = 38
"""Digits of a decimal, on either side of the point."""
INT64 = 2**63


@attrs.frozen
class Text:
    """A limit on a text field, used inside ``Annotated``: at least ``least``, at most ``most`` characters."""

    most: int = MOST_TEXT
    least: int = 0


class FrozenDict(dict[str, Any]):
    """A read-only dict: hashable when its values are, and as JSON-able and copyable as a dict."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("this mapping is read-only; build a new one")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)

    def __copy__(self) -> "FrozenDict":
        return self

    def __deepcopy__(self, _memo: object) -> "FrozenDict":
        return self


def optional_of(annotation: Any) -> tuple[Any, bool]:
    """``X | None`` as ``(X, True)``, anything else as ``(annotation, False)``."""
    if get_origin(annotation) in (UnionType, Union):
        rest = tuple(arm for arm in get_args(annotation) if arm is not NoneType)
        if len(rest) < len(get_args(annotation)):
            return Union[rest], True  # noqa: UP007 - built at run time
    return annotation, False


def plain_of(annotation: Any) -> Any:
    """The annotation without ``None``, ``Annotated`` and ``NewType``: what the value is made of.

    >>> plain_of(Annotated[str, Text(most=3)] | None)
    <class 'str'>
    """
    annotation, _ = optional_of(annotation)
    if get_origin(annotation) is Annotated:
        return plain_of(get_args(annotation)[0])
    if isinstance(annotation, NewType):
        return plain_of(annotation.__supertype__)
    return annotation


def check_for(annotation: Any) -> Check:
    """The check that a value of ``annotation`` must pass; what is not understood passes as it is."""
    inner, optional = optional_of(annotation)
    if optional:
        return _optional(check_for(inner))
    origin = get_origin(inner)
    if origin is Annotated:
        base, *extras = get_args(inner)
        limits = [extra for extra in extras if isinstance(extra, Text)]
        return _text(limits[0]) if limits and base is str else check_for(base)
    if isinstance(inner, NewType):
        return _text(Text(most=200, least=1)) if plain_of(inner) is str else check_for(inner.__supertype__)
    if origin in (UnionType, Union):
        return _one_of_types(get_args(inner))
    if origin is tuple:
        return _tuple(get_args(inner))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(inner))
    if origin is Literal:
        return _literal(get_args(inner))
    return _class_check(inner) if isinstance(inner, type) else lambda _name, value: value


def _class_check(cls: type) -> Check:
    if issubclass(cls, Enum):
        # an enum without members is what other enums build on: any of them fits
        return _enum(cls) if len(cls) else _instance(cls)
    known = _CHECKS.get(cls)
    if known is not None:
        return known
    return _instance(cls) if attrs.has(cls) else lambda _name, value: value


def _fail(name: str, must: str, value: object, hint: str) -> NoReturn:
    raise InvalidInput(f"must be {must}, not {type(value).__name__}.", field=name, hint=hint)


def _optional(check: Check) -> Check:
    return lambda name, value: None if value is None else check(name, value)


def _text(limit: Text) -> Check:
    most, least = limit.most, limit.least

    def check(name: str, value: Any) -> str:
        if type(value) is not str:
            if not isinstance(value, str):
                _fail(name, "text", value, "Pass a str.")
            value = str.__str__(value)
        if not least <= len(value) <= most:
            if value == "":
                raise InvalidInput("must not be empty.", field=name, hint="Give some text.")
            if len(value) < least:
                raise InvalidInput(
                    f"has {len(value)} characters, at least {least} are needed.", field=name, hint="Give more."
                )
            raise InvalidInput(f"has {len(value)} characters, at most {most} fit.", field=name, hint="Shorten it.")
        if "\0" in value:
            raise InvalidInput("has a NUL character.", field=name, hint="Remove U+0000.")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise InvalidInput(
                    "has a lone surrogate.", field=name, hint="Decode the source as UTF-8, UTF-16 or GB18030."
                ) from None
        return str(value)

    return check


def _boolean(name: str, value: Any) -> bool:
    if value is not True and value is not False:
        _fail(name, "true or false", value, "Pass a bool.")
    return bool(value)


def _integer(name: str, value: Any) -> int:
    if type(value) is not int:
        _fail(name, "a whole number", value, "Pass an int.")
    if not -INT64 <= value < INT64:
        raise InvalidInput("does not fit 64 bits.", field=name, hint="Pass a smaller number.")
    return int(value)


def _decimal(name: str, value: Any) -> Decimal:
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal):
        _fail(name, "a Decimal", value, "Pass decimal.Decimal; a float is not exact.")
    if not value.is_finite():
        raise InvalidInput("must be finite.", field=name, hint="Pass a number, not NaN or infinity.")
    if value.adjusted() >= MOST_DIGITS or -int(value.as_tuple().exponent) > MOST_DIGITS:
        raise InvalidInput(f"has more than {MOST_DIGITS} digits.", field=name, hint="Round it.")
    return value


def _float(name: str, value: Any) -> float:
    if type(value) is int:
        value = float(value)
    if type(value) is not float:
        _fail(name, "a number", value, "Pass a float.")
    if not math.isfinite(value):
        raise InvalidInput("must be finite.", field=name, hint="Pass a number, not NaN or infinity.")
    return float(value)


def _instant(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        _fail(name, "an instant", value, "Pass an aware datetime.")
    if value.tzinfo is UTC and type(value) is datetime:
        return value
    if value.utcoffset() is None:
        raise InvalidInput(
            "has no time zone.", field=name, hint="Pass an aware datetime, for example datetime.now(UTC)."
        )
    # rebuilt field by field: pendulum's and pandas' subclasses would otherwise keep their own type
    try:
        at = value.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("is outside the years 1 to 9999 in UTC.", field=name, hint="Pass another time.") from None
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, UTC)


def _date(name: str, value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        _fail(name, "a date", value, "Pass datetime.date.")
    return value if type(value) is date else date(value.year, value.month, value.day)


def _duration(name: str, value: Any) -> timedelta:
    if not isinstance(value, timedelta):
        _fail(name, "a duration", value, "Pass datetime.timedelta.")
    return value


def _enum(cls: type[Enum]) -> Check:
    def check(name: str, value: Any) -> Enum:
        if type(value) is cls:
            return value
        try:
            return cls(value)
        except ValueError:
            choices = ", ".join(str(member.value) for member in cls)
            raise InvalidInput("is not one of the choices.", field=name, hint=f"Choose from: {choices}.") from None

    return check


def _literal(choices: tuple[Any, ...]) -> Check:
    def check(name: str, value: Any) -> Any:
        if value not in choices:
            raise InvalidInput(
                "is not one of the choices.", field=name, hint=f"Choose from: {', '.join(map(str, choices))}."
            )
        return value

    return check


def _tuple(args: tuple[Any, ...]) -> Check:
    if len(args) != 2 or args[1] is not ...:
        each = tuple(check_for(arg) for arg in args)
        return lambda name, value: _fixed(name, value, each)
    check = check_for(args[0])

    def check_all(name: str, value: Any) -> tuple[Any, ...]:
        if value == ():
            return ()
        # the common case first: asking for an abstract class costs as much as the rest
        if type(value) is not tuple and (isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable)):
            _fail(name, "a sequence", value, "Pass a tuple or a list.")
        items = tuple(value)
        if len(items) > MOST_ITEMS:
            raise InvalidInput(f"has {len(items)} items, at most {MOST_ITEMS} fit.", field=name, hint="Split it.")
        return tuple([check(name, item) for item in items])

    return check_all


def _fixed(name: str, value: Any, each: tuple[Check, ...]) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list) or len(value) != len(each):
        _fail(name, f"a sequence of {len(each)}", value, "Pass a tuple.")
    return tuple(check(name, item) for check, item in zip(each, value, strict=True))


def _mapping(args: tuple[Any, ...]) -> Check:
    check_key, check_value = check_for(args[0]), check_for(args[1])

    def check(name: str, value: Any) -> FrozenDict:
        if type(value) is FrozenDict and not value:
            return value
        if not isinstance(value, Mapping):
            _fail(name, "a mapping", value, "Pass a dict.")
        if len(value) > MOST_ITEMS:
            raise InvalidInput(f"has {len(value)} items, at most {MOST_ITEMS} fit.", field=name, hint="Split it.")
        return FrozenDict({check_key(name, key): check_value(f"{name}.{key}", item) for key, item in value.items()})

    return check


def _one_of_types(arms: tuple[Any, ...]) -> Check:
    """A union: the first arm whose own type the value has, so that ``True`` is never taken for an int."""
    by_type = {plain_of(arm): check_for(arm) for arm in arms}

    def check(name: str, value: Any) -> Any:
        for cls in type(value).__mro__:
            known = by_type.get(cls)
            if known is not None:
                return known(name, value)
        wanted = ", ".join(getattr(cls, "__name__", str(cls)) for cls in by_type)
        _fail(name, f"one of {wanted}", value, "Convert it first.")

    return check


def _instance(cls: type) -> Check:
    def check(name: str, value: Any) -> Any:
        if not isinstance(value, cls):
            _fail(name, f"a {cls.__name__}", value, f"Pass a {cls.__name__}.")
        return value

    return check


_CHECKS: dict[type, Check] = {
    str: _text(Text()),
    bool: _boolean,
    int: _integer,
    float: _float,
    Decimal: _decimal,
    datetime: _instant,
    date: _date,
    timedelta: _duration,
}
