"""The outbox over the audit table; documented at ``ports.Outbox``. Each call is a transaction of its own."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from crmkit.adapters.sql.connection import MOST, ZERO, Connection
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, dump_instant, load_instant, sql_type
from crmkit.adapters.sql.parts import document
from crmkit.adapters.sql.sealing import Seals
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import EventId, MemberId, Ref
from crmkit.domain.stewardship.audit import Notice
from crmkit.ports.outbox import DeadLetter

__all__ = ["SqlOutbox"]

_NOTICE = ("id", "tenant", "entity", "record_id", "version", "type", "at", "data", "recipients", "attempts", "position")


class SqlOutbox:
    """Reads and settles deliveries; ``transact`` gives a connection that commits at the end of the block."""

    def __init__(self, database: Database, transact: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._transact = transact
        self._sealer = database.sealer
        self._dialect = database.dialect
        self._dump_at = dump_instant(database.dialect) or (lambda at: at)
        self._load_at = load_instant(database.dialect)
        compile_ = database.statements.compile
        table = database.tables.audit
        notice = [table.c[name] for name in _NOTICE]
        pending = table.c.state == sa.literal_column("'pending'")
        held = [table.c.id == _text("id"), table.c.attempts == sa.bindparam("attempt", type_=sa.BigInteger), pending]
        self._claim = compile_(self._claim_of(table).returning(*notice))
        self._delivered = compile_(
            table.update().values(state=sa.literal_column("'delivered'"), leased_until=sa.null()).where(*held)
        )
        self._failed = compile_(
            table.update()
            .values(
                state=_text("state"),
                leased_until=sa.null(),
                error=_text("error"),
                failed_at=_instant("now"),
                due_at=sa.func.coalesce(_instant("retry_at"), table.c.due_at),
            )
            .where(*held)
        )
        dead = table.c.state == sa.literal_column("'dead'")
        self._dead = compile_(
            sa.select(*notice, table.c.error, table.c.failed_at)
            .where(dead)
            .order_by(table.c.position)
            .limit(MOST)
            .offset(ZERO)
        )
        self._replay = compile_(
            table.update()
            .values(state=sa.literal_column("'pending'"), attempts=sa.literal_column("0"), due_at=_instant("now"))
            .where(dead, self._one_of(table.c.id))
        )
        self._discard = compile_(
            table.update().values(state=sa.literal_column("'discarded'")).where(dead, self._one_of(table.c.id))
        )
        self._backlog = compile_(sa.select(sa.func.count(sa.literal_column("*"))).where(pending))

    def claim(self, *, limit: int, now: datetime, until: datetime) -> Sequence[Notice]:
        """The oldest undelivered notice of each record, as far as due, leased until ``until``."""
        values = {"now": self._dump_at(now), "until": self._dump_at(until), "most": limit}
        with self._transact() as connection:
            rows = connection.rows(self._claim, values)
            return self._notices(connection, sorted(rows, key=lambda row: row[10]))

    def delivered(self, notices: Sequence[Notice]) -> int:
        """The notices are told; those whose lease has passed to somebody else are left alone."""
        if not notices:
            return 0
        with self._transact() as connection:
            return connection.run_many(self._delivered, [(notice.id, notice.attempt) for notice in notices])

    def failed(self, notice: Notice, *, error: str, now: datetime, retry_at: datetime | None) -> bool:
        """Due again at ``retry_at``, or dead."""
        values = {
            "state": "dead" if retry_at is None else "pending",
            "error": error[:500],
            "now": self._dump_at(now),
            "retry_at": None if retry_at is None else self._dump_at(retry_at),
            "id": notice.id,
            "attempt": notice.attempt,
        }
        with self._transact() as connection:
            return connection.run(self._failed, self._failed.values(values)) == 1

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        """Dead letters, oldest first."""
        with self._transact() as connection:
            rows = connection.rows(self._dead, {"most": limit})
            notices = self._notices(connection, rows)
        return [
            DeadLetter(notice=notice, error=row[-2], failed_at=self._load_at(row[-1]))
            for notice, row in zip(notices, rows, strict=True)
        ]

    def replay(self, ids: Sequence[EventId], *, now: datetime) -> int:
        """Dead letters are due again."""
        values = {"now": self._dump_at(now), "ids": self._ids(ids)}
        with self._transact() as connection:
            return connection.run(self._replay, self._replay.values(values))

    def discard(self, ids: Sequence[EventId]) -> int:
        """Dead letters are never told."""
        with self._transact() as connection:
            return connection.run(self._discard, self._discard.values({"ids": self._ids(ids)}))

    def backlog(self) -> int:
        """How many wait."""
        with self._transact() as connection:
            ((count,),) = connection.rows(self._backlog, {})
        return int(count)

    def _claim_of(self, table: sa.Table) -> "sa.Update":
        """Lease the heads of their lanes: of each record only the oldest entry that is still pending."""
        head, before = table.alias("head"), table.alias("before")
        earlier = sa.exists(
            sa.select(sa.literal_column("1")).where(
                before.c.tenant == head.c.tenant,
                before.c.entity == head.c.entity,
                before.c.record_id == head.c.record_id,
                before.c.state == sa.literal_column("'pending'"),
                before.c.position < head.c.position,
            )
        )
        due = (
            sa.select(head.c.position)
            .where(
                head.c.state == sa.literal_column("'pending'"),
                head.c.due_at <= _instant("now"),
                sa.or_(head.c.leased_until.is_(None), head.c.leased_until <= _instant("now")),
                sa.not_(earlier),
            )
            .order_by(head.c.position)
            .limit(MOST)
            .offset(ZERO)
        )
        claimed: sa.ColumnElement[bool] = table.c.position.in_(due)
        if self._dialect is Dialect.POSTGRES:
            # an array is made once; a list of rows may be looked up anew for each row, and would lock others each time
            found = due.with_for_update(skip_locked=True, of=head).scalar_subquery()
            claimed = table.c.position == sa.any_(sa.func.array(found, type_=ARRAY(sa.BigInteger)))
        return (
            table.update()
            .values(leased_until=_instant("until"), attempts=table.c.attempts + sa.literal_column("1"))
            .where(claimed)
        )

    def _notices(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Notice]:
        """The notices of the rows, each opened with the keys of its tenant."""
        seals: dict[str, Seals] = {}
        if self._sealer is not None:
            for tenant in {row[1] for row in rows}:
                seals[tenant] = self._sealer.on(connection, tenant)
                seals[tenant].fetch(row[7] for row in rows if row[1] == tenant)
        return [self._notice(row, seals.get(row[1])) for row in rows]

    def _notice(self, row: tuple[Any, ...], seals: Seals | None) -> Notice:
        id, tenant, entity, record_id, version, type, at, data, recipients, attempts = row[:10]  # noqa: A001
        return Notice(
            id=EventId(id),
            tenant=tenant,
            record=Ref(entity=entity, id=record_id),
            version=version,
            type=type,
            at=self._load_at(at),
            data=FrozenDict(document(seals, data, id, "data") or {}),
            recipients=tuple(MemberId(each) for each in document(None, recipients, id, "recipients") or ()),
            attempt=attempts,
        )

    def _one_of(self, column: "sa.Column[Any]") -> "sa.ColumnElement[bool]":
        if self._dialect is Dialect.POSTGRES:
            return column == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Text)))
        return column.in_(sa.select(sa.func.json_each(_text("ids")).table_valued("value").c.value))

    def _ids(self, ids: Sequence[str]) -> Any:
        return list(ids) if self._dialect is Dialect.POSTGRES else json.dumps(list(ids))


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))


def _instant(name: str) -> "sa.BindParameter[Any]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.INSTANT))
