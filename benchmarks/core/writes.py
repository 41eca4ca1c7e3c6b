"""Writing: one new record, a change of one, many new records at once; both sides write the same rows."""

from collections.abc import Callable, Sequence

from core.databases import Database
from core.leads import NOW, leads
from core.twins import TABLES, Changes, Rows, Twins, save_each
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import Change
from crmkit.domain.model import revise
from crmkit.domain.sales.lead import Lead
from harness import WARM_UP, Bench, Line, Side, at_most, ratio

__all__ = ["lines"]

INSERTS = 60
SAVES = 150
ONE_BY_ONE = 100
"""Records that a round saves, each by a call of its own; the numbers before say how many rounds there are."""
BULK_ADDS = 16
AT_ONCE = 500
"""Records that a round saves by one call."""

UPDATE = "UPDATE crm_leads SET status = ?, version = ?, updated_at = ? WHERE tenant = ? AND id = ? AND version = ?"


def lines(database: Database) -> list[Line]:
    """What is measured of writing to ``database``."""
    name, raw = database.name, "× raw driver"
    bulk = at_most({"SQLite": 2, "Postgres": 1.2}[name])
    return [
        Line(f"{name}: insert", raw, None, lambda bench: _insert(database, bench)),
        Line(f"{name}: versioned save", raw, at_most(2), lambda bench: _save(database, bench, together=True)),
        Line(
            f"{name}: versioned save, each committed", raw, None, lambda bench: _save(database, bench, together=False)
        ),
        Line(f"{name}: bulk add", "× raw executemany", bulk, lambda bench: _bulk_add(database, bench)),
    ]


def _insert(database: Database, bench: Bench) -> float:
    history = _captures(INSERTS, ONE_BY_ONE)
    rows, twins = Rows.of(history, database, bench), Twins.of(database, bench)
    insert_lead, insert_key, insert_audit = (rows.insert[table] for table in TABLES)
    raw = twins.raw

    def theirs(number: int) -> Callable[[], object]:
        sets = [[rows.of_table(table, [change]) for table in TABLES] for change in history[number]]

        def run() -> None:
            raw.begin(writing=True)
            execute, executemany = raw.cursor.execute, raw.cursor.executemany
            for (lead,), keys, (audit,) in sets:
                execute(insert_lead, lead)
                executemany(insert_key, keys)
                execute(insert_audit, audit)
            raw.connection.commit()

        return run

    value = ratio(_saving(twins.store, history, together=True), Side(theirs), rounds=INSERTS, clock=database.clock)
    twins.check()
    return value


def _save(database: Database, bench: Bench, *, together: bool) -> float:
    new, moves = _moved_about()
    rows, before = Rows.of([new, *moves], database, bench), Rows.of([new], database, bench)
    twins = Twins.of(database, bench)
    save_each(twins.store, [new])
    raw = twins.raw
    for table in TABLES:
        raw.cursor.executemany(before.insert[table], before.of_table(table, new))
    raw.connection.commit()
    update, insert_audit = UPDATE.replace("?", raw.mark), rows.insert["crm_audit"]
    at = rows.columns["crm_audit"].index("at")

    def theirs(number: int) -> Callable[[], object]:
        pairs = []
        for change in moves[number]:
            lead = change.after
            # the first entry of a lead tells of its capture
            audit = rows.of_lead["crm_audit"][lead.id][number + 1]
            pairs.append(((lead.status.value, lead.version, audit[at], "main", lead.id, lead.version - 1), audit))

        def run() -> None:
            for part in [pairs] if together else [[pair] for pair in pairs]:
                raw.begin(writing=True)
                execute = raw.cursor.execute
                for values, audit in part:
                    if execute(update, values).rowcount != 1:
                        raise LookupError("somebody else was faster")
                    execute(insert_audit, audit)
                raw.connection.commit()

        return run

    value = ratio(_saving(twins.store, moves, together=together), Side(theirs), rounds=SAVES, clock=database.clock)
    twins.check()
    return value


def _bulk_add(database: Database, bench: Bench) -> float:
    history = _captures(BULK_ADDS, AT_ONCE)
    rows, twins = Rows.of(history, database, bench), Twins.of(database, bench)
    raw = twins.raw

    def ours(number: int) -> Callable[[], object]:
        return lambda: save_each(twins.store, history[number : number + 1])

    def theirs(number: int) -> Callable[[], object]:
        sets = [(rows.insert[table], rows.of_table(table, history[number])) for table in TABLES]

        def run() -> None:
            raw.begin(writing=True)
            for insert, values in sets:
                raw.cursor.executemany(insert, values)
            raw.connection.commit()

        return run

    value = ratio(Side(ours), Side(theirs), rounds=BULK_ADDS, clock=database.clock)
    twins.check()
    return value


def _saving(store: SqlStore, history: Sequence[Changes], *, together: bool) -> Side:
    """Each change of a round is saved by a call of its own, all in one transaction or each in one."""

    def prepare(number: int) -> Callable[[], object]:
        changes = history[number]
        parts = [changes] if together else [[change] for change in changes]

        def run() -> None:
            for part in parts:
                with store.begin() as uow:
                    save = uow.save
                    for change in part:
                        save(change)
                    uow.commit()

        return run

    return Side(prepare)


def _captures(rounds: int, count: int) -> list[list[Change[Lead]]]:
    """New leads for every round and the warm-up."""
    new = [lead.capture() for lead in leads((WARM_UP + rounds) * count)]
    return [new[start : start + count] for start in range(0, len(new), count)]


def _moved_about() -> tuple[list[Change[Lead]], list[list[Change[Lead]]]]:
    """New leads, and for every round and the warm-up one move of each."""
    now = [revise(lead, status="new") for lead in leads(ONE_BY_ONE)]
    new, moves = [lead.capture() for lead in now], []
    for step in range(WARM_UP + SAVES):
        moves.append([lead.move("nurture" if step % 2 else "work", now=NOW) for lead in now])
        now = [change.after for change in moves[-1]]
    return new, moves
