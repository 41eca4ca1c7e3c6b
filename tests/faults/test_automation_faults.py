"""Workers that run rules fail, stall and die: each action has happened once for its key, and nothing is lost."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.conditions import F
from crmkit.errors import StorageFailed
from crmkit.ports.performers import HostSide
from crmkit.rules.actions import CreateTask, HostAction, Notify
from crmkit.rules.automation import SYSTEM, AutomationRule, OnEvent
from crmkit.rules.rulebook import RuleBook
from crmkit.services.automation import run_automation
from crmkit.services.context import Context
from crmkit.services.hearing import hearing
from crmkit.testing import FixedClock, a_lead
from crmkit.testing.faults import KINDS, Plan, disturbed
from crmkit.testing.history import History, Told

AUTOMATOR = Path(__file__).with_name("automator.py")
CALLS = (CreateTask(title="one"), HostAction(name="call"), CreateTask(title="two"), Notify(text="x", members=("M-1",)))


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    store.url = database_url
    yield store
    store.close()


def context(store, **ports):
    ports = {"clock": FixedClock(), "ids": Uuid7(), "notifier": Told(), **ports}
    return Context(store=hearing(store), book=RuleBook.standard(), **ports)


def begun(ctx, leads=3, *, types=("lead.captured",), **fields):
    """Some leads that a rule is to act upon."""
    rule = AutomationRule(
        id="r", trigger=OnEvent(types=types), actions=CALLS, run_as=SYSTEM, pauses=(timedelta(seconds=1),) * 9, **fields
    )

    def fill(uow):
        uow.policies.put(rule)
        uow.save(*(a_lead(id=f"L-{number}", phones=(), score=0).capture() for number in range(leads)))

    ctx.store.run(fill)
    return ctx


def assert_done_once(ctx, runs):
    """Every run has ended well, with two tasks and one notice."""
    with ctx.store.begin(read_only=True) as uow:
        assert uow.automation_runs.count(F.state == "done") == uow.automation_runs.count() == runs
        assert uow.tasks.count(F.title == "one") == uow.tasks.count(F.title == "two") == runs
    told = Told()
    told.drain(ctx.store.outbox, now=ctx.clock.now() + timedelta(days=9_999))
    assert sum(notice.type == "automation.notified" for notice in told.notices) == runs
    assert History.of(ctx.store).breaches() == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("make", ["memory", pytest.param("sqlite", marks=pytest.mark.stress)])
def test_a_fault_at_any_call_leaves_every_action_done_once(make, kind, tmp_path):
    """Fault 38 and the rest: the store fails at its first call, its second, and so on."""
    for at in count(1):
        calls = []
        store = MemoryStore() if make == "memory" else SqlStore(f"sqlite:///{tmp_path}/{kind.name[:2]}{at}.db")
        host = HostSide(performers={"call": lambda call, calls=calls: calls.append(call.key)})
        ctx, plan = begun(context(store, host=host), leads=1), Plan(kind, at=at)
        with suppress(StorageFailed):
            run_automation(disturbed(ctx, plan))
        struck = plan.struck
        for _ in range(3):
            ctx.clock.advance(minutes=6)
            run_automation(ctx)
        assert_done_once(ctx, 1)
        assert (len(set(calls)), len(calls) <= 2) == (1, True)
        store.close()
        if not struck:
            break
    assert at > 5


def test_fault_38_a_disk_that_runs_full_stops_the_work_and_room_lets_it_finish(tmp_path):
    """SQLite itself says that the disk is full, at a place that nobody chose; what was done is done once."""
    store = SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
    room = {"pages": None}

    @sa.event.listens_for(store._engine, "checkout")
    def limit(connection, _record, _proxy):
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {room['pages'] or used + 10_000}")

    calls = []
    ctx = begun(context(store, host=HostSide(performers={"call": lambda call: calls.append(call.key)})), leads=60)
    room["pages"] = 1  # no more than there are
    stopped = 0
    for _ in range(3):
        ctx.clock.advance(minutes=6)
        try:
            run_automation(ctx)
        except StorageFailed:
            stopped += 1
    assert stopped == 3
    with store.begin(read_only=True) as uow:
        assert uow.automation_runs.count(F.state == "done") < 60
    room["pages"] = None
    for _ in range(3):
        ctx.clock.advance(minutes=6)
        run_automation(ctx)
    assert_done_once(ctx, 60)
    assert len(set(calls)) == 60
    store.close()


def test_a_worker_that_slept_past_its_lease_changes_nothing(store):
    """Faults 9 and 10: somebody else went on with the run meanwhile, and its version says so."""
    other = context(store, clock=FixedClock(), host=HostSide(performers={"call": lambda call: None}))
    other.clock.advance(minutes=6)

    def asleep(call):
        run_automation(other)

    ctx = begun(context(store, host=HostSide(performers={"call": asleep})), leads=1)
    assert run_automation(ctx).done == 0
    assert_done_once(ctx, 1)


def test_a_run_that_kills_its_workers_is_parked(store):
    """Fault 18: what nobody survives is not tried for ever, and the others go on."""

    def dies(call):
        if call.subject.id == "L-0":
            raise SystemExit

    ctx = begun(context(store, host=HostSide(performers={"call": dies})), leads=3, lane="single")
    for _ in range(12):
        try:
            run_automation(ctx)
        except SystemExit:
            ctx.clock.advance(minutes=6)
    with ctx.store.begin(read_only=True) as uow:
        states = Counter(run.state.value for run in uow.automation_runs.find())
        [parked] = uow.automation_runs.find(F.state == "failed")
    assert (states, parked.error) == ({"done": 2, "failed": 1}, "LeasePassed")


def lines(path):
    return [json.loads(line)["key"] for line in path.read_bytes().splitlines()]


def test_workers_that_are_killed_leave_every_action_done_once(store, tmp_path):
    """Faults 9 and 26: whoever comes next goes on where the dead one stopped."""
    ctx = begun(context(store), leads=60)
    command = [sys.executable, AUTOMATOR, store.url, "kills", tmp_path / "journal", 25, 1]
    subprocess.run(list(map(str, command)), check=True, timeout=120)
    with store.begin(read_only=True) as uow:
        assert uow.automation_runs.count(F.state == "done") > 0

    ctx.clock.advance(days=9_999)
    keys = []
    ctx = evolve(ctx, host=HostSide(performers={"call": lambda call: keys.append(call.key)}))
    for _ in range(3):
        run_automation(ctx)
        ctx.clock.advance(days=1)
    assert_done_once(ctx, 60)
    assert set(lines(tmp_path / "journal")) | set(keys) == {f"{id}#1" for id in run_ids(ctx)}


def run_ids(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return [run.id for run in uow.automation_runs.find()]


def test_eight_workers_change_one_record_at_once(store, tmp_path):
    """EDGE_CASES 40: each save starts one run; runs of the record follow each other, each action once."""
    ctx = begun(context(store), leads=1, types=("lead.changed",))
    command = [sys.executable, AUTOMATOR, store.url, "crowd", tmp_path / "journal", 8, 3]
    subprocess.run(list(map(str, command)), check=True, timeout=120)

    ctx.clock.advance(days=9_999)
    ctx = evolve(ctx, host=HostSide(performers={"call": lambda call: None}))
    for _ in range(30):
        ctx.clock.advance(minutes=6)
        run_automation(ctx)
    assert_done_once(ctx, 24)
    with ctx.store.begin(read_only=True) as uow:
        runs = uow.automation_runs.find(order=["subject_version"])
        assert uow.leads.get("L-0").score == 24
    assert [run.subject_version for run in runs] == list(range(2, 26))
    ends = [run.ended_at for run in runs]
    assert ends == sorted(ends)
