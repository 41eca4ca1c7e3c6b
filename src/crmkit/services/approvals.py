"""Approvals of stored records: submitted, decided on, withdrawn, submitted again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.ids import ApprovalId, MemberId, Ref
from crmkit.domain.model import revise
from crmkit.domain.stewardship.approval import Approval, ApprovalState
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.approval import Act, ApprovalDecision, ApprovalFacts
from crmkit.services.approval_acts import Choice, changes_of, chosen_of, decided, lock_of, submission, submitted
from crmkit.services.approval_facts import expect_policy, open_approval, policy_of, subject_of
from crmkit.services.context import Context
from crmkit.services.workflow.family import approval_settled, locks_of

__all__ = [
    "add_sign",
    "decide_approval",
    "delegate_approval",
    "resubmit_for_approval",
    "send_back_approval",
    "submit_for_approval",
    "withdraw_approval",
]


def submit_for_approval(
    ctx: Context,
    ref: Ref,
    *,
    by: str,
    chosen: Choice | None = None,
    policy: str = "",
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """The record waits for those who have to approve it, or is approved at once; an approval that was returned is over.

    ``policy`` is the id of the policy; without one it is the first that fits the record. Refused, with nothing
    written, while an approval is pending, or when some step would have nobody to approve.

    Raises:
        InvalidInput: such records cannot be submitted.
        NotAllowed: no such policy is in force for them.
        NotFound: there is no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> ApprovalDecision:
        uow.lock(lock_of(ref), *locks_of(uow, ref))
        record = subject_of(uow, ref, locking="wait")
        running = open_approval(uow, ref, locking="wait")
        pending = running if running is not None and running.state is ApprovalState.PENDING else None
        rules = expect_policy(uow, record, now, policy) if pending is None else policy_of(uow, pending)
        facts = submission(uow, record, rules, by=by, chosen=chosen, comment=comment)
        decision, changes = submitted(uow, rules, revise(facts, id=ApprovalId(ctx.ids.new())), running, now=now)
        uow.save(*changes)
        approval_settled(ctx, uow, changes, now=now)
        return decision

    return ctx.command(work, ApprovalDecision, idempotency_key=idempotency_key)


def decide_approval(
    ctx: Context,
    approval_id: ApprovalId,
    verdict: str,
    *,
    by: str,
    seen: str = "",
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """``by`` has said ``"approve"`` or ``"reject"``, where it is their turn.

    What is approved is what was ``seen``: the seal that ``explain_approval`` gives. Refused, with nothing written, when
    it is not their turn, or the data is not what they saw; where it changed behind the approval's back, the vote does
    not count, and who agreed to better data is asked again.

    Raises:
        InvalidInput: ``verdict`` is neither.
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    if verdict not in (Act.APPROVE, Act.REJECT):
        raise InvalidInput(f"{verdict!r} is no verdict.", field="verdict", hint="Say approve or reject.")
    return _acted(ctx, approval_id, Act(verdict), by, comment, idempotency_key, seen=seen)


def send_back_approval(
    ctx: Context,
    approval_id: ApprovalId,
    *,
    by: str,
    to_step: str = "",
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """It is with ``to_step`` again, an earlier one, or without one with its submitter, who may mend the record.

    Refused, with nothing written, when it is not the turn of ``by``, or there is no such step before.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    return _acted(ctx, approval_id, Act.SEND_BACK, by, comment, idempotency_key, to_step=to_step)


def add_sign(
    ctx: Context,
    approval_id: ApprovalId,
    whom: Sequence[str],
    *,
    by: str,
    after: bool = False,
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """``whom`` have to agree as well (加签), before ``by`` or ``after``: behind the last approver of all too.

    Refused, with nothing written, when it is not the turn of ``by``, the step does not allow it, or one of them
    submitted the record, has a voice in the step already, or is not there.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    named = tuple(map(MemberId, whom))
    return _acted(ctx, approval_id, Act.ADD_SIGN, by, comment, idempotency_key, whom=named, after=after)


def delegate_approval(
    ctx: Context, approval_id: ApprovalId, to: str, *, by: str, comment: str = "", idempotency_key: str | None = None
) -> ApprovalDecision:
    """``to`` answers instead of ``by`` (转交); the history keeps both.

    Refused, with nothing written, when it is not the turn of ``by``, the step does not allow it, or ``to`` submitted
    the record, has a voice in the step already, or is not there.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    return _acted(ctx, approval_id, Act.DELEGATE, by, comment, idempotency_key, whom=(MemberId(to),))


def withdraw_approval(
    ctx: Context,
    approval_id: ApprovalId,
    *,
    by: str | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """The approval is over without a result; ``by`` is its submitter, or ``None`` for the system.

    Refused, with nothing written, when it is settled already, or for anybody else.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    return _acted(ctx, approval_id, Act.WITHDRAW, by, comment, idempotency_key)


def resubmit_for_approval(
    ctx: Context,
    approval_id: ApprovalId,
    *,
    by: str,
    chosen: Choice | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
) -> ApprovalDecision:
    """What was sent back to its submitter is on its way again, from where the policy says, with the data of now.

    Refused, with nothing written, when it was not sent back, for anybody else, or when nobody could approve.

    Raises:
        NotFound: there is no such approval, or the version of its policy or its record is gone.
    """
    return _acted(ctx, approval_id, Act.RESUBMIT, by, comment, idempotency_key, chosen=chosen_of(chosen))


def _locked(uow: UnitOfWork, approval_id: str) -> tuple[Approval, Any]:
    """The approval and its record, which nobody else changes until the unit of work ends."""
    subject = uow.approvals.get(approval_id).subject
    uow.lock(lock_of(subject), *locks_of(uow, subject))
    record = subject_of(uow, subject, locking="wait")
    return uow.approvals.get(approval_id, locking="wait"), record


def _acted(
    ctx: Context, approval_id: ApprovalId, act: Act, by: str | None, comment: str, key: str | None, **more: Any
) -> ApprovalDecision:
    def work(uow: UnitOfWork, now: datetime) -> ApprovalDecision:
        approval, record = _locked(uow, approval_id)
        acting = None if by is None else MemberId(by)
        facts = ApprovalFacts(record=record, approval=approval, act=act, by=acting, comment=comment, **more)
        decision = decided(uow, policy_of(uow, approval), facts, now=now)
        changes = changes_of(approval, decision, now)
        uow.save(*changes)
        approval_settled(ctx, uow, changes, now=now)
        return decision

    return ctx.command(work, ApprovalDecision, idempotency_key=key)
