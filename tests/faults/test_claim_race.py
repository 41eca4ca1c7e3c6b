"""Many processes claim the same customers: one winner each, and no limit passed by one."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.retrying import Retry
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.values.names import CompanyName
from crmkit.errors import AlreadyClaimed
from crmkit.rules.reclaim import ClaimPolicy, Exemption, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.custody import history
from crmkit.services.pools import claim
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member, a_pool, an_account
from crmkit.testing.contracts.threads import in_thread, side_by_side
from crmkit.testing.history import History, Told

CLAIMER = Path(__file__).with_name("claimer.py")
PROCESSES = 8


def pooled(number):
    name = CompanyName(legal=f"Handelshaus {number} GmbH")
    return an_account(id=f"A-{number:04d}", name=name, emails=(), pool_id="PO-1", pool_since=NOW)


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    store.url = database_url
    yield store
    store.close()


def open_pool(store, accounts, *policies):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(created(a_pool()), *(created(a_member(id=f"M-{number}")) for number in range(PROCESSES)))
        uow.save(*(created(pooled(number)) for number in range(accounts)))

    store.run(fill)


def race(
    store, *, claims, accounts, members=tuple(f"M-{number}" for number in range(PROCESSES)), returns=0, work="claim"
):
    """What each process says it won and lost."""
    command = map(str, [sys.executable, CLAIMER, store.url, work, claims, accounts, returns, *members])
    program = subprocess.run(list(command), check=True, stdout=subprocess.PIPE, text=True, timeout=500)
    return json.loads(program.stdout)


@pytest.mark.parametrize("customers", [300, pytest.param(1_000, marks=pytest.mark.stress)])
def test_each_of_many_customers_has_one_winner(store, customers):
    """8 processes, each with two claims a customer; whoever loses is told so by ``AlreadyClaimed``."""
    open_pool(store, customers, ReclaimPolicy(id="account"), ClaimPolicy(id="account"))

    results = race(store, claims=2 * customers, accounts=customers)

    won = Counter(id for result in results for id in result["won"])
    assert (len(won), max(won.values())) == (customers, 1)
    owners = {id: f"M-{number}" for number, result in enumerate(results) for id in result["won"]}
    with store.begin(read_only=True) as uow:
        assert {account.id: account.owner_id for account in uow.accounts.scan()} == owners
    for result in results:
        assert set(result["refused"]) <= {"claim.yours"}
        assert len(result["won"]) + result["lost"] + sum(result["refused"].values()) == 2 * customers
    told = Told()
    told.drain(store.outbox, now=NOW)
    history = History.of(store)
    assert [*history.breaches(), *history.breaches_of(told.notices)] == []
    assert Counter(notice.type for notice in told.notices) == {"ownership.claimed": customers}


def test_no_limit_is_passed_by_one(store):
    """8 processes claim for one member, who may hold 25 and take 40 a day, and give some back meanwhile."""
    open_pool(store, 100, ClaimPolicy(id="account", holding_cap=25, quotas=(Limit(most=40, per="day"),)))

    results = race(store, claims=60, accounts=100, members=["M-0"] * PROCESSES, returns=3)

    with store.begin(read_only=True) as uow:
        held = uow.accounts.count(F.owner_id == "M-0")
        claims = [entry.at for entry in uow.ownership.find(F.cause == "claimed")]
    assert held == sum(len(result["won"]) - result["returned"] for result in results)
    assert len(claims) == sum(len(result["won"]) for result in results)
    assert held <= 25
    # a day may end during the test
    assert max(Counter(at.date() for at in claims).values()) <= 40
    # what could be had was had
    assert held == 25 or len(claims) >= 40
    assert History.of(store).breaches() == []


def test_nobody_gets_back_within_the_cool_down_what_they_gave_away(store):
    """8 members claim the same few customers and give back every second one, so that each comes by again and again."""
    open_pool(store, 20, ClaimPolicy(id="account", cooldown_days=1))

    results = race(store, claims=60, accounts=20, returns=2)

    with store.begin(read_only=True) as uow:
        lines = uow.ownership.find(order=["at", "id"])
    let_go = set()
    for line in lines:
        if line.cause == "claimed":
            assert (line.record_id, line.to_owner_id) not in let_go
        else:
            let_go.add((line.record_id, line.from_owner_id))
    won = sum(len(result["won"]) for result in results)
    assert Counter(line.cause for line in lines) == {"claimed": won, "returned": won - 20 + in_pool(store)}
    # whether anybody came by again is chance, so one who let go does now
    with store.begin(read_only=True) as uow:
        free = {account.id for account in uow.accounts.find(~F.pool_id.missing())}
    ctx = Context(store=store, clock=SystemClock(), ids=Uuid7(), notifier=Told(), book=RuleBook.standard())
    for record_id, member_id in sorted(pair for pair in let_go if pair[0] in free)[:3]:
        again = claim(ctx, Ref(entity="account", id=record_id), member_id)
        assert [reason.code for reason in again.reasons] == ["claim.cooldown"]
    assert History.of(store).breaches() == []


def in_pool(store):
    with store.begin(read_only=True) as uow:
        return uow.accounts.count(F.pool_id == "PO-1")


def test_two_claims_of_one_member_never_lie_nearer_than_the_interval(store):
    """8 processes claim for one member, who may claim once in an hour: one claim of all is granted."""
    open_pool(store, 40, ClaimPolicy(id="account", interval_minutes=60, quotas=(Limit(most=9, per="day"),)))

    results = race(store, claims=15, accounts=40, members=["M-0"] * PROCESSES)

    assert sum(len(result["won"]) for result in results) == 1
    assert sum(result["refused"]["claim.interval"] for result in results) == 15 * PROCESSES - 1
    with store.begin(read_only=True) as uow:
        # what was refused wrote nothing, so nothing was used up
        assert (uow.ownership.count(), uow.accounts.count(F.owner_id == "M-0")) == (1, 1)
        assert sum(account.version - 1 for account in uow.accounts.scan()) == 1
    assert History.of(store).breaches() == []


def test_no_more_records_are_locked_than_the_quota_allows(store):
    """8 processes lock what one member owns, and take locks off meanwhile."""
    policy = ReclaimPolicy(
        id="account", lock_days=9, lock_quota=7, exemptions=(Exemption(name="locked", evidence=("lock",)),)
    )
    open_pool(store, 0, policy)
    mine = [revise(pooled(n), owner_id="M-0", owned_since=NOW, pool_id=None, pool_since=None) for n in range(40)]
    store.run(lambda uow: uow.save(*map(created, mine)))

    results = race(store, work="lock", claims=30, accounts=40, members=["M-0"] * PROCESSES, returns=4)

    with store.begin(read_only=True) as uow:
        locked = {account.id for account in uow.accounts.find(~F.locked_until.missing())}
        events = [entry for account in mine for entry in uow.trail.of(account.ref) if entry.type.startswith("owner")]
    open_, most = set(), 0
    for entry in sorted(events, key=lambda each: each.position):
        (open_.add if entry.type == "ownership.locked" else open_.discard)(entry.record.id)
        most = max(most, len(open_))
    assert (open_, most) == (locked, 7)
    assert sum(result["refused"].get("lock.quota", 0) for result in results) > 0
    assert History.of(store).breaches() == []


def test_of_fifty_threads_one_gets_the_record_and_the_others_are_told_it_is_taken(store):
    """Attack 34: as in the order race of Hi.Events, all of them looked while it was still free."""
    members = [a_member(id=f"T-{number:02}") for number in range(50)]
    open_pool(store, 1, ClaimPolicy(id="account", quotas=(Limit(most=1, per="day"),)))
    store.run(lambda uow: uow.save(*map(created, members)))
    patient = SqlStore(store.url, create=False, retry=Retry(random=random.random, sleep=time.sleep, tries=100))
    ctx = Context(store=patient, clock=FixedClock(), ids=Uuid7(), notifier=Told(), book=RuleBook.standard())

    def claimed(number):
        try:
            return claim(ctx, Ref(entity="account", id="A-0000"), members[number].id).granted
        except AlreadyClaimed as error:
            return f"{error} {error.params}"

    answers = side_by_side(50, claimed)

    refused = [answer for answer in answers if answer is not True]
    assert len(refused) == 49
    assert not any(member.id in told for member in members for told in refused)
    with store.begin(read_only=True) as uow:
        [line] = uow.ownership.find()
        assert uow.accounts.get("A-0000").owner_id == line.to_owner_id == members[answers.index(True)].id
    assert History.of(store).breaches() == []
    patient.close()


class Watched(FixedClock):
    """A clock that says when it was looked at."""

    def __init__(self):
        super().__init__()
        self.looked = threading.Event()

    def now(self):
        self.looked.set()
        return super().now()


def test_whoever_waits_for_a_turn_is_judged_by_the_time_when_it_comes():
    """No freeze is set, so that what somebody gives back may be claimed at once by whoever waits for it."""
    store, clock = MemoryStore(), Watched()
    open_pool(store, 1, ClaimPolicy(id="account"))
    ctx = Context(store=store, clock=clock, ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    ref = Ref(entity="account", id="A-0000")
    claim(ctx, ref, "M-1")
    clock.looked.clear()

    with store.begin() as uow:
        waiting = in_thread(claim, ctx, ref, "M-2")
        clock.looked.wait(0.2)
        change = uow.accounts.get(ref.id).release("PO-1", now=clock.advance(seconds=1))
        uow.save(change, history(change, id="H-1"))
        uow.commit()

    decision = waiting.result()
    assert [reason.code for reason in decision.reasons] == ["claim.granted"]


def test_no_update_is_lost_to_eight_writers(store):
    """Each adds to what it read; whoever was too slow reads again."""
    store.run(lambda uow: uow.save(created(a_lead(score=0))))

    def add(uow):
        lead = uow.leads.get("L-1")
        uow.save(changed(lead, now=NOW, score=lead.score + 1))

    def write(_number):
        patient = SqlStore(store.url, create=False, retry=Retry(random=random.random, sleep=time.sleep, tries=100))
        for _ in range(15):
            patient.run(add)
        patient.close()

    side_by_side(8, write)

    with store.begin(read_only=True) as uow:
        assert uow.leads.get("L-1").score == 120
    assert History.of(store).breaches() == []
