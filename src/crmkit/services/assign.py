"""Giving new leads and accounts to somebody: by the assignment policy, or by hand.

All assignments of a tenant take turns (one lock), so that two leads that come in at the same instant never
both go to the same "next" member. Members whose capacity is limited are locked too, as claims do it, and
whoever is chosen stays active until the record is theirs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import AccountId, MemberId, Ref, TransferId
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.organization.territory import Territory
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Cause, Owned
from crmkit.domain.stewardship.protection import Protection
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import (
    AssignmentDecision,
    AssignmentFacts,
    AssignmentOutcome,
    AssignmentPolicy,
    plans,
    share_out,
)
from crmkit.rules.reclaim import ClaimPolicy
from crmkit.services.context import Context
from crmkit.services.custody import Custody, history, lock_of, owned_by, policy_for, stay
from crmkit.services.transfer_desk import Receiver, TransferDesk
from crmkit.services.turns import Turns
from crmkit.services.twins import Twins
from crmkit.services.waiting import condition_of
from crmkit.services.workload import candidates_of, members_of

__all__ = ["AssignmentRun", "HandedOver", "assign", "assign_lead", "assign_to", "assign_waiting"]

CHUNK = 500
"""Records of one transaction."""
MOST_UNASSIGNED = 1_000
"""Records without an owner that a run's answer names."""


@model
class HandedOver:
    """Who owns a record by hand, and how long it is protected."""

    record: Ref
    owner_id: MemberId
    previous_owner_id: MemberId | None = None
    protection: Protection


@model
class AssignmentRun:
    """What a run over the waiting records did; ``by_member`` counts what each received."""

    at: datetime
    assigned: int = 0
    pooled: int = 0
    by_member: Mapping[str, int]
    unassigned: tuple[AssignmentDecision, ...] = ()
    """Those that still wait, each with the reasons; at most the first thousand."""
    waiting: int = 0
    """How many still wait."""


def assign(ctx: Context, ref: Ref, *, idempotency_key: str | None = None) -> AssignmentDecision:
    """The record has an owner, or lies in a pool, or waits with the reason written on it.

    One that has an owner keeps it.

    Raises:
        NotAllowed: no assignment policy is in force for the entity.
        NotFound: no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> AssignmentDecision:
        uow.lock(LOCK)
        # not kept while members are locked below: claims lock the member first; the version tells of a change
        record = owned_by(uow, ref.entity).get(ref.id)
        return _assigned(ctx, uow, ref.entity, [record], now)[0]

    return ctx.command(work, AssignmentDecision, idempotency_key=idempotency_key)


def assign_lead(ctx: Context, lead_id: str, *, idempotency_key: str | None = None) -> AssignmentDecision:
    """``assign`` for a lead."""
    return assign(ctx, Ref(entity="lead", id=lead_id), idempotency_key=idempotency_key)


def assign_waiting(ctx: Context, *, entity: str = "lead", limit: int = 1_000) -> AssignmentRun:
    """Up to ``limit`` records that neither have an owner nor lie in a pool are assigned, the oldest first.

    Records that waited in vain before come after those that are new. Chunks of 500 are a transaction
    each with a fixed number of queries; a run that is stopped goes on where it was, when started again.

    Raises:
        InvalidInput: ``limit`` is not positive, or the entity has no owners.
        NotAllowed: no assignment policy is in force for the entity, or it asks for an allocator and
            there is none.
    """
    if limit < 1:
        raise InvalidInput("must be positive.", field="limit", hint="1000 is usual.")
    now = ctx.clock.now()
    decisions: list[AssignmentDecision] = []
    for ids in _chunks(ctx, entity, limit, now):

        def work(uow: UnitOfWork, ids: Sequence[str] = ids) -> Sequence[AssignmentDecision]:
            uow.lock(LOCK)
            waiting = [record for record in owned_by(uow, entity).get_many(ids).values() if _waits(record)]
            return _assigned(ctx, uow, entity, waiting, now)

        decisions.extend(ctx.store.run(work, ctx.acting))
    return _summed_up(decisions, now)


def assign_to(ctx: Context, ref: Ref, member_id: str, *, idempotency_key: str | None = None) -> HandedOver:
    """``member_id`` owns the record from now on, by decision of whoever calls this.

    One that has an owner is transferred with all that belongs to it, as ``transfer`` does it. Capacity is
    not asked: a manager may overfill somebody. It uses up no claim quota.

    Raises:
        NotAllowed: the member is not active or owns it already, or the transfer policy forbids it.
        NotFound: no such record or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> HandedOver:
        uow.lock(LOCK, lock_of(member_id))
        member = uow.members.get(member_id, locking="wait")
        record: Owned = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        if member.status is not MemberStatus.ACTIVE:
            raise NotAllowed(f"{member.ref} is {member.status.value}.", hint="Choose an active member.", id=member_id)
        if record.owner_id == member_id:
            raise NotAllowed(f"{ref} is this member's already.", hint="Choose another member.", id=ref.id)
        if record.owner_id is not None:
            return _transferred(ctx, uow, record, member, now)
        custody = Custody.of(uow, ref.entity, now=now, pools=False).with_owner(member)
        protection = custody.taken(record, member.id, now=now)
        change = record.assign(member.id, now=now, protection=protection)
        uow.save(change, history(change, id=ctx.ids.new()))
        return HandedOver(record=ref, owner_id=member.id, protection=protection)

    return ctx.command(work, HandedOver, idempotency_key=idempotency_key)


def _transferred(ctx: Context, uow: UnitOfWork, record: Owned, member: Member, now: datetime) -> HandedOver:
    desk = TransferDesk(ctx, uow, record.entity, Receiver(member_id=member.id), now=now, over_caps=True)
    [decision] = desk.decide([record.id])
    if not decision.transferred:
        raise NotAllowed(
            f"{record.ref} may not change hands.",
            hint=ctx.book.texts.say_all(decision.reasons),
            id=record.id,
        )
    desk.save(TransferId(ctx.ids.new()))
    return HandedOver(
        record=record.ref,
        owner_id=member.id,
        previous_owner_id=record.owner_id,
        protection=decision.protection or Protection(),
    )


# --- one transaction ------------------------------------------------------------------------------

LOCK = "assignment"


def _assigned(
    ctx: Context, uow: UnitOfWork, entity: str, records: Sequence[Owned], now: datetime
) -> tuple[AssignmentDecision, ...]:
    """Decide on ``records`` under the lock and write what was decided: a fixed number of queries for any number."""
    policy = policy_for(uow, AssignmentPolicy, entity, now=now)
    if policy is None:
        raise NotAllowed(
            f"No assignment policy is in force for {entity}.", hint="Store one with uow.policies.put.", entity=entity
        )
    if not records:
        return ()
    facts, turns = _facts(ctx, uow, policy, records, now)
    facts = _planned(ctx, policy, records, facts, now)
    shared = share_out(policy, records, facts, now=now)
    chosen = {decision.member_id for decision in shared.decisions}
    stay(uow, [each.member for each in facts.candidates if each.member.id in chosen])
    custody = Custody.of(
        uow, entity, now=now, owners=(decision.member_id for decision in shared.decisions), pools=False
    )
    changes: list[Change[Any]] = list(turns.changes(shared.ahead, now=now))
    for record, decision in zip(records, shared.decisions, strict=True):
        changes.extend(_changes(ctx, custody, record, decision, now))
    if changes:
        uow.save(*changes)
    return shared.decisions


def _changes(
    ctx: Context, custody: Custody, record: Owned, decision: AssignmentDecision, now: datetime
) -> Iterator[Change[Any]]:
    if record.owner_id is not None:
        return
    if decision.member_id is not None:
        change = record.assign(
            decision.member_id, now=now, protection=custody.taken(record, decision.member_id, now=now)
        )
        yield change
        yield history(change, id=ctx.ids.new())
    elif decision.pool_id is not None:
        if decision.pool_id != record.pool_id:
            change = record.release(decision.pool_id, now=now, reason=decision.entry)
            yield change
            yield history(change, id=ctx.ids.new(), cause=Cause.ASSIGNED)
    elif record.pool_id is None and record.unassigned_reason != decision.reasons[-1].code:
        # told once for each reason, not once a run
        change = record.leave_unassigned(decision.reasons[-1].code, now=now)
        yield attrs.evolve(
            change, events=tuple(revise(event, recipients=decision.escalated_to) for event in change.events)
        )


def _facts(
    ctx: Context, uow: UnitOfWork, policy: AssignmentPolicy, records: Sequence[Owned], now: datetime
) -> tuple[AssignmentFacts, Turns]:
    owners = _account_owners(uow, records) if policy.sticky else {}
    twins = _twins(uow, policy, records, now)
    territories = _territories(uow, policy)
    seated = (member_id for territory in territories for member_id in territory.members())
    known = (known.member_id for known in twins.owners.values())
    members = members_of(uow, policy, [*owners.values(), *known, *seated])
    # who has a capacity or a cap is locked as claims do it; the lock of assignment sorts before these
    claims = policy_for(uow, ClaimPolicy, policy.entity, now=now)
    capped = {member.id for member in members if claims is not None and claims.cap_of(member) is not None}
    limited = sorted(lock_of(member.id) for member in members if member.capacity is not None or member.id in capped)
    if limited:
        uow.lock(*limited)
    turns = Turns.of(uow, policy.entity, members)
    facts = AssignmentFacts(
        record=records[0],
        candidates=candidates_of(uow, policy, members, turns, presence=ctx.presence, now=now),
        account_owners=owners,
        pools=tuple(uow.pools.get_many(sorted(policy.pool_ids)).values()),
        territories=territories,
        twins=twins.groups,
        known_owners=twins.owners,
    )
    return facts, turns


def _planned(
    ctx: Context, policy: AssignmentPolicy, records: Sequence[Owned], facts: AssignmentFacts, now: datetime
) -> AssignmentFacts:
    """``facts`` with what an allocator says, where several records wait for a target that asks for one."""
    planned: dict[str, MemberId] = {}
    for plan in plans(policy, records, facts, now=now) if len(records) > 1 else ():
        if ctx.allocator is None:
            raise NotAllowed(
                f"{policy.ref} allocates many records at once, and there is no allocator.",
                hint="Open the Crm with allocator=AuctionAllocator() (extra batch).",
            )
        chosen = ctx.allocator.share_out(plan.worth, plan.room, fair_percent=plan.fair_percent)
        pairs = zip(plan.record_ids, chosen, strict=True)
        planned.update((record_id, plan.member_ids[number]) for record_id, number in pairs if number is not None)
    return attrs.evolve(facts, planned=planned) if planned else facts


def _territories(uow: UnitOfWork, policy: AssignmentPolicy) -> tuple[Territory, ...]:
    """Those that give records, where a target asks for the record's territory, and those that are no more or not yet."""
    if not any(target.territory for target in policy.targets):
        return ()
    return tuple(uow.territories.find(F.holds == policy.entity))


def _twins(uow: UnitOfWork, policy: AssignmentPolicy, records: Sequence[Owned], now: datetime) -> Twins:
    """Those of the records that wait, as far as the policy asks."""
    waiting = [record for record in records if record.owner_id is None]
    found = Twins.of(uow, waiting if policy.sticky or policy.together else [], now=now)
    return Twins(groups=found.groups if policy.together else {}, owners=found.owners if policy.sticky else {})


def _account_owners(uow: UnitOfWork, records: Iterable[Owned]) -> dict[AccountId, MemberId]:
    ids = {record.account_id for record in records if isinstance(record, Lead) and record.account_id is not None}
    accounts = uow.accounts.get_many(sorted(ids)).values()
    return {account.id: account.owner_id for account in accounts if account.owner_id is not None}


# --- many records ---------------------------------------------------------------------------------


def _waits(record: Owned) -> bool:
    return record.owner_id is None and record.pool_id is None


def _chunks(ctx: Context, entity: str, limit: int, now: datetime) -> Iterator[list[str]]:
    """The ids of what waits now; each chunk is read again where it is written."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        repository = owned_by(uow, entity)
        found = repository.find(condition_of(entity), order=["unassigned_reason", "created_at"], limit=limit, now=now)
        ids = [record.id for record in found]
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _summed_up(decisions: Sequence[AssignmentDecision], now: datetime) -> AssignmentRun:
    outcomes = Counter(decision.outcome for decision in decisions)
    received = Counter(decision.member_id for decision in decisions if decision.member_id is not None)
    unassigned = [decision for decision in decisions if decision.outcome is AssignmentOutcome.UNASSIGNED]
    return AssignmentRun(
        at=now,
        assigned=outcomes[AssignmentOutcome.ASSIGNED],
        pooled=outcomes[AssignmentOutcome.POOLED],
        by_member=dict(sorted(received.items())),
        unassigned=tuple(unassigned[:MOST_UNASSIGNED]),
        waiting=len(unassigned),
    )
