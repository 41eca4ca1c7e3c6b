"""A repository over a table: conditions become SQL, rows become records by generated code."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.codec.scalars import load_tagged
from crmkit.adapters.query import by_text, moment_of, order_of
from crmkit.adapters.sql.conditions import Where, order_by, shape_of, where_of
from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement, Statements
from crmkit.adapters.sql.fields import place_of
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, listed, one_of, sql_type
from crmkit.adapters.sql.sealing import Seals
from crmkit.adapters.sql.tables import EntityTable
from crmkit.domain.change import Record
from crmkit.domain.conditions import BoundCondition, Condition, FieldCatalogue, Kind, bind
from crmkit.errors import NotFound, UnreadableRecord
from crmkit.ports.store import EVERY, Locking

__all__ = ["BoundQuery", "CompiledQuery", "EntityQueries", "SqlRepository"]

R = TypeVar("R", bound=Record)
MOST_STATEMENTS = 500
"""Statements kept compiled per entity; all are dropped when there are more."""
MOST_WRITTEN_OUT = 4
"""Records that SQLite, which is in this process, gives faster one by one than through a list."""
PIECE = 1_000
"""Rows that a scan reads at a time."""
_CUSTOM_LOADS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.DECIMAL: lambda value: load_tagged({"decimal": value}),
    Kind.INSTANT: lambda value: load_tagged({"instant": value}),
    Kind.DATE: lambda value: load_tagged({"date": value}),
    Kind.BOOLEAN: bool,
}
_HOW_MANY = sa.func.count(sa.literal_column("*"))
_LOCKS: Mapping[Locking, dict[str, bool]] = {"wait": {}, "skip": {"skip_locked": True}}


@frozen
class CompiledQuery:
    """A statement of one shape of condition."""

    statement: Statement
    where: Where


class EntityQueries:
    """The compiled statements of one entity, shared by all units of work of a store."""

    def __init__(
        self, entity: EntityTable, catalogue: FieldCatalogue, dialect: Dialect, statements: Statements
    ) -> None:
        self.entity = entity
        self.catalogue = catalogue
        self.dialect = dialect
        self._statements = statements
        self._cache: dict[Hashable, CompiledQuery] = {}
        self.id_place = [column.name for column in entity.columns].index("id")
        table = entity.table
        one = sa.select(*entity.columns).where(table.c.tenant == _text("tenant"), table.c.id == _text("id"))
        self.get = statements.compile(one)
        self.get_locked = statements.compile(one.with_for_update()) if dialect is Dialect.POSTGRES else self.get
        self.get_many = statements.compile(
            sa.select(*entity.columns).where(table.c.tenant == _text("tenant"), one_of(table.c.id, "ids", dialect))
        )

    def ids(self, ids: Iterable[str]) -> Any:
        """The value of the parameter that ``get_many`` takes for its ids."""
        return listed(ids, self.dialect)

    def select(self, condition: Condition, order: Sequence[str], *, limited: bool, locking: Locking) -> "BoundQuery":
        """Records that hold."""
        bound = bind(condition, self.catalogue)
        locks = locking if self.dialect is Dialect.POSTGRES else "none"
        key = ("select", shape_of(bound.condition), tuple(order), limited, locks)

        def make(where: Where) -> Any:
            ordered = order_by(self.entity, order_of(self.catalogue, order), self.dialect)
            statement = self._from(sa.select(*self.entity.columns), where).order_by(*ordered)
            if limited:
                statement = statement.limit(MOST).offset(ZERO)
            return statement.with_for_update(**_LOCKS[locks]) if locks in _LOCKS else statement

        return self._bound(bound, key, make)

    def count(self, condition: Condition) -> "BoundQuery":
        """How many hold."""
        bound = bind(condition, self.catalogue)
        key = ("count", shape_of(bound.condition))
        return self._bound(bound, key, lambda where: self._from(sa.select(_HOW_MANY), where))

    def count_by(self, field: str, condition: Condition) -> "BoundQuery":
        """How many hold, for each value of a field."""
        ((spec, _),) = order_of(self.catalogue, [field])
        bound = bind(condition, self.catalogue)
        value = place_of(self.entity, spec, self.dialect).value

        def make(where: Where) -> Any:
            return self._from(sa.select(value, _HOW_MANY), where).where(value.is_not(None)).group_by(value)

        return self._bound(bound, ("count_by", field, shape_of(bound.condition)), make)

    def value_loader(self, field: str) -> Callable[[Any], Any]:
        """The function from a stored value of ``field`` to the record's."""
        head, *path = field.split(".")
        stored = {each.name: each for each in self.entity.fields}.get(head)
        spec = self.catalogue[field]
        if stored is not None and path:
            stored = next((part for part in stored.parts if part.name == path[0]), None)
        if stored is not None and stored.load is not None:
            return stored.load
        if head == "custom" and spec.kind in _CUSTOM_LOADS:
            return _CUSTOM_LOADS[spec.kind]
        if spec.kind is Kind.BOOLEAN:
            return bool
        return spec.enum or _same

    def _from(self, statement: Any, where: Where) -> Any:
        return statement.where(self.entity.table.c.tenant == _text("tenant"), where.expression)

    def _bound(self, bound: BoundCondition, key: Hashable, make: Callable[[Where], Any]) -> "BoundQuery":
        query = self._cache.get(key)
        if query is None:
            if len(self._cache) >= MOST_STATEMENTS:
                self._cache.clear()
            where = where_of(bound, self.entity, self.dialect)
            query = self._cache[key] = CompiledQuery(self._statements.compile(make(where)), where)
        return BoundQuery(query, bound)


@frozen
class BoundQuery:
    """A compiled statement with the condition of this call."""

    query: CompiledQuery
    bound: BoundCondition

    @property
    def statement(self) -> Statement:
        """The text to run."""
        return self.query.statement

    def values(self, tenant: str, now: datetime | None, **more: Any) -> dict[str, Any]:
        """The values of its parameters."""
        moment = moment_of(self.bound.condition, now)
        return {"tenant": tenant, **self.query.where.values(self.bound.condition, moment), **more}


class SqlRepository(Generic[R]):
    """One tenant's records of one entity, inside a unit of work; documented at ``ports.Repository``."""

    def __init__(self, queries: EntityQueries, connection: Connection, tenant: str, seals: Seals | None) -> None:
        self._seals = seals
        self._queries = queries
        self._connection = connection
        self._tenant = tenant

    def get(self, id: str, *, locking: Locking = "none") -> R:
        """The record of that id."""
        statement = self._queries.get if locking == "none" else self._queries.get_locked
        row = self._connection.row(statement, (self._tenant, id))
        if row is None:
            entity = self._queries.entity.cls.entity
            raise NotFound(f"There is no {entity} of that id.", entity=entity, id=id)
        return cast(R, self._load_all([row])[0])

    def get_many(self, ids: Iterable[str]) -> Mapping[str, R]:
        """Those that exist, by id."""
        queries = self._queries
        wanted = list(ids)
        if not wanted:
            return {}
        if len(wanted) <= MOST_WRITTEN_OUT and queries.dialect is Dialect.SQLITE:
            rows = [
                row
                for id in dict.fromkeys(wanted)
                if (row := self._connection.row(queries.get, (self._tenant, id))) is not None
            ]
        else:
            rows = self._connection.rows(queries.get_many, {"tenant": self._tenant, "ids": queries.ids(wanted)})
        found = {record.id: record for record in self._load_all(rows)}
        return {id: found[id] for id in wanted if id in found}

    def find(
        self,
        condition: Condition = EVERY,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        now: datetime | None = None,
        locking: Locking = "none",
    ) -> Sequence[R]:
        """The records for which ``condition`` holds, in ``order``."""
        query = self._queries.select(condition, order, limited=limit is not None, locking=locking)
        more = {} if limit is None else {"most": limit}
        return self._load_all(self._connection.rows(query.statement, self._values(query, now, **more)))

    def scan(self, condition: Condition = EVERY, *, now: datetime | None = None) -> Iterator[R]:
        """The same by id, read piece by piece."""
        query = self._queries.select(condition, (), limited=False, locking="none")
        values = self._values(query, now)
        for rows in self._connection.stream(query.statement, values, PIECE):
            yield from self._load_all(rows)

    def count(self, condition: Condition = EVERY, *, now: datetime | None = None) -> int:
        """How many records the condition holds for."""
        query = self._queries.count(condition)
        ((count,),) = self._connection.rows(query.statement, self._values(query, now))
        return int(count)

    def count_by(
        self,
        field: str,
        condition: Condition = EVERY,
        *,
        now: datetime | None = None,
    ) -> Mapping[Any, int]:
        """How many of them for each value of ``field``."""
        query = self._queries.count_by(field, condition)
        rows = self._connection.rows(query.statement, self._values(query, now))
        load = self._queries.value_loader(field)
        return dict(sorted(((load(value), count) for value, count in rows), key=by_text))

    def _values(self, query: BoundQuery, now: datetime | None, **more: Any) -> dict[str, Any]:
        """The values of the parameters, blinded where they are compared with blinded ones."""
        values = query.values(self._tenant, now, **more)
        return (
            values
            if self._seals is None
            else self._seals.asked(self._queries.entity.cls.entity, query.query.where, values)
        )

    def _load_all(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The records of ``rows``.

        Raises:
            UnreadableRecord: one of them is none; the error names it.
            Undecipherable: one of them was changed or moved; the error names it.
        """
        if self._seals is not None:
            rows = self._seals.rows(self._queries.entity, rows)
        code = self._queries.entity.code
        try:
            return code.load_all(rows)
        except Exception:
            for row in rows:
                try:
                    code.load(row)
                except Exception as error:
                    id = row[self._queries.id_place]
                    raise _unreadable(self._queries.entity.cls.entity, id, error) from error
            raise


def _unreadable(entity: str, id: str, error: Exception) -> UnreadableRecord:
    # the error's class only: its text may quote what is stored
    message = f"The {entity} {id!r} cannot be read: {type(error).__name__}."
    return UnreadableRecord(message, hint="Mend its row, or delete it.", entity=entity, id=id)


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))


def _same(value: Any) -> Any:
    return value
