"""What a store knows of its database before any unit of work begins: tables, statements, and how to write."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, cast

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.dialects.postgresql import ARRAY

from crmkit.adapters.codec import Codec, StoredCodec
from crmkit.adapters.codec.stored import dumps
from crmkit.adapters.crypto.encryption import Encryption
from crmkit.adapters.recording import Recorded, Recorder
from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement, Statements
from crmkit.adapters.sql.keyring import KeyStatements
from crmkit.adapters.sql.keys import KeyFunction, KeyIndex
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, Field, dump_instant
from crmkit.adapters.sql.repository import EntityQueries
from crmkit.adapters.sql.rows import dumper
from crmkit.adapters.sql.sealed_fields import blind_column
from crmkit.adapters.sql.sealing import Sealer, Seals, WritePlan
from crmkit.adapters.sql.tables import EntityTable, Tables
from crmkit.domain.change import Change, Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import Duplicate, StaleVersion
from crmkit.ports.clock import IdSource
from crmkit.rules.policy import Policy

__all__ = ["KEY_FIELDS", "Database"]

_FILLED_LATER = (
    "position", "attempts", "leased_until", "error", "failed_at", "link", "content", "hash", "redacted_at",
)  # fmt: skip
"""Columns of the audit table that a save leaves to their defaults."""
NOTHING: Mapping[str, Any] = FrozenDict()
MOST_WRITERS = 1_000
"""Update statements kept compiled, one for each set of fields; all are dropped when there are more."""
COPY_FROM = 50
"""Rows from which on Postgres COPY beats ``executemany``."""


KEY_FIELDS = frozenset(
    {"name", "company", "phones", "emails", "handles", "identifiers", "external_id", "source", "account_id", "address"}
)
"""What keys are made of: a save that changes none of these leaves the keys alone."""


@frozen
class Writer:
    """A statement that writes records, and how their values are made."""

    statement: Statement
    dump: Callable[[dict[str, Any]], tuple[Any, ...]]
    plan: WritePlan
    plain: Sequence[str] = ()
    """The fields that ``dump`` takes in JSON terms: the trail has them so already."""

    def row(self, record: Record, seals: Seals | None, changed: Mapping[str, Sequence[Any]] = NOTHING) -> Sequence[Any]:
        """The values of ``record``, whose save changed those fields."""
        state = record.__dict__
        if self.plain:
            state = {**state, **{name: changed[name][1] for name in self.plain}}
        values = self.dump(state)
        return values if seals is None else seals.row(record.entity, record.id, self.plan, values)


class Database:
    """Tables and compiled statements of one dialect, custom schema and rule book."""

    def __init__(  # noqa: PLR0913 - one for each thing that a store may be given
        self,
        dialect: Dialect,
        *,
        schema: CustomSchema,
        codec: Codec,
        keys: KeyFunction,
        key_fields: Collection[str],
        keys_version: int,
        ids: IdSource,
        namespace: str | None = None,
        encryption: Encryption | None = None,
    ) -> None:
        stored = StoredCodec()
        self.dialect = dialect
        self.schema = schema
        self.codec = codec
        self.recorder = Recorder(stored)
        self.statements = Statements(dialect)
        self.tables = Tables(dialect, stored, schema=namespace, encryption=encryption)
        self.sealer = (
            None
            if encryption is None
            else Sealer(encryption, KeyStatements(dialect, self.tables, self.statements), masters={})
        )
        self.queries: Mapping[type[Record], EntityQueries] = {
            cls: EntityQueries(entity, self._catalogue(cls), dialect, self.statements)
            for cls, entity in self.tables.entities.items()
        }
        self.policies: dict[str, Policy] = {}
        """Decoded policies by their text: a stored version never changes."""
        self.keys = KeyIndex(keys, keys_version, self.tables, self.statements, dialect)
        self._key_fields = frozenset(key_fields)
        self._ids = ids
        self._instant = dump_instant(dialect)
        self._writers: dict[Any, Writer] = {}
        self._insert_audit = self.statements.compile(self._insert_of(self.tables.audit, skip=_FILLED_LATER))
        self._newest_version = self.statements.compile(_newest_version(self.tables.audit))
        on_postgres = dialect is Dialect.POSTGRES
        self.advisory_locks = self.statements.compile(_advisory_locks()) if on_postgres else None

    def write(
        self, connection: Connection, acting: Acting, changes: Sequence[Change[Any]], seals: Seals | None
    ) -> None:
        """The changes of distinct records are written: rows, keys and audit entries, set by set."""
        inserts: dict[type[Record], list[Change[Any]]] = {}
        updates: dict[tuple[type[Record], tuple[str, ...]], list[tuple[Change[Any], Recorded]]] = {}
        removals: dict[type[Record], list[Change[Any]]] = {}
        audit: list[tuple[Any, ...]] = []
        if seals is not None:
            seals.prepare(seals.owner(change.record.entity, change.record.id) for change in changes)
        for change in changes:
            recorded = self.recorder.record(change)
            before, after = change.before, change.after_or_none
            record: Record = before if after is None else after  # type: ignore[assignment]
            cls = type(record)
            if before is None:
                inserts.setdefault(cls, []).append(change)
            elif after is None:
                removals.setdefault(cls, []).append(change)
            else:
                updates.setdefault((cls, tuple(recorded[0].changed)), []).append((change, recorded[0]))
            audit.extend([self._audit_row(record, each, acting, seals) for each in recorded])
        for cls, group in inserts.items():
            self._insert(connection, cls, acting.tenant, group, seals)
        for (cls, names), saves in updates.items():
            self._update(connection, cls, names, acting.tenant, saves, seals)
        for cls, group in removals.items():
            self._remove(connection, cls, acting.tenant, group)
        rekeyed = [
            [change for change, _ in saves]
            for (_, names), saves in updates.items()
            if not self._key_fields.isdisjoint(names)
        ]
        appeared = [group for cls, group in (*inserts.items(), *removals.items()) if not cls.ledger]
        if appeared or rekeyed:
            self._index(connection, acting.tenant, [*appeared, *rekeyed], seals)
        self._add_rows(connection, self.tables.audit, self._insert_audit, audit)

    def _insert(
        self,
        connection: Connection,
        cls: type[Record],
        tenant: str,
        changes: Sequence[Change[Any]],
        seals: Seals | None,
    ) -> None:
        entity = self.tables.entities[cls]
        writer = self._writer(("insert", cls), entity, ())
        statement = writer.statement
        rows = [(tenant, *writer.row(change.after, seals)) for change in changes]
        try:
            self._add_rows(connection, entity.table, statement, rows)
        except Duplicate as error:
            named = f"{changes[0].record.ref} exists." if len(changes) == 1 else f"An id of these {cls.entity}s exists."
            raise Duplicate(named, hint="Take a new id.", entity=cls.entity) from error

    def _update(
        self,
        connection: Connection,
        cls: type[Record],
        names: tuple[str, ...],
        tenant: str,
        saves: Sequence[tuple[Change[Any], Recorded]],
        seals: Seals | None,
    ) -> None:
        writer = self._writer(("update", cls, names), self.tables.entities[cls], names)
        rows: list[tuple[Any, ...]] = []
        for change, recorded in saves:
            before, after = cast(Record, change.before), cast(Record, change.after_or_none)
            rows.append((*writer.row(after, seals, recorded.changed), tenant, before.id, before.version))
        if connection.run_many(writer.statement, rows) != len(rows):
            self._raise_stale(connection, cls, tenant, [change for change, _ in saves])

    def _remove(self, connection: Connection, cls: type[Record], tenant: str, changes: Sequence[Change[Any]]) -> None:
        entity = self.tables.entities[cls]
        key = ("remove", cls)
        if key not in self._writers:
            delete = self.statements.compile(self._delete_of(entity.table, ("tenant", "id", "version")))
            self._writers[key] = Writer(delete, tuple, WritePlan())
        rows = [(tenant, change.record.id, change.record.version) for change in changes]
        if connection.run_many(self._writers[key].statement, rows) != len(rows):
            self._raise_stale(connection, cls, tenant, changes)

    def _raise_stale(
        self, connection: Connection, cls: type[Record], tenant: str, changes: Sequence[Change[Any]]
    ) -> None:
        """Name the first record whose stored version is not the one it was read at (nor the one just written)."""
        queries = self.queries[cls]
        found = connection.rows(
            queries.get_many, {"tenant": tenant, "ids": queries.ids(change.record.id for change in changes)}
        )
        version_place = queries.entity.names.index("version")
        stored = {row[queries.entity.id_place]: row[version_place] for row in found}
        stale = next(
            (each.record for each in changes if stored.get(each.record.id) != each.record.version), changes[0].record
        )
        raise StaleVersion(f"{stale.ref} changed since it was read.", hint="Read it again.", id=stale.id)

    def _writer(self, key: Any, entity: EntityTable, names: tuple[str, ...]) -> "Writer":
        """What inserts a whole row, or updates ``names``."""
        known = self._writers.get(key)
        if known is None:
            if key[0] == "insert":
                insert = self.statements.compile(self._insert_of(entity.table))
                known = Writer(insert, entity.code.dump, _plan(entity, entity.fields))
            else:
                wanted = {*names, "version", "updated_at"}
                fields = [field for field in entity.fields if field.name in wanted]
                plan = _plan(entity, fields)
                update = self.statements.compile(_update_of(entity.table, fields, plan))
                plain = [field.name for field in fields if _is_told(field)]
                told = [evolve(field, dump=dumps) if _is_told(field) else field for field in fields]
                known = Writer(update, dumper(told), plan, plain)
            if len(self._writers) >= MOST_WRITERS:
                self._writers.clear()
            self._writers[key] = known
        return known

    def _index(
        self, connection: Connection, tenant: str, groups: Sequence[Sequence[Change[Any]]], seals: Seals | None
    ) -> None:
        gone: list[tuple[str, ...]] = []
        come: list[tuple[str, ...]] = []
        for change in chain.from_iterable(groups):
            old = set(self.keys.stored(change.before, seals)) if change.before is not None else set()
            new = set(self.keys.stored(change.after_or_none, seals)) if change.after_or_none is not None else set()
            name = (change.record.id, change.record.entity)
            gone.extend((tenant, key, *name) for key in sorted(old - new))
            come.extend((tenant, key, *name) for key in sorted(new - old))
        if gone:
            connection.run_many(self.keys.delete, gone)
        if come:
            self.keys.note(connection, tenant)
            self._add_rows(connection, self.tables.keys, self.keys.insert, come)

    def _audit_row(self, record: Record, recorded: Recorded, acting: Acting, seals: Seals | None) -> tuple[Any, ...]:
        at = recorded.at if self._instant is None else self._instant(recorded.at)
        id = self._ids.new()
        changed = dumps(recorded.changed) if recorded.changed else None
        data = dumps(recorded.data) if recorded.data else None
        if seals is not None:
            owner = seals.owner(record.entity, record.id)
            changed = changed and seals.seal(owner, changed, "audit", id, "changed")
            data = data and seals.seal(owner, data, "audit", id, "data")
        return (
            id,
            acting.tenant,
            record.entity,
            record.id,
            record.version,
            recorded.type,
            at,
            acting.actor,
            acting.on_behalf_of,
            acting.source,
            acting.reason,
            changed,
            data,
            dumps(recorded.recipients) if recorded.recipients else None,
            "pending" if recorded.told else None,
            at if recorded.told else None,
        )

    def note(
        self,
        connection: Connection,
        acting: Acting,
        record: Ref,
        type: str,  # noqa: A002
        data: str,
        now: datetime,
    ) -> None:
        """An entry of the audit trail that no save wrote, told to nobody, at the record's version; ``data`` stays readable."""
        newest = connection.rows(
            self._newest_version,
            {"tenant": acting.tenant, "entity": record.entity, "record_id": record.id, "most": 1},
        )
        version = newest[0][0] if newest else 0
        at = now if self._instant is None else self._instant(now)
        who = (acting.actor, acting.on_behalf_of, acting.source, acting.reason)
        named = (self._ids.new(), acting.tenant, record.entity, record.id, version, type, at)
        connection.run(self._insert_audit, (*named, *who, None, data, None, None, None))

    def _add_rows(
        self, connection: Connection, table: sa.Table, statement: Statement, rows: Sequence[Sequence[Any]]
    ) -> None:
        if connection.copies and len(rows) >= COPY_FROM:
            connection.copy(self._copy_text(table, statement.names), rows)
        else:
            connection.run_many(statement, rows)

    def _copy_text(self, table: sa.Table, names: Sequence[str]) -> str:
        columns = ", ".join(f'"{name}"' for name in names)
        return f"COPY {self.statements.name_of(table)} ({columns}) FROM STDIN"

    def _catalogue(self, cls: type[Record]) -> FieldCatalogue:
        return FieldCatalogue.of(cls, custom=self.schema.of_entity(cls.entity).values())

    @staticmethod
    def _insert_of(table: sa.Table, skip: Collection[str] = ()) -> "sa.Insert":
        names = [column.name for column in table.columns if column.name not in skip]
        return table.insert().values({name: sa.bindparam(name) for name in names})

    @staticmethod
    def _delete_of(table: sa.Table, names: Sequence[str]) -> "sa.Delete":
        return table.delete().where(*(table.c[name] == sa.bindparam(name) for name in names))


def _advisory_locks() -> "sa.Select[Any]":
    """One statement that takes all locks of ``numbers``, in their order: OFFSET keeps the sort inside."""
    each = sa.func.unnest(sa.bindparam("numbers", type_=ARRAY(sa.BigInteger))).column_valued("number")
    inside = sa.select(each).order_by(each).offset(ZERO).subquery()
    return sa.select(sa.func.pg_advisory_xact_lock(inside.c.number))


def _newest_version(audit: sa.Table) -> "sa.Select[Any]":
    """The version of a record at its last entry."""
    names = ("tenant", "entity", "record_id")
    mine = (audit.c[name] == sa.bindparam(name, type_=audit.c[name].type) for name in names)
    return sa.select(audit.c.version).where(*mine).order_by(audit.c.position.desc()).limit(MOST).offset(ZERO)


def _is_told(field: Field) -> bool:
    """Whether the entry of the trail has the JSON terms of its column: of a tuple or a mapping."""
    return field.kind is ColumnKind.JSON and field.empty is not None


def _plan(entity: EntityTable, fields: Sequence[Any]) -> WritePlan:
    """What is sealed among the columns of ``fields``."""
    names = [name for field in fields for name, _ in field.columns]
    sealed = [each for each in entity.sealed.values() if each.name in names]
    places = [(names.index(each.name), each.name) for each in sealed]
    return WritePlan(places, [place for place, each in zip(places, sealed, strict=True) if each.blind])


def _update_of(table: sa.Table, fields: Sequence[Any], plan: WritePlan) -> "sa.Update":
    """``UPDATE … SET … WHERE tenant AND id AND version``: parameters in the order of the fields, then those three."""
    names = [name for field in fields for name, _ in field.columns]
    names += [blind_column(name) for _, name in plan.blind]
    where = [table.c[name] == sa.bindparam(f"where_{name}") for name in ("tenant", "id", "version")]
    return table.update().ordered_values(*((table.c[name], sa.bindparam(name)) for name in names)).where(*where)
