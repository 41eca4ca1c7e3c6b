"""Requests run through their process, keep their version and their history, and never move by halves."""

import threading
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.routing import (
    Permit,
    ProcessDefinition,
    Route,
    RoutingOutcome,
    State,
    ToManager,
    ToMember,
    ToTeam,
    Transition,
    Who,
    discount_approval,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.workflow import RequestForm, advance, open_request
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member, a_role, a_team

LEAD = Ref(entity="lead", id="L-1")
DISCOUNT = RequestForm(process="discount-approval", subject=LEAD, requested_by="M-rep", title="Pumps", percent=8)


@pytest.fixture
def ctx():
    ctx = Context(
        store=MemoryStore(), clock=FixedClock(), ids=FixedIds("R"), notifier=Inbox(), book=RuleBook.standard()
    )
    keep(
        ctx,
        a_lead(),
        a_role(id="sales-director"),
        a_team(id="T-sales", leader_id="M-head"),
        a_team(id="T-east", leader_id="M-leader", parent_id="T-sales"),
        a_member(id="M-rep", team_id="T-east", manager_id="M-boss"),
        a_member(id="M-leader", team_id="T-east"),
        a_member(id="M-head"),
        a_member(id="M-boss", manager_id="M-chief"),
        a_member(id="M-chief"),
        a_member(id="M-director", role_ids=("sales-director",)),
        policy=discount_approval(),
    )
    return ctx


def keep(ctx, *records, policy=None):
    with ctx.store.begin() as uow:
        if policy is not None:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def change(ctx, member_id, verb):
    with ctx.store.begin() as uow:
        uow.save(uow.members.get(member_id).move(verb, now=NOW))
        uow.commit()


def stored(ctx, request_id="R-000001"):
    with ctx.store.begin() as uow:
        return uow.requests.get(request_id)


def a_process(*routes, process="service", may=(Permit(who=Who.ANYONE),)):  # noqa: B008 - a frozen value
    return ProcessDefinition(
        id=process,
        initial="open",
        states=(State(name="open", routes=routes), State(name="done", final=True)),
        transitions=(Transition(name="close", from_state="open", to_state="done", may=may),),
    )


class TestOpening:
    def test_the_request_is_there_with_who_takes_it(self, ctx):
        opened = open_request(ctx, DISCOUNT)
        request = stored(ctx, opened.request_id)
        assert (request.state, request.assignee_id, request.due_at) == ("leader_review", "M-leader", NOW + timedelta(1))
        assert (request.process, request.process_version, request.percent) == ("discount-approval", 1, 8)

    def test_who_takes_it_is_told(self, ctx):
        open_request(ctx, DISCOUNT)
        (notice,) = ctx.store.outbox.claim(limit=9, now=NOW, until=NOW + timedelta(1))
        assert (notice.type, notice.recipients) == ("request.opened", ("M-leader",))

    def test_everybody_who_may_take_it_out_of_a_queue_is_told(self, ctx):
        keep(ctx, policy=a_process(Route(to=ToTeam(team_id="T-east"))))
        keep(ctx, a_member(id="M-away", team_id="T-east", status="on_leave"), a_member(id="M-b", team_id="T-east"))
        open_request(ctx, revise(DISCOUNT, process="service"))
        assert (stored(ctx).assignee_id, stored(ctx).team_id) == (None, "T-east")
        (notice,) = ctx.store.outbox.claim(limit=9, now=NOW, until=NOW + timedelta(1))
        assert notice.recipients == ("M-b", "M-leader")

    def test_a_request_that_belongs_to_nobody_tells_nobody(self, ctx):
        keep(ctx, policy=a_process())
        open_request(ctx, revise(DISCOUNT, process="service"))
        (notice,) = ctx.store.outbox.claim(limit=9, now=NOW, until=NOW + timedelta(1))
        assert notice.recipients == ()

    def test_nothing_is_written_when_nobody_can_take_it(self, ctx):
        keep(ctx, policy=a_process(Route(to=ToMember(member_id="M-9"))))
        opened = open_request(ctx, revise(DISCOUNT, process="service"))
        assert (opened.request_id, opened.decision.outcome) == (None, RoutingOutcome.REFUSED)
        with ctx.store.begin() as uow:
            assert uow.requests.count() == 0

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"process": "holiday"}, NotFound),
            ({"subject": Ref(entity="lead", id="L-9")}, NotFound),
            ({"subject": Ref(entity="leed", id="L-1")}, InvalidInput),
        ],
    )
    def test_what_is_not_there_is_named(self, ctx, changes, error):
        with pytest.raises(error):
            open_request(ctx, revise(DISCOUNT, **changes))

    def test_a_repeat_under_the_same_key_opens_nothing_new(self, ctx):
        first = open_request(ctx, DISCOUNT, idempotency_key="k")
        assert open_request(ctx, DISCOUNT, idempotency_key="k") == first
        with ctx.store.begin() as uow:
            assert uow.requests.count() == 1

    def test_a_manager_away_hands_it_to_the_managers_manager(self, ctx):
        keep(ctx, policy=a_process(Route(to=ToManager())))
        change(ctx, "M-boss", "go_on_leave")
        open_request(ctx, revise(DISCOUNT, process="service"))
        assert stored(ctx).assignee_id == "M-chief"

    def test_a_leader_away_hands_it_to_the_leader_of_the_team_above(self, ctx):
        change(ctx, "M-leader", "go_on_leave")
        open_request(ctx, DISCOUNT)
        assert stored(ctx).assignee_id == "M-head"

    def test_without_a_requester_there_is_no_hierarchy_to_climb(self, ctx):
        keep(ctx, policy=a_process(Route(to=ToManager()), Route(to=ToMember(member_id="M-rep"))))
        open_request(ctx, RequestForm(process="service", subject=LEAD))
        assert stored(ctx).assignee_id == "M-rep"


class TestAdvancing:
    def test_a_small_discount_ends_with_the_leader(self, ctx):
        open_request(ctx, DISCOUNT)
        decision = advance(ctx, "R-000001", "approve", by="M-leader", comment="fine")
        assert (decision.outcome, decision.to_state) == (RoutingOutcome.MOVED, "approved")
        request = stored(ctx)
        assert (request.state, request.closed_at, request.assignee_id) == ("approved", NOW, None)
        assert [(step.transition, step.by, step.comment) for step in request.steps] == [
            ("open", "M-rep", ""),
            ("approve", "M-leader", "fine"),
        ]

    def test_a_large_discount_goes_on_to_the_director(self, ctx):
        open_request(ctx, revise(DISCOUNT, percent=25))
        advance(ctx, "R-000001", "approve", by="M-leader")
        assert (stored(ctx).state, stored(ctx).assignee_id) == ("director_review", "M-director")
        assert advance(ctx, "R-000001", "approve", by="M-director").final

    def test_a_refusal_writes_nothing(self, ctx):
        open_request(ctx, DISCOUNT)
        before = stored(ctx)
        decision = advance(ctx, "R-000001", "approve", by="M-rep")
        assert decision.outcome is RoutingOutcome.REFUSED
        assert stored(ctx) == before

    def test_hand_overs_stay_in_the_history(self, ctx):
        open_request(ctx, DISCOUNT)
        for transition, by in (("send_back", "M-leader"), ("resubmit", "M-rep"), ("reject", "M-leader")):
            assert advance(ctx, "R-000001", transition, by=by).outcome is RoutingOutcome.MOVED
        steps = [(step.from_state, step.to_state) for step in stored(ctx).steps[1:]]
        assert steps == [("leader_review", "returned"), ("returned", "leader_review"), ("leader_review", "rejected")]

    def test_the_system_may_do_what_anyone_may(self, ctx):
        keep(ctx, policy=a_process())
        open_request(ctx, revise(DISCOUNT, process="service"))
        assert advance(ctx, "R-000001", "close").outcome is RoutingOutcome.MOVED

    def test_a_running_request_stays_on_the_version_it_began_with(self, ctx):
        open_request(ctx, revise(DISCOUNT, percent=12))
        keep(ctx, policy=revise(discount_approval(leader_percent=15), version=2))
        open_request(ctx, revise(DISCOUNT, percent=12))
        assert advance(ctx, "R-000001", "approve", by="M-leader").to_state == "director_review"
        assert advance(ctx, "R-000002", "approve", by="M-leader").to_state == "approved"

    def test_a_version_that_is_gone_is_named(self, ctx):
        keep(ctx, revise(stored_draft(), process_version=7))
        with pytest.raises(NotFound, match="no version 7"):
            advance(ctx, "R-draft", "approve", by="M-leader")

    @pytest.mark.parametrize(("request_id", "by"), [("R-9", "M-leader"), ("R-000001", "M-9")])
    def test_who_or_what_is_not_there_is_named(self, ctx, request_id, by):
        open_request(ctx, DISCOUNT)
        with pytest.raises(NotFound):
            advance(ctx, request_id, "approve", by=by)

    def test_a_repeat_under_the_same_key_moves_nothing_twice(self, ctx):
        open_request(ctx, DISCOUNT)
        first = advance(ctx, "R-000001", "send_back", by="M-leader", idempotency_key="k")
        assert advance(ctx, "R-000001", "send_back", by="M-leader", idempotency_key="k") == first
        assert len(stored(ctx).steps) == 2

    def test_of_many_who_decide_at_once_one_does(self, ctx):
        open_request(ctx, DISCOUNT)
        outcomes, start = [], threading.Barrier(8)

        def decide(transition):
            start.wait()
            outcomes.append(advance(ctx, "R-000001", transition, by="M-leader").outcome)

        verbs = ["approve", "reject"] * 4
        threads = [threading.Thread(target=decide, args=(verb,)) for verb in verbs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["moved"] + ["refused"] * 7
        assert len(stored(ctx).steps) == 2


def stored_draft():
    return DISCOUNT.draft("R-draft", discount_approval(), now=NOW)
