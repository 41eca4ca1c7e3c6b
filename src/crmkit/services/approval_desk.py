"""Around approvals: who is asked and why, what would be, what waits for whom, and whether what is was approved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import ApprovalId, Ref
from crmkit.domain.model import Line, Note, model, revise
from crmkit.domain.stewardship.approval import Approval, ApprovalState
from crmkit.ports.store import UnitOfWork
from crmkit.rules.approval import (
    Act,
    ApprovalDecision,
    ApprovalFacts,
    ApprovalOutcome,
    HoldingDecision,
    StepOutlook,
    decide,
    outlook,
    still_holds,
    values_of,
)
from crmkit.services.approval_acts import Choice, edit_under_approval, submission
from crmkit.services.approval_facts import (
    Around,
    approvals_of,
    expect_policy,
    open_approval,
    policy_for,
    policy_of,
    subject_of,
)
from crmkit.services.context import Context

__all__ = [
    "ApprovalView",
    "EditSaved",
    "approval_holds",
    "approvals_waiting_for",
    "edit_under_approval",
    "explain_approval",
    "preview_approval",
    "save_edit",
]

MOST_WAITING = 200


@model
class ApprovalView:
    """An approval as it stands: what is decided of it, each step, and the data with its seal.

    ``seal`` and ``values`` are of the record as it is now: what an approver sees.
    """

    decision: ApprovalDecision
    steps: tuple[StepOutlook, ...]
    seal: Line
    values: Note


@model
class EditSaved:
    """Whether a change of a record was saved, and what it did to a pending approval, if there is one."""

    saved: bool
    decision: ApprovalDecision | None = None


def explain_approval(ctx: Context, approval_id: ApprovalId) -> ApprovalView:
    """Whose turn it is and why, what each step waits for, and the seal that an approver has to give; nothing is written.

    It says what the next act would find: who is away now is replaced already.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, approval = ctx.clock.now(), uow.approvals.get(approval_id)
        record, policy = subject_of(uow, approval.subject), policy_of(uow, approval)
        facts = ApprovalFacts(record=record, approval=approval, act=Act.LEAVE)
        facts = Around.of(uow, [(policy, facts)]).facts(facts)
        decision = decide(policy, facts, now=now)
        after = revise(facts, approval=decision.approval)
        values = values_of(record, policy.relevant, policy.custom_fields)
        steps = outlook(policy, after, now=now)
        return ApprovalView(decision=decision, steps=steps, seal=decision.seal, values=values)


def preview_approval(
    ctx: Context, ref: Ref, *, by: str, chosen: Choice | None = None, policy: str = ""
) -> ApprovalView:
    """What a submission would do: who would be asked in which step, or why it would be refused; nothing is written.

    Raises:
        InvalidInput: such records cannot be submitted.
        NotAllowed: no such policy is in force for them.
        NotFound: there is no such record.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, record = ctx.clock.now(), subject_of(uow, ref)
        running = open_approval(uow, ref)
        pending = running if running is not None and running.state is ApprovalState.PENDING else None
        rules = expect_policy(uow, record, now, policy) if pending is None else policy_of(uow, pending)
        facts = submission(uow, record, rules, by=by, chosen=chosen)
        facts = Around.of(uow, [(rules, facts)]).facts(facts)
        decision = decide(rules, revise(facts, approval=pending), now=now)
        values = values_of(record, rules.relevant, rules.custom_fields)
        return ApprovalView(decision=decision, steps=outlook(rules, facts, now=now), seal=decision.seal, values=values)


def approvals_waiting_for(ctx: Context, member_id: str) -> Sequence[Approval]:
    """The pending approvals in which it is the member's turn, the oldest first; at most 200."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        mine = (F.state == ApprovalState.PENDING) & F.waiting_for.contains(member_id)
        return uow.approvals.find(mine, order=["created_at"], limit=MOST_WAITING)


def approval_holds(ctx: Context, ref: Ref) -> HoldingDecision:
    """Whether the record is, or is no worse than, what was approved last by the policy that is for it.

    Raises:
        InvalidInput: such records cannot be submitted.
        NotAllowed: no approval policy is in force for them.
        NotFound: there is no such record.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, record = ctx.clock.now(), subject_of(uow, ref)
        policy = policy_for(uow, record, now)
        named = F.policy == policy.id if policy is not None else ~F.policy.missing()
        approved = approvals_of(ref) & (F.state == ApprovalState.APPROVED) & named
        found = uow.approvals.find(approved, order=["-created_at"], limit=1)
        approval = found[0] if found else None
        rules = policy_of(uow, approval) if approval is not None else expect_policy(uow, record, now)
        return still_holds(rules, ApprovalFacts(record=record, approval=approval), now=now)


def save_edit(ctx: Context, change: Change[Any], *, idempotency_key: str | None = None) -> EditSaved:
    """The change of a record is saved, unless an approval locks what it changes; one that it makes void starts again.

    Raises:
        NotFound: the record is gone.
        StaleVersion: it changed since it was read.
    """

    def work(uow: UnitOfWork, now: datetime) -> EditSaved:
        if change.before is not None:
            # read only: a row that is kept before the name of its approval could wait for a vote that waits for it
            uow.repository(type(change.before)).get(change.before.id)
        decision, changes = edit_under_approval(uow, change.after, now=now)
        refused = decision is not None and decision.outcome is ApprovalOutcome.REFUSED
        if not refused:
            uow.save(change, *changes)
        return EditSaved(saved=not refused, decision=decision)

    return ctx.command(work, EditSaved, idempotency_key=idempotency_key)
