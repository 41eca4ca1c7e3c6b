"""Rules that act by themselves: started by saves and by the clock, each action once, errors and limits told."""

from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.crm import Crm
from crmkit.domain.change import changed, removed
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.automation_run import RunState
from crmkit.domain.stewardship.request import RequestOpened
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.ports.performers import HostSide
from crmkit.rules.actions import (
    AssignTo,
    CreateTask,
    HostAction,
    Notify,
    OpenRequest,
    ReturnToPool,
    SetField,
)
from crmkit.rules.automation import (
    SYSTEM,
    AutomationOutcome,
    AutomationRule,
    ByHand,
    OnEvent,
    OnSchedule,
    OnTime,
    OnTurningTrue,
)
from crmkit.rules.routing import discount_approval
from crmkit.services import automation_times
from crmkit.services.automation_desk import start_run
from crmkit.services.hearing import hearing
from crmkit.testing import (
    NOW,
    FixedClock,
    a_calendar,
    a_lead,
    a_member,
    a_pool,
    a_task,
    an_interaction,
    an_opportunity,
)
from crmkit.testing.history import Told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEAD = Ref(entity="lead", id="L-1")
CAPTURED = OnEvent(types=("lead.captured",))


@pytest.fixture(params=["memory", "sqlite"])
def crm(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    crm = Crm(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Told())
    crm.add(a_member(id="M-1", manager_id="M-2"), a_member(id="M-2", role_ids=("boss",)), a_pool(id="PO", holds="lead"))
    yield crm
    store.close()


def rule(*actions, trigger=CAPTURED, id="greet", **fields):
    return AutomationRule(id=id, trigger=trigger, actions=actions, **{"run_as": SYSTEM, **fields})


def capture(crm, number=1, **fields):
    crm.save(a_lead(id=f"L-{number}", phones=(), **fields).capture())


def lead(crm, number=1):
    with crm.begin(read_only=True) as uow:
        return uow.leads.get(f"L-{number}")


def edit(crm, number=1, **fields):
    crm.ctx.store.run(
        lambda uow: uow.save(changed(uow.leads.get(f"L-{number}"), now=crm.ctx.clock.now(), **fields)), crm.ctx.acting
    )


def ended(crm, ref=None):
    return sorted(
        (run.policy, run.state.value, run.reason.removeprefix("automation.")) for run in crm.automation.runs(ref)
    )


def told(crm):
    crm.notices.relay()
    return crm.ctx.notifier.notices


def texts(crm):
    return [(notice.data["text"], notice.recipients) for notice in told(crm) if notice.type == "automation.notified"]


# --- what actions do ------------------------------------------------------------------------------


def test_actions_are_done_one_after_the_other(crm):
    crm.adopt(
        rule(
            SetField(name="region", value="East"),
            CreateTask(title="Call {name.given} in {region}", due_in=4 * HOUR),
            Notify(text="{id} is in {region}", manager=True, members=("M-9",), role_ids=("boss",)),
        )
    )
    capture(crm, owner_id="M-1")

    report = crm.automation.run()
    assert (report.done, report.actions) == (1, 3)
    with crm.begin(read_only=True) as uow:
        [task] = uow.tasks.find()
    assert (task.title, task.owner_id, task.due_at) == ("Call 伟 in East", "M-1", NOW + 4 * HOUR)
    assert texts(crm) == [("L-1 is in East", ("M-1", "M-2"))]
    [run] = crm.automation.runs(LEAD)
    assert [step.key for step in run.steps] == [f"{run.id}#{number}" for number in range(3)]
    assert crm.automation.run().done == 0


def test_what_a_rule_does_carries_its_name(crm):
    crm.adopt(rule(SetField(name="region", value="East"), run_as="M-1"))
    capture(crm, owner_id="M-1")
    crm.automation.run()

    with crm.begin(read_only=True) as uow:
        acting = uow.trail.of(LEAD)[-1].acting
    [run] = crm.automation.runs()
    assert (acting.actor, acting.source, acting.reason) == ("M-1", "rule greet v1", f"run {run.id}")


def test_records_change_hands(crm):
    crm.adopt(
        rule(AssignTo(member_id="M-2"), AssignTo(member_id="M-2"), id="give", when="source == 'web'"),
        rule(ReturnToPool(reason="late"), ReturnToPool(), id="drop", when="source == 'fair'"),
    )
    capture(crm, 1, source="web")
    capture(crm, 2, source="fair", owner_id="M-1", owned_since=NOW)

    assert crm.automation.run().done == 2
    assert (lead(crm, 1).owner_id, lead(crm, 2).pool_id) == ("M-2", "PO")


def test_a_request_is_opened(crm):
    crm.adopt(
        discount_approval(), rule(OpenRequest(process="discount-approval", title="{id}", percent=8), run_as="M-1")
    )
    crm.add(a_member(id="M-3"))
    capture(crm, owner_id="M-1")

    assert crm.automation.run().done == 1
    with crm.begin(read_only=True) as uow:
        [request] = uow.requests.find()
    assert (request.title, request.requested_by) == ("L-1", "M-1")


def test_a_task_may_be_due_in_working_time(crm):
    crm.add(a_calendar(id="cn"))
    crm.adopt(rule(CreateTask(title="x", due_in=DAY, calendar_id="cn", member_id="M-2")))
    capture(crm)
    crm.automation.run()

    with crm.begin(read_only=True) as uow:
        [task] = uow.tasks.find()
        assert task.due_at == uow.calendars.get("cn").business_time().add(NOW, DAY)
    assert task.owner_id == "M-2"


def test_rules_are_for_other_records_too(crm):
    crm.adopt(
        rule(Notify(text="{kind}"), trigger=OnEvent(types=("interaction.logged",)), entity="interaction", run_as="M-1"),
        rule(Notify(text="{title}"), trigger=OnEvent(types=("task.planned",)), entity="task", id="task"),
    )
    crm.save(a_lead(owner_id="M-1").capture())
    crm.save(an_interaction(subject_entity="lead", subject_id="L-1", member_id="M-1").log())
    crm.save(a_task(title="Call", owner_id="M-2").plan())

    assert crm.automation.run().done == 2
    assert sorted(text for text, _ in texts(crm)) == ["Call", "call"]


# --- when they start ------------------------------------------------------------------------------


def test_a_run_and_the_save_that_starts_it_are_one(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",))))

    with crm.begin() as uow:
        uow.save(a_lead().capture())  # and no commit
    assert ended(crm) == []


def test_a_condition_that_turns_true_starts_a_rule_each_time(crm):
    crm.adopt(rule(Notify(text="hot", members=("M-1",)), trigger=OnTurningTrue(), when="score >= 60"))
    capture(crm, score=10)
    for score in (70, 80, 20, 90):
        edit(crm, score=score)

    assert crm.automation.run().done == 2


def test_a_rule_comes_back_when_its_condition_was_false_in_between(crm):
    heard = {"trigger": OnEvent(types=("lead.captured", "lead.moved")), "when": "score >= 60"}
    crm.adopt(rule(Notify(text="x", members=("M-1",)), repeat="on_return", **heard))
    capture(crm, score=70)

    def move(verb):
        crm.ctx.store.run(lambda uow: uow.save(uow.leads.get("L-1").move(verb, now=crm.ctx.clock.now())))

    move("work")
    edit(crm, score=10)
    edit(crm, score=80)
    move("nurture")
    move("work")

    assert crm.automation.run().done == 2


def test_once_means_once(crm):
    tell = Notify(text="x", members=("M-1",))
    crm.adopt(
        rule(tell, trigger=OnEvent(changed=("score",)), repeat="once", id="once"),
        rule(tell, trigger=OnEvent(changed=("score",)), repeat="once_per", every=HOUR, id="hourly"),
    )
    capture(crm, score=1)
    for score in range(4):
        crm.ctx.clock.advance(minutes=25)
        edit(crm, score=10 + score)
    crm.automation.run()

    assert Counter(run.policy for run in crm.automation.runs()) == {"once": 1, "hourly": 2}


def test_two_saves_at_once_count_as_two(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",)), trigger=OnEvent(changed=("score",)), repeat="once"))
    first = a_lead(score=1).capture()
    second = changed(first.after, now=NOW, score=2)
    crm.save(first, second)

    assert len(crm.automation.runs()) == 1


def test_imports_start_only_the_rules_that_ask_for_it(crm):
    tell = Notify(text="x", members=("M-1",))
    crm.adopt(rule(tell, id="quiet"), rule(tell, id="keen", imports=True))

    crm.leads.capture_many([{"name": "李伟", "external_id": "1"}, {"name": "王芳", "external_id": "2"}])
    assert Counter(run.policy for run in crm.automation.runs()) == {"keen": 2}


def test_a_record_that_goes_starts_nothing_and_stops_what_has_begun(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",)), trigger=OnEvent(types=("lead.captured", "request.opened"))))
    capture(crm)
    gone = RequestOpened(at=NOW, process="x", state="x")
    crm.save(removed(lead(crm), gone))

    assert crm.automation.run().stopped == 1
    assert ended(crm) == [("greet", "stopped", "record_gone")]


def test_rules_of_other_tenants_hear_nothing(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",))))
    stranger = crm.acting_as("eva", tenant="other")
    capture(stranger)

    assert (ended(crm), ended(stranger)) == ([], [])


def test_a_store_is_listened_to_once(crm):
    assert hearing(crm.ctx.store) is crm.ctx.store


# --- by the clock ---------------------------------------------------------------------------------


def test_three_days_after_the_last_contact(crm):
    crm.adopt(rule(CreateTask(title="again"), trigger=OnTime(field="last_contact_at", after=3 * DAY)))
    capture(crm, 1, last_contact_at=NOW - 2 * DAY)
    capture(crm, 2, last_contact_at=NOW)
    capture(crm, 3)
    seen = []
    for _ in range(5):
        seen.append(crm.automation.run().done)
        crm.automation.run()
        crm.ctx.clock.advance(days=1)

    assert seen == [0, 1, 0, 1, 0]
    edit(crm, 1, last_contact_at=crm.ctx.clock.now() - 9 * DAY)  # written down late
    assert crm.automation.run().done == 1


def test_workdays_wait_for_their_calendar(crm):
    trigger = OnTime(field="last_contact_at", workdays=1, calendar_id="cn")
    crm.adopt(rule(CreateTask(title="again"), trigger=trigger))
    capture(crm, last_contact_at=NOW - HOUR)
    crm.automation.run()
    crm.ctx.clock.advance(days=5)
    assert crm.automation.run().done == 0

    crm.add(a_calendar(id="cn"))
    crm.ctx.clock.advance(minutes=1)
    assert crm.automation.run().done == 1


@pytest.mark.parametrize(("existing", "done"), [(False, 0), (True, 450)])
def test_what_was_late_before_the_rule_counts_only_if_it_says_so(crm, existing, done):
    crm.save(*(a_lead(id=f"L-{n}", phones=(), last_contact_at=NOW - 9 * DAY).capture() for n in range(450)))
    trigger = OnTime(field="last_contact_at", after=3 * DAY, existing=existing)
    crm.adopt(rule(SetField(name="region", value="late"), trigger=trigger))

    assert crm.automation.run().done == done
    assert crm.automation.run().done == 0


def test_a_look_that_is_full_goes_on_where_it_was(crm, monkeypatch):
    """Also where more records have one and the same date than are looked at in one go."""
    monkeypatch.setattr(automation_times, "MOST", 4)
    dates = [NOW - 9 * DAY, NOW - 8 * DAY, *[NOW - 7 * DAY] * 9, NOW - 6 * DAY]
    crm.save(*(a_lead(id=f"L-{n}", phones=(), last_contact_at=date).capture() for n, date in enumerate(dates)))
    crm.adopt(rule(CreateTask(title="x"), trigger=OnTime(field="last_contact_at", existing=True)))

    assert crm.automation.run().done == len(dates)
    assert crm.automation.run().done == 0


def test_who_waited_is_called_when_the_one_before_has_ended(crm):
    crm.adopt(rule(CreateTask(title="x"), trigger=OnEvent(changed=("score",))))
    capture(crm, score=0)
    for score in range(1, 4):
        edit(crm, score=score)

    assert crm.automation.run().done == 4  # and nobody had to wait for a clock
    assert [run.subject_version for run in sorted(crm.automation.runs(), key=lambda run: run.subject_version)] == [
        1,
        2,
        3,
        4,
    ]


def test_days_before_a_day(crm):
    trigger = OnTime(field="expected_close", after=-7 * DAY, zone="Asia/Shanghai", existing=True)
    crm.adopt(rule(Notify(text="{name}", members=("M-1",)), trigger=trigger, entity="opportunity"))
    crm.add(*(an_opportunity(id=f"O-{days}", expected_close=(NOW + days * DAY).date()) for days in (6, 7, 8)))
    seen = []
    for _ in range(4):
        seen.append(crm.automation.run().done)
        crm.ctx.clock.advance(hours=12)

    assert seen == [2, 1, 0, 0]


def test_every_morning(crm):
    crm.adopt(rule(Notify(text="{id}", members=("M-1",)), trigger=OnSchedule(hour=9), when="region == 'East'"))
    crm.save(*(a_lead(id=f"L-{n}", phones=(), region="East" if n else "").capture() for n in range(251)))
    assert crm.automation.run().done == 0

    crm.ctx.clock.advance(hours=1)
    assert crm.automation.run().done == 250
    assert crm.automation.run().done == 0
    crm.ctx.clock.advance(days=3)
    assert crm.automation.run(limit=300).done == 250


# --- limits ---------------------------------------------------------------------------------------


def test_what_is_over_the_budget_waits_and_is_told_once(crm):
    crm.adopt(rule(SetField(name="region", value="x"), most_starts=3, run_as="M-1"))
    for number in range(8):
        capture(crm, number, owner_id="M-1")

    first, again = crm.automation.run(), crm.automation.run()
    assert (first.done, first.delayed, again.done) == (3, ("greet",), 0)
    assert [notice.recipients for notice in told(crm) if notice.type == "automation.delayed"] == [("M-1",)]
    done = [crm.automation.trigger("greet", Ref(entity="lead", id="L-7")).outcome, crm.automation.run().done]
    assert done == [AutomationOutcome.STARTS, 1]
    for expected in (3, 2, 0):
        crm.ctx.clock.advance(minutes=1, seconds=1)
        assert crm.automation.run().done == expected


def test_runs_for_one_record_wait_for_each_other(crm):
    broken = HostSide(performers={"call": lambda call: 1 / 0})
    crm.ctx = evolve(crm.ctx, host=broken)
    crm.adopt(rule(HostAction(name="call"), trigger=OnEvent(changed=("score",))))
    capture(crm, score=1)
    edit(crm, score=2)

    assert crm.automation.run().retried == 1
    crm.ctx = evolve(crm.ctx, host=HostSide(performers={"call": lambda call: None}))
    assert crm.automation.run().done == 0
    crm.ctx.clock.advance(minutes=1)
    assert crm.automation.run().done == 2


def test_a_rule_that_restarts_stops_what_was_under_way(crm):
    crm.ctx = evolve(crm.ctx, host=HostSide(performers={"call": lambda call: 1 / 0}))
    crm.adopt(rule(HostAction(name="call"), trigger=OnEvent(changed=("score",)), lane="restart"))
    capture(crm, score=1)
    crm.automation.run()
    edit(crm, score=2)
    edit(crm, score=3)
    crm.automation.run()

    found = [(run.subject_version, run.state.value, run.reason) for run in crm.automation.runs()]
    assert found == [
        (3, "waiting", ""),
        (2, "stopped", "automation.restarted"),
        (1, "stopped", "automation.restarted"),
    ]


def test_a_rule_that_is_switched_off_leaves_its_runs_waiting(crm):
    policy = rule(Notify(text="x", members=("M-1",)))
    crm.adopt(policy)
    capture(crm)
    crm.adopt(revise(policy, version=2, active=False))
    assert crm.automation.run().done == 0

    crm.adopt(revise(policy, version=3))
    crm.ctx.clock.advance(minutes=5)
    assert crm.automation.run().done == 1
    assert crm.automation.runs()[0].policy_version == 1


# --- errors ---------------------------------------------------------------------------------------


def test_an_action_that_fails_is_tried_again_and_then_parked(crm):
    crm.adopt(rule(SetField(name="region", value="East"), OpenRequest(process="nowhere"), run_as="M-1"))
    capture(crm, owner_id="M-1")
    outcomes = []
    for pause in (MINUTE, 10 * MINUTE, HOUR, HOUR):
        report = crm.automation.run()
        outcomes.append((report.actions, report.retried, report.failed))
        crm.ctx.clock.advance(seconds=pause.total_seconds())

    assert outcomes == [(1, 1, 0), (0, 1, 0), (0, 1, 0), (0, 0, 1)]
    [run] = crm.automation.runs(state=RunState.FAILED)
    assert (run.state.value, run.error, len(run.steps)) == ("failed", "NotFound not_found", 1)
    assert [notice.recipients for notice in told(crm) if notice.type == "automation.failed"] == [("M-1",)]

    assert crm.automation.replay(run.id).state.value == "waiting"
    assert crm.automation.run().retried == 1
    assert crm.automation.discard(run.id).reason == "automation.discarded"
    with pytest.raises(NotAllowed):
        crm.automation.replay(run.id)


def test_a_rule_may_go_on_without_an_action_that_fails(crm):
    crm.adopt(rule(OpenRequest(process="nowhere"), SetField(name="region", value="East"), on_error="continue"))
    capture(crm)
    crm.automation.run()

    [run] = crm.automation.runs()
    assert ([step.error for step in run.steps], lead(crm).region) == (["NotFound not_found", ""], "East")


def test_a_host_action_gets_one_key_however_often_it_is_called(crm):
    calls = []

    def send(call):
        calls.append((call.key, call.action.params["language"], call.subject))
        if len(calls) < 3:
            raise TimeoutError

    crm.ctx = evolve(crm.ctx, host=HostSide(performers={"brochure": send}))
    crm.adopt(rule(HostAction(name="brochure", params={"language": "de"}), Notify(text="x", members=("M-1",))))
    capture(crm)
    for _ in range(3):
        crm.automation.run()
        crm.ctx.clock.advance(hours=1)

    assert len(set(calls)) == 1
    assert len(calls) == 3
    assert ended(crm) == [("greet", "done", "")]


def test_an_action_that_the_host_does_not_know_is_parked(crm):
    crm.adopt(rule(HostAction(name="nothing"), pauses=()))
    capture(crm)

    assert crm.automation.run().failed == 1


def test_a_rule_that_is_gone_stops_its_runs(crm):
    crm.ctx.store.run(
        lambda uow: start_run(uow, rule(Notify(text="x")).ref, "", a_lead(), cause="x", now=NOW), Acting()
    )

    assert crm.automation.run().stopped == 1
    assert ended(crm) == [("greet", "stopped", "rule_gone")]


# --- by hand --------------------------------------------------------------------------------------


def test_a_person_starts_a_rule_once_for_a_key(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",)), trigger=ByHand(), when="region == 'East'"))
    capture(crm)

    no = crm.automation.trigger("greet", LEAD)
    assert (no.outcome.value, no.reasons[0].code) == ("not_meant", "automation.condition")
    edit(crm, region="East")
    for _ in range(2):
        assert crm.automation.trigger("greet", LEAD, idempotency_key="k").outcome.value == "starts"
    assert crm.automation.run().done == 1
    with pytest.raises(NotFound):
        crm.automation.trigger("nothing", LEAD)
    with pytest.raises(InvalidInput):
        crm.automation.trigger("greet", Ref(entity="account", id="A-1"))


def test_every_rule_is_explained(crm):
    crm.adopt(rule(Notify(text="x"), repeat="once", id="a"), rule(Notify(text="x"), id="b", when="score > 9"))
    capture(crm)
    crm.automation.run()

    found = crm.automation.explain(LEAD)
    assert crm.say(found[0].reasons) == "a runs once for a record, and did 2026-01-31 08:00."
    assert crm.say(found[1].reasons, "zh") == "规则 b 仅适用于 score > 9 的记录。"
    with pytest.raises(InvalidInput):
        crm.automation.explain(Ref(entity="member", id="M-1"))


def test_runs_are_listed_by_state_newest_first(crm):
    crm.adopt(rule(Notify(text="x", members=("M-1",))))
    capture(crm, 1)
    crm.ctx.clock.advance(minutes=1)
    capture(crm, 2, created_at=crm.ctx.clock.now(), updated_at=crm.ctx.clock.now())

    assert [run.subject_id for run in crm.automation.runs()] == ["L-2", "L-1"]
    with pytest.raises(InvalidInput):
        crm.automation.runs(limit=0)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"lease": timedelta(0)}])
def test_a_worker_needs_something_to_go_by(crm, wrong):
    with pytest.raises(InvalidInput):
        crm.automation.run(**wrong)


# --- dry run --------------------------------------------------------------------------------------


def test_a_dry_run_decides_as_the_rule_would_have(crm):
    policy = rule(Notify(text="x", members=("M-1",)), trigger=OnTurningTrue(), when="score >= 60", repeat="once")
    for number in (1, 2, 3):
        capture(crm, number, score=10)
        for score in (70, 20, 30 + 20 * number):
            crm.ctx.clock.advance(minutes=1)
            edit(crm, number, score=score)
    before = crm.automation.runs()

    found = crm.automation.dry_run(policy, NOW, NOW + DAY)
    assert (found.saves, found.starts, found.records) == (12, 3, 3)
    assert [(start.record.id, start.at) for start in found.first] == [
        ("L-1", NOW + MINUTE),
        ("L-2", NOW + 4 * MINUTE),
        ("L-3", NOW + 7 * MINUTE),
    ]
    always = crm.automation.dry_run(revise(policy, repeat="always"), NOW, NOW + DAY)
    assert (always.starts, always.records, crm.automation.runs()) == (5, 3, before)


def test_a_dry_run_is_for_saves_within_a_time(crm):
    with pytest.raises(InvalidInput):
        crm.automation.dry_run(rule(Notify(text="x")), NOW, NOW)
    with pytest.raises(InvalidInput):
        crm.automation.dry_run(rule(Notify(text="x"), trigger=ByHand()), NOW, NOW + DAY)


def test_checking_a_rule_knows_those_in_force(crm):
    first = rule(SetField(name="industry", value="IT"), trigger=OnEvent(changed=("region",)), id="a")
    second = rule(SetField(name="region", value="x"), trigger=OnEvent(changed=("industry",)), id="b")
    crm.adopt(first)

    [checked] = crm.insight.check_policies(second)
    assert [problem.code for problem in checked.problems] == ["automation.fault.ring"]
    assert [one.sound for one in crm.insight.check_policies(revise(first, version=2, active=False), second)] == [
        True,
        True,
    ]
