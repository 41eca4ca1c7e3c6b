"""Putting off a deadline on request: the owner asks, somebody else decides, the policy sets the limits."""

from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.ids import ExtensionId, MemberId, Ref
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.extension import Extension, ExtensionState
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import PermitDecision, decide_extension
from crmkit.services.context import Context
from crmkit.services.custody import Custody, owned_by

__all__ = ["Asked", "Settled", "ask_extension", "settle_extension"]


@model
class Asked:
    """Whether the request stands, with its id; a refusal lists every reason and writes nothing."""

    decision: PermitDecision
    extension_id: ExtensionId | None = None


@model
class Settled:
    """Where the request stands, and the deadline of its record."""

    extension_id: ExtensionId
    state: ExtensionState
    decision: PermitDecision | None = None
    """Why it could not be granted, where that is so: time has passed, and the limits are asked again."""
    reclaim_at: datetime | None = None


def ask_extension(
    ctx: Context, ref: Ref, member_id: str, *, days: int, why: str, idempotency_key: str | None = None
) -> Asked:
    """A request for ``days`` more (as the policy counts them) waits for a decision; those who may decide are told.

    Raises:
        InvalidInput: there is no reason.
        NotAllowed: one waits already, or no reclaim policy is in force for the owner.
        NotFound: no such record or member.
    """
    if not why.strip():
        raise InvalidInput("must not be empty.", field="why", hint="Say why more time is needed.")

    def work(uow: UnitOfWork, now: datetime) -> Asked:
        record: Owned = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        member = uow.members.get(member_id)
        custody = Custody.of(uow, ref.entity, now=now).with_owner(member)
        decision, asked = _decided(uow, custody, record, member, days, now)
        if any(each.state is ExtensionState.WAITING for each in asked):
            raise NotAllowed(f"{ref} has a request that waits.", hint="Withdraw it first.", id=ref.id)
        if not decision.granted:
            return Asked(decision=decision)
        extension = Extension(
            id=ExtensionId(ctx.ids.new()),
            created_at=now,
            updated_at=now,
            record_entity=ref.entity,
            record_id=ref.id,
            member_id=MemberId(member_id),
            days=days,
            why=why,
        )
        uow.save(extension.ask(_deciders(custody, record, member, now)))
        return Asked(decision=decision, extension_id=extension.id)

    return ctx.command(work, Asked, idempotency_key=idempotency_key)


def settle_extension(
    ctx: Context, extension_id: str, verb: str, *, by: str, comment: str = "", idempotency_key: str | None = None
) -> Settled:
    """The request is granted, refused or withdrawn (``verb``: ``grant``, ``refuse``, ``withdraw``) by ``by``.

    Granted, the record's deadline is put off in the same transaction. What the policy does not permit any
    more (the deadline has passed, the record has another owner) stays waiting, with the reasons.

    Raises:
        NotAllowed: it is settled, or ``by`` may not decide: neither a superior of whoever asked, nor an
            administrator of the pool that the record would fall to.
        NotFound: no such request.
    """

    def work(uow: UnitOfWork, now: datetime) -> Settled:
        known = uow.extensions.get(extension_id)
        ref = Ref(entity=known.record_entity, id=known.record_id)
        record: Owned = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        extension = uow.extensions.get(extension_id, locking="wait")
        member = uow.members.get(extension.member_id)
        custody = Custody.of(uow, ref.entity, now=now).with_owner(member)
        if verb != "withdraw" and by != extension.member_id and by not in _deciders(custody, record, member, now):
            raise NotAllowed(f"{by} decides on no request of this record.", hint="Ask a superior.", id=extension_id)
        if verb != "grant":
            settled = extension.settle(verb, by=by, now=now, comment=comment)
            uow.save(settled)
            return Settled(extension_id=extension.id, state=settled.after.state, reclaim_at=record.reclaim_at)
        return _grant(uow, custody, extension, record, member, by, comment, now)

    return ctx.command(work, Settled, idempotency_key=idempotency_key)


def _grant(
    uow: UnitOfWork,
    custody: Custody,
    extension: Extension,
    record: Owned,
    member: Member,
    by: str,
    comment: str,
    now: datetime,
) -> Settled:
    decision, _ = _decided(uow, custody, record, member, extension.days, now)
    granted = extension.settle("grant", by=by, now=now, until=decision.until, comment=comment)
    if not decision.granted:
        return Settled(
            extension_id=extension.id, state=extension.state, decision=decision, reclaim_at=record.reclaim_at
        )
    clock = revise(record.running, extended_until=decision.until)
    stands = custody.recounted(revise(record, clock=clock), now=now)
    uow.save(granted, record.protect(stands, now=now))
    state = granted.after.state
    return Settled(extension_id=extension.id, state=state, decision=decision, reclaim_at=stands.reclaim_at)


def _decided(
    uow: UnitOfWork, custody: Custody, record: Owned, member: Member, days: int, now: datetime
) -> tuple[PermitDecision, list[Extension]]:
    """Whether it is permitted, with the requests since this owner took the record."""
    of_record = (F.record_entity == record.entity) & (F.record_id == record.id)
    mine = of_record & (F.member_id == member.id) & (F.created_at >= record.in_hand_since)
    asked = list(uow.extensions.find(mine))
    times = sum(each.state is ExtensionState.GRANTED for each in asked)
    decision = decide_extension(
        custody.policy_of(member.id), custody.facts(record), member_id=member.id, times=times, days=days, now=now
    )
    return decision, asked


def _deciders(custody: Custody, record: Owned, member: Member, now: datetime) -> tuple[MemberId, ...]:
    """The superior of whoever asks, and who administers the pool that the record would fall to."""
    pool = custody.pools.choose(record, now=now)
    admins = () if pool is None else pool.admin_ids
    superior = () if member.manager_id is None else (member.manager_id,)
    return tuple(each for each in dict.fromkeys((*superior, *admins)) if each != member.id)
