"""What moves the clocks of a record besides follow-ups: evidence, progress, locks, and the leave of its owner.

Whatever changes an input of a deadline writes the new deadline in the same transaction, so that the sweep
and everybody who looks at the record see the same.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crmkit.domain.change import Change, changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.protection import Protection
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import PermitDecision, ReclaimCause, decide_lock
from crmkit.services.context import Context
from crmkit.services.custody import OWNED, UNSETTLED, Custody, lock_of, owned_by

__all__ = ["Recounted", "attest", "lock", "plan_leave", "progressed", "recount", "unlock", "with_deadline", "withdraw"]

BATCH = 500
"""Records of one transaction."""
SPARED = (ReclaimCause.EXEMPTION_ENDED, ReclaimCause.EVIDENCE_ENDED)
"""Deadlines that stand only because something spared the record."""


@model
class Recounted:
    """How many records of a member were looked at, and of how many the deadline moved."""

    looked_at: int = 0
    moved: int = 0


def attest(ctx: Context, ref: Ref, evidence: Evidence, *, idempotency_key: str | None = None) -> Protection:
    """``evidence`` stands on the record, and its deadline is as late or later.

    Raises:
        NotFound: no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Protection:
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        return _counted(uow, record.attest(evidence, now=now), now=now)

    return ctx.command(work, Protection, idempotency_key=idempotency_key)


def withdraw(ctx: Context, ref: Ref, kind: str, source: str, *, idempotency_key: str | None = None) -> Protection:
    """What ``source`` attested no longer holds: a contract was cancelled, a case was closed.

    Where only that kept the record with its owner, the deadline is that of the clocks, at least the
    policy's grace from now, and never later than it was.

    Raises:
        NotAllowed: the record has no such evidence.
        NotFound: no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Protection:
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        custody = Custody.of(uow, ref.entity, now=now, owners=(record.owner_id,), pools=False)
        policy = custody.rules(custody.owners.get(record.owner_id or "")).policy
        anew = record.reclaim_cause in SPARED or (policy is not None and kind in policy.won_by)
        return _counted(uow, record.withdraw(kind, source, now=now), now=now, custody=custody, anew=anew)

    return ctx.command(work, Protection, idempotency_key=idempotency_key)


def progressed(ctx: Context, ref: Ref, *, at: datetime | None = None, idempotency_key: str | None = None) -> Protection:
    """The work with the customer got further at ``at`` (now, if not given): a stage reached, a quote sent.

    Raises:
        InvalidInput: ``at`` lies in the future.
        NotFound: no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Protection:
        moment = at or now
        if moment > now:
            raise InvalidInput("lies in the future.", field="at", hint="Give when it happened.")
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        clock = record.running
        latest = max(filter(None, (clock.progressed_at, moment)))
        return _counted(uow, changed(record, now=now, clock=revise(clock, progressed_at=latest)), now=now)

    return ctx.command(work, Protection, idempotency_key=idempotency_key)


def lock(ctx: Context, ref: Ref, member_id: str, *, days: int, idempotency_key: str | None = None) -> PermitDecision:
    """The owner has locked the record for ``days``, if the reclaim policy permits it; a lock is evidence like others.

    A refusal is an answer with all its reasons; it writes nothing.

    Raises:
        NotAllowed: no reclaim policy is in force for the record's owner.
        NotFound: no such record or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> PermitDecision:
        # before anything is read, so that the quota holds however many are locked at once
        uow.lock(lock_of(member_id))
        member = uow.members.get(member_id)
        repository = owned_by(uow, ref.entity)
        record = repository.get(ref.id, locking="wait")
        policy = Custody.of(uow, ref.entity, now=now, pools=False).with_owner(member).policy_of(member_id)
        others = (F.owner_id == member_id) & (F.locked_until > now) & (F.id != ref.id)
        locked = repository.count(others, now=now)
        decision = decide_lock(policy, record, member_id=member_id, locked=locked, days=days, now=now)
        if decision.until is not None:
            uow.save(record.lock(decision.until, now=now))
        return decision

    return ctx.command(work, PermitDecision, idempotency_key=idempotency_key)


def unlock(ctx: Context, ref: Ref, member_id: str, *, idempotency_key: str | None = None) -> Protection:
    """The lock is off; where only that kept the record, its deadline is as ``withdraw`` says.

    Raises:
        NotAllowed: the member does not own it, or it is not locked.
        NotFound: no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Protection:
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        if record.owner_id != member_id or record.locked_until is None:
            raise NotAllowed(f"{ref} is not locked by this member.", hint="Ask its owner.", id=ref.id)
        return _counted(uow, record.unlock(now=now), now=now, anew=record.reclaim_cause in SPARED)

    return ctx.command(work, Protection, idempotency_key=idempotency_key)


def plan_leave(ctx: Context, member_id: str, leave: Leave) -> Recounted:
    """The member is away then, and the deadlines of what the member owns do not run meanwhile.

    Raises:
        NotFound: no such member.
    """

    def work(uow: UnitOfWork, now: datetime) -> None:
        member = uow.members.get(member_id, locking="wait")
        if leave not in member.leaves:
            uow.save(changed(member, now=now, leaves=(*member.leaves, leave)))

    now = ctx.clock.now()
    ctx.store.run(lambda uow: work(uow, now), ctx.acting)
    return recount(ctx, member_id)


def recount(ctx: Context, member_id: str) -> Recounted:
    """The deadlines of everything the member owns are as their inputs say now: leave, leaving, tier, policy.

    In batches of 500; a run that is stopped can be started again.
    """
    looked_at = moved = 0
    for entity in OWNED:
        for ids in _owned_ids(ctx, entity, member_id):

            def work(uow: UnitOfWork, entity: str = entity, ids: list[str] = ids) -> int:
                now = ctx.clock.now()
                custody = Custody.of(uow, entity, now=now, owners=(member_id,), pools=False)
                mine = (F.id.in_(ids)) & (F.owner_id == member_id)
                records = owned_by(uow, entity).find(mine, locking="wait")
                changes = [change for record in records for change in _moved(custody, record, now)]
                if changes:
                    uow.save(*changes)
                return len(changes)

            moved += ctx.store.run(work, ctx.acting)
            looked_at += len(ids)
    return Recounted(looked_at=looked_at, moved=moved)


def _owned_ids(ctx: Context, entity: str, member_id: str) -> Iterator[list[str]]:
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        owned = (F.owner_id == member_id) & UNSETTLED[entity]
        ids = [record.id for record in owned_by(uow, entity).scan(owned, now=ctx.clock.now())]
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _moved(custody: Custody, record: Owned, now: datetime) -> Iterator[Change[Any]]:
    stands = custody.recounted(record, now=now)
    if stands != record.protection:
        yield record.protect(stands, now=now)


def with_deadline(
    uow: UnitOfWork, change: Change[Any], *, now: datetime, custody: Custody | None = None, anew: bool = False
) -> Change[Any]:
    """``change`` of a record's evidence or clock together with the deadline that follows from it.

    ``anew`` where what kept the record with its owner has gone: the clocks decide, with the policy's grace.
    """
    record: Owned = change.after
    custody = custody or Custody.of(uow, record.entity, now=now, owners=(record.owner_id,), pools=False)
    stands = custody.recounted(record, now=now)
    if anew:
        afresh = custody.recounted(record, now=now, anew=True)
        sooner = afresh.reclaim_at is not None and (record.reclaim_at is None or afresh.reclaim_at < record.reclaim_at)
        stands = afresh if sooner else stands
    return change if stands == record.protection else change.then(lambda owned: owned.protect(stands, now=now))


def _counted(
    uow: UnitOfWork, change: Change[Any], *, now: datetime, custody: Custody | None = None, anew: bool = False
) -> Protection:
    whole = with_deadline(uow, change, now=now, custody=custody, anew=anew)
    uow.save(whole)
    stands: Protection = whole.after.protection
    return stands
