"""The sweep over a million customers, one in twenty of them due, and when nothing is due."""

import gc
import tracemalloc
from collections.abc import Callable
from datetime import timedelta

from core.databases import DATABASES, Database
from core.leads import NOW
from crmkit.services.reclaim import sweep
from harness import Bench, Line, Side, at_most, every_round, ratio
from ownership.stock import MILLION, Stock, stocked

CHUNK = 2_000
"""Records that fall back in a round."""
ROUNDS = 16
SET = """
    UPDATE crm_accounts SET owner_id = NULL, owned_since = NULL, pool_id = ?, pool_since = ?, last_action_at = NULL,
        reclaim_at = NULL, reclaim_cause = '', warn_at = NULL, version = version + 1, updated_at = ?
    WHERE tenant = ? AND id = ? AND version = ? RETURNING id
"""


def falling(database: Database) -> Callable[[Bench], float]:
    """Row, history, event and notice, beside one statement a row in transactions of 500."""

    def measure(bench: Bench) -> float:
        stock = stocked(bench, database, MILLION)
        text, now = SET.replace("?", stock.raw.mark), database.instant(NOW)

        def ours(_number: int) -> Callable[[], object]:
            return lambda: _expect(sweep(stock.ctx, limit=CHUNK).reclaimed, CHUNK)

        def theirs(number: int) -> Callable[[], object]:
            ids = stock.spare(CHUNK, number * CHUNK)
            return lambda: _expect(_updated(stock, text, now, ids), CHUNK)

        return ratio(Side(ours), Side(theirs), rounds=ROUNDS, clock=database.clock)

    return measure


def nothing_due(database: Database) -> Callable[[Bench], float]:
    """The same run over a table of a hundredth of the size."""

    def measure(bench: Bench) -> float:
        many, few = stocked(bench, database, MILLION), stocked(bench, database, MILLION // 100)
        for stock in (many, few):
            stock.ctx.clock.set(NOW - timedelta(days=60))
            _expect(sweep(stock.ctx).reclaimed, 0)

        def ours(stock: Stock) -> Callable[[], object]:
            return lambda: sweep(stock.ctx)

        return ratio(every_round(ours(many)), every_round(ours(few)), clock=database.clock)

    return measure


def memory(database: Database) -> Callable[[Bench], float]:
    """The most that is held at once: for ten thousand due records beside one thousand."""

    def measure(bench: Bench) -> float:
        stock = stocked(bench, database, MILLION // 5)
        sweep(stock.ctx, limit=1_000)
        return _peak(lambda: sweep(stock.ctx, limit=8_000)) / _peak(lambda: sweep(stock.ctx, limit=1_000))

    return measure


def _updated(stock: Stock, text: str, now: object, ids: list[str]) -> int:
    count = 0
    for start in range(0, len(ids), 500):
        stock.raw.begin(writing=True)
        execute = stock.raw.cursor.execute
        for id in ids[start : start + 500]:
            count += len(execute(text, ("rest", now, now, "main", id, 1)).fetchall())
        stock.raw.connection.commit()
    return count


def _peak(run: Callable[[], object]) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _expect(count: int, wanted: int) -> None:
    assert count == wanted, f"{count} instead of {wanted} fell back"


LINES = [
    *(
        Line(
            f"{database.name}: reclaim of 50,000 of 1,000,000, beside one UPDATE … RETURNING a row",
            "× raw driver",
            at_most(8),
            falling(database),
        )
        for database in DATABASES
    ),
    *(
        Line(
            f"{database.name}: sweep of 1,000,000 when nothing is due",
            "× that of 10,000",
            at_most(2),
            nothing_due(database),
        )
        for database in DATABASES
    ),
    Line("SQLite: most memory of a sweep of 8,000", "× that of 1,000", at_most(1.5), memory(DATABASES[0])),
]
