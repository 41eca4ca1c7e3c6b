"""The chain over the audit table; documented at ``ports.AuditChain``."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from crmkit.adapters.codec.stored import dumps
from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.mapping import dump_instant, load_instant
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import READ, Acting
from crmkit.domain.stewardship.chain import REDACTED, ChainedEntry, Seal, content_digest

__all__ = ["ChainStatements", "SqlChain"]

_ENTRY = (
    "id", "position", "entity", "record_id", "version", "type", "at", "actor", "on_behalf_of", "source", "reason",
    "changed", "data", "recipients", "link", "content", "hash", "redacted_at",
)  # fmt: skip
_SEAL = ("number", "first", "last", "hash", "at")


class ChainStatements:
    """The compiled statements of the chain, each made when it is first needed."""

    def __init__(self, database: Database) -> None:
        self._compile = database.statements.compile
        self._audit, self._seals = database.tables.audit, database.tables.seals

    @cached_property
    def pending(self) -> Statement:
        """Entries without a link."""
        audit = self._audit
        return self._compile(self._entries(audit.c.link.is_(None)).order_by(audit.c.position).limit(MOST).offset(ZERO))

    @cached_property
    def entries(self) -> Statement:
        """Entries by their links."""
        audit = self._audit
        after, until = (sa.bindparam(name, type_=audit.c.link.type) for name in ("after", "until"))
        return self._compile(
            self._entries(audit.c.link > after, audit.c.link <= until).order_by(audit.c.link, audit.c.position)
        )

    @cached_property
    def link(self) -> Statement:
        """An entry gets its place."""
        audit = self._audit
        values = {name: sa.bindparam(f"new_{name}", type_=audit.c[name].type) for name in ("link", "content", "hash")}
        return self._compile(audit.update().values(values).where(_is(audit.c.tenant), _is(audit.c.position)))

    @cached_property
    def seal(self) -> Statement:
        """A new seal."""
        return self._compile(
            self._seals.insert().values({column.name: sa.bindparam(column.name) for column in self._seals.columns})
        )

    @cached_property
    def seals(self) -> Statement:
        """Seals behind one."""
        seals = self._seals
        behind = seals.c.number > sa.bindparam("after", type_=seals.c.number.type)
        return self._compile(self._of_tenant().where(behind).order_by(seals.c.number).limit(MOST).offset(ZERO))

    @cached_property
    def last(self) -> Statement:
        """The newest seal."""
        return self._compile(self._of_tenant().order_by(self._seals.c.number.desc()).limit(MOST).offset(ZERO))

    @cached_property
    def held(self) -> Statement:
        """Entries of a record that hold something."""
        audit = self._audit
        full = sa.or_(
            audit.c.changed.is_not(None), audit.c.data.is_not(None), audit.c.reason != sa.literal_column("''")
        )
        mine = (
            _is(audit.c.entity),
            _is(audit.c.record_id),
            full,
            audit.c.type.not_in([_constant(REDACTED), _constant(READ)]),
        )
        return self._compile(self._entries(*mine).order_by(audit.c.position))

    @cached_property
    def empty(self) -> Statement:
        """An entry holds nothing any more."""
        audit = self._audit
        values: dict[str, Any] = {"changed": sa.null(), "data": sa.null(), "reason": sa.literal_column("''")}
        for name in ("content", "redacted_at"):
            values[name] = sa.bindparam(f"new_{name}", type_=audit.c[name].type)
        return self._compile(audit.update().values(values).where(_is(audit.c.tenant), _is(audit.c.position)))

    def _entries(self, *where: "sa.ColumnElement[bool]") -> "sa.Select[Any]":
        audit = self._audit
        return sa.select(*(audit.c[name] for name in _ENTRY)).where(_is(audit.c.tenant), *where)

    def _of_tenant(self) -> "sa.Select[Any]":
        seals = self._seals
        return sa.select(*(seals.c[name] for name in _SEAL)).where(_is(seals.c.tenant))


class SqlChain:
    """Documented at ``ports.AuditChain``."""

    def __init__(
        self,
        database: Database,
        statements: ChainStatements,
        connection: Connection,
        acting: Acting,
        check_writable: Callable[[], None],
    ) -> None:
        self._database = database
        self._statements = statements
        self._connection = connection
        self._acting = acting
        self._tenant = acting.tenant
        self._check_writable = check_writable
        self._dump_at: Callable[[datetime], Any] = dump_instant(database.dialect) or (lambda at: at)
        self._load_at = load_instant(database.dialect)

    def pending(self, *, limit: int) -> Sequence[ChainedEntry]:
        """Entries that are in no seal yet."""
        return self._found(self._statements.pending, most=limit)

    def append(self, seal: Seal, entries: Sequence[ChainedEntry]) -> None:
        """The seal and its entries stand in the chain."""
        self._check_writable()
        self._run(
            self._statements.seal,
            number=seal.number,
            first=seal.first,
            last=seal.last,
            hash=seal.hash,
            at=self._dump_at(seal.at),
        )
        link = self._statements.link
        self._connection.run_many(
            link,
            [
                link.values(
                    {
                        "tenant": self._tenant,
                        "position": entry.position,
                        "new_link": entry.link,
                        "new_content": entry.content,
                        "new_hash": entry.hash,
                    }
                )
                for entry in entries
            ],
        )

    def last(self) -> Seal | None:
        """The newest seal."""
        return next(iter(self._read(self._statements.last, most=1)), None)

    def seals(self, *, after: int = 0, limit: int = 1_000) -> Sequence[Seal]:
        """Seals behind ``after``."""
        return self._read(self._statements.seals, after=after, most=limit)

    def entries(self, *, after: int = 0, limit: int = 1_000) -> Sequence[ChainedEntry]:
        """Entries of the next ``limit`` links."""
        return self._found(self._statements.entries, after=after, until=after + limit)

    def redact(self, record: Ref, *, now: datetime) -> int:
        """What the entries of ``record`` held is gone."""
        self._check_writable()
        held = self._found(self._statements.held, entity=record.entity, record_id=record.id)
        for entry in held:
            content = entry.content or content_digest(entry.changed, entry.data, entry.reason)
            values = {"position": entry.position, "new_content": content, "new_redacted_at": self._dump_at(now)}
            self._run(self._statements.empty, **values)
        if held:
            data = dumps({"left": {str(entry.position): content_digest(None, None, "") for entry in held}})
            self._database.note(self._connection, self._acting, record, REDACTED, data, now)
        return len(held)

    def _run(self, statement: Statement, **values: Any) -> None:
        self._connection.run(statement, statement.values({"tenant": self._tenant, **values}))

    def _found(self, statement: Statement, **values: Any) -> list[ChainedEntry]:
        return [self._entry(*row) for row in self._connection.rows(statement, {"tenant": self._tenant, **values})]

    def _entry(self, *row: Any) -> ChainedEntry:
        id, position, entity, record_id, version, type, at, *rest = row  # noqa: A001
        actor, behalf, source, reason, changed, data, recipients, link, content, hash, redacted_at = rest  # noqa: A001
        return ChainedEntry(
            id=id,
            position=position,
            record=Ref(entity=entity, id=record_id),
            version=version,
            type=type,
            at=self._load_at(at),
            actor=actor,
            on_behalf_of=behalf,
            source=source,
            reason=reason,
            changed=changed,
            data=data,
            recipients=recipients,
            link=link or 0,
            content=content or "",
            hash=hash or "",
            redacted=redacted_at is not None,
        )

    def _read(self, statement: Statement, **values: Any) -> list[Seal]:
        rows = self._connection.rows(statement, {"tenant": self._tenant, **values})
        return [
            Seal(number=number, first=first, last=last, hash=digest, at=self._load_at(at))
            for number, first, last, digest, at in rows
        ]


def _is(column: "sa.Column[Any]") -> "sa.ColumnElement[bool]":
    return column == sa.bindparam(column.name, type_=column.type)


def _constant(text: str) -> Any:
    return sa.literal_column(f"'{text}'")
