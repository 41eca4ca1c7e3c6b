"""Taking personal values out of entries, inbox items and answers; the chain over the entries goes on to hold."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.codec.stored import dumps
from crmkit.adapters.redacting import emptied, redacted
from crmkit.adapters.sql.connection import Connection, Statement
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.mapping import ColumnKind, dump_instant, sql_type
from crmkit.adapters.sql.sealing import Seals
from crmkit.adapters.sql.tables import Tables
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import READ, Acting
from crmkit.domain.stewardship.chain import REDACTED, content_digest

__all__ = ["ForgetStatements", "Redacting", "document"]


@frozen(kw_only=True)
class ForgetStatements:
    """Reading what a record's entries and items hold, writing what is left of them, and forgetting answers."""

    entries: Statement
    entry: Statement
    items: Statement
    item: Statement
    answers: Statement
    forget: Statement

    @classmethod
    def of(cls, tables: Tables, compile_: Callable[["sa.ClauseElement"], Statement]) -> "ForgetStatements":
        """The statements over ``tables``."""
        audit, inbox, commands = tables.audit, tables.inbox, tables.commands
        instant = sql_type(ColumnKind.INSTANT)

        def of_record(table: sa.Table) -> list["sa.ColumnElement[bool]"]:
            return [table.c[name] == _text(name) for name in ("tenant", "entity", "record_id")]

        return cls(
            entries=compile_(
                sa.select(
                    *(audit.c[name] for name in ("position", "id", "type", "content", "reason", "changed", "data"))
                )
                .where(*of_record(audit))
                .order_by(audit.c.position)
            ),
            entry=compile_(
                audit.update()
                .values(
                    changed=sa.bindparam("changed", type_=audit.c.changed.type),
                    data=sa.bindparam("data", type_=audit.c.data.type),
                    content=_text("content"),
                    reason=sa.literal_column("''"),
                    redacted_at=sa.bindparam("at", type_=instant),
                )
                .where(audit.c.position == sa.bindparam("p", type_=sa.BigInteger))
            ),
            items=compile_(sa.select(inbox.c.member_id, inbox.c.id, inbox.c.data).where(*of_record(inbox))),
            item=compile_(
                inbox.update()
                .values(data=sa.bindparam("data", type_=inbox.c.data.type))
                .where(
                    inbox.c.tenant == _text("tenant"), inbox.c.member_id == _text("member"), inbox.c.id == _text("item")
                )
            ),
            answers=compile_(sa.select(commands.c.key, commands.c.body).where(commands.c.tenant == _text("tenant"))),
            forget=compile_(commands.delete().where(*(commands.c[name] == _text(name) for name in ("tenant", "key")))),
        )


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))


def document(seals: Seals | None, text: str | None, entry: str, name: str) -> Any:
    """The JSON value of a document of an entry; ``None`` where there is none, or its key was destroyed."""
    if text is None:
        return None
    opened = text if seals is None else seals.open(text, "audit", entry, name)
    return None if opened is None else json.loads(opened)


@frozen
class Redacting:
    """Entries and inbox items of one record, changed in one unit of work."""

    database: Database
    statements: ForgetStatements
    connection: Connection
    acting: Acting
    seals: Seals | None

    def redact(self, record: Ref, blanks: Mapping[str, Any], told: Collection[str], *, now: datetime) -> int:
        """Entries hold ``blanks`` in place of what they held, and nothing of what was ``told``; how many changed.

        What each held is kept as a digest, and what is left as another one in an entry of its own, so that the
        chain tells what was taken out from what was tampered with.
        """
        of = {"tenant": self.acting.tenant, "entity": record.entity, "record_id": record.id}
        left: dict[str, str] = {}
        for position, id, type_, content, reason, *stored in self.connection.rows(self.statements.entries, of):
            changed, data = (
                document(self.seals, text, id, name) or {} for text, name in zip(stored, _NAMES, strict=True)
            )
            fresh = (redacted(changed, blanks), emptied(data, told))
            if type_ in (REDACTED, READ) or (*fresh, reason) == (changed, data, ""):
                continue
            texts = [self._sealed(record, value, id, name) for value, name in zip(fresh, _NAMES, strict=True)]
            values = {
                "p": position,
                "at": self._at(now),
                "content": content or content_digest(stored[0], stored[1], reason),
                **dict(zip(_NAMES, texts, strict=True)),
            }
            self.connection.run(self.statements.entry, self.statements.entry.values(values))
            left[str(position)] = content_digest(texts[0], texts[1], "")
        self._redact_items(record, told, of)
        if left:
            self.database.note(self.connection, self.acting, record, REDACTED, dumps({"left": left}), now)
        return len(left)

    def _redact_items(self, record: Ref, told: Collection[str], of: Mapping[str, Any]) -> None:
        for member, id, text in self.connection.rows(self.statements.items, of):
            opened = text if self.seals is None else self.seals.open(text, "inbox", id)
            said = dumps(emptied({} if opened is None else json.loads(opened), told))
            if self.seals is not None:
                owner = self.seals.owner(record.entity, record.id)
                self.seals.prepare([owner])
                said = self.seals.seal(owner, said, "inbox", id)
            values = {"tenant": self.acting.tenant, "member": member, "item": id, "data": said}
            self.connection.run(self.statements.item, self.statements.item.values(values))

    def _sealed(self, record: Ref, value: Mapping[str, Any], id: str, name: str) -> str | None:
        if not value or self.seals is None:
            return dumps(value) if value else None
        owner = self.seals.owner(record.entity, record.id)
        self.seals.prepare([owner])
        return self.seals.seal(owner, dumps(value), "audit", id, name)

    def _at(self, now: datetime) -> Any:
        to_stored = dump_instant(self.database.dialect)
        return now if to_stored is None else to_stored(now)


_NAMES = ("changed", "data")
