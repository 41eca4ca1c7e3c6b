"""Edges of approvals, one each; the docstrings say how other systems fail at them."""

from datetime import timedelta

import pytest

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Leave, MemberStatus
from crmkit.domain.stewardship.approval import ApprovalState
from crmkit.rules.approval import (
    Act,
    ApprovalFacts,
    ApprovalOutcome,
    ApprovalPolicy,
    ApprovalStep,
    Duplicate,
    Empty,
    Lock,
    Mode,
    NamedMembers,
    Own,
    RelevantField,
    RoleHolders,
    Superior,
    SuperiorChain,
    Worse,
    decide,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.approval_desk import approval_holds, explain_approval, save_edit
from crmkit.services.approvals import decide_approval, submit_for_approval, withdraw_approval
from crmkit.services.context import Context
from crmkit.testing import NOW, FixedClock, a_member, a_request
from crmkit.testing.contracts.threads import side_by_side

DAY = timedelta(days=1)
PERCENT = RelevantField(field="percent", worse=Worse.HIGHER)


def named(names, **changes):
    parts = (NamedMembers(member_ids=tuple(names)),)
    return ApprovalStep(**{"name": f"step {names}", "approvers": parts, **changes})


class Case:
    """S submits 12 %; X is everybody's superior, Y that of X, Z the administrator."""

    def __init__(self, *steps, **changes):
        self.policy = ApprovalPolicy(
            **{"subject": "request", "steps": steps, "admins": ("Z",), "relevant": (PERCENT,), **changes}
        )
        self.people = {name: a_member(id=name, manager_id="X") for name in "SABCD"}
        self.people |= {"X": a_member(id="X", manager_id="Y"), "Y": a_member(id="Y"), "Z": a_member(id="Z")}
        self.record, self.now, self.approval = a_request(percent=12), NOW, None

    def act(self, act, by=None, **asked):
        facts = ApprovalFacts(
            record=self.record,
            approval=self.approval,
            act=act,
            by=by,
            members=tuple(self.people.values()),
            **{"seen": self.seal if act is Act.APPROVE else "", **asked},
        )
        decision = decide(self.policy, facts, now=self.now)
        self.approval = decision.approval
        return decision

    @property
    def seal(self):
        facts = ApprovalFacts(record=self.record, approval=self.approval, act=Act.LEAVE)
        return decide(self.policy, facts, now=self.now).seal

    def submit(self, by="S"):
        return self.act(Act.SUBMIT, by=by)

    def approve(self, *names):
        return [self.act(Act.APPROVE, by=name) for name in names][-1]

    def becomes(self, name, **fields):
        self.people[name] = revise(self.people[name], **fields)

    @property
    def waiting(self):
        return "".join(self.approval.waiting_for)


def codes(decision):
    return [reason.code for reason in decision.reasons]


# --- 39. approvals --------------------------------------------------------------------------------


def test_39_an_approver_who_is_the_submitter_does_not_approve_it_alone():
    """Salesforce lets submitters approve their own records; a node that is just skipped may leave nobody on it."""
    skipped = Case(named("S"), own=Own.SKIP, empty=Empty.REFUSE)
    assert skipped.submit().outcome is ApprovalOutcome.REFUSED

    superior = Case(named("S"), own=Own.SUPERIOR)
    superior.submit()
    assert superior.waiting == "X"

    allowed = Case(named("S"), own=Own.ALLOW)
    allowed.submit()
    assert allowed.approve("S").outcome is ApprovalOutcome.APPROVED


def test_39_the_same_approver_twice_is_asked_as_often_as_declared():
    """Wukong and Salesforce declare nothing for it: a forgotten second click holds the deal up."""
    waiting = {}
    for duplicate in Duplicate:
        case = Case(named("A"), named("B"), named("AC", mode=Mode.ALL), named("B", name="last"), duplicate=duplicate)
        case.submit()
        case.approve("A", "B")
        waiting[duplicate] = case.waiting
    assert waiting == {Duplicate.EVERY: "AC", Duplicate.CONSECUTIVE: "AC", Duplicate.FIRST: "C"}


def test_39_a_member_found_by_two_kinds_of_one_step_has_one_voice():
    """A supervisor who is named as well must not stand in the node twice, with a task that nobody knows is open."""
    step = ApprovalStep(name="both", approvers=(NamedMembers(member_ids=("X", "A")), Superior()), mode=Mode.ALL)
    case = Case(step)
    case.submit()
    assert case.waiting == "XA"
    assert case.approve("X", "A").outcome is ApprovalOutcome.APPROVED


def test_39_an_empty_approver_is_found_before_the_submission():
    """Salesforce fails with an error when the step is reached; Wukong and Cordys can pass it, or ask an administrator."""
    case = Case(named("A"), ApprovalStep(name="legal", approvers=(RoleHolders(role_id="legal"),)), empty=Empty.REFUSE)
    decision = case.submit()
    assert (decision.outcome, decision.approval) == (ApprovalOutcome.REFUSED, None)
    assert decision.reasons[0].params["step"] == "legal"


def test_39_an_approver_who_leaves_mid_flow_is_replaced_with_both_names_kept():
    """The classic complaint about Salesforce: a delegation that was not set up beforehand leaves the record locked."""
    case = Case(named("A"))
    case.submit()
    case.becomes("A", status=MemberStatus.LEFT)
    case.act(Act.LEAVE)
    assert case.waiting == "X"
    assert [(vote.act, vote.for_id, vote.to_id) for vote in case.approval.votes[1:]] == [("replaced", "A", "X")]


def test_39_an_edit_while_pending_is_refused_or_voids_what_was_agreed():
    """Salesforce and Cordys block the edit; where something gets around that, what was typed last is what is approved."""
    locked = Case(named("A"))
    locked.submit()
    locked.record = revise(locked.record, percent=20)
    assert codes(locked.act(Act.EDIT)) == ["approval.locked"]

    void = Case(named("A"), named("B"), lock=Lock.VOID)
    void.submit()
    void.approve("A")
    void.record = revise(void.record, percent=20)
    assert void.act(Act.EDIT).outcome is ApprovalOutcome.RESTARTED
    assert void.waiting == "A"
    void.record = revise(void.record, percent=9)
    void.act(Act.EDIT)
    assert void.waiting == "A"  # nobody has agreed to 20 %, and A's voice was of 12 %


def test_39_an_edit_for_the_better_asks_nobody_again():
    """Without directions any touch of the record sends it round again: the reason why locks are switched off."""
    case = Case(named("A"), named("B"), lock=Lock.VOID)
    case.submit()
    case.approve("A")
    case.record = revise(case.record, percent=9)
    case.act(Act.EDIT)
    assert case.waiting == "B"


def test_39_a_vote_for_data_that_was_not_seen_does_not_count():
    """No peer asks what was on the screen: approved is what the record holds when the button arrives."""
    case = Case(named("A"))
    case.submit()
    assert codes(case.act(Act.APPROVE, by="A", seen="0" * 64)) == ["approval.not_seen"]


def test_39_one_refusal_of_a_countersignature_rejects():
    """The others of a refused countersign node must not keep tasks by which they agree to what was rejected."""
    case = Case(named("ABC", mode=Mode.ALL))
    case.submit()
    case.approve("A")
    assert case.act(Act.REJECT, by="B").outcome is ApprovalOutcome.REJECTED
    late = case.act(Act.APPROVE, by="C")
    assert (late.outcome, codes(late)) == (ApprovalOutcome.REFUSED, ["approval.not_pending"])
    assert case.waiting == ""


def test_39_add_sign_behind_the_last_node_keeps_it_open_until_that_one_answers():
    """A flow that ends with the last node of its definition forgets whoever was added behind it."""
    case = Case(named("A"))
    case.submit()
    case.act(Act.ADD_SIGN, by="A", whom=("D",), after=True)
    assert case.approve("A").outcome is ApprovalOutcome.PENDING
    assert case.waiting == "D"
    assert case.approve("D").outcome is ApprovalOutcome.APPROVED


def test_39_who_is_added_may_refuse_for_whoever_added_them():
    """A voice that can only agree is none."""
    case = Case(named("AB", mode=Mode.QUORUM, quorum=2))
    case.submit()
    case.act(Act.ADD_SIGN, by="A", whom=("D",))
    assert case.act(Act.REJECT, by="D").outcome is ApprovalOutcome.REJECTED


@pytest.mark.parametrize("whom", ["S", "B", "A"])
def test_39_nobody_votes_twice_or_for_themselves_by_delegation(whom):
    """A delegate who submitted the record approves their own; one with a task of their own votes twice."""
    case = Case(named("AB", mode=Mode.ALL))
    case.submit()
    assert case.act(Act.DELEGATE, by="A", whom=(whom,)).outcome is ApprovalOutcome.REFUSED


@pytest.fixture
def ctx(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
    yield Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=None, book=RuleBook.standard())
    store.close()


def fill(ctx, count, **changes):
    policy = ApprovalPolicy(subject="request", steps=(named("A"),), relevant=(PERCENT,), **changes)
    requests = [a_request(id=f"R-{n}", percent=12) for n in range(count)]

    def work(uow):
        uow.policies.put(policy)
        uow.save(*map(created, [a_member(id="S"), a_member(id="A"), *requests]))

    ctx.store.run(work)
    refs = [Ref(entity="request", id=request.id) for request in requests]
    return [(ref, submit_for_approval(ctx, ref, by="S").approval.id) for ref in refs]


def stored(ctx, approval_id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.approvals.get(approval_id)


def test_39_of_a_withdrawal_and_the_last_approval_at_once_exactly_one_happens(ctx):
    """Where both read "pending" and then write, as peers do when customers are claimed, it is approved and withdrawn."""
    for _, approval_id in fill(ctx, 6):
        seal = explain_approval(ctx, approval_id).seal

        def race(number, approval_id=approval_id, seal=seal):
            if number:
                return withdraw_approval(ctx, approval_id, by="S")
            return decide_approval(ctx, approval_id, "approve", by="A", seen=seal)

        outcomes = {decision.outcome for decision in side_by_side(2, race)}
        [settled] = outcomes - {ApprovalOutcome.REFUSED}
        assert len(outcomes) == 2
        assert stored(ctx, approval_id).state.value == settled.value


def test_39_of_an_edit_and_an_approval_at_once_what_is_approved_was_seen(ctx):
    """Cordys blocks edits by an aspect; a check before the transaction lets one through between the check and the vote."""
    for ref, approval_id in fill(ctx, 6, lock=Lock.VOID):
        seal = explain_approval(ctx, approval_id).seal
        with ctx.store.begin(read_only=True) as uow:
            edit = changed(uow.requests.get(ref.id), now=NOW, percent=20)

        def race(number, edit=edit, approval_id=approval_id, seal=seal):
            if number:
                return save_edit(ctx, edit).saved
            return decide_approval(ctx, approval_id, "approve", by="A", seen=seal).outcome

        vote, saved = side_by_side(2, race)
        approval = stored(ctx, approval_id)
        assert saved
        assert (approval.state is ApprovalState.APPROVED) == (vote is ApprovalOutcome.APPROVED)
        assert approval.seal == seal or approval.state is ApprovalState.PENDING
        assert approval_holds(ctx, ref).outcome.value in ("changed", "unapproved")


# --- 18. who is not there -------------------------------------------------------------------------


def test_18_a_deputy_answers_for_an_approver_on_leave():
    """Salesforce wants delegates set up beforehand: a forgotten one locks the record over the weekend."""
    case = Case(named("A"))
    case.becomes("A", leaves=(Leave(begins=NOW - DAY, ends=NOW + DAY, deputy_id="D"),))
    case.submit()
    assert (case.waiting, case.approval.asks[0].for_id) == ("D", "A")


def test_18_a_deputy_acts_at_once_when_a_leave_begins_meanwhile():
    """Nobody has to wait for a nightly job to hand the tasks over."""
    case = Case(named("A"))
    case.becomes("A", leaves=(Leave(begins=NOW + DAY, ends=NOW + 2 * DAY, deputy_id="D"),))
    case.submit()
    case.now = NOW + DAY
    assert case.approve("D").outcome is ApprovalOutcome.APPROVED


def test_18_deputies_who_are_away_themselves_pass_it_on_and_a_circle_ends():
    """Two colleagues who deputise for each other lose the task in a loop, or get it back and forth."""
    case = Case(named("A"))
    for name, deputy in (("A", "B"), ("B", "A")):
        case.becomes(name, leaves=(Leave(begins=NOW, ends=NOW + DAY, deputy_id=deputy),))
    case.submit()
    assert case.waiting == "X"


@pytest.mark.parametrize("status", [MemberStatus.ON_LEAVE, MemberStatus.LEFT])
def test_18_without_a_deputy_the_superior_is_asked_then_an_administrator(status):
    """On leave without an end, or gone: nobody is waited for who may never come."""
    case = Case(named("A"))
    for name, expected in (("A", "X"), ("X", "Y"), ("Y", "Z")):
        case.becomes(name, status=status)
        case.approval = None
        case.submit()
        assert case.waiting == expected


def test_18_an_approver_who_was_deleted_is_not_waited_for():
    """A task of a user who does not exist is in nobody's list."""
    case = Case(named("AB", mode=Mode.ALL), admins=())
    case.submit()
    del case.people["A"]
    case.act(Act.LEAVE)
    assert case.waiting == "B"
    del case.people["B"]
    assert case.act(Act.LEAVE).outcome is ApprovalOutcome.RETURNED
    assert case.approval.why == "approval.returned_for_nobody"


def test_18_a_missing_superior_is_said_before_the_submission():
    """The managing director's own request waits for a superior who does not exist."""
    case = Case(ApprovalStep(name="line", approvers=(SuperiorChain(),)), empty=Empty.REFUSE)
    assert case.submit(by="Y").outcome is ApprovalOutcome.REFUSED


def test_18_superiors_in_a_circle_end_the_chain():
    """A is B's superior and B is A's: a chain that is walked without looking back never ends."""
    case = Case(ApprovalStep(name="line", approvers=(SuperiorChain(),), mode=Mode.SEQUENTIAL))
    case.becomes("Y", manager_id="X")
    case.submit()
    assert [ask.member_id for ask in case.approval.asks] == ["X", "Y"]


def test_18_a_short_absence_is_waited_out_where_the_policy_has_patience():
    """An afternoon off is no reason to bother the board."""
    case = Case(named("A"), patience=DAY)
    case.becomes("A", leaves=(Leave(begins=NOW, ends=NOW + DAY),))
    case.submit()
    assert case.waiting == "A"
