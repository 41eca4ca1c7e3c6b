"""Where a field of the catalogue lies in a table: a column, two of them, or a path into JSON."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.codec.scalars import MILLION, plain_instant
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, dump_instant, sql_type
from crmkit.adapters.sql.tables import EntityTable
from crmkit.domain.conditions import FieldSpec, Kind
from crmkit.errors import InvalidInput

__all__ = ["Place", "not_asked", "place_of"]

Convert = Callable[[Any], Any]
IMPOSSIBLE = 10**18 + 1
"""No stored custom decimal is this large, in millionths."""

_STORED_AS: Mapping[Kind, ColumnKind] = {
    Kind.TEXT: ColumnKind.TEXT,
    Kind.CHOICE: ColumnKind.TEXT,
    Kind.ID: ColumnKind.TEXT,
    Kind.INTEGER: ColumnKind.INTEGER,
    Kind.DECIMAL: ColumnKind.INTEGER,
    Kind.MONEY: ColumnKind.INTEGER,
    Kind.NUMBER: ColumnKind.REAL,
    Kind.BOOLEAN: ColumnKind.BOOLEAN,
    Kind.DATE: ColumnKind.DATE,
    Kind.INSTANT: ColumnKind.INSTANT,
    Kind.TAGS: ColumnKind.JSON,
}


@frozen
class Place:
    """The SQL expression of a field, how it is typed, and how a literal is written to compare with it."""

    value: "sa.ColumnElement[Any]"
    kind: ColumnKind
    convert: Convert
    currency: "sa.ColumnElement[Any] | None" = None
    """For money: the expression of the currency; ``value`` is then the minor units."""
    rounds: bool = False
    """Whether literals are rounded to what is stored, up or down as the comparison needs."""


def place_of(entity: EntityTable, spec: FieldSpec, dialect: Dialect) -> Place:
    """Where ``spec`` lies in the table of ``entity``.

    Raises:
        InvalidInput: it is encrypted, so that the database cannot compare it.
    """
    head, *path = spec.name.split(".")
    if head in entity.sealed:
        raise not_asked(entity, spec.name)
    if head == "custom":
        return _custom(entity.table.c.custom, path[0], path[1:], spec, dialect)
    field = next(field for field in entity.fields if field.name == head)
    if spec.kind is Kind.MONEY and field.parts:
        return Place(entity.table.c[f"{head}_minor"], ColumnKind.INTEGER, _same, entity.table.c[f"{head}_currency"])
    if path and field.parts:
        part = next(part for part in field.parts if part.name == path[0])
        return Place(entity.table.c[f"{head}_{part.name}"], part.kind, _converter(part.kind, dialect))
    if path:
        return _nested(entity.table.c[head], path, spec, dialect)
    return Place(entity.table.c[head], field.kind, _converter(field.kind, dialect))


def not_asked(entity: EntityTable, name: str) -> InvalidInput:
    """The error about a question that an encrypted field does not answer."""
    indexed = [sealed.name for sealed in entity.sealed.values() if sealed.blind]
    hint = "Search by match keys, or leave the field out of the encryption."
    if name in indexed:
        hint = "Only ==, != and in can be asked of it."
    return InvalidInput("is encrypted and cannot be asked for like this.", field=name, hint=hint)


def _nested(column: "sa.Column[Any]", path: list[str], spec: FieldSpec, dialect: Dialect) -> Place:
    """A value inside a nested model: instants and dates are ISO text there."""
    if spec.kind is Kind.MONEY:
        minor = _extract(column, [*path, "minor"], ColumnKind.INTEGER, dialect)
        return Place(minor, ColumnKind.INTEGER, _same, _extract(column, [*path, "currency"], ColumnKind.TEXT, dialect))
    if spec.kind is Kind.INSTANT:
        return Place(_extract(column, path, ColumnKind.TEXT, dialect), ColumnKind.TEXT, plain_instant)
    if spec.kind is Kind.DATE:
        return Place(_extract(column, path, ColumnKind.TEXT, dialect), ColumnKind.TEXT, date.isoformat)
    kind = _STORED_AS[spec.kind]
    return Place(_extract(column, path, kind, dialect), kind, _converter(kind, dialect))


def _custom(column: "sa.Column[Any]", name: str, rest: list[str], spec: FieldSpec, dialect: Dialect) -> Place:
    """A custom value: the kinds that JSON does not have stand behind their tag (see ``codec.scalars``)."""
    if rest:
        kind = ColumnKind.INTEGER if rest == ["minor"] else ColumnKind.TEXT
        return Place(_extract(column, [name, "money", *rest], kind, dialect), kind, _same)
    match spec.kind:
        case Kind.MONEY:
            minor = _extract(column, [name, "money", "minor"], ColumnKind.INTEGER, dialect)
            currency = _extract(column, [name, "money", "currency"], ColumnKind.TEXT, dialect)
            return Place(minor, ColumnKind.INTEGER, _same, currency)
        case Kind.DECIMAL:
            value = _extract(column, [name, "decimal"], ColumnKind.INTEGER, dialect)
            return Place(value, ColumnKind.INTEGER, _same, rounds=True)
        case Kind.INSTANT:
            value = _extract(column, [name, "instant"], ColumnKind.INTEGER, dialect)
            return Place(value, ColumnKind.INTEGER, dump_instant(Dialect.SQLITE) or _same)
        case Kind.DATE:
            return Place(_extract(column, [name, "date"], ColumnKind.TEXT, dialect), ColumnKind.TEXT, date.isoformat)
    kind = _STORED_AS[spec.kind]
    return Place(_extract(column, [name], kind, dialect), kind, _converter(kind, dialect))


def _extract(column: "sa.Column[Any]", path: list[str], kind: ColumnKind, dialect: Dialect) -> "sa.ColumnElement[Any]":
    # the path is made of names that passed the catalogue: identifiers, never a caller's text
    if dialect is Dialect.SQLITE:
        return sa.func.json_extract(column, sa.literal_column(f"'$.{'.'.join(path)}'"), type_=sql_type(kind))
    steps: list[Any] = [sa.literal_column(f"'{step}'") for step in path]
    text = sa.func.jsonb_extract_path_text(column, *steps, type_=sa.Text())
    if kind is ColumnKind.TEXT:
        return sa.collate(text, "C")
    return sa.cast(text, sql_type(kind))


def _converter(kind: ColumnKind, dialect: Dialect) -> Convert:
    if kind is ColumnKind.INSTANT:
        return dump_instant(dialect) or _same
    if kind is ColumnKind.DATE and dialect is Dialect.SQLITE:
        return date.isoformat
    if kind is ColumnKind.REAL:
        return float
    if kind is ColumnKind.BOOLEAN and dialect is Dialect.SQLITE:
        return int
    return _same


def _same(value: Any) -> Any:
    return value._value_ if isinstance(value, Enum) else value


def millionths(op: str) -> Convert:
    """A decimal as whole millionths, rounded so that comparing by ``op`` stays exact.

    >>> millionths("<=")(Decimal("0.0000015")), millionths(">=")(Decimal("0.0000015"))
    (1, 2)
    """

    def convert(value: Decimal) -> int:
        scaled = value * MILLION
        whole = int(scaled.to_integral_value(ROUND_FLOOR if op in ("<=", ">") else ROUND_CEILING))
        if op in ("==", "!=", "in") and whole != scaled:
            return IMPOSSIBLE
        return max(-IMPOSSIBLE, min(IMPOSSIBLE, whole))

    return convert
