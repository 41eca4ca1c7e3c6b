"""The smaller ports inside a unit of work: match keys, audit trail, policies, remembered answers."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa

from crmkit.adapters.sql.chain import ChainStatements
from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.forgetting import ForgetStatements, Redacting, document
from crmkit.adapters.sql.mapping import ColumnKind, dump_instant, listed, load_instant, one_of, sql_type
from crmkit.adapters.sql.sealing import Seals
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import EventId, MemberId, Ref
from crmkit.domain.stewardship.audit import READ, Acting, AuditEntry
from crmkit.errors import Duplicate
from crmkit.rules.policy import Policy, highest_in_force

__all__ = ["PartStatements", "SqlPolicies", "SqlTrail", "document"]

P = TypeVar("P", bound=Policy)
R = TypeVar("R", bound=Record)
T = TypeVar("T")

_AUDIT = (
    "id", "position", "entity", "record_id", "version", "type", "at", "actor",
    "on_behalf_of", "source", "reason", "changed", "data", "recipients", "redacted_at",
)  # fmt: skip


_DOCUMENTS = ("changed", "data")


class PartStatements:
    """The compiled statements of the parts, each made when it is first needed."""

    def __init__(self, database: Database) -> None:
        self._compile = database.statements.compile
        self._tables = database.tables
        self._dialect = database.dialect
        self.chain = ChainStatements(database)

    @cached_property
    def forgetting(self) -> ForgetStatements:
        """What takes values out."""
        return ForgetStatements.of(self._tables, self._compile)

    @cached_property
    def entries(self) -> Statement:
        """Entries of a record after a position, narrowed by what is not empty."""
        audit = self._tables.audit
        instant = sql_type(ColumnKind.INSTANT)
        since, until = sa.bindparam("since", type_=instant), sa.bindparam("until", type_=instant)
        return self._compile(
            sa.select(*(audit.c[name] for name in _AUDIT))
            .where(
                *self._of_record(),
                audit.c.position > sa.bindparam("after", type_=sa.BigInteger),
                sa.or_(_text("type") == sa.literal_column("''"), audit.c.type == _text("type")),
                sa.or_(_text("actor") == sa.literal_column("''"), audit.c.actor == _text("actor")),
                sa.or_(since.is_(None), audit.c.at >= since),
                sa.or_(until.is_(None), audit.c.at < until),
            )
            .order_by(audit.c.position)
            .limit(MOST)
            .offset(ZERO)
        )

    @cached_property
    def entries_of(self) -> Statement:
        """Entries of some types that some records have."""
        audit = self._tables.audit
        return self._compile(
            sa.select(*(audit.c[name] for name in _AUDIT))
            .where(
                *self._of_records(),
                sa.or_(
                    sa.bindparam("every", type_=sa.BigInteger) == sa.literal_column("1"),
                    one_of(audit.c.type, "types", self._dialect),
                ),
            )
            .order_by(audit.c.position)
        )

    @cached_property
    def changes_after(self) -> Statement:
        """What the saves of some records changed after an instant, newest first."""
        audit = self._tables.audit
        return self._compile(
            sa.select(audit.c.record_id, audit.c.at, audit.c.changed, audit.c.id)
            .where(
                *self._of_records(),
                audit.c.at > sa.bindparam("at", type_=sql_type(ColumnKind.INSTANT)),
                audit.c.changed.is_not(None),
            )
            .order_by(audit.c.position.desc())
        )

    @cached_property
    def put_policy(self) -> Statement:
        """A new policy version."""
        table = self._tables.policies
        return self._compile(
            table.insert().values({column.name: sa.bindparam(column.name) for column in table.columns})
        )

    @cached_property
    def policies(self) -> Statement:
        """All policies with their kinds."""
        table = self._tables.policies
        return self._compile(
            sa.select(table.c.kind, table.c.body)
            .where(table.c.tenant == _text("tenant"))
            .order_by(table.c.id, table.c.version)
        )

    @cached_property
    def recall(self) -> Statement:
        """The answer of a command."""
        table = self._tables.commands
        return self._compile(
            sa.select(table.c.answer, table.c.body).where(
                table.c.tenant == _text("tenant"), table.c.key == _text("key")
            )
        )

    @cached_property
    def remember(self) -> Statement:
        """A new answer."""
        table = self._tables.commands
        return self._compile(
            table.insert().values({column.name: sa.bindparam(column.name) for column in table.columns})
        )

    def _of_record(self) -> tuple["sa.ColumnElement[bool]", ...]:
        audit = self._tables.audit
        return (
            audit.c.tenant == _text("tenant"),
            audit.c.entity == _text("entity"),
            audit.c.record_id == _text("record_id"),
        )

    def _of_records(self) -> tuple["sa.ColumnElement[bool]", ...]:
        audit = self._tables.audit
        return (
            audit.c.tenant == _text("tenant"),
            audit.c.entity == _text("entity"),
            one_of(audit.c.record_id, "ids", self._dialect),
        )


class SqlTrail:
    """Documented at ``ports.AuditTrail``."""

    def __init__(
        self,
        database: Database,
        statements: PartStatements,
        connection: Connection,
        acting: Acting,
        check_writable: Callable[[], None],
        seals: Seals | None,
    ) -> None:
        self._acting = acting
        self._check_writable = check_writable
        self._seals = seals
        self._database = database
        self._statements = statements
        self._connection = connection
        self._tenant = acting.tenant
        self._dump_at = dump_instant(database.dialect) or (lambda at: at)

    def of(
        self,
        record: Ref,
        *,
        type: str = "",  # noqa: A002
        actor: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """The entries of ``record``, oldest first."""
        values = {
            **self._record(record.entity, record.id),
            "type": type,
            "actor": actor,
            "since": None if since is None else self._dump_at(since),
            "until": None if until is None else self._dump_at(until),
            "after": after,
            "most": limit,
        }
        return [self._entry(row) for row in self._fetched(self._statements.entries, values)]

    def seen(self, records: Iterable[Ref], *, fields: Sequence[str], purpose: str, now: datetime) -> None:
        """Who acts has read ``fields`` of ``records``."""
        self._check_writable()
        data = json.dumps({"fields": list(fields), "purpose": purpose}, ensure_ascii=False)
        for record in records:
            self._database.note(self._connection, self._acting, record, READ, data, now)

    def as_of(self, cls: type[R], id: str, at: datetime) -> R | None:
        """The record as it was at ``at``: today's row with the later changes taken back."""
        return self.as_of_many(cls, {id: at}).get(id)

    def of_many(self, entity: str, ids: Iterable[str], *, types: Iterable[str]) -> Mapping[str, Sequence[AuditEntry]]:
        """The entries of many records by id, oldest first."""
        kinds = list(types)
        values = {"tenant": self._tenant, "entity": entity, "ids": self._list(ids), "types": self._list(kinds)}
        values["every"] = int(not kinds)
        found: dict[str, list[AuditEntry]] = {}
        for row in self._fetched(self._statements.entries_of, values):
            entry = self._entry(row)
            found.setdefault(entry.record.id, []).append(entry)
        return found

    def as_of_many(self, cls: type[R], moments: Mapping[str, datetime]) -> Mapping[str, R]:
        """Each record as it was at its moment: today's rows with the later changes taken back."""
        if not moments:
            return {}
        queries, load_at = self._database.queries[cls], load_instant(self._database.dialect)
        rows: Sequence[Any] = self._connection.rows(
            queries.get_many, {"tenant": self._tenant, "ids": queries.ids(moments)}
        )
        if self._seals is not None:
            rows = self._seals.rows(queries.entity, rows)
        current = {record.id: record for record in map(queries.entity.code.load, rows)}
        later: dict[str, list[Any]] = {id: [] for id in moments}
        values = {"tenant": self._tenant, "entity": cls.entity, "ids": self._list(moments)}
        since = {"at": self._dump_at(min(moments.values()))}
        changes = self._connection.rows(self._statements.changes_after, {**values, **since})
        if self._seals is not None:
            self._seals.fetch(changed for _, _, changed, _ in changes)
        for id, at, changed, entry in changes:
            if load_at(at) > moments[id]:
                later[id].append(document(self._seals, changed, entry, "changed") or {})
        recorder = self._database.recorder
        found = {id: recorder.as_of(cls, current.get(id), later[id]) for id in moments}
        return {id: was for id, was in found.items() if was is not None and was.created_at <= moments[id]}

    def redact(self, record: Record, *, fields: Collection[str], told: Collection[str], at: datetime) -> int:
        """Entries of ``record`` hold its ``fields`` as they are in it, and what members were told of it is emptied."""
        self._check_writable()
        blanks = self._database.recorder.plain_of(record, fields)
        desk = Redacting(self._database, self._statements.forgetting, self._connection, self._acting, self._seals)
        return desk.redact(record.ref, blanks, told, now=at)

    def _list(self, texts: Iterable[str]) -> Any:
        return listed(texts, self._database.dialect)

    def _record(self, entity: str, id: str) -> dict[str, Any]:
        return {"tenant": self._tenant, "entity": entity, "record_id": id}

    def _entry(self, row: tuple[Any, ...]) -> AuditEntry:
        id, position, entity, record_id, version, type, at, actor, behalf, source, reason, *texts, redacted_at = row  # noqa: A001
        changed, data = (document(self._seals, text, id, name) for text, name in zip(texts, _DOCUMENTS, strict=False))
        recipients = document(None, texts[2], id, "recipients")
        return AuditEntry(
            id=EventId(id),
            position=position,
            record=Ref(entity=entity, id=record_id),
            version=version,
            type=type,
            at=load_instant(self._database.dialect)(at),
            acting=Acting(tenant=self._tenant, actor=actor, on_behalf_of=behalf, source=source, reason=reason),
            changed=FrozenDict({name: (was, is_) for name, (was, is_) in (changed or {}).items()}),
            data=FrozenDict(data or {}),
            recipients=tuple(MemberId(each) for each in recipients or ()),
            redacted_at=None if redacted_at is None else load_instant(self._database.dialect)(redacted_at),
        )

    def _fetched(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of entries, with the keys that they need."""
        rows = self._connection.rows(statement, values)
        if self._seals is not None:
            self._seals.fetch(text for row in rows for text in row[-3:-1])
        return rows


class SqlPolicies:
    """Documented at ``ports.PolicyStore``."""

    def __init__(
        self,
        database: Database,
        statements: PartStatements,
        connection: Connection,
        tenant: str,
        check_writable: Callable[[], None],
    ) -> None:
        self._database = database
        self._statements = statements
        self._connection = connection
        self._tenant = tenant
        self._check_writable = check_writable
        self._read: dict[str, list[str]] | None = None
        """Texts by kind, in order."""

    def put(self, policy: Policy) -> None:
        """A new version is stored."""
        self._check_writable()
        body = self._database.codec.dump_policy(policy)
        values = (self._tenant, policy.kind, policy.id, policy.version, body)
        try:
            self._connection.run(self._statements.put_policy, values)
        except Duplicate as error:
            raise Duplicate(f"{policy.ref} exists.", hint="Raise its version.") from error
        self._read = None

    def in_force(self, cls: type[P], at: datetime, *, id: str = "") -> P | None:
        """The policy in force at ``at``."""
        known = [policy for policy in self._all(cls) if policy.in_force(at) and id in ("", policy.id)]
        return min(known, key=lambda policy: (policy.id, -policy.version), default=None)

    def all_in_force(self, cls: type[P], at: datetime) -> Sequence[P]:
        """The highest version in force of every id."""
        return highest_in_force(self._all(cls), at)

    def versions(self, cls: type[P], id: str) -> Sequence[P]:
        """All versions, oldest first."""
        return [policy for policy in self._all(cls) if policy.id == id]

    def _all(self, cls: type[P]) -> list[P]:
        """Every version of that kind. All kinds are read at once, and once: a unit of work goes by what it began with."""
        if self._read is None:
            self._read = {}
            for kind, body in self._connection.rows(self._statements.policies, {"tenant": self._tenant}):
                self._read.setdefault(kind, []).append(body)
        return [self._decoded(body) for body in self._read.get(cls.kind, ())]

    def _decoded(self, body: str) -> Any:
        known = self._database.policies.get(body)
        if known is None:
            known = self._database.policies[body] = self._database.codec.load_policy(body)
        return known


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))
