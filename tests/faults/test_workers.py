"""Several workers share one job: each piece of it is done once, also when one of them dies or falls asleep."""

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.values.names import CompanyName
from crmkit.errors import NotFound, StorageBusy
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.reclaim import sweep
from crmkit.services.relay import relay
from crmkit.testing import NOW, FixedClock, a_lead, a_member, a_pool, an_account
from crmkit.testing.history import History, Told

WORKER = Path(__file__).with_name("worker.py")
DAY = timedelta(days=1)


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    store.url = database_url
    yield store
    store.close()


def context(store, **ports):
    ports = {"clock": FixedClock(), "ids": Uuid7(), "notifier": Told(), **ports}
    return Context(store=store, book=RuleBook.standard(), **ports)


@pytest.fixture
def workers(store):
    """Starts a program of workers, which are ready to begin, and stops it in the end."""
    started = []

    def start(count, *work):
        command = list(map(str, [sys.executable, WORKER, store.url, count, *work]))
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "ready\n"
        return started[-1]

    yield start
    for program in started:
        program.kill()
        program.communicate()


def set_off(program):
    program.stdin.write("go\n")
    program.stdin.flush()
    return program


def dealt_with(program):
    """How many pieces each of its workers did; all ended well."""
    said, _ = program.communicate(timeout=120)
    assert program.returncode == 0
    return json.loads(said)


# --- the sweep ------------------------------------------------------------------------------------


def overdue(number):
    """Two of three are to be reclaimed, the others to be warned of."""
    deadline = NOW - timedelta(hours=number) if number % 3 else NOW + 3 * DAY
    return an_account(
        id=f"A-{number:04d}",
        name=CompanyName(legal=f"Handelshaus {number} GmbH"),
        emails=(),
        owner_id="M-1",
        owned_since=NOW - 60 * DAY if number % 3 else NOW - 27 * DAY,
        reclaim_at=deadline,
        reclaim_cause="protect",
        warn_at=None if number % 3 else NOW - DAY,
    )


def have_overdue(store, count):
    def fill(uow):
        uow.policies.put(ReclaimPolicy(id="account", warn_days=(4,)))
        uow.save(created(a_pool()), created(a_member()), *(created(overdue(number)) for number in range(count)))

    store.run(fill)


def assert_swept_once(store, count):
    told = Told()
    told.drain(store.outbox, now=NOW)
    history = History.of(store)
    assert [*history.breaches(), *history.breaches_of(told.notices)] == []
    done = Counter((notice.record.id, notice.type) for notice in told.notices)
    assert set(done.values()) == {1}
    types = Counter(notice.type for notice in told.notices)
    warned = len(range(0, count, 3))
    assert types == {"ownership.reclaimed": count - warned, "ownership.reclaim_warned": warned}
    with store.begin(read_only=True) as uow:
        assert uow.accounts.count(F.pool_id == "PO-1") == count - warned


some_or_thousands = pytest.mark.parametrize("count", [300, pytest.param(3_000, marks=pytest.mark.stress)])


@some_or_thousands
def test_four_sweepers_deal_with_each_record_once(store, workers, count):
    have_overdue(store, count)

    dealt = dealt_with(set_off(workers(4, "sweep")))

    assert sum(dealt) == count
    assert_swept_once(store, count)


@some_or_thousands
@pytest.mark.parametrize("call", ["after uow.save", "after uow.commit"])
def test_a_sweeper_that_is_killed_leaves_its_batch_to_the_others(store, workers, call, count):
    have_overdue(store, count)

    others = workers(3, "sweep")
    doomed = set_off(workers(1, "doomed", call))
    assert doomed.stdout.readline() == "doomed\n"
    dealt_with(set_off(others))
    assert doomed.wait() == -signal.SIGKILL
    sweep(context(store))  # what it held may have been let go after the others had looked

    assert_swept_once(store, count)


def test_a_sweep_that_cannot_look_says_so():
    store = MemoryStore()
    store.run(lambda uow: uow.policies.put(ReclaimPolicy(id="account", calendar_id="nowhere")))
    store.run(lambda uow: uow.save(created(overdue(1))))

    try:
        report = sweep(context(store))
    except NotFound:
        return
    assert report.problems or not report.complete


# --- the relay ------------------------------------------------------------------------------------


def have_notices(store, records, verbs=("work", "nurture", "work")):
    for number in range(records):
        store.run(lambda uow, number=number: uow.save(a_lead(id=f"L-{number:03d}", phones=()).capture()))
        for verb in verbs:
            store.run(lambda uow, number=number, verb=verb: uow.save(lead(uow, number).move(verb, now=NOW)))


def lead(uow, number):
    return uow.leads.get(f"L-{number:03d}")


def test_four_relays_never_send_one_notice_or_one_record_at_the_same_time(store, workers, tmp_path):
    have_notices(store, 60)

    delivered = dealt_with(set_off(workers(4, "relay", tmp_path / "channel")))

    steps = [json.loads(line) for line in (tmp_path / "channel").read_text().splitlines()]
    assert_one_at_a_time(steps)
    told = [(step["record"], step["version"]) for step in steps if step["step"] == "begins"]
    assert sorted(told) == [(f"L-{number:03d}", version) for number in range(60) for version in (1, 2, 3, 4)]
    assert (sum(delivered), store.outbox.backlog()) == (240, 0)


def assert_one_at_a_time(steps):
    open_, reached = {}, Counter()
    for step in steps:
        record = step["record"]
        if step["step"] == "begins":
            assert record not in open_, "two relays send notices of one record"
            assert step["version"] > reached[record], "an older notice after a newer one"
            open_[record], reached[record] = step["id"], step["version"]
        else:
            assert open_.pop(record) == step["id"]


class Sleepy(Told):
    """A channel that takes so long that another worker gets its turn meanwhile."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    def send(self, notice):
        super().send(notice)
        if len(self.notices) == 1:
            self.meanwhile()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def any_store(request):
    if request.param == "memory":
        store = MemoryStore()
    else:
        store = SqlStore(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_schema"))
    yield store
    store.close()


def test_a_relay_that_slept_past_its_lease_marks_nothing(any_store):
    """The sleeper's work is told twice, under the same ids; what the other marked stays marked, and nothing is lost."""
    have_notices(any_store, 3)
    awake = context(any_store, clock=FixedClock(NOW + timedelta(minutes=10)))
    sleeper = context(any_store, notifier=None)
    reports = []

    def meanwhile():
        sleeper.clock.set(NOW + timedelta(minutes=10))
        reports.append(relay(awake))

    sleeper = attrs.evolve(sleeper, notifier=Sleepy(meanwhile))
    late = relay(sleeper)

    assert (reports[0].delivered, late.delivered, late.late, late.waiting) == (12, 0, 1, 0)
    [again] = sleeper.notifier.notices
    assert again.id in {notice.id for notice in awake.notifier.notices}
    assert History.of(any_store).breaches_of(awake.notifier.notices) == []


def test_a_sleeper_cannot_give_up_what_another_delivered(any_store):
    have_notices(any_store, 1, verbs=())
    [mine] = any_store.outbox.claim(limit=1, now=NOW, until=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=5)
    [theirs] = any_store.outbox.claim(limit=1, now=later, until=later + timedelta(minutes=5))

    assert not any_store.outbox.failed(mine, error="too late", now=later, retry_at=None)
    assert any_store.outbox.delivered([mine]) == 0
    assert any_store.outbox.delivered([theirs]) == 1
    assert (any_store.outbox.backlog(), any_store.outbox.dead_letters()) == (0, [])


# --- a channel that is down -----------------------------------------------------------------------


class Flaky(Told):
    """A channel that is down until it is mended."""

    down = True

    def send(self, notice):
        if self.down:
            raise ConnectionError
        super().send(notice)


def test_saves_go_on_while_the_channel_is_down_and_everything_is_told_later(any_store):
    ctx = context(any_store, notifier=Flaky())
    for hour in range(24):
        moment = ctx.clock.advance(hours=1)
        for number in range(5):
            record = a_lead(id=f"L-{hour}-{number}", phones=(), created_at=moment, updated_at=moment)
            any_store.run(lambda uow, record=record: uow.save(record.capture()))
            any_store.run(lambda uow, id=record.id: uow.save(uow.leads.get(id).move("work", now=ctx.clock.now())))
        assert relay(ctx).delivered == 0
    assert any_store.outbox.backlog() == 24 * 5 * 2

    ctx.notifier.down = False
    ctx.clock.advance(days=2)  # the longest pause
    report = relay(ctx)

    assert (report.delivered, report.waiting, report.dead) == (24 * 5 * 2, 0, 0)
    assert History.of(any_store).breaches_of(ctx.notifier.notices) == []


def test_a_clock_that_is_set_back_delays_notices_and_loses_none(any_store):
    """What was saved by the fast clock waits until the mended one shows its time; the record's order is kept."""
    ctx = context(any_store)
    fast = ctx.clock.advance(hours=1)
    any_store.run(lambda uow: uow.save(a_lead(created_at=fast, updated_at=fast).capture()))
    ctx.clock.set(NOW)
    for verb in ("work", "nurture"):
        any_store.run(lambda uow, verb=verb: uow.save(uow.leads.get("L-1").move(verb, now=ctx.clock.now())))

    assert (relay(ctx).delivered, ctx.clock.advance(hours=1), relay(ctx).delivered) == (0, fast, 3)
    assert History.of(any_store).breaches_of(ctx.notifier.notices) == []
    assert History.of(any_store).breaches() == []


def test_a_busy_outbox_is_no_end(any_store):
    """A relay that meets a fault at the outbox says so, and the next one goes on."""
    have_notices(any_store, 2)
    ctx = context(any_store)

    class Busy(Told):
        def send(self, notice):
            super().send(notice)
            raise StorageBusy("not now")

    assert relay(attrs.evolve(ctx, notifier=Busy())).retried == 2
    ctx.clock.advance(hours=1)
    assert relay(ctx).delivered == 8
