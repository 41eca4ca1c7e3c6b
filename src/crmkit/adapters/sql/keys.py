"""Match keys in SQL: one row for each key of each record, and for each tenant the version they were made with."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement, Statements
from crmkit.adapters.sql.mapping import Dialect
from crmkit.adapters.sql.sealing import Seals
from crmkit.adapters.sql.tables import Tables
from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.errors import OutdatedKeys
from crmkit.ports.candidates import KeyEntry

__all__ = ["KeyFunction", "KeyIndex", "SqlKeys"]

_KEYS_OF_ARRAY, _KEYS_OF_UNION = 5_000, 32
"""Keys that one statement asks for; SQLite allows 500 selects, and compiles each anew."""

KeyFunction = Callable[[Record], Sequence[str]]
"""The match keys of a record, without repetition."""


class KeyIndex:
    """The key function of a store with the statements that keep its answers; one for all units of work."""

    def __init__(
        self, function: KeyFunction, version: int, tables: Tables, statements: Statements, dialect: Dialect
    ) -> None:
        self.of = function
        self.version = version
        self._made_with: int | None = None
        """The version that the database was made with: that of every tenant that has noted no other."""
        self._current: set[str] = set()
        """Tenants whose keys are known to be of this version, committed."""
        self._noted_by: dict[str, Connection] = {}
        """Who noted a tenant's version, which may yet be rolled back."""
        keys, versions = tables.keys, tables.key_versions
        compile_ = statements.compile
        self._find: Callable[[int], Statement] = cache(lambda count: compile_(_find_of(keys, count, dialect)))
        self._arrays = dialect is Dialect.POSTGRES
        self.insert = compile_(
            keys.insert().values({column.name: sa.bindparam(column.name) for column in keys.columns})
        )
        self.delete = compile_(keys.delete().where(*map(_is, keys.columns)))
        self.add = compile_(_unless_there(keys, dialect).on_conflict_do_nothing())
        place = sa.tuple_(keys.c.key, keys.c.id, keys.c.entity)
        behind = sa.tuple_(*(sa.bindparam(name, type_=sa.Text) for name in ("key", "id", "entity")))
        self.entries = compile_(
            sa.select(keys.c.key, keys.c.id, keys.c.entity)
            .where(_is(keys.c.tenant), place > behind)
            .order_by(keys.c.key, keys.c.id, keys.c.entity)
            .limit(MOST)
            .offset(ZERO)
        )
        self._any = compile_(sa.select(keys.c.key).where(_is(keys.c.tenant)).limit(MOST).offset(ZERO))
        self._default = compile_(sa.select(tables.schema.c["keys"]))
        self._version = compile_(sa.select(versions.c.version).where(_is(versions.c.tenant)))
        self._note = compile_(_unless_there(versions, dialect).on_conflict_do_nothing())
        noting = _unless_there(versions, dialect)
        self._settle = compile_(
            noting.on_conflict_do_update(index_elements=["tenant"], set_={"version": noting.excluded.version})
        )

    def stored(self, record: Record, seals: Seals | None) -> Sequence[str]:
        """The keys of ``record`` as they are stored: blinded where the store encrypts."""
        keys = self.of(record)
        return keys if seals is None else [seals.key(key) for key in keys]

    def find(self, connection: Connection, tenant: str, keys: Sequence[str], limit: int) -> list[tuple[str, str, str]]:
        """Key, id and entity of up to ``limit`` records of each key, in this order, by one statement for many keys."""
        values: dict[str, Any] = {"tenant": tenant, "most": limit}
        rows: list[Any] = []
        most = _KEYS_OF_ARRAY if self._arrays else _KEYS_OF_UNION
        for start in range(0, len(keys), most):
            some = keys[start : start + most]
            named = {"keys": some} if self._arrays else {f"key{place}": key for place, key in enumerate(some)}
            rows += connection.rows(self._find(1 if self._arrays else len(some)), {**values, **named})
        rows.sort()
        return rows

    def stored_version(self, connection: Connection, tenant: str) -> int:
        """The version of the tenant's keys."""
        if tenant in self._current:
            return self.version
        row = connection.row(self._version, (tenant,))
        if row is not None:
            found: int = row[0]
        elif self._database_version(connection) == self.version:
            found = self.version
        else:
            known = connection.rows(self._any, {"tenant": tenant, "most": 1})
            return self._database_version(connection) if known else self.version
        if found == self.version and self._noted_by.get(tenant) is not connection:
            self._current.add(tenant)
            self._noted_by.pop(tenant, None)
        return found

    def note(self, connection: Connection, tenant: str) -> None:
        """Before a tenant's first keys are written, their version is, unless it is that of the whole database."""
        if tenant in self._current or self._database_version(connection) == self.version:
            return
        if self.stored_version(connection, tenant) != self.version or tenant in self._current:
            return
        if connection.run(self._note, _in_order(self._note, tenant, self.version)):
            self._noted_by[tenant] = connection

    def _database_version(self, connection: Connection) -> int:
        if self._made_with is None:
            row = connection.row(self._default, ())
            self._made_with = self.version if row is None else int(row[0])
        return self._made_with

    def settle(self, connection: Connection, tenant: str) -> None:
        """The tenant's keys count as of this version."""
        connection.run(self._settle, _in_order(self._settle, tenant, self.version))
        self._noted_by[tenant] = connection


class SqlKeys:
    """Documented at ``ports.CandidateIndex``."""

    def __init__(
        self,
        index: KeyIndex,
        connection: Connection,
        tenant: str,
        check_writable: Callable[[], None],
        seals: Seals | None,
    ) -> None:
        self._seals = seals
        self._index = index
        self._connection = connection
        self._tenant = tenant
        self._check_writable = check_writable

    def find(self, keys: Iterable[str], *, limit: int = 50) -> Mapping[str, Sequence[Ref]]:
        """The records that have each key: one index probe a key, of which no more than ``limit`` entries are read."""
        if self.outdated():
            warnings.warn(OutdatedKeys.between(self._stored(), self._index.version), stacklevel=2)
        found: dict[str, list[Ref]] = {}
        seals = self._seals
        asked = {key if seals is None else seals.key(key): key for key in keys}
        for key, id, entity in self._index.find(self._connection, self._tenant, list(asked), limit):
            found.setdefault(asked[key], []).append(Ref(entity=entity, id=id))
        return found

    def outdated(self) -> bool:
        """Whether another version made the tenant's keys."""
        return self._stored() != self._index.version

    def of(self, record: Record) -> Sequence[str]:
        """The keys of ``record``, as ``entries`` gives them."""
        return self._index.stored(record, self._seals)

    def add(self, records: Iterable[Record]) -> None:
        """Each is found by all of its keys."""
        self._check_writable()
        rows = [(self._tenant, key, record.id, record.entity) for record in records for key in self.of(record)]
        if rows:
            self._index.note(self._connection, self._tenant)
            self._connection.run_many(self._index.add, sorted(rows))

    def entries(self, *, after: KeyEntry | None = None, limit: int = 1_000) -> Sequence[KeyEntry]:
        """The tenant's keys behind ``after``."""
        key, id_, entity = ("", "", "") if after is None else (after.key, after.record.id, after.record.entity)
        values = {"tenant": self._tenant, "key": key, "id": id_, "entity": entity, "most": limit}
        rows = self._connection.rows(self._index.entries, values)
        return [KeyEntry(key, Ref(entity=entity, id=id)) for key, id, entity in rows]

    def remove(self, entries: Iterable[KeyEntry]) -> None:
        """Records are no longer found by these keys."""
        self._check_writable()
        rows = sorted((self._tenant, key, record.id, record.entity) for key, record in entries)
        if rows:
            self._connection.run_many(self._index.delete, rows)

    def settle(self) -> None:
        """The tenant's keys count as of the store's own version."""
        self._check_writable()
        self._index.settle(self._connection, self._tenant)

    def _stored(self) -> int:
        return self._index.stored_version(self._connection, self._tenant)


def _find_of(keys: sa.Table, count: int, dialect: Dialect) -> "sa.Select[Any] | sa.CompoundSelect[Any]":
    """Each key's first entries: by a lateral join on Postgres, on SQLite, which has none, by as many selects."""
    entries = sa.select(keys.c.key, keys.c.id, keys.c.entity).where(_is(keys.c.tenant))
    if dialect is Dialect.POSTGRES:
        wanted = (
            sa.func.unnest(sa.bindparam("keys", type_=postgresql.ARRAY(sa.Text)))
            .table_valued("key", name="wanted")
            .render_derived()
        )
        first = _first(entries.where(keys.c.key == wanted.c.key), keys).lateral()
        return sa.select(first).select_from(wanted).join(first, sa.true())
    each = [
        _first(entries.where(keys.c.key == sa.bindparam(f"key{place}", type_=sa.Text)), keys).subquery()
        for place in range(count)
    ]
    return sa.union_all(*map(sa.select, each))


def _first(entries: "sa.Select[Any]", keys: sa.Table) -> "sa.Select[Any]":
    return entries.order_by(keys.c.id, keys.c.entity).limit(MOST).offset(ZERO)


def _is(column: "sa.Column[Any]") -> "sa.ColumnElement[bool]":
    return column == sa.bindparam(column.name)


def _unless_there(table: sa.Table, dialect: Dialect) -> Any:
    """An INSERT that may say ON CONFLICT: SQLAlchemy has one for each dialect."""
    insert = postgresql.insert(table) if dialect is Dialect.POSTGRES else sqlite.insert(table)
    return insert.values({column.name: sa.bindparam(column.name) for column in table.columns})


def _in_order(statement: Statement, tenant: str, version: int) -> list[Any]:
    return statement.values({"tenant": tenant, "version": version})
