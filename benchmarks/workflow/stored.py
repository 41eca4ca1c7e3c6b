"""Transitions through SQLite, beside a row update and two inserts by the bare driver, of the same rows.

crmkit decides, and saves the request with its entry of the audit trail; the driver is given the columns ready
made, updates the row, inserts that same entry and a line of history. In the line with the goal the requests of a
round are in hand and share a transaction; in the other one each is a command of its own, which reads the request,
its process and who asks, and is committed by itself.
"""

from collections.abc import Callable
from typing import Any

from core.databases import Raw, Sqlite, insert_text, store_at
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.model import revise
from crmkit.domain.stewardship.request import Request
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.workflow import advance
from crmkit.testing import FixedClock, FixedIds, a_request
from harness import WARM_UP, Bench, Line, Side, at_most, ratio
from workflow.transitions import ACTING, PROCESS, moved

__all__ = ["LINES"]

ROUNDS, A_ROUND = 40, 100
UPDATE = (
    "UPDATE crm_requests SET state = ?, steps = ?, version = ?, updated_at = ? "
    "WHERE tenant = ? AND id = ? AND version = ?"
)
HISTORY = ("tenant", "request_id", "at", "from_state", "to_state", "transition", "by")


def requests() -> list[list[Request]]:
    """Those of each round."""
    one = a_request(process="p", state="review", percent=8)
    return [[revise(one, id=f"R-{number}-{place}") for place in range(A_ROUND)] for number in range(WARM_UP + ROUNDS)]


def filled(bench: Bench, rounds: list[list[Request]]) -> tuple[SqlStore, str]:
    """A database that holds them all, and its address."""
    url = bench.sqlite_url()
    store = store_at(bench, url)
    with store.begin() as uow:
        uow.policies.put(PROCESS)
        uow.save(created(ACTING), *(created(request) for some in rounds for request in some))
        uow.commit()
    return store, url


def decided(store: SqlStore, some: list[Request]) -> None:
    """Each has moved, in one transaction."""
    with store.begin() as uow:
        uow.save(*(moved(request, "send_back") for request in some))
        uow.commit()


def commanded(store: SqlStore, some: list[Request]) -> None:
    """Each has moved, by a command of its own."""
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    for request in some:
        advance(ctx, request.id, "send_back", by=ACTING.id)


def written(bench: Bench, rounds: list[list[Request]]) -> tuple[Raw, str, Callable[[list[Request]], list[Any]]]:
    """The driver with a database of its own, how it inserts an entry, and what it is given for requests."""
    like, there = filled(bench, rounds)
    decided(like, rounds[0])
    source = Sqlite().connect(bench, there).cursor
    steps, version, at = source.execute(
        "SELECT steps, version, updated_at FROM crm_requests WHERE id = ?", [rounds[0][0].id]
    ).fetchone()
    entry = source.execute("SELECT * FROM crm_audit ORDER BY 1 DESC LIMIT 1").fetchone()
    columns = [column[0] for column in source.description]
    _, url = filled(bench, rounds)
    raw = Sqlite().connect(bench, url)
    raw.cursor.execute(f"CREATE TABLE history ({', '.join(HISTORY)})")
    raw.cursor.execute("CREATE INDEX history_of ON history (tenant, request_id)")
    record, key = columns.index("record_id"), columns.index("id")

    def values(some: list[Request]) -> list[Any]:
        sets = []
        for request in some:
            row = list(entry)
            row[record], row[key] = request.id, f"entry of {request.id}"
            line = ("main", request.id, at, "review", "returned", "send_back", ACTING.id)
            update = ("returned", steps, version, at, "main", request.id, version - 1)
            sets.append((update, tuple(row[1:]), line))
        return sets

    return raw, insert_text("crm_audit", columns[1:], "?"), values


def _line(work: Callable[[SqlStore, list[Request]], None], name: str, *, together: bool, goal: bool) -> Line:
    def measure(bench: Bench) -> float:
        rounds = requests()
        store, _ = filled(bench, rounds)
        raw, audit, values = written(bench, rounds)

        history = insert_text("history", HISTORY, "?")

        def theirs(number: int) -> Callable[[], object]:
            sets = values(rounds[number])

            def run() -> None:
                execute = raw.cursor.execute
                for part in [sets] if together else [[one] for one in sets]:
                    raw.begin(writing=True)
                    for update, entry, line in part:
                        if execute(UPDATE, update).rowcount != 1:
                            raise LookupError("somebody else was faster")
                        execute(audit, entry)
                        execute(history, line)
                    raw.connection.commit()

            return run

        value = ratio(
            Side(lambda number: lambda: work(store, rounds[number])),
            Side(theirs),
            rounds=ROUNDS,
            clock=Sqlite.clock,
        )
        moved = raw.cursor.execute("SELECT count(*) FROM crm_requests WHERE state = 'returned'").fetchone()
        with store.begin(read_only=True) as uow:
            assert uow.requests.count_by("state") == {"returned": moved[0]}
        return value

    return Line(f"SQLite: process transition {name}", "× update and two inserts", at_most(2) if goal else None, measure)


LINES = [
    _line(decided, "decided and saved, a hundred a transaction", together=True, goal=True),
    _line(commanded, "as a command, each committed", together=False, goal=False),
]
