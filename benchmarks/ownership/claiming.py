"""A claim with holding cap, quota, cool-down, history, event and notice, beside one bare conditional UPDATE.

Eight processes at once on each side, every claim a transaction of its own, and what is committed is on the disk:
a claim that a power cut takes back is none. Each process has members of its own, as people do.
Beside it the same written by hand: one statement that asks all, three that write, the limits as constants.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from core.databases import DATABASES, Database
from crmkit.domain.organization.limits import Limit
from crmkit.rules.reclaim import ClaimPolicy
from harness import Bench, Goal, Line, at_most
from ownership.stock import POLICY, Stock, stocked

SIZE = 100_000
WRITERS, ROUNDS = 8, 6
EACH = {"claims": 80, "by hand": 160, "updates": 320}
"""How many each process makes in a round."""
LIMITS = ClaimPolicy(holding_cap=500, quotas=(Limit(most=400, per="day"),), cooldown_days=7)
WORKER = Path(__file__).with_name("claimer.py")


def claiming(database: Database, side: str, *, durable: bool) -> Callable[[Bench], float]:
    """The time of a claim of ``side`` beside that of a bare update: the median of the rounds' ratios."""

    def measure(bench: Bench) -> float:
        stock = stocked(bench, database, SIZE, policies=(POLICY, LIMITS), durable=durable)
        free, ratios = _free(stock), []
        for number in range(ROUNDS):
            sides = (side, "updates") if number % 2 else ("updates", side)
            taken = {each: _run(stock, each, free, durable=durable) / EACH[each] for each in sides}
            ratios.append(taken[side] / taken["updates"])
        return statistics.median(ratios)

    return measure


def _free(stock: Stock) -> list[str]:
    text = "SELECT id FROM crm_accounts WHERE tenant = ? AND pool_id = ? ORDER BY id".replace("?", stock.raw.mark)
    found = stock.raw.cursor.execute(text, ("main", "rest")).fetchall()
    stock.raw.connection.commit()
    return [row[0] for row in found]


def _run(stock: Stock, side: str, free: list[str], *, durable: bool) -> float:
    """Seconds until the last process is done; all are ready before the first one begins."""
    command = [sys.executable, str(WORKER), stock.url, side, str(int(durable))]
    workers = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(WRITERS)
    ]
    for worker in workers:
        ids = [free.pop() for _ in range(EACH[side] + 1)]
        worker.stdin.write(json.dumps(ids) + "\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    began = perf_counter()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout.readline() == "done\n"
    took = perf_counter() - began
    assert not any(worker.wait() for worker in workers)
    return took


def _line(database: Database, what: str, side: str, goal: Goal | None, *, durable: bool) -> Line:
    return Line(
        f"{database.name}: claims of 8 processes{what}",
        "× bare UPDATE",
        goal,
        claiming(database, side, durable=durable),
    )


LINES = [
    *(_line(database, "", "claims", at_most(3), durable=True) for database in DATABASES),
    *(_line(database, ", by hand", "by hand", None, durable=True) for database in DATABASES),
    *(_line(database, ", commits not on the disk", "claims", None, durable=False) for database in DATABASES),
    *(_line(database, ", by hand, not on the disk", "by hand", None, durable=False) for database in DATABASES),
]
