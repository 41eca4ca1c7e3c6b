"""A claim with holding cap, quota, cool-down, history, event and notice, beside one bare conditional UPDATE."""

from collections.abc import Callable

from core.databases import DATABASES, Database
from core.leads import MEMBERS, NOW
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.rules.reclaim import ClaimPolicy
from crmkit.services.pools import claim
from harness import Bench, Line, Side, at_most, ratio
from ownership.stock import CLAIMERS, POLICY, stocked

SIZE = 100_000
CLAIMS = 40
"""Claims of a round."""
ROUNDS = 30
LIMITS = ClaimPolicy(holding_cap=200, quotas=(Limit(most=50, per="day"),), cooldown_days=7)
TAKE = """
    UPDATE crm_accounts SET owner_id = ?, owned_since = ?, pool_id = NULL, pool_since = NULL, version = version + 1
    WHERE tenant = ? AND id = ? AND owner_id IS NULL RETURNING id
"""


def claiming(database: Database) -> Callable[[Bench], float]:
    """One transaction a claim on both sides."""

    def measure(bench: Bench) -> float:
        stock = stocked(bench, database, SIZE, policies=(POLICY, LIMITS))
        text, now, raw = TAKE.replace("?", stock.raw.mark), database.instant(NOW), stock.raw
        marks = "SELECT id FROM crm_accounts WHERE tenant = ? AND pool_id = ? ORDER BY id".replace("?", raw.mark)
        free = [row[0] for row in raw.cursor.execute(marks, ("main", "rest")).fetchall()]
        raw.connection.commit()

        def ours(number: int) -> Callable[[], object]:
            ids = free[2 * number * CLAIMS :][:CLAIMS]
            return lambda: [claimed(id, member) for id, member in zip(ids, CLAIMERS, strict=False)]

        def claimed(id: str, member: str) -> None:
            decision = claim(stock.ctx, Ref(entity="account", id=id), member)
            assert decision.granted, decision

        def theirs(number: int) -> Callable[[], object]:
            ids = free[(2 * number + 1) * CLAIMS :][:CLAIMS]
            return lambda: [updated(id) for id in ids]

        def updated(id: str) -> None:
            raw.begin(writing=True)
            assert raw.cursor.execute(text, (MEMBERS[0], now, "main", id)).fetchall()
            raw.connection.commit()

        return ratio(Side(ours), Side(theirs), rounds=ROUNDS, clock=database.clock)

    return measure


LINES = [
    Line(f"{database.name}: a claim under all limits", "× bare UPDATE", at_most(3), claiming(database))
    for database in DATABASES
]
