"""The compiled statements that take personal values out of entries, inbox items and answers."""

from collections.abc import Callable

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.sql.connection import Statement
from crmkit.adapters.sql.mapping import ColumnKind, sql_type
from crmkit.adapters.sql.tables import Tables

__all__ = ["ForgetStatements"]


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
        json, instant = sql_type(ColumnKind.JSON), sql_type(ColumnKind.INSTANT)

        def of_record(table: sa.Table) -> list["sa.ColumnElement[bool]"]:
            return [table.c[name] == _text(name) for name in ("tenant", "entity", "record_id")]

        return cls(
            entries=compile_(
                sa.select(audit.c.position, audit.c.reason, audit.c.changed, audit.c.data)
                .where(*of_record(audit))
                .order_by(audit.c.position)
            ),
            entry=compile_(
                audit.update()
                .values(
                    changed=sa.bindparam("changed", type_=json),
                    data=sa.bindparam("data", type_=json),
                    reason=sa.literal_column("''"),
                    redacted_at=sa.bindparam("at", type_=instant),
                )
                .where(audit.c.position == sa.bindparam("p", type_=sa.BigInteger))
            ),
            items=compile_(sa.select(inbox.c.member_id, inbox.c.id, inbox.c.data).where(*of_record(inbox))),
            item=compile_(
                inbox.update()
                .values(data=sa.bindparam("data", type_=json))
                .where(
                    inbox.c.tenant == _text("tenant"), inbox.c.member_id == _text("member"), inbox.c.id == _text("item")
                )
            ),
            answers=compile_(sa.select(commands.c.key, commands.c.body).where(commands.c.tenant == _text("tenant"))),
            forget=compile_(commands.delete().where(*(commands.c[name] == _text(name) for name in ("tenant", "key")))),
        )


def _text(name: str) -> "sa.BindParameter[str]":
    return sa.bindparam(name, type_=sql_type(ColumnKind.TEXT))
