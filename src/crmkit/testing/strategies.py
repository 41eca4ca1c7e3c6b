"""Random records of every entity, drawn from the annotations of their fields.

``records(Lead)`` draws whole leads: text of every script at every length, instants and numbers at the ends
of their ranges, money in every currency, nested values, the host's own fields. What a field may hold stands
in its annotation; the few rules that an annotation cannot say stand in the two tables below.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.change import Record
from crmkit.domain.checks import Text, optional_of, plain_of
from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.model import annotations_of
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave, Member
from crmkit.domain.organization.territory import Territory
from crmkit.domain.parties.segment import Segment, SegmentMembership
from crmkit.domain.sales.pipeline import Pipeline, Stage, StageKind
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.filing import Dispute
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.currencies import CURRENCIES
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.ports.store import REPOSITORIES
from crmkit.testing import conditions as pools

__all__ = ["IDS", "SCHEMA", "models", "records", "sampled", "some_records", "texts"]

T = TypeVar("T")
R = TypeVar("R", bound=Record)

SCHEMA = CustomSchema(
    tuple(
        CustomField(
            entity=cls.entity,
            name=f"x_{kind}",
            kind=kind,
            choices=("East", "west", "e\u0301") if kind is FieldKind.CHOICE else (),
        )
        for cls in REPOSITORIES.values()
        for kind in FieldKind
    )
)
"""A custom field of every kind on every entity: ``x_text``, ``x_integer``, ``x_money`` and so on."""

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_ENDS_OF_INTEGERS = (-(2**63), -(2**53) - 1, -1, 0, 1, 2**31, 2**53 + 1, 2**63 - 1)
_SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from(_ENDS_OF_INTEGERS) | st.integers(-(2**63), 2**63 - 1),
    float: st.floats(-90, 90),
    Decimal: st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    datetime: st.sampled_from(pools.INSTANTS) | st.datetimes(timezones=st.just(UTC)),
    date: st.sampled_from(pools.DATES) | st.dates(),
    timedelta: st.timedeltas(timedelta(days=-999), timedelta(days=9_999)),
}


def texts(*, least: int = 0, most: int = 500) -> st.SearchStrategy[str]:
    """Text of ``least`` to ``most`` characters: mean samples, any scripts, and the longest that fits."""
    samples = [text for text in pools.TEXTS if least <= len(text) <= most]
    long = st.sampled_from(("x", "'", "中", "😀")).map(lambda character: character * most)
    short = st.sampled_from(samples) | st.text(_CHARACTERS, min_size=least, max_size=max(least, min(most, 8)))
    return short if most > 500 else st.integers(0, 19).flatmap(lambda die: short if die else long)


# What an annotation cannot say: a field that takes fewer values than its type …
_FIELDS: Mapping[tuple[type, str], st.SearchStrategy[Any]] = {
    (CompanyName, "legal"): texts(least=1).filter(str.strip),
    (Hours, "weekday"): st.integers(1, 7),
    (Hours, "begins"): st.integers(0, 1_439),
    (Hours, "ends"): st.integers(0, 1_440),
    (Dispute, "grounds"): texts(least=1).filter(str.strip),
    (Interaction, "minutes"): st.integers(0, 2**63 - 1),
    (Member, "weight"): st.integers(1, 2**63 - 1),
    (Member, "capacity"): st.none() | st.integers(0, 2**63 - 1),
    (Money, "currency"): st.sampled_from(sorted(CURRENCIES)),
    (Pool, "accepts"): st.sampled_from(["always()", "region == 'East'", "industry in ('IT', '中')"]),
    (Pool, "holds"): st.sampled_from(["lead", "account"]),
    (Segment, "holds"): st.sampled_from(["lead", "account", "contact"]),
    (Segment, "when"): st.sampled_from(["", "always()", "industry in ('IT', '中')", "within(created_at, days=30)"]),
    (Stage, "probability"): st.integers(0, 100),
    (Territory, "accepts"): st.sampled_from(["always()", "region == 'East'", "industry in ('IT', '中')"]),
    (Territory, "holds"): st.sampled_from(["lead", "account"]),
    (WorkingCalendar, "weekdays"): st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True).map(tuple),
    (WorkingCalendar, "zone"): st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"]),
}


def _person(fields: dict[str, Any]) -> dict[str, Any]:
    return fields if fields["family"] or fields["given"] else fields | {"given": "x"}


def _usable(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda fields: fields if fields[name] is not None else fields | {"invalid": True}


def _shared_with(fields: dict[str, Any]) -> dict[str, Any]:
    member = fields["member_id"]
    if fields["team_id"] is not None:
        return fields | {"member_id": None}
    return fields | {"member_id": member if member is not None else IDS[0]}


def _place(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"longitude": None} if fields["latitude"] is None else fields | {"longitude": fields["latitude"]}


def _stages(fields: dict[str, Any]) -> dict[str, Any]:
    ends = [Stage(code=f"\x7f{kind}", kind=kind) for kind in StageKind]
    known = {stage.code: stage for stage in (*fields["stages"], *ends)}
    return fields | {"stages": tuple(known.values())}


def _period(begins: str, ends: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What ends after it began."""

    def mended(fields: dict[str, Any]) -> dict[str, Any]:
        first, last = fields[begins], fields[ends]
        if last is None or first < last:
            return fields
        return fields | {begins: last, ends: first if last < first else datetime.max.replace(tzinfo=UTC)}

    return mended


def _limit(fields: dict[str, Any]) -> dict[str, Any]:
    days = None if fields["per"] is not None else 1 + abs(fields["days"] or 0) % 3_660
    return fields | {"most": abs(fields["most"]) % 2**63, "days": days}


# … and fields that must fit each other
_WHOLES: Mapping[type, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Address: _place,
    Collaboration: _shared_with,
    Email: _usable("address"),
    Evidence: _period("since", "until"),
    Handle: _usable("value"),
    Leave: _period("begins", "ends"),
    Limit: _limit,
    PersonName: _person,
    Phone: _usable("e164"),
    Pipeline: _stages,
    SegmentMembership: _period("since", "until"),
}


def models(cls: type[T]) -> st.SearchStrategy[T]:
    """Values of any ``@model``, drawn from its annotations."""
    return _model(cls)


def records(
    cls: type[R], *, ids: st.SearchStrategy[str] | None = None, custom: CustomSchema | None = None
) -> st.SearchStrategy[R]:
    """Records of ``cls`` at version 1, with the fields of ``custom`` (by default ``SCHEMA``) set or not.

    >>> from crmkit.domain.sales.lead import Lead
    >>> {lead.version for lead in sampled(records(Lead), 3)}
    {1}
    """
    special = {"version": st.just(1), "custom": _custom(cls, SCHEMA if custom is None else custom)}
    return _model(cls, **special, **({} if ids is None else {"id": ids}))


def _model(cls: type[T], **special: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    special |= {name: strategy for (of, name), strategy in _FIELDS.items() if of is cls}
    fields = {
        name: special[name] if name in special else _values(annotation)
        for name, annotation in annotations_of(cls).items()
    }
    mended = _WHOLES.get(cls, dict)
    return st.fixed_dictionaries(fields).map(lambda drawn: cls(**mended(drawn)))


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    """What a field of this annotation may hold."""
    inner, optional = optional_of(annotation)
    if optional:
        return st.none() | _values(inner)
    origin = get_origin(inner)
    if origin is Annotated:
        limits = [extra for extra in get_args(inner) if isinstance(extra, Text)]
        return texts(least=limits[0].least, most=limits[0].most) if limits else _values(get_args(inner)[0])
    if isinstance(inner, NewType):
        return st.sampled_from(IDS) | texts(least=1, most=200) if plain_of(inner) is str else _values(plain_of(inner))
    if origin in (Union, UnionType):
        return st.one_of([_values(arm) for arm in get_args(inner)])
    if origin is tuple:
        return _tuples(get_args(inner))
    return st.sampled_from(get_args(inner)) if origin is Literal else _plain(inner)


IDS = ("A-1", "a-1", "L-1", "M-1", "M-2", "m-1", "1", "a'b")
"""Few, so that references meet."""


def _tuples(args: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    if len(args) == 2 and args[1] is ...:
        return st.lists(_values(args[0]), max_size=2).map(tuple)
    return st.tuples(*map(_values, args))


def _plain(cls: Any) -> st.SearchStrategy[Any]:
    if cls is str:
        return texts(most=65_536)
    if cls in _SCALARS:
        return _SCALARS[cls]
    if cls is Money:
        return st.sampled_from(pools.MONEYS) | models(Money)
    if issubclass(cls, Enum):
        return st.sampled_from(cls)
    return records(cls) if issubclass(cls, Record) else models(cls)


def _custom(cls: type[Record], schema: CustomSchema) -> st.SearchStrategy[Mapping[str, Any]]:
    fields = schema.of_entity(cls.entity)
    if not fields:
        return st.just({})
    catalogue = FieldCatalogue.of(cls, custom=fields.values())
    values = {name: pools.values(catalogue[f"custom.{name}"]) for name in fields}
    drawn = st.fixed_dictionaries({}, optional=values)
    return drawn.map(lambda given: {name: value for name, value in given.items() if value is not None})


def sampled(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """``count`` values drawn from ``strategy``, the same ones in every run: rows to fill a store with.

    >>> len(sampled(texts(most=3), 20)) == 20 and sampled(texts(), 5) == sampled(texts(), 5)
    True
    """
    drawn: list[T] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: T) -> None:
        drawn.append(value)

    # few different values may be all there are
    while len(drawn) < count:
        draw()
    return drawn[:count]


_DRAWN: dict[tuple[type[Record], int], Sequence[Any]] = {}


def some_records(cls: type[R], count: int) -> Sequence[R]:
    """``count`` random records of ``cls``, drawn once a process: what ``sampled(records(cls), count)`` gives."""
    known = _DRAWN.get((cls, count))
    if known is None:
        known = _DRAWN[cls, count] = tuple(sampled(records(cls), count))
    return known
