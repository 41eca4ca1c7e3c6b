"""From an attrs class to columns: how each field is stored, and how it comes back.

==============================  =========================  ===========================
field                           SQLite                     Postgres
==============================  =========================  ===========================
text, id, choice                TEXT                       TEXT COLLATE "C"
whole number                    INTEGER                    BIGINT
number                          REAL                       DOUBLE PRECISION
yes or no                       INTEGER 0/1                BOOLEAN
instant                         INTEGER, microseconds UTC  TIMESTAMPTZ
date                            TEXT, ISO                  DATE
anything else                   TEXT, JSON                 JSONB
==============================  =========================  ===========================

A flat value (money, a name, an address) has a column for each of its fields: ``x_minor``, ``x_currency``.
Empty tuples and mappings are NULL; so is the first column of a flat value that is not there.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, get_origin

import attrs
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.codec.stored import dumps, loads
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, optional_of, plain_of
from crmkit.domain.model import annotations_of

__all__ = [
    "ColumnKind",
    "Dialect",
    "Encoded",
    "Field",
    "columns_of",
    "dump_instant",
    "fields_of",
    "listed",
    "load_instant",
    "one_of",
    "sql_type",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MOST_PARTS = 12
"""Columns that a flat value may take."""


class Dialect(StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRES = "postgresql"


class ColumnKind(StrEnum):
    """How a column is stored."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    JSON = "json"


class Encoded(StrEnum):
    """Steps that the row code writes out instead of calling, around ``dump`` and ``load``."""

    NO = "no"
    STAMP = "stamp"
    """Whole microseconds since 1970."""
    JSON = "json"
    """JSON text."""


_SQL_TYPES: Mapping[ColumnKind, sa.types.TypeEngine[Any]] = {
    ColumnKind.TEXT: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    ColumnKind.INTEGER: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    ColumnKind.REAL: sa.Double(),
    ColumnKind.BOOLEAN: sa.Boolean().with_variant(sa.Integer(), "sqlite"),
    ColumnKind.INSTANT: sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"),
    ColumnKind.DATE: sa.Date().with_variant(sa.Text(), "sqlite"),
    ColumnKind.JSON: sa.Text().with_variant(JSONB(), "postgresql"),
}


def sql_type(kind: ColumnKind) -> "sa.types.TypeEngine[Any]":
    """The SQLAlchemy type of a column of that kind, on both databases."""
    return _SQL_TYPES[kind]


def one_of(column: "sa.Column[Any]", name: str, dialect: Dialect) -> "sa.ColumnElement[bool]":
    """The text in ``column`` is among those that the parameter ``name`` lists."""
    if dialect is Dialect.POSTGRES:
        return column == sa.any_(sa.bindparam(name, type_=ARRAY(sql_type(ColumnKind.TEXT))))
    parameter = sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))
    return column.in_(sa.select(sa.func.json_each(parameter).table_valued("value").c.value))


def listed(texts: Iterable[str], dialect: Dialect) -> Any:
    """The value of a parameter that lists ``texts``."""
    return list(texts) if dialect is Dialect.POSTGRES else json.dumps(list(texts))


@frozen
class Field:
    """One attrs field with its column (two for money) and the functions between them.

    ``dump`` and ``load`` take and give the driver's value and are never called with ``None``;
    ``None`` in their place means the value passes as it is. A flat value has ``parts`` instead.
    """

    name: str
    kind: ColumnKind
    optional: bool
    dump: Callable[[Any], Any] | None
    load: Callable[[Any], Any] | None
    cls: type | None = None
    """The class of a flat value."""
    parts: "tuple[Field, ...]" = ()
    empty: Any = None
    """The value that is stored as NULL beside ``None``: an empty tuple or mapping."""
    encoded: Encoded = Encoded.NO
    parse: Callable[[Any], Any] | None = None
    """For JSON text: what ``load`` does after reading the JSON."""

    @property
    def columns(self) -> tuple[tuple[str, ColumnKind], ...]:
        """Names and kinds of the columns."""
        if self.parts:
            return tuple((f"{self.name}_{part.name}", part.kind) for part in self.parts)
        return ((self.name, self.kind),)


def fields_of(cls: type[Record], dialect: Dialect, codec: StoredCodec) -> list[Field]:
    """The stored fields of ``cls``, in their order.

    Raises:
        TypeError: a field whose annotation has no column; a mistake in the class, not in data.
    """
    annotations = annotations_of(cls)
    return [_field(name, annotation, dialect, codec) for name, annotation in annotations.items()]


def _field(name: str, annotation: Any, dialect: Dialect, codec: StoredCodec) -> Field:
    inner, optional = optional_of(annotation)
    plain = plain_of(inner)
    if attrs.has(plain) and _is_flat(plain):
        parts = tuple(_field(part.name, part.type, dialect, codec) for part in attrs.fields(plain))
        return Field(name, parts[0].kind, optional, None, None, cls=plain, parts=parts)
    if plain is str:
        return Field(name, ColumnKind.TEXT, optional, None, None)
    if plain is int:
        return Field(name, ColumnKind.INTEGER, optional, None, None)
    if plain is float:
        return Field(name, ColumnKind.REAL, optional, None, None)
    if plain is bool:
        # sqlite3 stores a bool as the integer it is
        return Field(name, ColumnKind.BOOLEAN, optional, None, bool if dialect is Dialect.SQLITE else None)
    if plain is datetime:
        encoded = Encoded.STAMP if dialect is Dialect.SQLITE else Encoded.NO
        return Field(name, ColumnKind.INSTANT, optional, dump_instant(dialect), load_instant(dialect), encoded=encoded)
    if plain is date:
        return Field(name, ColumnKind.DATE, optional, *_date(dialect))
    if isinstance(plain, type) and issubclass(plain, Enum):
        members = {member.value: member for member in plain}
        return Field(name, ColumnKind.TEXT, optional, lambda member: member.value, members.__getitem__)
    return _json_field(name, inner, optional, dialect, codec)


def _is_flat(cls: type) -> bool:
    """Whether every field of ``cls`` is one plain value, and the first is always there to tell of the whole."""
    first, *rest = annotations_of(cls).values()
    return optional_of(first) == (first, False) and len(rest) < MOST_PARTS and all(map(_is_plain, (first, *rest)))


def _is_plain(annotation: Any) -> bool:
    plain = plain_of(annotation)
    return isinstance(plain, type) and issubclass(plain, str | int | float | datetime | Enum)


def dump_instant(dialect: Dialect) -> Callable[[datetime], Any] | None:
    """Instants as the driver takes them."""
    if dialect is Dialect.POSTGRES:
        return None
    return _stamp


@lru_cache(maxsize=8)  # what a command writes has one time, again and again
def _stamp(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def load_instant(dialect: Dialect) -> Callable[[Any], datetime]:
    """Instants as the driver gives them: on Postgres in the session's zone, which a host may have chosen."""
    if dialect is Dialect.POSTGRES:
        return lambda at: at.astimezone(UTC)
    epoch, micros = EPOCH, timedelta
    return lambda stamp: epoch + micros(0, 0, stamp)


def _date(dialect: Dialect) -> tuple[Callable[[date], Any] | None, Callable[[Any], date] | None]:
    if dialect is Dialect.POSTGRES:
        return None, None
    return date.isoformat, date.fromisoformat


def _json_field(name: str, annotation: Any, optional: bool, dialect: Dialect, codec: StoredCodec) -> Field:  # noqa: FBT001
    to_plain, from_plain = codec.plainer(annotation), codec.loader(annotation)
    if to_plain is None or from_plain is None:
        raise TypeError(f"{name}: {annotation} has no column")
    origin = get_origin(annotation)
    empty: Any = None
    if isinstance(origin, type):
        empty = () if origin is tuple else FrozenDict() if issubclass(origin, Mapping) else None

    # psycopg reads JSONB by itself, but writes it from text like SQLite
    def load(text: str) -> Any:
        return from_plain(loads(text))

    on_postgres = dialect is Dialect.POSTGRES
    return Field(
        name,
        ColumnKind.JSON,
        optional,
        lambda value: dumps(to_plain(value)),
        from_plain if on_postgres else load,
        empty=empty,
        encoded=Encoded.NO if on_postgres else Encoded.JSON,
        parse=from_plain,
    )


def columns_of(fields: Sequence[Field]) -> list[tuple[str, ColumnKind, bool]]:
    """Every column with its kind and whether it may be NULL."""
    return [
        (name, kind, field.optional or field.empty is not None or any(part.optional for part in field.parts))
        for field in fields
        for name, kind in field.columns
    ]
