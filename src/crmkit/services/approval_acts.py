"""What is decided of an approval, and what that writes: what services of approvals and of processes share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import revise
from crmkit.domain.stewardship.approval import Approval, ApprovalState, Chosen
from crmkit.ports.store import UnitOfWork
from crmkit.rules.approval import (
    APPROVABLE,
    Act,
    ApprovalDecision,
    ApprovalFacts,
    ApprovalOutcome,
    ApprovalPolicy,
    decide,
)
from crmkit.services.approval_facts import Around, approvals_of, open_approval, policy_of

__all__ = [
    "Choice",
    "changes_of",
    "chosen_of",
    "decided",
    "edit_under_approval",
    "lock_of",
    "submission",
    "submitted",
    "withdrawn",
]

Choice = Mapping[str, Sequence[str]]
"""By the name of a step the members whom the submitter chooses for it."""


def lock_of(subject: Ref) -> str:
    """The name under which one after the other decides on the record."""
    return f"approval:{subject}"


def submission(
    uow: UnitOfWork, record: Any, policy: ApprovalPolicy, *, by: str, chosen: Choice | None, comment: str = ""
) -> ApprovalFacts:
    """The facts of a submission, with the last approval of the record by the same policy."""
    condition = approvals_of(record.ref) & (F.policy == policy.id) & ~F.settled_at.missing()
    earlier = uow.approvals.find(condition, order=["-created_at"], limit=1)
    return ApprovalFacts(
        record=record,
        act=Act.SUBMIT,
        by=MemberId(by),
        comment=comment,
        chosen=chosen_of(chosen),
        earlier=earlier[0] if earlier else None,
    )


def decided(uow: UnitOfWork, policy: ApprovalPolicy, facts: ApprovalFacts, *, now: datetime) -> ApprovalDecision:
    """The decision, with the people that it needs."""
    return decide(policy, Around.of(uow, [(policy, facts)]).facts(facts), now=now)


def submitted(
    uow: UnitOfWork, policy: ApprovalPolicy, facts: ApprovalFacts, running: Approval | None, *, now: datetime
) -> tuple[ApprovalDecision, list[Change[Approval]]]:
    """What a submission leads to, and what it writes: an approval that was ``running`` and returned is over."""
    pending = running if running is not None and running.state is ApprovalState.PENDING else None
    decision = decided(uow, policy, revise(facts, approval=pending), now=now)
    if decision.outcome in (ApprovalOutcome.REFUSED, ApprovalOutcome.NOT_NEEDED):
        return decision, []
    assert decision.approval is not None  # noqa: S101 - told to the type checker
    over = [] if running is None else withdrawn(uow, running, facts.record, now=now)
    return decision, [*over, decision.approval.open(asked=decision.asked, now=now)]


def withdrawn(uow: UnitOfWork, approval: Approval, record: Record, *, now: datetime) -> list[Change[Approval]]:
    """The system takes the approval back."""
    facts = ApprovalFacts(record=record, approval=approval, act=Act.WITHDRAW)
    return changes_of(approval, decided(uow, policy_of(uow, approval), facts, now=now), now)


def changes_of(before: Approval, decision: ApprovalDecision, now: datetime) -> list[Change[Approval]]:
    """What the decision on the approval writes."""
    if decision.approval is None or decision.outcome is ApprovalOutcome.REFUSED:
        return []
    change = before.become(decision.approval, asked=decision.asked, reminded=decision.reminded, now=now)
    return [] if change is None else [change]


def chosen_of(chosen: Choice | None) -> tuple[Chosen, ...]:
    """What the submitter chose, as it is kept."""
    return tuple(Chosen(step=step, member_ids=tuple(map(MemberId, ids))) for step, ids in (chosen or {}).items())


def edit_under_approval(
    uow: UnitOfWork, after: Record, *, now: datetime
) -> tuple[ApprovalDecision | None, list[Change[Approval]]]:
    """What it means for a pending approval that the record is to stand as ``after``, to be saved with it.

    Nothing without one. A decision that refuses means: do not save the record.
    """
    if after.entity not in APPROVABLE:
        return None, []
    # before the approval is read, so that an edit and a vote come one after the other
    uow.lock(lock_of(after.ref))
    approval = open_approval(uow, after.ref, locking="wait")
    if approval is None:
        return None, []
    facts = ApprovalFacts(record=after, approval=approval, act=Act.EDIT)
    decision = decided(uow, policy_of(uow, approval), facts, now=now)
    if decision.outcome is ApprovalOutcome.REFUSED or decision.approval is None:
        return decision, []
    return decision, changes_of(approval, decision, now)
