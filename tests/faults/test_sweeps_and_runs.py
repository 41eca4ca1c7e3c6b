"""What happens between two transactions of a run: clocks that differ, policies that change, people who leave, stalls."""

import time
from collections import Counter
from datetime import timedelta

import attrs
import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import InvalidCondition, NotAllowed
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import assign as assigning
from crmkit.services.assign import assign_to, assign_waiting
from crmkit.services.context import Context
from crmkit.services.evidence import plan_leave
from crmkit.services.pools import Batch, claim, claim_many, give_back
from crmkit.services.reclaim import preview, sweep
from crmkit.services.rollout import pause, resume
from crmkit.services.transfer import transfer
from crmkit.testing import NOW, FixedClock, a_calendar, a_lead, a_member, a_pool, an_account
from crmkit.testing.contracts.threads import in_thread
from crmkit.testing.faults import Plan, disturbed
from crmkit.testing.history import History, Told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY = ReclaimPolicy(id="account", warn_days=(3,))
EAST = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ctx(request):
    if request.param == "memory":
        store = MemoryStore()
    else:
        store = SqlStore(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_schema"))
    yield context(store)
    store.close()


def context(store, clock=None):
    clock = clock or FixedClock()
    return Context(store=store, clock=clock, ids=Uuid7(), notifier=Told(), book=RuleBook.standard())


def keep(ctx, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))

    ctx.store.run(fill)


def due(number, *, at=NOW, **changes):
    own = {"owner_id": "wei", "owned_since": at - 60 * DAY, "reclaim_at": at, "reclaim_cause": "protection_ended"}
    return an_account(**{"id": f"A-{number:04}", "emails": (), **own, **changes})


def owned(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {record.id for record in uow.accounts.find(~F.owner_id.missing())}


def ledger(ctx, cause):
    with ctx.store.begin(read_only=True) as uow:
        return [(entry.record_id, entry.at) for entry in uow.ownership.find(F.cause == cause, order=["at", "id"])]


def assert_each_once(ctx, count):
    told = Told()
    told.drain(ctx.store.outbox, now=ctx.clock.now() + DAY)
    history = History.of(ctx.store)
    assert [*history.breaches(), *history.breaches_of(told.notices)] == []
    fell = Counter(notice.record.id for notice in told.notices if notice.type == "ownership.reclaimed")
    assert (len(fell), set(fell.values())) == (count, {1})
    assert Counter(id for id, _ in ledger(ctx, "reclaimed")) == fell


class Meanwhile:
    """A store in which something happens after so many transactions."""

    def __init__(self, store, happens, *, after=1):
        self._store = store
        self._happens = happens
        self._after = after
        self.done = 0

    def run(self, work, acting=None):
        answer = self._store.run(work, acting)
        self.done += 1
        if self.done == self._after:
            self._happens()
        return answer

    def __getattr__(self, name):
        return getattr(self._store, name)


def meanwhile(ctx, happens, *, after=1):
    return attrs.evolve(ctx, store=Meanwhile(ctx.store, happens, after=after))


# --- clocks that differ ---------------------------------------------------------------------------


def test_workers_whose_clocks_differ_by_ten_minutes_take_each_record_once_and_none_before_its_own_time(ctx):
    """No worker takes what its own clock does not call due: so none falls earlier than the fastest clock is fast."""
    deadlines = {f"A-{number:04}": NOW + (number - 20) * MINUTE for number in range(40)}
    keep(ctx, a_pool(), a_member(id="wei"), policies=[POLICY])
    keep(ctx, *(due(number, at=NOW + (number - 20) * MINUTE) for number in range(40)))
    clocks = [FixedClock(NOW + skew * MINUTE) for skew in (-10, 3, 10, -3)]
    workers = [context(ctx.store, clock) for clock in clocks]
    fell_at = {}
    for minute in range(0, 32, 4):
        for worker in workers:
            before = owned(ctx)
            sweep(worker, batch=3)
            fell_at |= dict.fromkeys(before - owned(ctx), NOW + minute * MINUTE)
            worker.clock.advance(4 * MINUTE)
    ctx.clock.advance(HOUR)
    assert_each_once(ctx, 40)
    assert all(at >= deadlines[id] for id, at in ledger(ctx, "reclaimed")), "by the clock of whoever took it"
    assert all(at >= deadlines[id] - 10 * MINUTE for id, at in fell_at.items()), "by the true time"


def test_a_clock_that_jumps_back_reclaims_and_warns_nobody_twice_or_early(ctx):
    near = {"reclaim_at": NOW + 3 * DAY, "warn_at": NOW, "owned_since": NOW - 27 * DAY}
    keep(ctx, a_pool(), a_member(id="wei"), *(due(n) for n in range(3)), *(due(n, **near) for n in (5, 6)))
    keep(ctx, due(8, at=NOW + HOUR), policies=[POLICY])
    first = sweep(ctx)
    assert (first.reclaimed, first.warned) == (3, 2)
    for back in (HOUR, DAY, -30 * MINUTE):
        ctx.clock.set(NOW - back)
        again = sweep(ctx)
        assert (again.reclaimed, again.warned, again.kept) == (0, 0, 0)
    assert "A-0008" in owned(ctx)
    ctx.clock.set(NOW + HOUR)
    assert sweep(ctx).reclaimed == 1
    assert_each_once(ctx, 4)


@pytest.mark.parametrize("back", [MINUTE, HOUR, 2 * DAY], ids=["a minute", "an hour", "two days"])
def test_a_clock_that_jumps_back_opens_no_quota_interval_or_cool_down(ctx, back):
    policy = ClaimPolicy(quotas=(Limit(most=2, per="day"),), interval_minutes=5, cooldown_days=1, freeze_days=1)
    lying = {"owner_id": None, "owned_since": None, "reclaim_at": None, "reclaim_cause": "", "pool_id": "PO-1"}
    records = [due(n, **lying, pool_since=NOW - 9 * DAY) for n in range(3)]
    keep(ctx, a_pool(), a_member(id="wei"), *records, policies=[policy])
    refs = [record.ref for record in records]
    assert claim(ctx, refs[0], "wei").granted
    ctx.clock.advance(10 * MINUTE)
    assert claim(ctx, refs[1], "wei").granted
    give_back(ctx, refs[1], "wei")
    ctx.clock.set(ctx.clock.now() - back)
    assert {"claim.quota.day", "claim.interval"} <= codes(claim(ctx, refs[2], "wei"))
    assert {"claim.cooldown", "claim.frozen"} <= codes(claim(ctx, refs[1], "wei"))


def codes(decision):
    return {reason.code for reason in decision.reasons}


# --- policies that change while a run is on its way -----------------------------------------------


def test_a_run_goes_by_one_version_of_the_policy_and_says_when_it_was_overtaken(ctx):
    keep(ctx, a_pool(), a_member(id="wei"), *(due(n) for n in range(9)), policies=[POLICY])

    def edited():
        keep(ctx, policies=[revise(POLICY, version=2, protect_days=90)])

    report = sweep(meanwhile(ctx, edited, after=2), batch=2)
    assert (report.reclaimed, report.complete) == (4, False)
    following = sweep(ctx, batch=2)
    assert (following.reclaimed, following.kept, following.complete) == (0, 5, True), "the new version protects them"
    assert len(owned(ctx)) == 5


def test_the_kill_switch_stops_a_run_before_its_next_batch_and_letting_go_continues_it(ctx):
    keep(ctx, a_pool(), a_member(id="wei"), *(due(n) for n in range(9)), policies=[POLICY])
    assert {each.outcome for each in preview(ctx, NOW).records} == {"reclaim"}, "a dry run says so beforehand"
    stopped = sweep(meanwhile(ctx, lambda: pause(ctx, why="wrong people"), after=1), batch=3)
    assert (stopped.reclaimed, stopped.complete) == (3, False)
    for _ in range(3):
        ctx.clock.advance(DAY)
        assert sweep(ctx).reclaimed == 0
    resume(ctx)
    assert (sweep(ctx).reclaimed, len(owned(ctx))) == (0, 6), "after a pause everybody has the grace"
    ctx.clock.advance(POLICY.grace_days * DAY)
    assert sweep(ctx).reclaimed == 6
    assert_each_once(ctx, 9)


# --- people who leave while a run is on its way ---------------------------------------------------


def test_attack_40_who_is_disabled_between_two_chunks_receives_nothing_of_the_second(ctx, monkeypatch):
    monkeypatch.setattr(assigning, "CHUNK", 10)
    leads = [
        a_lead(id=f"L-{n:02}", name=None, company=None, phones=(Phone.parse(f"1380013{n:04}"),)) for n in range(30)
    ]
    people = [a_member(id=id, team_id="east") for id in ("eva", "wei")]
    keep(ctx, *people, *leads, policies=[EAST])
    run = assign_waiting(meanwhile(ctx, lambda: gone(ctx, "wei"), after=1))
    assert run.by_member == {"eva": 25, "wei": 5}


def gone(ctx, member_id):
    ctx.store.run(lambda uow: uow.save(uow.members.get(member_id).move("leave", now=ctx.clock.now())))


def test_attack_40_leave_that_is_planned_between_two_batches_of_a_sweep_protects_what_is_left(ctx):
    records = [due(n, owned_since=NOW - 30 * DAY) for n in range(6)]
    keep(ctx, a_pool(), a_member(id="wei"), *records, policies=[POLICY])
    away = Leave(begins=NOW - DAY, ends=NOW + 9 * DAY)
    report = sweep(meanwhile(ctx, lambda: plan_leave(ctx, "wei", away), after=1), batch=2)
    assert report.reclaimed == 2
    with ctx.store.begin(read_only=True) as uow:
        left = uow.accounts.find(F.owner_id == "wei")
    assert {record.reclaim_at for record in left} == {NOW + 10 * DAY}


def test_attack_40_a_batch_of_claims_that_had_to_wait_is_refused_to_who_was_disabled_meanwhile(ctx):
    lying = {"owner_id": None, "owned_since": None, "reclaim_at": None, "reclaim_cause": "", "pool_id": "PO-1"}
    records = [due(n, **lying) for n in range(3)]
    keep(ctx, a_pool(), a_member(id="wei"), *records)
    with ctx.store.begin() as uow:
        uow.save(uow.members.get("wei").move("leave", now=NOW))
        waiting = in_thread(lambda: claim_many(ctx, [record.ref for record in records], "wei", batch=Batch.PARTIAL))
        time.sleep(0.2)
        uow.commit()
    assert [codes(decision) for decision in waiting.result().decisions] == [{"claim.inactive"}] * 3
    assert owned(ctx) == set()


def test_attack_40_whom_an_assignment_found_active_and_who_leaves_meanwhile_receives_nothing(ctx):
    keep(ctx, a_member(id="eva", team_id="east"), a_member(id="wei", team_id="east"), a_lead(), policies=[EAST])
    with ctx.store.begin() as uow:
        uow.save(uow.members.get("eva").move("leave", now=NOW))
        waiting = in_thread(lambda: assign_waiting(ctx))
        time.sleep(0.2)
        uow.commit()
    assert waiting.result().by_member == {"wei": 1}


@pytest.mark.parametrize("give", ["assign_to", "transfer"])
def test_attack_40_what_is_given_by_hand_to_who_leaves_meanwhile_is_refused(ctx, give):
    free = {"owner_id": None, "owned_since": None, "reclaim_at": None, "reclaim_cause": ""}
    record = due(1, **(free if give == "assign_to" else {}))
    keep(ctx, a_member(id="eva"), a_member(id="wei"), record)

    def given():
        if give == "assign_to":
            with pytest.raises(NotAllowed, match="left"):
                assign_to(ctx, record.ref, "eva")
        else:
            assert transfer(ctx, [record.ref], "eva").transferred == ()

    with ctx.store.begin() as uow:
        uow.save(uow.members.get("eva").move("leave", now=NOW))
        waiting = in_thread(given)
        time.sleep(0.2)
        uow.commit()
    waiting.result()
    with ctx.store.begin(read_only=True) as uow:
        assert uow.accounts.get(record.id).owner_id != "eva"


# --- stalls ---------------------------------------------------------------------------------------


class Stall(Plan):
    """Lets every call pass; before the first of one name something else happens."""

    def __init__(self, call, happens):
        super().__init__()
        self._call = call
        self._happens = happens

    def call(self, name, work):
        if name == self._call and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return work()


@pytest.mark.parametrize("call", ["uow.save", "uow.commit"])
def test_a_sweeper_that_stalls_with_a_batch_in_its_hands_is_left_alone_and_finishes_it(postgres_schema, call):
    store = SqlStore(postgres_schema)
    ctx, other = context(store), context(SqlStore(postgres_schema))
    keep(ctx, a_pool(), a_member(id="wei"), *(due(n) for n in range(30)), policies=[POLICY])
    reports = []

    report = sweep(disturbed(ctx, Stall(call, lambda: reports.append(sweep(other, batch=5)))), batch=10)

    assert (reports[0].reclaimed, report.reclaimed) == (20, 10)
    assert_each_once(ctx, 30)
    for each in (ctx, other):
        each.store.close()


def test_a_sweeper_that_slept_so_long_that_its_connection_was_cut_does_nothing_twice(postgres_schema):
    """The server gives its records to the others; woken, it is told at its next statement, and begins anew."""
    store = SqlStore(f"{postgres_schema}&application_name=sleeper")
    ctx, other = context(store), context(SqlStore(postgres_schema))
    keep(ctx, a_pool(), a_member(id="wei"), *(due(n) for n in range(30)), policies=[POLICY])
    reports = []

    def cut_off():
        with other.store._engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'sleeper'"
            )
        reports.append(sweep(other, batch=7))

    try:
        reports.append(sweep(disturbed(ctx, Stall("uow.save", cut_off)), batch=10))
    finally:
        reports.append(sweep(ctx))

    assert sum(report.reclaimed for report in reports) == 30
    assert reports[0].reclaimed == 30
    assert_each_once(ctx, 30)
    for each in (ctx, other):
        each.store.close()


# --- how much at once -----------------------------------------------------------------------------


def test_no_transaction_of_a_run_deals_with_more_than_500_records():
    ctx = context(MemoryStore())
    leads = (a_lead(id=f"L-{n:04}", name=None, company=None, phones=()) for n in range(700))
    keep(ctx, a_pool(), a_member(id="wei", team_id="east"), *map(due, range(1_100)), *leads, policies=[POLICY, EAST])
    away = Leave(begins=NOW - 50 * DAY, ends=NOW - 19 * DAY)

    def most_in_one(work):
        sizes = []
        sized = attrs.evolve(ctx, store=Sized(ctx.store, sizes))
        work(sized)
        return max(sizes), sum(sizes)

    # leave that nobody knew of is made good, and when that has passed all are due
    assert most_in_one(lambda sized: plan_leave(sized, "wei", away)) == (500, 1_100)
    ctx.clock.advance(DAY)
    assert most_in_one(sweep) == (500, 1_100)
    assert most_in_one(assign_waiting) == (500, 700)


class Sized:
    """A store that notes how many leads and accounts each transaction wrote."""

    def __init__(self, store, sizes):
        self._store = store
        self._sizes = sizes

    def run(self, work, acting=None):
        before = self.versions()
        answer = self._store.run(work, acting)
        after = self.versions()
        self._sizes.append(sum(version != before[id] for id, version in after.items()))
        return answer

    def versions(self):
        with self._store.begin(read_only=True) as uow:
            return {record.id: record.version for rows in (uow.leads, uow.accounts) for record in rows.scan()}

    def __getattr__(self, name):
        return getattr(self._store, name)


# --- rules that raise -----------------------------------------------------------------------------


def test_rules_that_raise_on_one_owners_records_leave_the_others_alone_and_are_reported(ctx):
    """The owner is away for twelve years, so that the working days of the protection cannot be counted."""
    away = a_member(id="eva", leaves=(Leave(begins=NOW - 400 * DAY, ends=NOW + 4_000 * DAY),))
    mine, theirs = [due(n) for n in range(5)], [due(n, owner_id="eva") for n in (7, 8)]
    people = a_member(id="wei"), away
    keep(ctx, a_pool(), a_calendar(), *people, *mine, *theirs, policies=[revise(POLICY, calendar_id="cn")])
    report = sweep(ctx, batch=3)
    assert (report.reclaimed, report.complete) == (5, True)
    assert {(problem.record.id, problem.reason.code) for problem in report.problems} == {
        ("A-0007", "reclaim.failed"),
        ("A-0008", "reclaim.failed"),
    }
    assert owned(ctx) == {"A-0007", "A-0008"}


def test_a_claim_policy_that_cannot_be_asked_grants_nothing(ctx):
    keep(ctx, a_pool(), a_member(id="wei"), an_account(pool_id="PO-1"))
    keep(ctx, policies=[ClaimPolicy(holding_cap=3, uncounted="no_such_field == 1")])
    with pytest.raises(InvalidCondition):
        claim(ctx, Ref(entity="account", id="A-1"), "wei")
    assert owned(ctx) == set()
