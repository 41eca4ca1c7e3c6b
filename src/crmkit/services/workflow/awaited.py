"""Approvals that requests wait for in a state: begun with the arrival, withdrawn when the state is left early."""

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import ApprovalId
from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import Approval, ApprovalState
from crmkit.domain.stewardship.request import Request, RequestOutcome
from crmkit.ports.store import UnitOfWork
from crmkit.rules.approval import ApprovalOutcome, ApprovalPolicy
from crmkit.services.approval_acts import edit_under_approval, lock_of, submission, submitted, withdrawn
from crmkit.services.approval_facts import approvals_of, open_approval
from crmkit.services.context import Context

__all__ = ["Awaited"]

_ENDED = {
    ApprovalState.APPROVED: RequestOutcome.SUCCEEDED,
    ApprovalState.REJECTED: RequestOutcome.FAILED,
    ApprovalState.WITHDRAWN: RequestOutcome.FAILED,
}
"""What the end of an approval means to the request that waits for it."""


class Awaited:
    """The approvals of one family of requests in one unit of work, as they will be; ``changes`` are to be saved."""

    def __init__(self, ctx: Context, uow: UnitOfWork, *, now: datetime) -> None:
        self._ctx = ctx
        self._uow = uow
        self._now = now
        self._changes: dict[str, Change[Approval]] = {}

    @property
    def changes(self) -> tuple[Change[Approval], ...]:
        """What is to be saved."""
        return tuple(self._changes.values())

    def begin(self, request: Request, policy_id: str) -> Sequence[Reason]:
        """The request waits for the approval, unless it needs none; or why it cannot."""
        policy = self._uow.policies.in_force(ApprovalPolicy, self._now, id=policy_id)
        if policy is None or policy.subject != Request.entity:
            return (Reason.of("routing.no_approval", policy=policy_id),)
        if request.requested_by is None:
            return (Reason.of("routing.no_requester"),)
        facts = submission(self._uow, request, policy, by=request.requested_by, chosen=None)
        facts = revise(facts, id=ApprovalId(self._ctx.ids.new()))
        self._uow.lock(lock_of(request.ref))
        running = open_approval(self._uow, request.ref, locking="wait")
        decision, changes = submitted(self._uow, policy, facts, running, now=self._now)
        self._keep(changes)
        return decision.reasons if decision.outcome is ApprovalOutcome.REFUSED else ()

    def edited(self, after: Request) -> Sequence[Reason]:
        """What a pending approval says against the change of the request; it starts again where that makes it void."""
        decision, changes = edit_under_approval(self._uow, after, now=self._now)
        if decision is not None and decision.outcome is ApprovalOutcome.REFUSED:
            return decision.reasons
        self._keep(changes)
        return ()

    def outcomes(self, request: Request, policies: Sequence[str]) -> tuple[RequestOutcome | None, ...]:
        """How those stand that were begun; one that was not needed is not among them."""
        found = (self._of(request, policy) for policy in policies)
        return tuple(_ENDED.get(approval.state) for approval in found if approval is not None)

    def withdraw(self, request: Request, policies: Sequence[str]) -> None:
        """Nobody needs to answer any more."""
        for policy in policies:
            approval = self._of(request, policy)
            if approval is not None and approval.settled_at is None:
                self._keep(withdrawn(self._uow, approval, request, now=self._now))

    def _of(self, request: Request, policy: str) -> Approval | None:
        """The one that began with the arrival in the present state, or took its place."""
        for change in reversed(self._changes.values()):
            if change.after.subject == request.ref and change.after.policy == policy:
                return change.after
        mine = approvals_of(request.ref) & (F.policy == policy) & (F.created_at >= request.arrived_at)
        found = self._uow.approvals.find(mine, order=["-created_at", "-id"], limit=1)
        return found[0] if found else None

    def _keep(self, changes: Sequence[Change[Approval]]) -> None:
        self._changes |= {change.record.id: change for change in changes}
