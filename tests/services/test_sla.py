"""Clocks of stored records: moved with what happens, told once each by any number of sweeps."""

from datetime import timedelta

import pytest
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.stewardship.request import RequestOpened
from crmkit.domain.stewardship.sla_clock import ClockStatus, SlaClock
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.routing import discount_approval
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.sla import Mark, Milestone, SlaOutcome, SlaPolicy, Target, Tell
from crmkit.services import sla
from crmkit.services.context import Context
from crmkit.services.sla import explain_sla, sla_event, sweep_sla
from crmkit.services.workflow import RequestForm, advance, open_request
from crmkit.testing import (
    NOW,
    FixedClock,
    a_calendar,
    a_lead,
    a_member,
    a_request,
    a_team,
    an_opportunity,
    an_sla_clock,
)
from crmkit.testing.contracts.threads import side_by_side

HOUR = timedelta(hours=1)
DECIDED = Milestone(
    name="decided",
    starts=("opened",),
    ends=("approve", "reject"),
    targets=(Target(minutes=240),),
    marks=(Mark(percent=75), Mark(percent=100, tell=(Tell.HOLDER, Tell.SUPERIOR, Tell.LEADER))),
)
POLICY = SlaPolicy(id="request", milestones=(DECIDED,))
PEOPLE = (
    a_member(id="M-rep", team_id="T-east", manager_id="M-boss"),
    a_member(id="M-boss", team_id="T-east", manager_id="M-head", role_ids=("sales-director",)),
    a_member(id="M-head"),
    a_member(id="M-lead"),
    a_team(id="T-east", leader_id="M-lead"),
)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ctx(request):
    if request.param == "memory":
        store = MemoryStore()
    else:
        store = SqlStore(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_schema"))
    yield Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=(POLICY,)):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))

    ctx.store.run(fill)


def told(ctx):
    """What members were told of clocks: whom, of what."""
    with ctx.store.begin(read_only=True) as uow:
        found = [entry for clock in uow.sla_clocks.find() for entry in uow.trail.of(clock.ref)]
    return [(entry.type, entry.recipients) for entry in found]


def clocks(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {clock.record_id: clock for clock in uow.sla_clocks.find()}


def opened(ctx):
    form = RequestForm(
        process="discount-approval", subject=Ref(entity="opportunity", id="O-1"), requested_by="M-rep", percent=8
    )
    return open_request(ctx, form).request_id


class TestRequests:
    def test_a_request_that_is_opened_has_its_clock_and_its_settlement_stops_it(self, ctx):
        keep(ctx, *PEOPLE, an_opportunity(), policies=(POLICY, discount_approval()))
        request_id = opened(ctx)
        assert clocks(ctx)[request_id].due_at == NOW + 4 * HOUR
        ctx.clock.advance(HOUR)
        assert advance(ctx, request_id, "approve", by="M-lead").to_state == "approved"
        [clock] = clocks(ctx).values()
        assert (clock.status, clock.met_at, clock.next_at) == (ClockStatus.MET, NOW + HOUR, None)
        assert told(ctx)[-1] == ("sla.met", ())

    def test_a_transition_that_is_refused_moves_no_clock(self, ctx):
        keep(ctx, *PEOPLE, an_opportunity(), policies=(POLICY, discount_approval()))
        request_id = opened(ctx)
        before = clocks(ctx)
        advance(ctx, request_id, "approve", by="M-rep")
        assert clocks(ctx) == before

    def test_without_a_policy_nothing_is_counted(self, ctx):
        keep(ctx, *PEOPLE, an_opportunity(), policies=(discount_approval(),))
        opened(ctx)
        assert clocks(ctx) == {}
        with pytest.raises(NotAllowed, match="No SLA policy"):
            explain_sla(ctx, a_request(id=opened(ctx)).ref)


class TestSweep:
    def test_marks_are_told_once_each_to_those_who_are_to_hear(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1", assignee_id="M-boss"))
        sla_event(ctx, Ref(entity="request", id="R-1"), "opened")
        counts = []
        for hours in (1, 3, 3.5, 4, 9):
            swept = sweep_sla(at(ctx, NOW + hours * HOUR))
            counts.append((swept.marks, swept.breaches))
        assert counts == [(0, 0), (1, 0), (0, 0), (1, 1), (0, 0)]
        assert told(ctx)[-2:] == [
            ("sla.mark_reached", ("M-boss",)),
            ("sla.breached", ("M-boss", "M-head", "M-lead")),
        ]

    def test_of_what_waits_in_a_queue_everybody_in_it_hears(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1", assignee_id=None, team_id="T-east"))
        sla_event(ctx, Ref(entity="request", id="R-1"), "opened")
        sweep_sla(at(ctx, NOW + 4 * HOUR))
        assert sorted(told(ctx)[-1][1]) == ["M-boss", "M-lead", "M-rep"]

    def test_who_has_left_hears_nothing(self, ctx):
        keep(ctx, revise(PEOPLE[1], status="left"), *PEOPLE[2:], a_request(id="R-1", assignee_id="M-boss"))
        sla_event(ctx, Ref(entity="request", id="R-1"), "opened")
        sweep_sla(at(ctx, NOW + 4 * HOUR))
        assert told(ctx)[-1] == ("sla.breached", ("M-head", "M-lead"))

    def test_two_sweeps_at_once_tell_each_mark_once(self, ctx):
        keep(ctx, *PEOPLE, *(a_request(id=f"R-{n:02}", assignee_id="M-boss") for n in range(40)))
        for n in range(40):
            sla_event(ctx, Ref(entity="request", id=f"R-{n:02}"), "opened")
        later = at(ctx, NOW + 5 * HOUR)
        swept = side_by_side(3, lambda _number: sweep_sla(later, batch=7))
        assert sum(each.breaches for each in swept) == 40
        types = [kind for kind, _ in told(ctx)]
        assert (types.count("sla.breached"), types.count("sla.mark_reached")) == (40, 40)

    def test_a_record_that_cannot_be_looked_at_is_reported_and_the_others_go_on(self, ctx, monkeypatch):
        keep(ctx, *PEOPLE, *(a_request(id=f"R-{n}", assignee_id="M-boss") for n in range(3)))
        for n in range(3):
            sla_event(ctx, Ref(entity="request", id=f"R-{n}"), "opened")
        decide = sla.decide

        def bad(policy, facts, *, now):
            if facts.record.id == "R-1":
                raise ValueError
            return decide(policy, facts, now=now)

        monkeypatch.setattr(sla, "decide", bad)
        swept = sweep_sla(at(ctx, NOW + 4 * HOUR), batch=2)
        assert (swept.breaches, [str(each.record) for each in swept.problems]) == (2, ["request:R-1"])
        assert swept.problems[0].reason.params["error"] == "ValueError"

    def test_nobody_waits_for_a_record_that_is_gone(self, ctx):
        request = a_request(id="R-1", assignee_id="M-boss")
        keep(ctx, *PEOPLE, request)
        sla_event(ctx, request.ref, "opened")
        closed = RequestOpened(at=NOW, process="x", state="y")
        ctx.store.run(lambda uow: uow.save(removed(uow.requests.get("R-1"), closed)))
        assert sweep_sla(at(ctx, NOW + 5 * HOUR)).marks == 0
        assert clocks(ctx)["R-1"].next_at is None
        assert sweep_sla(at(ctx, NOW + 6 * HOUR)).marks == 0

    def test_a_clock_goes_on_by_the_policy_it_was_started_by(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1", assignee_id="M-boss"), a_request(id="R-2", assignee_id="M-boss"))
        sla_event(ctx, Ref(entity="request", id="R-1"), "opened")
        strict = revise(POLICY, version=2, milestones=(revise(DECIDED, targets=(Target(minutes=60),)),))
        keep(ctx, policies=(strict,))
        sla_event(ctx, Ref(entity="request", id="R-2"), "opened")
        assert {id: clock.due_at - NOW for id, clock in clocks(ctx).items()} == {"R-1": 4 * HOUR, "R-2": HOUR}
        assert sweep_sla(at(ctx, NOW + 2 * HOUR)).breaches == 1

    def test_a_clock_that_no_policy_knows_is_reported_and_no_endless_run(self, ctx):
        own = {"next_at": NOW, "milestone": "gone", "policy": "gone"}
        keep(ctx, a_request(id="R-1"), an_sla_clock(id="request:R-1:gone", **own), policies=())
        for policies in ((), (POLICY,)):
            keep(ctx, policies=policies)
            swept = sweep_sla(ctx)
            assert [str(each.record) for each in swept.problems] == ["request:R-1"]
            assert swept.problems[0].reason.params["error"] == "input.invalid"

    def test_a_batch_has_at_least_one(self, ctx):
        with pytest.raises(InvalidInput, match="positive"):
            sweep_sla(ctx, batch=0)


class TestEvents:
    def test_two_events_at_once_start_one_clock(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1"))
        ref = Ref(entity="request", id="R-1")
        found = side_by_side(4, lambda _number: sla_event(ctx, ref, "opened"))
        assert {decision.clocks[0].id for decision in found} == {"request:R-1:decided"}
        assert clocks(ctx)["R-1"].version == 1

    def test_a_lead_has_clocks_in_working_time_that_stand_still_while_it_is_nurtured(self, ctx):
        hours = tuple(Hours(weekday=day, begins=0, ends=12 * 60) for day in range(1, 8))
        first = Milestone(
            name="first_call",
            starts=("captured",),
            ends=("called",),
            paused_in=("nurturing",),
            targets=(Target(when="source == 'fair'", minutes=60),),
            calendar_id="half",
        )
        policy = SlaPolicy(id="lead", record="lead", milestones=(first,))
        half = a_calendar(id="half", zone="UTC", weekdays=range(1, 8), hours=hours)
        lead = a_lead(source="fair", owner_id="M-rep")
        keep(ctx, *PEOPLE, lead, half, policies=(policy,))
        decision = sla_event(ctx, lead.ref, "captured")
        assert decision.clocks[0].due_at == half.business_time().add(NOW, HOUR)
        ctx.store.run(lambda uow: uow.save(uow.leads.get(lead.id).move("nurture", now=NOW)))
        assert sla_event(ctx, lead.ref, "moved").outcome is SlaOutcome.PAUSED
        assert explain_sla(ctx, lead.ref).reasons[0].code == "sla.paused"

    def test_what_happened_earlier_counts_from_then_and_the_future_is_refused(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1"))
        later = at(ctx, NOW + 9 * HOUR)
        ref = Ref(entity="request", id="R-1")
        assert sla_event(later, ref, "opened", at=NOW + 8 * HOUR).clocks[0].due_at == NOW + 12 * HOUR
        with pytest.raises(InvalidInput, match="future"):
            sla_event(later, ref, "approve", at=NOW + 10 * HOUR)

    def test_a_repeat_with_the_same_key_does_nothing_again(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1"))
        ref = Ref(entity="request", id="R-1")
        first = sla_event(ctx, ref, "opened", idempotency_key="k")
        assert sla_event(at(ctx, NOW + HOUR), ref, "opened", idempotency_key="k") == first
        assert clocks(ctx)["R-1"].version == 1

    def test_what_has_no_clocks_or_is_not_there_is_refused(self, ctx):
        keep(ctx)
        with pytest.raises(InvalidInput, match="Choose from: request"):
            sla_event(ctx, Ref(entity="pool", id="P-1"), "opened")
        with pytest.raises(NotFound):
            explain_sla(ctx, Ref(entity="request", id="R-9"))

    def test_there_is_one_clock_for_each_milestone_of_a_record(self):
        assert SlaClock.id_of(Ref(entity="request", id="R-1"), "decided") == "request:R-1:decided"


def at(ctx, moment):
    return evolve(ctx, clock=FixedClock(moment))
