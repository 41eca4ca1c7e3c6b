"""From an attrs class to columns: how each field is stored, and how it comes back.

==============================  =========================  ===========================
field                           SQLite                     Postgres
==============================  =========================  ===========================
text, id, choice                TEXT                       TEXT COLLATE "C"
whole number                    INTEGER                    BIGINT
yes or no                       INTEGER 0/1                BOOLEAN
instant                         INTEGER, microseconds UTC  TIMESTAMPTZ
date                            TEXT, ISO                  DATE
money                           two columns: ``x_minor``, ``x_currency``
anything nested                 TEXT, JSON                 JSONB
==============================  =========================  ===========================

Empty tuples and mappings are NULL.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, get_origin

import attrs
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects.postgresql import JSONB

from crmkit.adapters.codec import StoredCodec
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, optional_of, plain_of
from crmkit.domain.model import annotations_of
from crmkit.domain.values.money import Money

__all__ = ["ColumnKind", "Dialect", "Field", "dump_instant", "fields_of", "load_instant", "sql_type"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Dialect(StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRES = "postgresql"


class ColumnKind(StrEnum):
    """How a column is stored."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    JSON = "json"


_SQL_TYPES: Mapping[ColumnKind, sa.types.TypeEngine[Any]] = {
    ColumnKind.TEXT: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    ColumnKind.INTEGER: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    ColumnKind.BOOLEAN: sa.Boolean().with_variant(sa.Integer(), "sqlite"),
    ColumnKind.INSTANT: sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"),
    ColumnKind.DATE: sa.Date().with_variant(sa.Text(), "sqlite"),
    ColumnKind.JSON: sa.Text().with_variant(JSONB(), "postgresql"),
}


def sql_type(kind: ColumnKind) -> "sa.types.TypeEngine[Any]":
    """The SQLAlchemy type of a column of that kind, on both databases."""
    return _SQL_TYPES[kind]


@frozen
class Field:
    """One attrs field with its column (two for money) and the functions between them.

    ``dump`` and ``load`` take and give the driver's value and are never called with ``None``;
    ``None`` in their place means the value passes as it is. For money they are ``None``: the row code
    knows its two columns.
    """

    name: str
    kind: ColumnKind
    optional: bool
    dump: Callable[[Any], Any] | None
    load: Callable[[Any], Any] | None
    is_money: bool = False
    empty: Any = None
    """The value that is stored as NULL beside ``None``: an empty tuple or mapping."""

    @property
    def columns(self) -> tuple[tuple[str, ColumnKind], ...]:
        """Names and kinds of the columns."""
        if self.is_money:
            return (f"{self.name}_minor", ColumnKind.INTEGER), (f"{self.name}_currency", ColumnKind.TEXT)
        return ((self.name, self.kind),)


def fields_of(cls: type[Record], dialect: Dialect, codec: StoredCodec) -> list[Field]:
    """The stored fields of ``cls``, in their order.

    Raises:
        TypeError: a field whose annotation has no column; a mistake in the class, not in data.
    """
    annotations = annotations_of(cls)
    return [_field(field.name, annotations[field.name], dialect, codec) for field in attrs.fields(cls)]


def _field(name: str, annotation: Any, dialect: Dialect, codec: StoredCodec) -> Field:
    inner, optional = optional_of(annotation)
    plain = plain_of(inner)
    if plain is Money:
        return Field(name, ColumnKind.INTEGER, optional, None, None, is_money=True)
    if plain is str:
        return Field(name, ColumnKind.TEXT, optional, None, None)
    if plain is int:
        return Field(name, ColumnKind.INTEGER, optional, None, None)
    if plain is bool:
        # sqlite3 stores a bool as the integer it is
        return Field(name, ColumnKind.BOOLEAN, optional, None, bool if dialect is Dialect.SQLITE else None)
    if plain is datetime:
        return Field(name, ColumnKind.INSTANT, optional, dump_instant(dialect), load_instant(dialect))
    if plain is date:
        return Field(name, ColumnKind.DATE, optional, *_date(dialect))
    if isinstance(plain, type) and issubclass(plain, Enum):
        members = {member.value: member for member in plain}
        return Field(name, ColumnKind.TEXT, optional, lambda member: member.value, members.__getitem__)
    return _json_field(name, inner, optional, dialect, codec)


def dump_instant(dialect: Dialect) -> Callable[[datetime], Any] | None:
    """Instants as the driver takes them."""
    if dialect is Dialect.POSTGRES:
        return None
    return lambda at: (at - EPOCH) // MICROSECOND


def load_instant(dialect: Dialect) -> Callable[[Any], datetime]:
    """Instants as the driver gives them; the session's zone is UTC, and its name does not matter to us."""
    if dialect is Dialect.POSTGRES:
        return lambda at: at.replace(tzinfo=UTC)  # type: ignore[no-any-return]
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
    dumps = codec.dumps
    loads: Callable[[Any], Any] = json.loads

    def dump(value: Any) -> str:
        return dumps(to_plain(value))

    def load(text: str) -> Any:
        return from_plain(loads(text))

    origin = get_origin(annotation)
    empty: Any = () if origin is tuple else FrozenDict() if isinstance(origin, type) and issubclass(origin, Mapping) else None
    return Field(
        name,
        ColumnKind.JSON,
        optional,
        dump,
        from_plain if dialect is Dialect.POSTGRES else load,
        empty=empty,
    )


def columns_of(fields: Sequence[Field]) -> list[tuple[str, ColumnKind, bool]]:
    """Every column with its kind and whether it may be NULL."""
    return [
        (name, kind, field.optional or field.empty is not None) for field in fields for name, kind in field.columns
    ]
