"""An inbox kept in the database: what each member has been told survives a crash and is shown once."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from crmkit.adapters.codec.stored import dumps, loads
from crmkit.adapters.notifiers.inbox import InboxItem
from crmkit.adapters.sql.connection import MOST, ZERO, Connection
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.mapping import ColumnKind, dump_instant, load_instant, sql_type
from crmkit.adapters.sql.sealing import Seals
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import EventId, MemberId, Ref
from crmkit.domain.stewardship.audit import Notice

__all__ = ["SqlInbox"]


class SqlInbox:
    """A ``Notifier``; made by ``SqlStore.inbox()``. Each call is a transaction of its own.

    >>> import tempfile
    >>> from crmkit.adapters.sql import SqlStore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = SqlStore(f"sqlite:///{folder}/crm.db")
    ...     print(store.inbox().of("M-1"))
    ...     store.close()
    []
    """

    def __init__(self, database: Database, transact: Callable[[str], AbstractContextManager[Connection]]) -> None:
        self._transact = transact
        self._sealer = database.sealer
        self._dump_at = dump_instant(database.dialect) or (lambda at: at)
        self._load_at = load_instant(database.dialect)
        table, compile_ = database.tables.inbox, database.statements.compile
        mine = [table.c.tenant == _text("tenant"), table.c.member_id == _text("member_id")]
        columns = [table.c[name] for name in ("id", "entity", "record_id", "version", "type", "at", "data", "read")]
        unread = sa.or_(_number("all"), table.c.read == sa.literal_column("0"))
        # taken twice is taken once: the key says so, whoever else writes at the same time
        new = sa.select(*(sa.bindparam(name, type_=column.type) for name, column in table.c.items())).where(
            ~sa.exists(sa.select(sa.literal_column("1")).select_from(table).where(*mine, table.c.id == _text("id")))
        )
        self._add = compile_(table.insert().from_select(list(table.c.keys()), new))
        self._of = compile_(
            sa.select(*columns)
            .where(*mine, unread)
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(MOST)
            .offset(ZERO)
        )
        self._read = compile_(
            table.update()
            .values(read=sa.literal_column("1"))
            .where(*mine, table.c.id == _text("id"), table.c.read == sa.literal_column("0"))
        )

    def send(self, notice: Notice) -> None:
        """Every recipient has the notice, unread unless it was read before."""
        values = {
            "tenant": notice.tenant,
            "id": notice.id,
            "entity": notice.record.entity,
            "record_id": notice.record.id,
            "version": notice.version,
            "type": notice.type,
            "at": self._dump_at(notice.at),
            "data": dumps(notice.data),
            "read": 0,
        }
        with self._transact(notice.tenant) as connection:
            if self._sealer is not None:
                seals = self._sealer.on(connection, notice.tenant)
                owner = seals.owner(notice.record.entity, notice.record.id)
                seals.prepare([owner])
                values["data"] = seals.seal(owner, dumps(notice.data), "inbox", notice.id)
            for member_id in notice.recipients:
                connection.run(self._add, self._add.values({**values, "member_id": member_id}))

    def of(
        self, member_id: MemberId, *, tenant: str = "main", unread: bool = False, limit: int = 1_000
    ) -> Sequence[InboxItem]:
        """What the member has been told, the newest first; only what is ``unread`` if asked so."""
        values = {"tenant": tenant, "member_id": member_id, "all": int(not unread), "most": limit}
        with self._transact(tenant) as connection:
            rows = connection.rows(self._of, values)
            seals = None if self._sealer is None else self._sealer.on(connection, tenant)
            return [self._item(row, tenant, member_id, seals) for row in rows]

    def mark_read(self, member_id: MemberId, ids: Iterable[EventId], *, tenant: str = "main") -> int:
        """The member has read these notices; how many were unread before."""
        with self._transact(tenant) as connection:
            each = [{"tenant": tenant, "member_id": member_id, "id": id_} for id_ in dict.fromkeys(ids)]
            return sum(connection.run(self._read, self._read.values(values)) for values in each)

    def _item(self, row: tuple[Any, ...], tenant: str, member_id: MemberId, seals: Seals | None) -> InboxItem:
        id_, entity, record_id, version, type_, at, data, read = row
        opened = data if seals is None else seals.open(data, "inbox", id_)
        notice = Notice(
            id=EventId(id_),
            tenant=tenant,
            record=Ref(entity=entity, id=record_id),
            version=version,
            type=type_,
            at=self._load_at(at),
            data=FrozenDict({} if opened is None else loads(opened)),
            recipients=(member_id,),
        )
        return InboxItem(notice=notice, read=bool(read))


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))


def _number(name: str) -> "sa.ColumnElement[bool]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.INTEGER)) == sa.literal_column("1")
