"""Conditions as SQL: the same answers as in memory, every literal bound, every name from the catalogue.

A statement is compiled once per *shape* (the condition without its literals); the literals of a call are
then read from its leaves. Under NOT each leaf is guarded, because SQL's NULL would answer neither way.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from attrs import define, field, frozen
from sqlalchemy.dialects.postgresql import ARRAY

from crmkit.adapters.sql.fields import Place, millionths, not_asked, place_of
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, one_of, sql_type
from crmkit.adapters.sql.sealed_fields import blind_column
from crmkit.adapters.sql.tables import EntityTable
from crmkit.domain.conditions import (
    Always,
    And,
    BoundCondition,
    Compare,
    Condition,
    Contains,
    FieldSpec,
    In,
    Kind,
    Leaf,
    Missing,
    Not,
    Or,
    StartsWith,
    Within,
)
from crmkit.domain.values.money import Money

__all__ = ["Slot", "Spread", "Where", "order_by", "shape_of", "where_of"]

WIDEST = 100
"""Terms in one chain of ANDs or ORs."""
FEW = 32
"""Owners that are given as any other list of values."""
WRITTEN_OUT = 1_000
"""Below so many, SQLite is given owners one by one: of a JSON list it guesses the length, takes the index of owners for
a fifth of a million rows and sorts them, where walking in the order asked for would find fifty at once."""
BETWEEN = "\x1f"
"""What no id contains."""
Read = Callable[[Any, datetime], Any]
"""From the leaf of a call and its ``now`` to the driver's value."""


@frozen
class Slot:
    """One bound parameter: its name, the place of its leaf among all leaves, and how to read its value."""

    name: str
    leaf: int
    read: Read
    blind: str = ""
    """The encrypted field that the value is asked of: ``read`` gives its texts, to be blinded and then ``written``."""
    written: Callable[[list[str]], Any] = list


@frozen
class Spread:
    """Parameters for the values of one leaf, in their order; those behind the last value hold that one again."""

    names: Sequence[str]
    leaf: int


@frozen
class Where:
    """The expression of a shape and its slots."""

    expression: "sa.ColumnElement[bool]"
    slots: Sequence[Slot]
    spreads: Sequence[Spread] = ()

    def values(self, condition: Condition, now: datetime) -> dict[str, Any]:
        """The values of the slots for ``condition``, which has this shape."""
        leaves = list(condition.leaves())
        values = {slot.name: slot.read(leaves[slot.leaf], now) for slot in self.slots}
        for spread in self.spreads:
            listed: tuple[Any, ...] = cast(In, leaves[spread.leaf]).values
            values |= dict.fromkeys(spread.names, listed[-1])
            values.update(zip(spread.names, listed, strict=False))
        return values


def shape_of(condition: Condition) -> tuple[Any, ...]:
    """The condition without its literals: equal shapes have the same SQL."""
    match condition:
        case And(terms) | Or(terms):
            return (type(condition), *map(shape_of, terms))
        case Not(term):
            return (Not, shape_of(term))
        case Compare():
            return (Compare, condition.field, condition.op)
        case In():
            return (In, condition.field, _places(condition))
        case Leaf():
            return (type(condition), condition.field)
    return (type(condition),)


def _places(leaf: In) -> int:
    """For how many owners a statement has places, in steps; 0 for any other list, ``WRITTEN_OUT`` from there on."""
    count = len(leaf.values)
    return 0 if leaf.field != "owner_id" or count <= FEW else min(-(-count // FEW) * FEW, WRITTEN_OUT)


def where_of(bound: BoundCondition, entity: EntityTable, dialect: Dialect) -> Where:
    """The SQL of ``bound`` on the table of ``entity``."""
    writer = _Writer(entity, dialect, {spec.name: spec for spec in bound.fields})
    return Where(writer.node(bound.condition, guarded=False), writer.slots, writer.spreads)


@define
class _Writer:
    """One walk over a condition, leaves numbered from left to right as ``Condition.leaves`` does."""

    entity: EntityTable
    dialect: Dialect
    specs: dict[str, FieldSpec]
    slots: list[Slot] = field(factory=list)
    spreads: list[Spread] = field(factory=list)
    leaf: int = -1

    def node(self, node: Condition, *, guarded: bool) -> "sa.ColumnElement[bool]":
        match node:
            case And(terms):
                return _joined(sa.and_, [self.node(term, guarded=guarded) for term in terms])
            case Or(terms):
                return _joined(sa.or_, [self.node(term, guarded=guarded) for term in terms])
            case Not(Missing(field=name)) if name in self.entity.sealed:
                self.leaf += 1
                return self.entity.table.c[name].is_not(None)
            case Not(Missing() as missing):
                self.leaf += 1
                # in words that an index with a condition is found by
                return place_of(self.entity, self.specs[missing.field], self.dialect).value.is_not(None)
            case Not(term):
                return sa.not_(self.node(term, guarded=True).self_group())
            case Always():
                return sa.true()
            case Leaf():
                self.leaf += 1
                return self.ask(node, guarded=guarded)
        raise TypeError(f"{type(node).__name__} is not one of the ten nodes")

    def ask(self, leaf: Leaf, *, guarded: bool) -> "sa.ColumnElement[bool]":
        spec = self.specs[leaf.field]
        sealed = self.entity.sealed.get(leaf.field)
        if sealed is not None and sealed.blind and isinstance(leaf, Compare | In):
            return self.blind(leaf, guarded=guarded)
        if sealed is not None and isinstance(leaf, Missing):
            return self.entity.table.c[leaf.field].is_(None)
        place = place_of(self.entity, spec, self.dialect)
        if isinstance(leaf, Missing):
            return place.value.is_(None)
        asked = self.question(leaf, spec, place)
        return sa.and_(place.value.is_not(None), asked) if guarded else asked

    def blind(self, leaf: Compare | In, *, guarded: bool) -> "sa.ColumnElement[bool]":
        """Whether an encrypted field equals something, asked of its blind column."""
        column = self.entity.table.c[blind_column(leaf.field)]
        name = f"p{len(self.slots)}"
        asked: sa.ColumnElement[bool]
        if isinstance(leaf, In):
            written: Callable[[list[str]], Any] = list if self.dialect is Dialect.POSTGRES else json.dumps
            self.slots.append(Slot(name, self.leaf, lambda each, _now: list(each.values), leaf.field, written))
            asked = one_of(column, name, self.dialect)
        elif leaf.op in ("==", "!="):
            self.slots.append(Slot(name, self.leaf, lambda each, _now: [each.value], leaf.field, itemgetter(0)))
            asked = _compare(column, leaf.op, sa.bindparam(name, type_=column.type))
        else:
            raise not_asked(self.entity, leaf.field)
        return sa.and_(column.is_not(None), asked) if guarded else asked

    def question(self, leaf: Leaf, spec: FieldSpec, place: Place) -> "sa.ColumnElement[bool]":
        match leaf:
            case Compare():
                return self.compare(leaf, place)
            case In():
                return self.membership(leaf, place)
            case Contains() if spec.kind is Kind.TAGS:
                return self.has_tag(place)
            case Contains():
                find = sa.func.instr if self.dialect is Dialect.SQLITE else sa.func.strpos
                return find(place.value, self.bind(_value, ColumnKind.TEXT)) > sa.literal_column("0")
            case StartsWith():
                return self.starts(place)
            case Within():
                return self.within(spec, place)
        raise TypeError(f"{type(leaf).__name__} is not one of the ten nodes")

    def bind(self, read: Read, kind: ColumnKind) -> "sa.BindParameter[Any]":
        name = f"p{len(self.slots)}"
        self.slots.append(Slot(name, self.leaf, read))
        return sa.bindparam(name, type_=sql_type(kind))

    def compare(self, leaf: Compare, place: Place) -> "sa.ColumnElement[bool]":
        if place.currency is not None:
            currency = self.bind(lambda each, _now: each.value.currency, ColumnKind.TEXT)
            minor = self.bind(lambda each, _now: each.value.minor, ColumnKind.INTEGER)
            return sa.and_(place.currency == currency, _compare(place.value, leaf.op, minor))
        convert = millionths(leaf.op) if place.rounds else place.convert
        return _compare(place.value, leaf.op, self.bind(lambda each, _now: convert(each.value), place.kind))

    def membership(self, leaf: In, place: Place) -> "sa.ColumnElement[bool]":
        """One array parameter whatever the number of values, so that the statement stays the same."""
        value, kind = place.value, place.kind
        convert = millionths("in") if place.rounds else place.convert
        if place.currency is not None:
            value = place.currency + sa.literal_column("':'") + sa.cast(place.value, sa.Text)
            kind, convert = ColumnKind.TEXT, _money_text
        places = _places(leaf)
        if self.dialect is Dialect.POSTGRES:
            if places:
                return self.owners(value)
            name = f"p{len(self.slots)}"
            self.slots.append(Slot(name, self.leaf, lambda each, _now: [convert(one) for one in each.values]))
            return value == sa.any_(sa.bindparam(name, type_=ARRAY(sql_type(kind))))
        if 0 < places < WRITTEN_OUT:
            names = [f"s{len(self.spreads)}_{number}" for number in range(places)]
            self.spreads.append(Spread(names, self.leaf))
            return value.in_([sa.bindparam(name, type_=sql_type(kind)) for name in names])
        array = self.bind(
            lambda each, _now: json.dumps([convert(one) for one in each.values], ensure_ascii=False), ColumnKind.TEXT
        )
        return value.in_(sa.select(sa.func.json_each(array).table_valued("value").c.value))

    def owners(self, value: "sa.ColumnElement[Any]") -> "sa.ColumnElement[bool]":
        """Many owners, said twice to Postgres.

        An array of a statement that is planned once is walked for every row, and one that is known when planning is
        weighed owner by owner. A sub-select is hashed, and costs a row next to nothing; but no index is asked by it.
        """
        text = self.bind(_owners_text, ColumnKind.TEXT)
        between: sa.ColumnElement[str] = sa.literal_column("chr(31)")
        hashed = value.in_(sa.select(sa.func.string_to_table(text, between))).is_(sa.true())
        array = sa.select(sa.func.string_to_array(text, between)).scalar_subquery()
        return sa.and_(hashed, value == sa.any_(sa.cast(array, ARRAY(sa.Text))))

    def has_tag(self, place: Place) -> "sa.ColumnElement[bool]":
        tag = self.bind(_value, ColumnKind.TEXT)
        if self.dialect is Dialect.POSTGRES:
            return sa.func.jsonb_exists(place.value, tag)
        each = sa.func.json_each(place.value).table_valued("value")
        return sa.exists(sa.select(sa.literal_column("1")).select_from(each).where(each.c.value == tag))

    def starts(self, place: Place) -> "sa.ColumnElement[bool]":
        prefix = self.bind(_value, ColumnKind.TEXT)
        if self.dialect is Dialect.POSTGRES:
            return sa.func.starts_with(place.value, prefix)
        length = self.bind(lambda each, _now: len(each.value), ColumnKind.INTEGER)
        return sa.func.substr(place.value, sa.literal_column("1"), length) == prefix

    def within(self, spec: FieldSpec, place: Place) -> "sa.ColumnElement[bool]":
        whole_days, convert = spec.kind is Kind.DATE, place.convert

        def edge(which: int) -> Read:
            return lambda each, now: convert(each.period.window(now, whole_days=whole_days)[which])

        start, end = self.bind(edge(0), place.kind), self.bind(edge(1), place.kind)
        return sa.and_(place.value >= start, place.value < end)


def _joined(join: Callable[..., Any], terms: Sequence["sa.ColumnElement[bool]"]) -> "sa.ColumnElement[bool]":
    """Many terms in groups: a chain of them is as deep as it is long to SQLite, which takes 1,000 levels."""
    if len(terms) <= WIDEST:
        return join(*terms)  # type: ignore[no-any-return]
    pieces = [terms[start : start + WIDEST] for start in range(0, len(terms), WIDEST)]
    # wrapped, or SQLAlchemy would make one chain of them again
    return join(*(sa.type_coerce(join(*piece).self_group(), sa.Boolean) for piece in pieces))  # type: ignore[no-any-return]


def _value(leaf: Any, _now: datetime) -> Any:
    return leaf.value


def _owners_text(leaf: In, _now: datetime) -> str:
    owners = cast(Sequence[str], leaf.values)
    text = BETWEEN.join(owners)
    if text.count(BETWEEN) >= len(owners):  # who asks for what is no id finds nobody
        text = BETWEEN.join(owner for owner in owners if BETWEEN not in owner)
    return text


def _money_text(money: Money) -> str:
    return f"{money.currency}:{money.minor}"


def _compare(value: Any, op: str, literal: Any) -> "sa.ColumnElement[bool]":
    match op:
        case "==":
            return value == literal  # type: ignore[no-any-return]
        case "!=":
            return value != literal  # type: ignore[no-any-return]
        case "<":
            return value < literal  # type: ignore[no-any-return]
        case "<=":
            return value <= literal  # type: ignore[no-any-return]
        case ">":
            return value > literal  # type: ignore[no-any-return]
    return value >= literal  # type: ignore[no-any-return]


def order_by(
    entity: EntityTable, columns: Sequence[tuple[FieldSpec, bool]], dialect: Dialect
) -> Iterator["sa.ColumnElement[Any]"]:
    """The order with missing values first (last when descending) and equal ones by id."""
    for spec, descending in columns:
        value = place_of(entity, spec, dialect).value
        ordered = value.desc() if descending else value.asc()
        if dialect is Dialect.POSTGRES and (spec.optional or spec.name.startswith("custom.")):
            ordered = ordered.nulls_last() if descending else ordered.nulls_first()
        yield ordered
    yield entity.table.c.id.asc()
