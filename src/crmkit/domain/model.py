"""``@model``: a frozen, keyword-only attrs class whose annotations are its validation.

One declaration serves the whole library: the annotation of a field says what is accepted here, which
column the SQL adapter makes, which operators a condition may use and what a test strategy draws.

>>> from datetime import UTC, datetime
>>> @model
... class Visit:
...     place: Line
...     at: datetime
...     tags: tuple[str, ...] = ()
>>> Visit(place="Hangzhou", at=datetime(2026, 1, 2, tzinfo=UTC), tags=["first"]).tags
('first',)
>>> Visit(place="Hangzhou", at=datetime(2026, 1, 2))
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: Visit.at: has no time zone. Pass an aware datetime, for example datetime.now(UTC).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, cast, dataclass_transform

import attrs

from crmkit.domain.checks import Check, Text, check_for
from crmkit.domain.constructing import constructor, keeper, signature
from crmkit.errors import UnknownField

__all__ = ["Code", "Key", "Line", "Note", "annotations_of", "maker", "model", "revise", "revised"]

T = TypeVar("T")
_new: Callable[[type[Any]], Any] = object.__new__
_fill: Callable[[object, str, object], None] = object.__setattr__
V = TypeVar("V")


def _once(work: Callable[[type], V]) -> Callable[[type], V]:
    """``work`` done once a class; mypy does not see that classes are hashable when their instances are not."""
    return cache(work)


Line = Annotated[str, Text(most=500)]
"""One line of text: a name, a title, a reason."""
Code = Annotated[str, Text(most=100, least=1)]
"""A short stable word: a stage, a kind, a currency."""
Key = Annotated[str, Text(most=500, least=1)]
"""Text used for look-up, never empty."""
Note = Annotated[str, Text(most=1_000_000)]
"""Long text: what was said, what was written."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def model(cls: type[T]) -> type[T]:
    """Make ``cls`` a frozen, keyword-only value whose fields are checked by their annotations.

    Sequences become tuples, mappings become read-only, aware datetimes become UTC, enum values
    become members. A class may add ``check(self)`` for what concerns several fields at once; it
    raises ``InvalidInput`` too.

    Raises (at construction):
        InvalidInput: a value does not fit; the error names ``Class.field`` and the mend.
    """
    # no slots: filling the instance dictionary is how frozen objects are built fastest
    made: Any = attrs.define(cls, frozen=True, kw_only=True, slots=False, init=False, field_transformer=_with_checks)

    def first(self: T, **fields: Any) -> None:
        made.__init__ = constructor(made)
        made.__init__(self, **fields)

    # built when it is first needed: most programs construct a fraction of all classes
    made.__init__ = first
    made.__signature__ = signature(made)
    return cast(type[T], made)


def revise(record: T, **changes: Any) -> T:
    """A copy of ``record`` with some fields replaced; only what is replaced is checked.

    Several times faster than ``attrs.evolve``, which checks every field again.

    Raises:
        InvalidInput: a value does not fit its field, or there is no such field.

    >>> @model
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> revise(Point(x=1, y=2), x=3)
    Point(x=3, y=2)
    """
    return revised(record, changes)


def revised(record: T, changes: Mapping[str, Any]) -> T:
    """``revise`` with the changes in a mapping: what transitions call, ten thousand times a second."""
    cls = type(record)
    checks, whole = _plan_of(cls)
    state = {**record.__dict__}
    for name, value in changes.items():
        check = checks.get(name)
        if check is None:
            raise UnknownField("there is no such field.", field=f"{cls.__name__}.{name}")
        state[name] = check(name, value)
    copy: T = _new(cls)
    _fill(copy, "__dict__", state)
    if whole is not None:
        whole(copy)
    return copy


def maker(cls: type[T]) -> Callable[[dict[str, Any]], T]:
    """A function that makes instances of values that are known to fit, with the defaults of the others.

    For what the library itself makes many of out of values that were checked before: decisions, steps, events.
    Nothing is checked, so nothing that a caller passed may come in here unchecked.

    >>> @model
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> maker(Point)({"x": 3}) == Point(x=3)
    True
    """
    defaults = {
        field.name: field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]
        for field in attrs.fields(cast(Any, cls))
        if field.default is not attrs.NOTHING
    }

    count = len(attrs.fields(cast(Any, cls)))

    def make(fields: dict[str, Any], new: Any = _new, fill: Any = _fill) -> T:
        made: T = new(cls)
        # a dict with every field is kept as it is
        fill(made, "__dict__", fields if len(fields) == count else {**defaults, **fields})
        return made

    return make


@_once
def annotations_of(cls: type) -> Mapping[str, Any]:
    """The annotation of every attrs field, in order, ``Annotated`` kept."""
    return {field.name: field.type for field in attrs.fields(cls)}


@_once
def _plan_of(cls: type) -> tuple[dict[str, Check], Callable[[Any], None] | None]:
    """The check of each field, and the one of the whole where there is one."""
    return {field.name: keeper(field) for field in attrs.fields(cls)}, getattr(cls, "check", None)


def _with_checks(cls: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Give each field the check that its annotation asks for (an attrs ``field_transformer``)."""
    return [field if "check" in field.metadata else _checked(cls, field) for field in fields]


def _checked(cls: type, field: "attrs.Attribute[Any]") -> "attrs.Attribute[Any]":
    if isinstance(field.type, str):
        raise TypeError(f"{cls.__name__}.{field.name}: the annotation must not be a string")
    named = f"{cls.__name__}.{field.name}"
    fits = check_for(field.type)
    own: Any = field.converter

    def check(_name: str, value: Any) -> Any:
        return fits(named, value if own is None else own(value))

    return field.evolve(metadata={**field.metadata, "check": check})
