"""Approvals of stored records: asked, decided, edited and swept, each read back through a fresh unit of work."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.approval import ApprovalAsked, ApprovalState
from crmkit.domain.stewardship.request import RequestOpened
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.approval import (
    ApprovalOutcome,
    ApprovalPolicy,
    ApprovalStep,
    HoldingOutcome,
    Lock,
    RecordField,
    Restart,
    RoleHolders,
    Superior,
    TeamLeader,
    contract_approval,
    discount_application,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.approval_desk import (
    approval_holds,
    approvals_waiting_for,
    explain_approval,
    preview_approval,
    save_edit,
)
from crmkit.services.approval_sweep import sweep_approvals
from crmkit.services.approvals import (
    add_sign,
    decide_approval,
    delegate_approval,
    resubmit_for_approval,
    send_back_approval,
    submit_for_approval,
    withdraw_approval,
)
from crmkit.services.context import Context
from crmkit.testing import (
    NOW,
    FixedClock,
    a_calendar,
    a_lead,
    a_member,
    a_request,
    a_task,
    a_team,
    an_approval,
)

DAY = timedelta(days=1)
REQUEST = Ref(entity="request", id="R-1")
POLICY = discount_application(admins=("M-admin",))
PEOPLE = (
    a_member(id="M-rep", team_id="T-east", manager_id="M-boss"),
    a_member(id="M-boss", manager_id="M-head"),
    a_member(id="M-head", role_ids=("sales-director",)),
    a_member(id="M-other"),
    a_member(id="M-admin"),
    a_team(id="T-east", leader_id="M-other"),
)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=(POLICY,)):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))

    ctx.store.run(fill)


@pytest.fixture
def company(ctx):
    keep(ctx, *PEOPLE, a_request(id="R-1", percent=15, requested_by="M-rep"))
    return ctx


def submitted(ctx, **changes):
    return submit_for_approval(ctx, REQUEST, by="M-rep", **changes).approval.id


def approved(ctx, approval_id, by, **changes):
    seal = explain_approval(ctx, approval_id).seal
    return decide_approval(ctx, approval_id, "approve", by=by, seen=seal, **changes)


def stored(ctx, approval_id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.approvals.get(approval_id)


def told(ctx, approval_id):
    with ctx.store.begin(read_only=True) as uow:
        ref = Ref(entity="approval", id=approval_id)
        return [(entry.type, entry.recipients) for entry in uow.trail.of(ref) if entry.recipients]


def edited(ctx, **fields):
    with ctx.store.begin(read_only=True) as uow:
        request = uow.requests.get("R-1")
    return changed(request, RequestOpened(at=NOW, process="discount", state="new"), now=ctx.clock.now(), **fields)


def move(ctx, member_id, verb):
    with ctx.store.begin() as uow:
        uow.save(uow.members.get(member_id).move(verb, now=ctx.clock.now()))
        uow.commit()


class TestOnItsWay:
    def test_each_step_is_asked_and_told_in_turn_until_it_is_approved(self, company):
        approval_id = submitted(company)
        first = approved(company, approval_id, "M-boss", comment="They take 40.")
        last = approved(company, approval_id, "M-head")

        assert (first.outcome, last.outcome) == (ApprovalOutcome.PENDING, ApprovalOutcome.APPROVED)
        assert stored(company, approval_id).state is ApprovalState.APPROVED
        assert told(company, approval_id) == [
            ("approval.asked", ("M-boss",)),
            ("approval.asked", ("M-head",)),
            ("approval.settled", ("M-rep", "M-head")),
        ]

    def test_the_history_keeps_who_said_what_of_which_data(self, company):
        approval_id = submitted(company)
        seal = explain_approval(company, approval_id).seal
        decide_approval(company, approval_id, "reject", by="M-boss", comment="Too much.")

        votes = stored(company, approval_id).votes
        assert [(vote.act, vote.by, vote.seal, vote.comment) for vote in votes] == [
            ("submit", "M-rep", seal, ""),
            ("reject", "M-boss", seal, "Too much."),
        ]

    def test_a_repeat_with_the_same_key_gets_the_same_answer(self, company):
        first = submit_for_approval(company, REQUEST, by="M-rep", idempotency_key="one")
        again = submit_for_approval(company, REQUEST, by="M-rep", idempotency_key="one")
        assert first == again

    def test_a_record_is_not_submitted_twice(self, company):
        approval_id = submitted(company)
        again = submit_for_approval(company, REQUEST, by="M-rep")

        assert (again.outcome, again.reasons[0].code) == (ApprovalOutcome.REFUSED, "approval.already")
        assert again.approval.id == approval_id

    def test_who_is_added_and_who_is_delegated_to_answer(self, company):
        approval_id = submitted(company)
        add_sign(company, approval_id, ["M-other"], by="M-boss")
        delegate_approval(company, approval_id, "M-admin", by="M-other")
        assert approved(company, approval_id, "M-admin").approval.waiting_for == ("M-boss",)
        assert stored(company, approval_id).asks[0].for_id == "M-other"

    def test_what_was_sent_back_is_mended_and_submitted_again(self, company):
        approval_id = submitted(company)
        approved(company, approval_id, "M-boss")
        send_back_approval(company, approval_id, by="M-head", comment="At most 12.")
        assert save_edit(company, edited(company, percent=12)).saved
        again = resubmit_for_approval(company, approval_id, by="M-rep")

        assert told(company, approval_id)[2] == ("approval.returned", ("M-rep",))
        assert again.approval.waiting_for == ("M-head",)  # the superior agreed to 15 %

    def test_a_new_submission_puts_an_end_to_what_was_sent_back(self, company):
        approval_id = submitted(company)
        send_back_approval(company, approval_id, by="M-boss")
        anew = submit_for_approval(company, REQUEST, by="M-other")

        assert stored(company, approval_id).state is ApprovalState.WITHDRAWN
        assert (anew.outcome, anew.approval.waiting_for) == (ApprovalOutcome.PENDING, ("M-admin",))
        assert anew.approval.id != approval_id

    def test_the_submitter_withdraws_and_submits_anew(self, company):
        approval_id = submitted(company)
        assert withdraw_approval(company, approval_id, by="M-boss").outcome is ApprovalOutcome.REFUSED
        assert withdraw_approval(company, approval_id, by="M-rep").outcome is ApprovalOutcome.WITHDRAWN
        assert submitted(company) != approval_id

    def test_the_first_policy_that_fits_is_taken(self, ctx):
        contract = a_request(id="R-1", process="contract", percent=1)
        keep(ctx, *PEOPLE, contract, policies=(POLICY, contract_approval(admins=("M-admin",))))
        assert submit_for_approval(ctx, REQUEST, by="M-rep").policy.id == "contract-approval"
        other = submit_for_approval(ctx, REQUEST, by="M-rep", policy="discount-application")
        assert other.policy.id == "contract-approval"  # which is pending

    def test_what_no_policy_asks_an_approval_for_is_not_submitted(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1", process="question"))
        assert submit_for_approval(ctx, REQUEST, by="M-rep").outcome is ApprovalOutcome.NOT_NEEDED
        assert approval_holds(ctx, REQUEST).outcome is HoldingOutcome.NOT_NEEDED

    def test_what_does_not_fit_says_what_to_mend(self, company):
        keep(company, a_lead(), a_task(), policies=())
        with pytest.raises(NotAllowed, match="No approval policy is in force for lead"):
            submit_for_approval(company, Ref(entity="lead", id="L-1"), by="M-rep")
        with pytest.raises(InvalidInput, match="cannot be submitted"):
            submit_for_approval(company, Ref(entity="task", id="T-1"), by="M-rep")
        with pytest.raises(InvalidInput, match="is no verdict"):
            decide_approval(company, submitted(company), "abstain", by="M-boss")
        with pytest.raises(NotFound):
            explain_approval(company, "AP-9")

    def test_an_approval_whose_policy_is_gone_says_so(self, company):
        keep(company, an_approval(subject_entity="request", subject_id="R-1"), policies=())
        with pytest.raises(NotFound, match="has no version 1"):
            explain_approval(company, "AP-1")


class TestBefore:
    def test_a_preview_names_who_would_be_asked_in_each_step(self, company):
        view = preview_approval(company, REQUEST, by="M-rep")
        assert [(each.step, each.applies, each.member_ids) for each in view.steps] == [
            ("superior", True, ("M-boss",)),
            ("director", True, ("M-head",)),
        ]
        with company.store.begin(read_only=True) as uow:
            assert uow.approvals.count() == 0

    def test_nobody_can_approve_is_found_before_the_submission(self, ctx):
        alone = discount_application()
        keep(ctx, *PEOPLE[:2], a_request(id="R-1", percent=15), policies=(alone,))
        view, refused = preview_approval(ctx, REQUEST, by="M-rep"), submit_for_approval(ctx, REQUEST, by="M-rep")

        assert view.decision.outcome is refused.outcome is ApprovalOutcome.REFUSED
        assert refused.reasons[0].params["step"] == "director"
        with ctx.store.begin(read_only=True) as uow:
            assert uow.approvals.count() == 0

    def test_a_preview_of_what_is_pending_says_so(self, company):
        submitted(company)
        assert preview_approval(company, REQUEST, by="M-rep").decision.reasons[0].code == "approval.already"

    def test_whoever_a_field_names_and_whoever_leads_the_team_is_found(self, ctx):
        steps = (
            ApprovalStep(name="owner", approvers=(RecordField(field="assignee_id"),)),
            ApprovalStep(name="leader", approvers=(TeamLeader(),)),
        )
        keep(ctx, *PEOPLE, a_request(id="R-1", assignee_id="M-head"), policies=(_policy(steps),))
        view = preview_approval(ctx, REQUEST, by="M-rep")
        assert [each.member_ids for each in view.steps] == [("M-head",), ("M-other",)]

    def test_my_approvals_are_those_in_which_it_is_my_turn(self, company):
        approval_id = submitted(company)
        assert [each.id for each in approvals_waiting_for(company, "M-boss")] == [approval_id]
        assert list(approvals_waiting_for(company, "M-head")) == []


def _policy(steps, **changes):
    return ApprovalPolicy(subject="request", steps=steps, **changes)


class TestWhileItIsPending:
    def test_a_locked_field_is_not_changed_and_others_are(self, company):
        approval_id = submitted(company)
        worse, note = save_edit(company, edited(company, percent=20)), save_edit(company, edited(company, title="40"))

        assert (worse.saved, worse.decision.reasons[0].code) == (False, "approval.locked")
        assert note.saved
        with company.store.begin(read_only=True) as uow:
            assert (uow.requests.get("R-1").percent, uow.requests.get("R-1").title) == (15, "40")
        assert stored(company, approval_id).waiting_for == ("M-boss",)

    def test_an_edit_that_the_policy_lets_through_voids_who_agreed_to_better_data(self, ctx):
        keep(ctx, *PEOPLE, a_request(id="R-1", percent=15), policies=(evolve(POLICY, lock=Lock.VOID),))
        approval_id = submitted(ctx)
        approved(ctx, approval_id, "M-boss")
        assert save_edit(ctx, edited(ctx, percent=20)).decision.outcome is ApprovalOutcome.RESTARTED
        assert stored(ctx, approval_id).waiting_for == ("M-boss",)
        assert save_edit(ctx, edited(ctx, percent=9)).decision.outcome is ApprovalOutcome.RESTARTED

    def test_an_edit_around_the_lock_is_found_by_the_next_vote(self, company):
        approval_id = submitted(company)
        seal = explain_approval(company, approval_id).seal
        change = edited(company, percent=20)
        company.store.run(lambda uow: uow.save(change))
        vote = decide_approval(company, approval_id, "approve", by="M-boss", seen=seal)

        assert vote.outcome is ApprovalOutcome.RESTARTED
        assert stored(company, approval_id).waiting_for == ("M-boss",)
        assert not any(each.act == "approve" for each in stored(company, approval_id).votes)

    def test_records_without_an_approval_are_saved_as_they_are(self, company):
        keep(company, a_task(), policies=())
        with company.store.begin(read_only=True) as uow:
            task = changed(uow.tasks.get("T-1"), now=NOW, title="Call")
        assert save_edit(company, task).saved
        assert save_edit(company, edited(company, percent=3)).decision is None


class TestAfterwards:
    def test_what_got_worse_holds_no_more_and_what_got_better_does(self, company):
        approval_id = submitted(company)
        assert approval_holds(company, REQUEST).outcome is HoldingOutcome.UNAPPROVED
        approved(company, approval_id, "M-boss")
        approved(company, approval_id, "M-head")
        found = []
        for percent in (15, 12, 16):
            save_edit(company, edited(company, percent=percent))
            found.append(approval_holds(company, REQUEST).outcome)

        assert found == [HoldingOutcome.HOLDS, HoldingOutcome.HOLDS, HoldingOutcome.CHANGED]
        assert submit_for_approval(company, REQUEST, by="M-rep").approval.waiting_for == ("M-boss",)

    def test_what_is_no_worse_than_what_was_approved_asks_nobody_again(self, company):
        approval_id = submitted(company)
        approved(company, approval_id, "M-boss")
        approved(company, approval_id, "M-head")
        save_edit(company, edited(company, percent=12))
        assert submit_for_approval(company, REQUEST, by="M-rep").outcome is ApprovalOutcome.APPROVED


class TestSweep:
    def test_who_does_not_answer_is_reminded_once_then_somebody_else_is_asked(self, company):
        approval_id = submitted(company)
        company.clock.advance(days=1)
        first, again = sweep_approvals(company), sweep_approvals(company)
        company.clock.advance(days=1)
        sweep_approvals(company)

        assert (first.reminded, again.reminded, again.moved) == (1, 0, 0)
        assert stored(company, approval_id).waiting_for == ("M-head",)
        assert told(company, approval_id)[1:] == [
            ("approval.reminded", ("M-boss",)),
            ("approval.asked", ("M-head",)),
        ]

    def test_a_sweep_asks_as_many_questions_of_the_database_for_one_approval_as_for_many(self, tmp_path):
        asked = {}
        for count in (1, 40):
            store = SqlStore(f"sqlite:///{tmp_path / f'{count}.db'}")
            ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
            ids = [f"R-{number}" for number in range(count)]
            keep(ctx, *PEOPLE, *(a_request(id=id, percent=15, process="discount") for id in ids))
            for id in ids:
                submit_for_approval(ctx, Ref(entity="request", id=id), by="M-rep")
            ctx.clock.advance(days=1)
            said = []

            @sa.event.listens_for(store._engine, "checkout")
            def listen(connection, _record, _proxy, said=said):
                connection.set_trace_callback(said.append)

            assert sweep_approvals(ctx).reminded == count
            asked[count] = sum(statement.startswith("SELECT") for statement in said)
            store.close()
        assert asked[1] == asked[40] > 0

    def test_who_leaves_is_replaced_by_the_next_sweep(self, company):
        approval_id = submitted(company)
        move(company, "M-boss", "leave")
        sweep_approvals(company)
        assert stored(company, approval_id).waiting_for == ("M-head",)

    def test_a_planned_leave_is_looked_at_when_it_begins_and_the_deputy_asked(self, company):
        leave = Leave(begins=NOW + DAY / 2, ends=NOW + 9 * DAY, deputy_id="M-other")
        with company.store.begin() as uow:
            uow.save(changed(uow.members.get("M-boss"), now=NOW, leaves=(leave,)))
            uow.commit()
        approval_id = submitted(company)
        assert stored(company, approval_id).next_due_at == NOW + DAY / 2
        company.clock.advance(hours=12)
        sweep_approvals(company)
        assert stored(company, approval_id).asks[0].for_id == "M-boss"
        assert approved(company, approval_id, "M-other").approval.waiting_for == ("M-head",)

    def test_working_time_counts_where_a_calendar_is_named(self, ctx):
        steps = (
            ApprovalStep(name="one", approvers=(Superior(),), remind_after=DAY, calendar_id="cn"),
            ApprovalStep(name="two", approvers=(RoleHolders(role_id="sales-director"),)),
        )
        keep(ctx, *PEOPLE, a_calendar(), a_request(id="R-1"), policies=(_policy(steps),))
        ctx.clock.advance(days=(4 - ctx.clock.now().weekday()) % 7)  # a Friday
        submitted(ctx)
        ctx.clock.advance(days=1)
        over_the_weekend = sweep_approvals(ctx).reminded
        ctx.clock.advance(days=2)
        assert (over_the_weekend, sweep_approvals(ctx).reminded) == (0, 1)

    def test_one_that_cannot_be_looked_at_is_reported_and_stops_nobody(self, company):
        lost = an_approval(id="AP-7", subject_entity="request", subject_id="R-1", policy="gone", next_due_at=NOW)
        keep(company, lost, policies=())
        approval_id = submitted_anyway(company)
        company.clock.advance(days=1)
        swept = sweep_approvals(company, batch=1)

        assert [problem.approval_id for problem in swept.problems] == ["AP-7"]
        assert swept.reminded == 1
        assert stored(company, approval_id).asks[0].reminded_at == company.clock.now()

    def test_an_approval_of_a_record_that_is_gone_is_over(self, company):
        approval_id = submitted(company)
        gone = RequestOpened(at=NOW, process="discount", state="gone")
        company.store.run(lambda uow: uow.save(removed(uow.requests.get("R-1"), gone)))
        company.clock.advance(days=1)
        assert sweep_approvals(company).moved == 1
        assert stored(company, approval_id).why == "approval.subject_gone"

    def test_a_batch_is_positive(self, company):
        with pytest.raises(InvalidInput, match="must be positive"):
            sweep_approvals(company, batch=0)

    def test_hundreds_take_as_many_queries_as_one(self, ctx):
        keep(ctx, *PEOPLE, *(a_request(id=f"R-{n}", percent=15, process="discount") for n in range(30)))
        for number in range(30):
            submit_for_approval(ctx, Ref(entity="request", id=f"R-{number}"), by="M-rep")
        ctx.clock.advance(days=1)
        assert sweep_approvals(ctx).reminded == 30
        with ctx.store.begin(read_only=True) as uow:
            assert uow.approvals.count(F.next_due_at <= ctx.clock.now()) == 0


def submitted_anyway(ctx):
    keep(ctx, a_request(id="R-2", percent=15, process="discount"), policies=())
    return submit_for_approval(ctx, Ref(entity="request", id="R-2"), by="M-rep").approval.id


def test_what_was_asked_is_in_the_trail_as_an_event(company):
    approval_id = submitted(company)
    with company.store.begin(read_only=True) as uow:
        [entry] = uow.trail.of(Ref(entity="approval", id=approval_id), type=ApprovalAsked.type)
    assert (entry.recipients, entry.data["step"]) == (("M-boss",), "superior")


def test_a_policy_that_goes_on_where_it_was_is_ready():
    assert POLICY.restart is Restart.SENT_BACK
