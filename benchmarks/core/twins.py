"""Two databases that end up with the same rows: one written by crmkit, one by the raw driver.

The raw driver gets its rows ready made. crmkit has written them to a third database before, and they are read
back from there; at the end it is checked that both sides have written the same.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from core.databases import Database, Raw, insert_text, store_at
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import Change
from crmkit.domain.sales.lead import Lead
from harness import Bench

__all__ = ["TABLES", "Changes", "Rows", "Twins", "save_each"]

TABLES = ("crm_leads", "crm_keys", "crm_audit")

Changes = Sequence[Change[Lead]]
Row = tuple[Any, ...]


@frozen
class Rows:
    """The rows that a history writes, by table and lead, with the statements that insert them."""

    insert: dict[str, str]
    of_lead: dict[str, dict[str, list[Row]]]
    columns: dict[str, list[str]]

    @classmethod
    def of(cls, history: Sequence[Changes], database: Database, bench: Bench) -> "Rows":
        """What crmkit writes when it saves each part of ``history`` in turn."""
        url = database.url(bench)
        save_each(store_at(bench, url), history)
        raw = database.connect(bench, url, json_as_text=True)
        insert, of_lead, columns = {}, {}, dict[str, list[str]]()
        for table in TABLES:
            # the database counts an entry's position itself
            skipped = 1 if table == "crm_audit" else 0
            rows = raw.cursor.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608
            names = columns[table] = [column[0] for column in raw.cursor.description][skipped:]
            lead = names.index("record_id" if table == "crm_audit" else "id")
            found = of_lead[table] = defaultdict(list)
            for row in rows:
                found[row[skipped:][lead]].append(row[skipped:])
            insert[table] = insert_text(table, names, raw.mark)
        raw.connection.rollback()
        return cls(insert, of_lead, columns)

    def of_table(self, table: str, changes: Changes) -> list[Row]:
        """The rows of the leads that ``changes`` are about."""
        return [row for change in changes for row in self.of_lead[table][change.record.id]]


@frozen
class Twins:
    """An empty database for each side."""

    store: SqlStore
    raw: Raw
    written: Raw
    """Into crmkit's database, to look at when all is done."""

    @classmethod
    def of(cls, database: Database, bench: Bench) -> "Twins":
        """Two databases with crmkit's tables and indexes."""
        ours, theirs = database.url(bench), database.url(bench)
        store_at(bench, theirs)
        return cls(store_at(bench, ours), database.connect(bench, theirs), database.connect(bench, ours))

    def check(self) -> None:
        """Both sides wrote the same rows; only positions and ids of audit entries may differ."""
        for table in TABLES:
            ours, theirs = _content(self.written, table), _content(self.raw, table)
            assert ours, f"nothing was written to {table}"
            assert ours == theirs, f"the two sides wrote different rows to {table}"


def save_each(store: SqlStore, history: Sequence[Changes]) -> None:
    """Each part of ``history`` is saved by one call, in a transaction of its own."""
    for changes in history:
        with store.begin() as uow:
            uow.save(*changes)
            uow.commit()


def _content(raw: Raw, table: str) -> list[str]:
    skipped = 2 if table == "crm_audit" else 0
    rows = raw.cursor.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
    raw.connection.rollback()
    return sorted(repr(row[skipped:]) for row in rows)
