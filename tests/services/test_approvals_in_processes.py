"""States of a process that wait for an approval."""

from datetime import timedelta

import pytest
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.approval import ApprovalState
from crmkit.domain.stewardship.request import RequestOutcome
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.approval import (
    ApprovalPolicy,
    ApprovalStep,
    Empty,
    Escalate,
    Lock,
    NamedMembers,
    RelevantField,
    Worse,
)
from crmkit.rules.routing import (
    Branch,
    Permit,
    ProcessDefinition,
    Route,
    RoutingOutcome,
    State,
    ToMember,
    ToRequester,
    Transition,
    Who,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.approval_sweep import sweep_approvals
from crmkit.services.approvals import (
    decide_approval,
    resubmit_for_approval,
    send_back_approval,
    submit_for_approval,
    withdraw_approval,
)
from crmkit.services.context import Context
from crmkit.services.workflow import (
    RequestForm,
    advance,
    migrate_requests,
    open_request,
    sweep_requests,
    update_request,
)
from crmkit.testing import FixedClock, a_member, an_account

ANYONE = (Permit(who=Who.ANYONE),)
DONE, LOST = State(name="done", final=True), State(name="lost", final=True, failed=True)
DISCOUNT = RequestForm(
    process="discount", subject=Ref(entity="account", id="A-1"), requested_by="M-rep", title="Pumps", percent=12
)
TERMS = ApprovalPolicy(
    id="terms",
    subject="request",
    when="percent > 5",
    steps=(ApprovalStep(name="boss", approvers=(NamedMembers(member_ids=("M-boss",)),)),),
    relevant=(RelevantField(field="percent", worse=Worse.HIGHER),),
)


def a_step(name, begin, end, **changes):
    return Transition(**{"name": name, "from_state": begin, "to_state": end, "may": ANYONE, **changes})


def a_discount(*branches, at_least=None, **changes):
    return ProcessDefinition(
        **{
            "id": "discount",
            "initial": "draft",
            "states": (
                State(name="draft", routes=(Route(to=ToRequester()),)),
                State(name="review", branches=branches or (Branch(approval="terms"),), at_least=at_least),
                State(name="offer", routes=(Route(to=ToMember(member_id="M-desk")),)),
                DONE,
                LOST,
            ),
            "transitions": (
                a_step("submit", "draft", "review"),
                a_step("recall", "review", "draft"),
                a_step("agreed", "review", "offer", trigger="joined"),
                a_step("refused", "review", "lost", trigger="broken"),
                a_step("send", "offer", "done"),
            ),
            **changes,
        }
    )


LEGAL = ProcessDefinition(
    id="legal",
    initial="open",
    states=(State(name="open", routes=(Route(to=ToMember(member_id="M-desk")),)), DONE, LOST),
    transitions=(a_step("agree", "open", "done"), a_step("refuse", "open", "lost")),
)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    people = (a_member(id=id) for id in ("M-rep", "M-boss", "M-desk"))
    with store.begin() as uow:
        uow.save(created(an_account(id="A-1")), *map(created, people))
        uow.commit()
    adopt(ctx, a_discount(), TERMS, LEGAL)
    return ctx


def adopt(ctx, *policies):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.commit()


def submitted(ctx, form=DISCOUNT):
    request_id = open_request(ctx, form).request_id
    return request_id, advance(ctx, request_id, "submit", by="M-rep")


def stored(ctx, request_id):
    with ctx.store.begin() as uow:
        return uow.requests.get(request_id)


def approvals(ctx):
    with ctx.store.begin() as uow:
        return list(uow.approvals.find(order=["created_at", "id"]))


def say(ctx, verdict, number=-1):
    approval = approvals(ctx)[number]
    return decide_approval(ctx, approval.id, verdict, by="M-boss", seen=approval.seal)


def codes(decision):
    return [reason.code for reason in decision.reasons]


class TestAStateThatWaitsForAnApproval:
    def test_the_approval_begins_with_the_arrival_and_is_about_the_request(self, ctx):
        request_id, decision = submitted(ctx)
        [approval] = approvals(ctx)
        assert decision.approvals == ("terms",)
        assert "routing.approval" in codes(decision)
        assert approval.subject == stored(ctx, request_id).ref
        assert (approval.state, approval.submitted_by, approval.waiting_for) == ("pending", "M-rep", ("M-boss",))

    def test_agreed_to_the_request_goes_on_in_the_same_transaction(self, ctx):
        request_id, _ = submitted(ctx)
        say(ctx, "approve")
        request = stored(ctx, request_id)
        assert (request.state, request.assignee_id) == ("offer", "M-desk")

    def test_rejected_the_request_has_failed(self, ctx):
        request_id, _ = submitted(ctx)
        say(ctx, "reject")
        request = stored(ctx, request_id)
        assert (request.state, request.outcome) == ("lost", RequestOutcome.FAILED)

    def test_withdrawn_by_its_submitter_the_request_has_failed(self, ctx):
        request_id, _ = submitted(ctx)
        withdraw_approval(ctx, approvals(ctx)[0].id, by="M-rep")
        assert stored(ctx, request_id).state == "lost"

    def test_sent_back_the_request_waits_until_it_is_submitted_again_and_agreed_to(self, ctx):
        request_id, _ = submitted(ctx)
        approval_id = approvals(ctx)[0].id
        send_back_approval(ctx, approval_id, by="M-boss", comment="too much")
        assert stored(ctx, request_id).state == "review"
        update_request(ctx, request_id, {"percent": 8})
        resubmit_for_approval(ctx, approval_id, by="M-rep")
        say(ctx, "approve")
        assert stored(ctx, request_id).state == "offer"

    def test_sent_back_and_submitted_anew_by_hand_counts_as_well(self, ctx):
        request_id, _ = submitted(ctx)
        send_back_approval(ctx, approvals(ctx)[0].id, by="M-boss")
        submit_for_approval(ctx, stored(ctx, request_id).ref, by="M-rep", policy="terms")
        assert stored(ctx, request_id).state == "review", "the one that it replaces did not end the request"
        pending = next(each for each in approvals(ctx) if each.state is ApprovalState.PENDING)
        decide_approval(ctx, pending.id, "approve", by="M-boss", seen=pending.seal)
        assert stored(ctx, request_id).state == "offer"

    def test_a_request_that_needs_no_approval_goes_on_at_once(self, ctx):
        request_id, _ = submitted(ctx, evolve(DISCOUNT, percent=3))
        assert (stored(ctx, request_id).state, approvals(ctx)) == ("offer", [])

    def test_left_early_the_approval_is_withdrawn_and_comes_again_with_the_next_arrival(self, ctx):
        request_id, _ = submitted(ctx)
        advance(ctx, request_id, "recall", by="M-rep")
        ctx.clock.advance(timedelta(minutes=1))
        advance(ctx, request_id, "submit", by="M-rep")
        assert [each.state for each in approvals(ctx)] == ["withdrawn", "pending"]
        say(ctx, "approve")
        assert stored(ctx, request_id).state == "offer"

    def test_nobody_to_approve_refuses_the_transition_and_writes_nothing(self, ctx):
        nobody = evolve(
            TERMS, version=2, steps=(evolve(TERMS.steps[0], approvers=(NamedMembers(member_ids=("M-x",)),)),)
        )
        adopt(ctx, evolve(nobody, empty=Empty.REFUSE))
        request_id, decision = submitted(ctx)
        assert decision.outcome is RoutingOutcome.REFUSED
        assert codes(decision)[0] == "routing.approval_refused"
        assert (stored(ctx, request_id).state, approvals(ctx)) == ("draft", [])

    def test_without_a_policy_for_requests_nothing_begins(self, ctx):
        adopt(
            ctx,
            evolve(a_discount(Branch(approval="other")), version=2),
            evolve(TERMS, id="other", subject="lead", when="always()", relevant=()),
        )
        assert codes(submitted(ctx)[1]) == ["routing.approval_refused", "routing.no_approval"]
        adopt(ctx, evolve(a_discount(Branch(approval="none")), version=3))
        assert codes(submitted(ctx)[1]) == ["routing.approval_refused", "routing.no_approval"]

    def test_a_request_of_nobody_cannot_be_submitted(self, ctx):
        adopt(ctx, a_discount(version=2, states=(evolve(a_discount().states[0], routes=()), *a_discount().states[1:])))
        request_id = open_request(ctx, evolve(DISCOUNT, requested_by=None)).request_id
        assert codes(advance(ctx, request_id, "submit")) == ["routing.approval_refused", "routing.no_requester"]


class TestWhatIsApproved:
    def test_relevant_fields_are_locked_while_it_is_pending(self, ctx):
        request_id, _ = submitted(ctx)
        decision = update_request(ctx, request_id, {"percent": 40})
        assert decision.outcome is RoutingOutcome.REFUSED
        assert stored(ctx, request_id).percent == 12
        assert update_request(ctx, request_id, {"details": "by ship"}).outcome is RoutingOutcome.STAYED

    def test_or_whoever_agreed_is_asked_again(self, ctx):
        adopt(ctx, evolve(TERMS, version=2, lock=Lock.VOID))
        request_id, _ = submitted(ctx)
        before = approvals(ctx)[0].seal
        update_request(ctx, request_id, {"percent": 40})
        assert stored(ctx, request_id).percent == 40
        assert approvals(ctx)[0].seal != before


class TestBesideProcesses:
    def test_all_have_to_succeed(self, ctx):
        adopt(ctx, evolve(a_discount(Branch(approval="terms"), Branch(process="legal")), version=2))
        request_id, _ = submitted(ctx)
        say(ctx, "approve")
        assert stored(ctx, request_id).state == "review"
        with ctx.store.begin() as uow:
            [legal] = uow.requests.find(F.parent_id == request_id)
        advance(ctx, legal.id, "agree", by="M-desk")
        assert stored(ctx, request_id).state == "offer"

    def test_or_as_many_as_the_join_asks_for_and_the_others_are_withdrawn(self, ctx):
        adopt(ctx, evolve(a_discount(Branch(approval="terms"), Branch(process="legal"), at_least=1), version=2))
        request_id, _ = submitted(ctx)
        with ctx.store.begin() as uow:
            [legal] = uow.requests.find(F.parent_id == request_id)
        advance(ctx, legal.id, "agree", by="M-desk")
        assert stored(ctx, request_id).state == "offer"
        assert approvals(ctx)[0].state is ApprovalState.WITHDRAWN

    def test_two_approvals_at_once_are_a_fault(self):
        with pytest.raises(InvalidInput, match="2 approvals run at once"):
            a_discount(Branch(approval="terms"), Branch(approval="price"))

    def test_a_branch_is_a_process_or_an_approval(self):
        with pytest.raises(InvalidInput, match="a process or an approval"):
            Branch()
        with pytest.raises(InvalidInput, match="and not both"):
            Branch(process="legal", approval="terms")

    def test_a_newer_version_waits_for_the_same_approval(self, ctx):
        request_id, _ = submitted(ctx)
        adopt(ctx, evolve(a_discount(), version=2, label="new"))
        assert migrate_requests(ctx, "discount").staying == 0
        say(ctx, "approve")
        assert (stored(ctx, request_id).state, stored(ctx, request_id).process_version) == ("offer", 2)

    def test_but_a_request_does_not_leave_its_approval_behind(self, ctx):
        request_id, _ = submitted(ctx)
        adopt(ctx, a_discount(version=2))
        assert migrate_requests(ctx, "discount", {"review": "offer"}).staying == 1
        assert stored(ctx, request_id).state == "review"


class TestTime:
    def test_an_approval_that_is_rejected_by_time_moves_the_request(self, ctx):
        step = evolve(TERMS.steps[0], escalate_after=timedelta(days=1), escalate_to=Escalate.REJECT)
        adopt(ctx, evolve(TERMS, version=2, steps=(step,)))
        request_id, _ = submitted(ctx)
        ctx.clock.advance(timedelta(days=2))
        assert sweep_approvals(ctx).problems == ()
        assert stored(ctx, request_id).state == "lost"

    def test_where_the_process_is_gone_the_sweep_says_so_and_the_request_tries_again(self, ctx):
        step = evolve(TERMS.steps[0], escalate_after=timedelta(days=1), escalate_to=Escalate.REJECT)
        adopt(ctx, evolve(TERMS, version=2, steps=(step,)))
        request_id, _ = submitted(ctx)
        self.change_version(ctx, request_id, 9)
        ctx.clock.advance(timedelta(days=2))
        assert len(sweep_approvals(ctx).problems) == 1
        self.change_version(ctx, request_id, 1)
        ctx.clock.advance(timedelta(hours=1))
        assert sweep_requests(ctx).moved == 1
        assert stored(ctx, request_id).state == "lost"

    @staticmethod
    def change_version(ctx, request_id, version):
        from crmkit.domain.change import changed

        with ctx.store.begin() as uow:
            uow.save(changed(uow.requests.get(request_id), now=ctx.clock.now(), process_version=version))
            uow.commit()

    def test_who_answers_is_told_that_the_process_is_gone(self, ctx):
        request_id, _ = submitted(ctx)
        self.change_version(ctx, request_id, 9)
        with pytest.raises(NotFound, match="no version 9"):
            say(ctx, "approve")
        assert approvals(ctx)[0].state is ApprovalState.PENDING
