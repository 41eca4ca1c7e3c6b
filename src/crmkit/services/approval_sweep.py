"""Approvals whose time has come: reminders, escalations, and others in place of those who are gone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import Condition, F, any_of
from crmkit.domain.ids import ApprovalId, Ref
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import APPROVAL, Approval, ApprovalReminded, ApprovalState
from crmkit.errors import CrmError, InvalidInput, StorageFailed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.approval import APPROVABLE, Act, ApprovalDecision, ApprovalFacts, ApprovalPolicy, decide
from crmkit.services.approval_facts import Around, policy_of
from crmkit.services.context import Context
from crmkit.services.workflow.family import RETRY, approval_settled

__all__ = ["ApprovalProblem", "ApprovalsSwept", "sweep_approvals"]

BATCH = 200
"""Approvals of one transaction."""
MOST_PROBLEMS = 100
MOST_GONE = 500
"""Members who went lately; who went before is found by the daily look."""
LATELY = timedelta(days=2)


@model
class ApprovalProblem:
    """An approval that could not be looked at, and why."""

    approval_id: ApprovalId
    reason: Reason


@model
class ApprovalsSwept:
    """How many approvals moved, how many members were reminded, and what could not be looked at."""

    moved: int = 0
    reminded: int = 0
    problems: tuple[ApprovalProblem, ...] = ()
    complete: bool = True


_Case = tuple[Approval, ApprovalPolicy, ApprovalFacts]


def sweep_approvals(ctx: Context, *, batch: int = BATCH) -> ApprovalsSwept:
    """Who does not answer is reminded or passed over, and who is gone is replaced; call it every few minutes.

    What is due is found by an index. Any number of workers share the work, and an approval that cannot be looked at
    is reported and stops nobody.

    Raises:
        InvalidInput: ``batch`` is not positive.
    """
    if batch < 1:
        raise InvalidInput("must be positive.", field="batch", hint="200 is usual.")
    now, problems, counted = ctx.clock.now(), dict[str, ApprovalProblem](), [0, 0]
    while len(problems) < MOST_PROBLEMS:
        failed = list(problems)

        def work(uow: UnitOfWork, failed: Sequence[str] = failed) -> tuple[int, Any, list[Change[Any]]]:
            return _swept(ctx, uow, batch, failed, now)

        looked_at, wrong, changes = ctx.store.run(work, ctx.acting)
        problems |= wrong
        events = [event for change in changes for event in change.events]
        counted[0] += sum(bool(change.events) for change in changes)
        counted[1] += sum(len(event.recipients) for event in events if isinstance(event, ApprovalReminded))
        if not looked_at:
            break
    told, complete = tuple(problems.values()), len(problems) < MOST_PROBLEMS
    return ApprovalsSwept(moved=counted[0], reminded=counted[1], problems=told, complete=complete)


def _swept(
    ctx: Context, uow: UnitOfWork, batch: int, failed: Sequence[str], now: datetime
) -> tuple[int, dict[str, ApprovalProblem], list[Change[Any]]]:
    wanted = _due(uow, now)
    due = uow.approvals.find(
        wanted & ~F.id.in_(failed) if failed else wanted, order=["next_due_at"], limit=batch, locking="skip"
    )
    records = _records(uow, due)
    cases, problems, changes = list[_Case](), dict[str, ApprovalProblem](), list[Change[Any]]()
    for approval in due:
        record = records.get(approval.subject)
        if record is None:
            changes.append(_over(approval, now))
            continue
        try:
            facts = ApprovalFacts(record=record, approval=approval, act=Act.PASS_TIME)
            cases.append((approval, policy_of(uow, approval), facts))
        except StorageFailed:
            raise
        except CrmError as error:
            problems[approval.id] = _problem(approval, error)
    around = Around.of(uow, [(policy, facts) for _, policy, facts in cases]) if cases else None
    for approval, policy, facts in cases:
        try:
            decision = _followed(decide(policy, around.facts(facts) if around else facts, now=now), now)
        except StorageFailed:
            raise
        except Exception as error:  # noqa: BLE001 - one bad approval must not stop the others
            problems[approval.id] = _problem(approval, error)
            continue
        after = decision.approval or approval
        change = approval.become(after, asked=decision.asked, reminded=decision.reminded, now=now)
        changes += [] if change is None else [change]
    uow.save(*changes)
    problems |= _went_on(ctx, uow, changes, now)
    return len(due), problems, changes


def _went_on(
    ctx: Context, uow: UnitOfWork, changes: Sequence[Change[Approval]], now: datetime
) -> dict[str, ApprovalProblem]:
    """Requests that waited have gone on; one that cannot is told, and tries again by its timer."""
    problems: dict[str, ApprovalProblem] = {}
    for change in changes:
        try:
            approval_settled(ctx, uow, [change], now=now)
        except StorageFailed:
            raise
        except CrmError as error:
            problems[change.record.id] = _problem(change.after, error)
            request = uow.requests.get(change.after.subject.id, locking="wait")
            uow.save(request.fill_in({}, timer_at=now + RETRY, now=now))
    return problems


def _due(uow: UnitOfWork, now: datetime) -> Condition:
    """Approvals that are to be looked at by now, or wait for somebody who went lately."""
    due = F.next_due_at <= now
    away = (F.status != MemberStatus.ACTIVE) & (F.updated_at >= now - LATELY)
    gone = uow.members.find(away, order=["-updated_at"], limit=MOST_GONE)
    if not gone:
        return due
    waits = any_of(F.waiting_for.contains(member.id) for member in gone)
    return due | ((F.state == ApprovalState.PENDING) & waits)


def _records(uow: UnitOfWork, approvals: Sequence[Approval]) -> Mapping[Ref, Record]:
    """Those that are there: one query for each entity."""
    ids: dict[str, set[str]] = {}
    for approval in approvals:
        ids.setdefault(approval.subject_entity, set()).add(approval.subject_id)
    known = {entity: some for entity, some in ids.items() if entity in APPROVABLE}
    found = [uow.repository(APPROVABLE[entity]).get_many(sorted(some)) for entity, some in known.items()]
    return {record.ref: record for some in found for record in some.values()}


def _over(approval: Approval, now: datetime) -> Change[Approval]:
    """The record is gone, and so nobody has to approve it."""
    state = APPROVAL.next(approval.state, "withdraw")
    over = revise(approval, state=state, waiting_for=(), asks=(), next_due_at=None, why="approval.subject_gone")
    change = approval.become(revise(over, settled_at=now), now=now)
    assert change is not None  # noqa: S101 - its state differs
    return change


def _followed(decision: ApprovalDecision, now: datetime) -> ApprovalDecision:
    """The decision on an approval whose time has come; one that leaves it due would be made for ever."""
    after = decision.approval
    if after is None or (after.next_due_at is not None and after.next_due_at <= now):
        raise InvalidInput("is due, and nothing follows.", field="approval")
    return decision


def _problem(approval: Approval, error: Exception) -> ApprovalProblem:
    code = error.code if isinstance(error, CrmError) else type(error).__name__
    return ApprovalProblem(approval_id=approval.id, reason=Reason.of("approval.failed", part=approval.id, error=code))
