"""Random records and random conditions over them, for tests that two evaluations agree.

A store that compiles conditions into its own query language is right when, for every condition and
every set of records, it finds the same ids as the generated Python does. ``samples()`` draws the
records: a ``Sample`` has a field of every kind, sure and optional, nested and custom.
``conditions(CATALOGUE)`` draws the trees. Records and literals come from the same small pools, so
that they meet often, and the pools are mean: LIKE wildcards, quotes, SQL, case, combining marks,
characters beyond the BMP, ends of ranges.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NewType

from hypothesis import strategies as st

from crmkit.domain.change import Record
from crmkit.domain.conditions import (
    MAX_PERIOD,
    Always,
    And,
    Between,
    Compare,
    Condition,
    Contains,
    FieldCatalogue,
    FieldSpec,
    In,
    Kind,
    Last,
    Literal,
    Missing,
    Next,
    Not,
    Or,
    StartsWith,
    Within,
    asks_of,
)
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.values.money import Money

__all__ = [
    "CATALOGUE",
    "CUSTOM_FIELDS",
    "NOW",
    "Grade",
    "Place",
    "Sample",
    "SampleId",
    "conditions",
    "literals",
    "samples",
    "values",
]

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
"""The time around which records are drawn."""

SampleId = NewType("SampleId", str)


class Grade(StrEnum):
    """A choice."""

    A = "a"
    B = "B"
    BETA = "beta"


@model
class Place:
    """A nested value."""

    city: str
    street: str | None = None


@model
class Sample(Record):
    """A record with a field of every kind, which no other part of crmkit uses."""

    entity: ClassVar[str] = "sample"

    id: SampleId
    name: str = ""
    nick: str | None = None
    score: int = 0
    rank: int | None = None
    share: Decimal = Decimal(0)
    rebate: Decimal | None = None
    price: Money = Money(minor=0, currency="EUR")
    budget: Money | None = None
    vip: bool = False
    agreed: bool | None = None
    since: date = date(2026, 1, 1)
    until: date | None = None
    seen_at: datetime | None = None
    grade: Grade = Grade.A
    mood: Grade | None = None
    owner_id: MemberId | None = None
    tags: tuple[str, ...] = ()
    home: Place = Place(city="")
    office: Place | None = None


CUSTOM_FIELDS = tuple(
    CustomField(
        entity="sample",
        name=f"x_{kind}",
        kind=kind,
        choices=("East", "west") if kind is FieldKind.CHOICE else (),
    )
    for kind in FieldKind
)
"""A custom field of every kind, named ``x_text``, ``x_integer`` and so on."""

CATALOGUE = FieldCatalogue.of(Sample, custom=CUSTOM_FIELDS)
"""All fields of a ``Sample`` that a condition may ask."""

TEXTS = (
    *("", " ", "a", "A", "ab", "Ab", "aB", "b", "B", "beta", "East", "é", "e\u0301", "ß", "ss", "İ", "i", "K"),
    *("%", "_", "a%", "a_", "\\", "\\%", "'", '"', "''", "a'b", ";", "--", "\n", "\t", "\u202e", "\u200b"),
    *("中", "中国", "国", "\ue000", "\uffff", "😀", "\U0010ffff", "M-1", "EUR", "JPY"),
    *("'; DROP TABLE samples; --", "' OR '1'='1", "{}", "[]", "null", "NULL", "None", "0", "1", ":a", "%s", "?", "$1"),
)
INTEGERS = (-(2**63), -(2**53) - 1, -1, 0, 1, 2, 59, 60, 61, 2**31, 2**53, 2**53 + 1, 2**63 - 1)
DECIMALS = tuple(
    map(Decimal, ("-1.5", "-0.000001", "0", "0.000001", "0.1", "1", "1.5", "12.5", "60", "999999999999.999999"))
)
FINE_DECIMALS = tuple(map(Decimal, ("0.0000001", "-0.00000000000000000001", "1E+20", "-1E+37", "1.5000001")))
MONEYS = tuple(
    Money(minor=minor, currency=currency)
    for currency in ("EUR", "JPY", "BHD")
    for minor in (-(2**63), -1, 0, 1, 1230, 2**63 - 1)
)
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
SPANS = (TICK * 1_000_000, timedelta(hours=1), DAY, 30 * DAY, MAX_PERIOD)
INSTANTS = (
    *(NOW + sign * span + step * TICK for span in (0 * DAY, *SPANS[:4]) for sign in (-1, 1) for step in (-1, 0, 1)),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1969, 12, 31, tzinfo=UTC),
)
DATES = (*(NOW.date() + days * DAY for days in (-31, -30, -29, -1, 0, 1, 29, 30, 31)), date.min, date.max)

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_POOLS: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.sampled_from(TEXTS) | st.text(_CHARACTERS, max_size=4),
    Kind.INTEGER: st.sampled_from(INTEGERS) | st.integers(-(2**63), 2**63 - 1),
    Kind.DECIMAL: st.sampled_from(DECIMALS) | st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    Kind.MONEY: st.sampled_from(MONEYS),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.sampled_from(DATES) | st.dates(),
    Kind.INSTANT: st.sampled_from(INSTANTS) | st.datetimes(timezones=st.just(UTC)),
    Kind.ID: st.sampled_from(("M-1", "M-2", "m-1", "1", "a'b")),
    Kind.TAGS: st.lists(st.sampled_from(TEXTS), max_size=3).map(tuple),
}


def values(spec: FieldSpec) -> st.SearchStrategy[Any]:
    """What a record may hold in that field, ``None`` too where it is optional."""
    pool = _POOLS.get(spec.kind)
    if pool is None:
        pool = st.sampled_from(list(spec.enum) if spec.enum else spec.choices)
    return st.none() | pool if spec.optional else pool


def _field(name: str) -> st.SearchStrategy[Any]:
    return values(CATALOGUE[name])


def _places() -> st.SearchStrategy[Place]:
    return st.builds(Place, city=_field("home.city"), street=_field("home.street"))


@st.composite
def samples(draw: st.DrawFn, *, id: str = "S-1") -> Sample:
    """A ``Sample`` with that id; custom fields are set or not."""
    direct = {spec.name for spec in CATALOGUE if "." not in spec.name} - {"id", "version", "created_at", "updated_at"}
    drawn = {name: draw(_field(name)) for name in sorted(direct)}
    custom = {field.name: draw(_field(f"custom.{field.name}")) for field in CUSTOM_FIELDS}
    return Sample(
        id=SampleId(id),
        created_at=draw(_POOLS[Kind.INSTANT]),
        updated_at=NOW,
        custom={name: value for name, value in custom.items() if value is not None},
        home=draw(_places()),
        office=draw(st.none() | _places()),
        **drawn,
    )


def literals(spec: FieldSpec) -> st.SearchStrategy[Literal]:
    """What a condition may compare that field with."""
    match spec.kind:
        case Kind.CHOICE:
            return st.sampled_from(spec.choices)
        case Kind.TAGS:
            return st.sampled_from(TEXTS)
        case Kind.DECIMAL:
            return _POOLS[Kind.DECIMAL] | st.sampled_from(FINE_DECIMALS) | st.sampled_from(INTEGERS)
        case _:
            return _POOLS[spec.kind]


@st.composite
def _leaves(draw: st.DrawFn, specs: Sequence[FieldSpec]) -> Condition:
    spec = draw(st.sampled_from((*specs, None)))
    if spec is None:
        return Always()
    ask = draw(st.sampled_from(asks_of(spec.kind)))
    match ask:
        case "missing":
            return Missing(spec.name)
        case "in":
            return In(spec.name, draw(st.lists(literals(spec), max_size=4)))
        case "contains":
            return Contains(spec.name, draw(st.sampled_from(TEXTS)))
        case "startswith":
            return StartsWith(spec.name, draw(st.sampled_from(TEXTS)))
        case "within":
            return Within(spec.name, draw(_periods(spec.kind)))
        case _:
            return Compare(spec.name, ask, draw(literals(spec)))


@st.composite
def _periods(draw: st.DrawFn, kind: Kind) -> Between | Last | Next:
    if draw(st.booleans()):
        start, end = sorted(draw(st.lists(_POOLS[kind], min_size=2, max_size=2, unique=True)))
        return Between(start, end)
    spans = [span for span in SPANS if kind is Kind.INSTANT or not span.seconds]
    span = draw(st.sampled_from(spans))
    return Last(span) if draw(st.booleans()) else Next(span)


def conditions(catalogue: FieldCatalogue, *, max_leaves: int = 8) -> st.SearchStrategy[Condition]:
    """A condition that binds to ``catalogue``: a tree of up to about ``max_leaves`` questions."""
    return st.recursive(
        _leaves(catalogue.fields),
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(And, st.lists(inner, min_size=2, max_size=4))
            | st.builds(Or, st.lists(inner, min_size=2, max_size=4))
        ),
        max_leaves=max_leaves,
    )
