"""Writing: one new record, a change of one, many new records at once.

The raw driver writes the same rows into tables with the same indexes. It gets them ready made: crmkit has
written them to a database of their own before, and they are read back from there.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from core.databases import Database, Raw, insert_text, store_at
from core.leads import NOW, leads
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import Change
from crmkit.domain.model import revise
from crmkit.domain.sales.lead import Lead
from harness import WARM_UP, Bench, Line, Side, at_most, ratio

__all__ = ["lines"]

Row = tuple[Any, ...]
ONE_BY_ONE = 50
"""Records that a round saves in one transaction, each by a call of its own."""
AT_ONCE = 500
"""Records that a round saves by one call."""
TABLES = ("crm_leads", "crm_keys", "crm_audit")


def lines(database: Database) -> list[Line]:
    """What is measured of writing to ``database``."""
    name, unit = database.name, "× raw driver"
    most = {"SQLite": 2.0, "Postgres": 1.2}[name]
    return [
        Line(f"{name}: insert", unit, None, lambda bench: _insert(database, bench)),
        Line(f"{name}: versioned save", unit, at_most(2), lambda bench: _save(database, bench)),
        Line(f"{name}: versioned save, one a transaction", unit, None, lambda bench: _save(database, bench, apart=True)),
        Line(f"{name}: bulk add", "× raw executemany", at_most(most), lambda bench: _bulk_add(database, bench)),
    ]


@frozen
class _Rows:
    """The rows that a set of changes writes, by table and record, with the texts that insert them."""

    texts: dict[str, str]
    audit_columns: list[str]
    by_record: dict[str, dict[str, list[Row]]]

    def of(self, table: str, changes: Sequence[Change[Lead]]) -> list[Row]:
        """The rows of ``table`` that belong to the changes' records, in their order."""
        return [row for change in changes for row in self.by_record[table][change.record.id]]


def _written(database: Database, bench: Bench, rounds: Sequence[Sequence[Change[Lead]]]) -> _Rows:
    """What crmkit writes for ``rounds``, found out on a database of its own."""
    url = database.url(bench)
    store, raw = store_at(bench, url), database.connect(bench, url, json_as_text=True)
    _save_all(store, rounds)
    texts, found, names = {}, {}, []
    for table in TABLES:
        order = " ORDER BY position" if table == "crm_audit" else ""
        rows = raw.cursor.execute(f"SELECT * FROM {table}{order}").fetchall()  # noqa: S608
        names = [column[0] for column in raw.cursor.description]
        # the database counts positions itself
        start = names.index("position") + 1 if "position" in names else 0
        of_record = names.index("record_id" if table == "crm_audit" else "id")
        by_record = found[table] = defaultdict(list)
        for row in rows:
            by_record[row[of_record]].append(row[start:])
        names = names[start:]
        texts[table] = insert_text(table, names, raw.mark)
    raw.connection.rollback()
    return _Rows(texts, names, found)


def _save_all(store: SqlStore, rounds: Sequence[Sequence[Change[Lead]]]) -> None:
    for changes in rounds:
        with store.begin() as uow:
            uow.save(*changes)
            uow.commit()


@frozen
class _Pair:
    """Two databases with the same tables: one for crmkit, one for the raw driver."""

    store: SqlStore
    raw: Raw
    look: Raw
    """Into crmkit's database, when all is done."""

    @classmethod
    def made(cls, database: Database, bench: Bench) -> "_Pair":
        ours, theirs = database.url(bench), database.url(bench)
        store_at(bench, theirs)
        return cls(store_at(bench, ours), database.connect(bench, theirs), database.connect(bench, ours))

    def check(self) -> None:
        """Both sides wrote the same rows; only the ids of entries, which chance makes, may differ."""
        for table in TABLES:
            ours, theirs = (self._content(raw, table) for raw in (self.look, self.raw))
            assert ours, f"nothing was written to {table}"
            assert ours == theirs, f"the two sides wrote different rows to {table}"

    @staticmethod
    def _content(raw: Raw, table: str) -> list[str]:
        rows = raw.cursor.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        start = 2 if table == "crm_audit" else 0
        return sorted(repr(row[start:]) for row in rows)


def _captures(rounds: int, count: int) -> list[list[Change[Lead]]]:
    fresh = leads((WARM_UP + rounds) * count)
    return [[lead.capture() for lead in fresh[start : start + count]] for start in range(0, len(fresh), count)]


def _insert(database: Database, bench: Bench) -> float:
    rounds = 60
    changes = _captures(rounds, ONE_BY_ONE)
    rows = _written(database, bench, changes)
    pair = _Pair.made(database, bench)
    store, raw = pair.store, pair.raw

    def theirs(number: int) -> Callable[[], object]:
        each = [tuple(rows.of(table, [change]) for table in TABLES) for change in changes[number]]
        lead_text, key_text, audit_text = (rows.texts[table] for table in TABLES)

        def run() -> None:
            raw.begin(writing=True)
            execute, many = raw.cursor.execute, raw.cursor.executemany
            for (lead,), keys, (audit,) in each:
                execute(lead_text, lead)
                many(key_text, keys)
                execute(audit_text, audit)
            raw.connection.commit()

        return run

    value = ratio(_saving(store, changes), Side(theirs), rounds=rounds)
    pair.check()
    return value


def _saving(store: SqlStore, rounds: Sequence[Sequence[Change[Lead]]]) -> Side:
    """Each change of a round saved by a call of its own, in one transaction."""

    def prepare(number: int) -> Callable[[], object]:
        changes = rounds[number]

        def run() -> None:
            with store.begin() as uow:
                save = uow.save
                for change in changes:
                    save(change)
                uow.commit()

        return run

    return Side(prepare)


def _save(database: Database, bench: Bench, *, apart: bool = False) -> float:
    rounds = 80
    new, moves = _histories(WARM_UP + rounds, ONE_BY_ONE)
    rows, before = _written(database, bench, [new, *moves]), _written(database, bench, [new])
    pair = _Pair.made(database, bench)
    store, raw = pair.store, pair.raw
    _save_all(store, [new])
    for table in TABLES:
        raw.cursor.executemany(before.texts[table], before.of(table, new))
    raw.connection.commit()
    update = "UPDATE crm_leads SET status = ?, version = ?, updated_at = ? WHERE tenant = ? AND id = ? AND version = ?"
    update = update.replace("?", raw.mark)
    audit_text = rows.texts["crm_audit"]

    def theirs(number: int) -> Callable[[], object]:
        pairs = []
        for change in moves[number]:
            # the first entry of a record tells of its capture
            lead, audit = change.after, rows.by_record["crm_audit"][change.after.id][number + 1]
            at = audit[rows.audit_columns.index("at")]
            pairs.append(((lead.status.value, lead.version, at, "main", lead.id, lead.version - 1), audit))

        def run() -> None:
            raw.begin(writing=True)
            execute = raw.cursor.execute
            for row, audit in pairs:
                if execute(update, row).rowcount != 1:
                    raise LookupError("no such version")
                execute(audit_text, audit)
            raw.connection.commit()

        return run

    value = ratio(_saving(store, moves), Side(theirs), rounds=rounds)
    pair.check()
    return value


def _histories(steps: int, count: int) -> tuple[list[Change[Lead]], list[list[Change[Lead]]]]:
    """New leads, and for every step one move of each."""
    now = [revise(lead, status="new") for lead in leads(count)]
    new, moves = [lead.capture() for lead in now], []
    for step in range(steps):
        moves.append([lead.move("nurture" if step % 2 else "work", now=NOW) for lead in now])
        now = [change.after for change in moves[-1]]
    return new, moves


def _bulk_add(database: Database, bench: Bench) -> float:
    rounds = 16
    changes = _captures(rounds, AT_ONCE)
    rows = _written(database, bench, changes)
    pair = _Pair.made(database, bench)
    store, raw = pair.store, pair.raw

    def ours(number: int) -> Callable[[], object]:
        return lambda: _save_all(store, [changes[number]])

    def theirs(number: int) -> Callable[[], object]:
        sets = [(rows.texts[table], rows.of(table, changes[number])) for table in TABLES]

        def run() -> None:
            raw.begin(writing=True)
            for text, values in sets:
                raw.cursor.executemany(text, values)
            raw.connection.commit()

        return run

    value = ratio(Side(ours), Side(theirs), rounds=rounds)
    pair.check()
    return value
