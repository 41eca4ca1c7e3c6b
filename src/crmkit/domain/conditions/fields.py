"""The fields a condition may ask, and ``F``, which builds conditions from them in Python.

>>> str(F.custom.region.in_("East", "West") & ~F.owner_id.missing())
"custom.region in ('East', 'West') and not missing(owner_id)"
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum, StrEnum
from typing import Any, Protocol

import attrs
from attrs import frozen

from crmkit.domain.conditions.literals import path_of
from crmkit.domain.conditions.nodes import Compare, Contains, In, Missing, StartsWith, Within
from crmkit.domain.conditions.periods import Between, Last, Next, duration_of
from crmkit.errors import InvalidCondition, InvalidInput, UnknownField

__all__ = ["CustomFieldLike", "F", "Field", "FieldCatalogue", "FieldSpec", "Kind"]


class Kind(StrEnum):
    """What a field holds, which decides what may be asked of it."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NUMBER = "number"
    """A float: coordinates and the like."""
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    ID = "id"
    TAGS = "tags"


class CustomFieldLike(Protocol):
    """What a catalogue needs to know of a field that the host declares (see ``crmkit.domain.custom_fields``)."""

    @property
    def name(self) -> str:
        """The name under ``custom.``."""
        ...

    @property
    def kind(self) -> str:
        """The value of a ``Kind``; any but tags."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values of a choice."""
        ...


@frozen(kw_only=True)
class FieldSpec:
    """One field: its dotted name, what it holds, and whether it may be missing."""

    name: str = attrs.field(converter=path_of)
    kind: Kind = attrs.field(converter=Kind)
    optional: bool = False
    """The value, or a value on the way to it, may be ``None``."""
    choices: tuple[str, ...] = ()
    """The allowed values of a choice."""
    enum: type[Enum] | None = None
    """The enum whose members the records hold, when a choice comes from one."""
    entity: str = ""
    """The entity that an id points to, when it is known."""


def _tuple(specs: Iterable[FieldSpec]) -> tuple[FieldSpec, ...]:
    return tuple(specs)


@frozen
class FieldCatalogue:
    """The fields of one kind of record, by name.

    >>> fields = FieldCatalogue([FieldSpec(name="score", kind="integer"), FieldSpec(name="name", kind="text")])
    >>> fields["score"].kind
    <Kind.INTEGER: 'integer'>
    >>> fields["scroe"]
    Traceback (most recent call last):
    ...
    crmkit.errors.UnknownField: scroe: there is no such field. Did you mean score?
    """

    fields: tuple[FieldSpec, ...] = attrs.field(converter=_tuple)
    _by_name: Mapping[str, FieldSpec] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        by_name = {spec.name: spec for spec in self.fields}
        if len(by_name) < len(self.fields):
            raise InvalidInput("A field stands in the catalogue twice.", hint="Give each a name of its own.")
        object.__setattr__(self, "_by_name", by_name)

    @classmethod
    def of(cls, record: type, *, custom: Iterable[CustomFieldLike] = ()) -> "FieldCatalogue":
        """The fields of an attrs class, read from its annotations, and the host's own under ``custom.<name>``.

        See ``crmkit.domain.conditions.derive`` for which annotation becomes which kind.
        """
        from crmkit.domain.conditions.derive import custom_specs, specs_of

        return cls((*specs_of(record), *custom_specs(custom)))

    def __getitem__(self, name: str) -> FieldSpec:
        """The field of that name.

        Raises:
            UnknownField: there is none; the hint has a suggestion.
        """
        spec = self._by_name.get(name)
        if spec is None:
            raise UnknownField("there is no such field.", field=name, hint=self.suggestion(name))
        return spec

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[FieldSpec]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def suggestion(self, name: str) -> str:
        """A hint with the known name that looks most like ``name``, or with some that there are."""
        close = get_close_matches(name, self._by_name, n=1)
        if close:
            return f"Did you mean {close[0]}?"
        return f"Known are: {', '.join(list(self._by_name)[:10])}{' …' if len(self) > 10 else ''}."


class Field:
    """A field in the making of a condition: compare it, or ask it one of the questions below.

    A part named like a method is reached by index: ``F["custom.missing"]``.
    """

    __hash__ = None  # type: ignore[assignment]
    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path_of(path)

    def __getattr__(self, part: str) -> "Field":
        if part.startswith("__"):
            raise AttributeError(part)
        return Field(f"{self._path}.{part}")

    def __getitem__(self, part: str) -> "Field":
        return Field(f"{self._path}.{part}")

    def __repr__(self) -> str:
        return f"F[{self._path!r}]"

    def __eq__(self, value: object) -> Compare:  # type: ignore[override]
        return Compare(self._path, "==", value)

    def __ne__(self, value: object) -> Compare:  # type: ignore[override]
        return Compare(self._path, "!=", value)

    def __lt__(self, value: object) -> Compare:
        return Compare(self._path, "<", value)

    def __le__(self, value: object) -> Compare:
        return Compare(self._path, "<=", value)

    def __gt__(self, value: object) -> Compare:
        return Compare(self._path, ">", value)

    def __ge__(self, value: object) -> Compare:
        return Compare(self._path, ">=", value)

    def in_(self, *values: object) -> In:
        """One of ``values``; they may also be given as one list, tuple or set."""
        one = values[0] if len(values) == 1 else None
        return In(self._path, one if isinstance(one, list | tuple | set | frozenset) else values)

    def contains(self, value: str) -> Contains:
        """The text has ``value`` in it, or the tags have it among them; case matters."""
        return Contains(self._path, value)

    def startswith(self, value: str) -> StartsWith:
        """The text begins with ``value``; case matters."""
        return StartsWith(self._path, value)

    def missing(self) -> Missing:
        """There is no value."""
        return Missing(self._path)

    def within(self, *bounds: Any, **units: int) -> Within:
        """In the last ``days=…`` (also weeks, hours, minutes, seconds), or from ``bounds[0]`` up to before ``bounds[1]``.

        >>> str(F.created_at.within(weeks=2)), str(F.close_date.within("2026-01-01", "2026-04-01"))
        ('within(created_at, days=14)', "within(close_date, '2026-01-01', '2026-04-01')")
        """
        return Within(self._path, period_of(bounds, units, ahead=False))

    def within_next(self, **units: int) -> Within:
        """In the next ``days=…`` (also weeks, hours, minutes, seconds), from now on."""
        return Within(self._path, period_of((), units, ahead=True))


def period_of(bounds: tuple[Any, ...], units: Mapping[str, object], *, ahead: bool) -> Between | Last | Next:
    """The period that the arguments of ``within`` or ``within_next`` speak of.

    Raises:
        InvalidCondition: they speak of none, or of two at once.
    """
    if not bounds:
        return Next(duration_of(units)) if ahead else Last(duration_of(units))
    if ahead or units or len(bounds) != 2:
        raise InvalidCondition(
            "takes a duration, or a start and an end.",
            field="within",
            hint="Write within(field, days=30), within(field, start, end) or within_next(field, days=7).",
        )
    return Between(*bounds)


class _Fields:
    """``F``: its attributes and items are fields."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(name)

    def __getitem__(self, path: str) -> Field:
        return Field(path)


F = _Fields()
"""``F.score >= 60``, ``F.custom.region == "East"``, ``F["address.city"].startswith("Hang")``."""
