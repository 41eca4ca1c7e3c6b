"""A dry run of four weeks beside reading the accounts alone, on SQLite.

Accounts as a team has them after some months: most were followed up lately, some are customers with a contract,
one in five has its deadline within the horizon. ``CRMKIT_BENCH_OWNED`` says how many there are.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from random import Random

from core.databases import store_at
from core.leads import MEMBERS, NOW
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.organization.member import Member
from crmkit.domain.parties.account import Account
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values.names import CompanyName
from crmkit.rules.reclaim import Exemption, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.dry_run import compare, dry_run
from crmkit.testing import FixedClock
from harness import Bench, Line, at_most, every_round, ratio

__all__ = ["LINES"]

COUNT = int(os.environ.get("CRMKIT_BENCH_OWNED", "20_000"))
PIECE = 5_000
ROUNDS = max(3, min(15, 300_000 // COUNT))
DAY = timedelta(days=1)
POLICY = ReclaimPolicy(
    protect_days=90,
    refreshes=(Refresh(kinds=("visit", "meeting"), days=120), Refresh(days=60)),
    max_days=360,
    warn_days=(7, 1),
    exemptions=(Exemption(name="contract", evidence=("contract",), days_after=30),),
)
DRAFT = ReclaimPolicy(version=2, protect_days=60, max_days=180, warn_days=(7, 2), most_a_day=COUNT // 200)


def accounts() -> Iterator[Account]:
    chance = Random(1)
    for number in range(COUNT):
        taken = NOW - chance.randrange(2_000) * DAY / 24
        deadline = NOW + chance.randrange(-24, 24 * 135) * DAY / 24
        contract = Evidence(kind="contract", source="C", since=taken, until=NOW + chance.randrange(400) * DAY)
        yield Account(
            id=f"A-{number:07}",
            name=CompanyName(legal=f"杭州云杉{number}贸易有限公司"),
            created_at=taken,
            updated_at=taken,
            owner_id=chance.choice(MEMBERS),
            owned_since=taken,
            reclaim_at=deadline,
            reclaim_cause="protection_ended",
            warn_at=deadline - 7 * DAY,
            evidence=(contract,) if chance.random() < 0.2 else (),
        )


def stored(bench: Bench) -> Context:
    store = store_at(bench, bench.sqlite_url())
    at = {"created_at": NOW, "updated_at": NOW}
    with store.begin() as uow:
        uow.policies.put(POLICY)
        uow.save(created(Pool(id="rest", name="Rest", **at)))
        uow.save(*(created(Member(id=id, name=id, **at)) for id in MEMBERS))
        uow.commit()
    waiting = accounts()
    while piece := list(islice(waiting, PIECE)):
        with store.begin() as uow:
            uow.save(*(created(account) for account in piece))
            uow.commit()
    return Context(store=store, clock=FixedClock(NOW), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())


def read(ctx: Context) -> None:
    with ctx.store.begin(read_only=True) as uow:
        assert sum(1 for _ in uow.accounts.scan()) == COUNT


def beside_reading(work: Callable[[Context], object]) -> Callable[[Bench], float]:
    def measure(bench: Bench) -> float:
        ctx = stored(bench)
        return ratio(every_round(lambda: work(ctx)), every_round(lambda: read(ctx)), rounds=ROUNDS)

    return measure


LINES = [
    Line(f"{COUNT:,} accounts: {what}", "× reading them", goal, beside_reading(work))
    for what, goal, work in (
        ("dry run of four weeks", at_most(3), dry_run),
        # what waits for its turn is read a second time
        ("dry run of a draft, so many a day", at_most(4), lambda ctx: dry_run(ctx, DRAFT)),
        ("two policies compared", None, lambda ctx: compare(ctx, None, DRAFT)),
    )
]
