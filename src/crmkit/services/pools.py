"""Taking records out of pools and giving them back.

Who may claim is decided inside the transaction that writes: the member is locked (so that caps and
quotas hold however many claims run at once), then the record is read and kept until the end (so that
one of any number of rivals gets it).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from crmkit.domain.change import Change
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import PoolId, Ref
from crmkit.domain.model import Line, model, revise
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import AlreadyClaimed, InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import ClaimDecision, ClaimFacts, ClaimOutcome, ClaimPolicy, decide_claim
from crmkit.services.context import Context
from crmkit.services.custody import Custody, calendar_of, history, lock_of, owned_by, policy_for
from crmkit.services.holdings import held_under, open_work_of

__all__ = ["Batch", "ClaimBatch", "GivenBack", "claim", "claim_many", "give_back"]

GIVEN = ("assigned", "transferred")
"""Causes by which a member receives what others give."""
MOST_AT_ONCE = 500
"""Records of one batch."""


class Batch(StrEnum):
    """What a batch does when some of its records are refused."""

    ALL_OR_NOTHING = "all_or_nothing"
    PARTIAL = "partial"


@model
class ClaimBatch:
    """What became of each record of a batch, in the order asked for."""

    decisions: tuple[ClaimDecision, ...]

    @property
    def granted(self) -> tuple[Ref, ...]:
        """The records that the member has now."""
        return tuple(decision.record for decision in self.decisions if decision.granted)

    @property
    def refused(self) -> tuple[ClaimDecision, ...]:
        """Those not taken, with their reasons."""
        return tuple(decision for decision in self.decisions if not decision.granted)


@model
class GivenBack:
    """Into which pool a record went."""

    record: Ref
    pool_id: PoolId
    reason: Line = ""


def claim(ctx: Context, ref: Ref, member_id: str, *, idempotency_key: str | None = None) -> ClaimDecision:
    """``member_id`` owns the record from now on, if the claim policy grants it.

    A refusal is an answer with all its reasons; it writes nothing and uses up nothing.

    Raises:
        AlreadyClaimed: somebody else has it.
        NotFound: no such record or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> ClaimDecision:
        desk = _ClaimDesk(uow, ref.entity, member_id, now)
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        if record.owner_id not in (None, member_id):
            raise AlreadyClaimed(f"{ref} has an owner by now.", hint="Choose another record.", id=ref.id)
        desk.learn([record])
        decision = desk.decide(record)
        desk.save(ctx)
        return decision

    return ctx.command(work, ClaimDecision, idempotency_key=idempotency_key)


def claim_many(
    ctx: Context, refs: Iterable[Ref], member_id: str, *, batch: Batch, idempotency_key: str | None = None
) -> ClaimBatch:
    """The member owns all of the records, or those that are granted, as ``batch`` says; one transaction.

    Each granted record counts towards caps and quotas of the next, in the order asked for. Records that
    somebody else has or that do not exist are refused like the others, with that reason.

    Raises:
        InvalidInput: none or more than 500 records, of several entities, or one twice.
        NotFound: no such member.
    """
    wanted = list(refs)
    entities = {ref.entity for ref in wanted}
    if not 0 < len(wanted) <= MOST_AT_ONCE or len(entities) > 1 or len(set(wanted)) < len(wanted):
        raise InvalidInput(
            "must be different records of one entity.", field="refs", hint=f"Give 1 to {MOST_AT_ONCE}, each once."
        )
    entity = entities.pop()

    def work(uow: UnitOfWork, now: datetime) -> ClaimBatch:
        desk = _ClaimDesk(uow, entity, member_id, now)
        # read in the order of ids, so that two batches never wait for each other
        found = owned_by(uow, entity).find(F.id.in_([ref.id for ref in wanted]), locking="wait")
        records = {record.id: record for record in found}
        desk.learn(found)
        decisions = tuple(desk.decide(records[ref.id]) if ref.id in records else desk.missing(ref) for ref in wanted)
        if batch is Batch.ALL_OR_NOTHING and not all(decision.granted for decision in decisions):
            return ClaimBatch(decisions=tuple(map(_held_up, decisions)))
        desk.save(ctx)
        return ClaimBatch(decisions=decisions)

    return ctx.command(work, ClaimBatch, idempotency_key=idempotency_key)


def give_back(
    ctx: Context,
    ref: Ref,
    member_id: str,
    *,
    pool_id: str | None = None,
    reason: str = "",
    idempotency_key: str | None = None,
) -> GivenBack:
    """The record lies in ``pool_id``, or else in the pool that accepts it with the highest priority.

    The history names the owner who lost it; who did it stands in the audit trail.

    Raises:
        NotAllowed: the member does not own it, the pool is closed or for another entity, or none accepts it.
        NotFound: no such record or pool.
    """

    def work(uow: UnitOfWork, now: datetime) -> GivenBack:
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        if record.owner_id != member_id:
            raise NotAllowed(f"{ref} is not this member's to give back.", hint="Ask its owner.", id=ref.id)
        pool = _receiving(uow, record, pool_id, now)
        change = record.release(pool.id, now=now, reason=reason)
        uow.save(change, history(change, id=ctx.ids.new()))
        return GivenBack(record=ref, pool_id=pool.id, reason=reason)

    return ctx.command(work, GivenBack, idempotency_key=idempotency_key)


def _receiving(uow: UnitOfWork, record: Owned, pool_id: str | None, now: datetime) -> Pool:
    if pool_id is None:
        chosen = Custody.of(uow, record.entity, now=now).pools.choose(record, now=now)
        if chosen is None:
            raise NotAllowed(
                f"No enabled pool accepts {record.ref}.", hint="Add a pool without a condition.", id=record.id
            )
        return chosen
    pool = uow.pools.get(pool_id)
    if not pool.enabled or pool.holds != record.entity:
        raise NotAllowed(f"Pool {pool.id} takes no {record.entity}.", hint="Choose another pool.", id=pool.id)
    return pool


def _held_up(decision: ClaimDecision) -> ClaimDecision:
    """One that would have been granted, had the rest of its batch been."""
    if not decision.granted:
        return decision
    return revise(decision, outcome=ClaimOutcome.REFUSED, reasons=(Reason.of("claim.batch"),), protection=None)


class _ClaimDesk:
    """One member's claims in one transaction: counted once under the member's lock, then advanced in memory."""

    def __init__(self, uow: UnitOfWork, entity: str, member_id: str, now: datetime) -> None:
        # before anything is read, so that no other claim of this member can change what is counted
        uow.lock(lock_of(member_id))
        self.uow = uow
        self.entity = entity
        self.now = now
        # kept until the end: nobody who claims is disabled meanwhile
        self.member: Member = uow.members.get(member_id, locking="wait")
        # without a policy there are no limits but the member's own capacity
        self.policy = policy_for(uow, ClaimPolicy, entity, now=now) or ClaimPolicy(entity=entity)
        self.custody = Custody.of(uow, entity, now=now, pools=False).with_owner(self.member)
        self.pools: dict[str, Pool] = {}
        self.let_go: dict[str, datetime] = {}
        self.held = self.count_held()
        self.open_work = self.count_open()
        self.claimed = self.count_claimed()
        self.claimed_at = self.last_claim()
        self.changes: list[Change[Any]] = []

    def count_held(self) -> int:
        cap = self.policy.cap_of(self.member)
        return 0 if cap is None else held_under(self.uow, self.entity, cap, self.member.id, now=self.now)

    def count_open(self) -> int:
        return 0 if self.member.capacity is None else open_work_of(self.uow, self.member.id, now=self.now)

    def count_claimed(self) -> tuple[int, ...]:
        """Claims within each quota's time, over all pools; what was given back since then counts as well."""
        calendar = calendar_of(self.uow, self.policy.calendar_id)
        begins = (quota.begins(self.now, calendar) for quota in self.policy.quotas)
        causes = (*GIVEN, "claimed") if self.policy.counts_assigned else ("claimed",)
        received = self.received(*causes)
        return tuple(self.uow.ownership.count(received & (F.at >= since)) for since in begins)

    def last_claim(self) -> datetime | None:
        if not self.policy.interval_minutes:
            return None
        since = self.now - timedelta(minutes=self.policy.interval_minutes)
        found = self.uow.ownership.find(self.received("claimed") & (F.at > since), order=["-at"], limit=1)
        return found[0].at if found else None

    def received(self, *causes: str) -> Condition:
        return (F.to_owner_id == self.member.id) & F.cause.in_(causes) & (F.record_entity == self.entity)

    def learn(self, records: Sequence[Owned]) -> None:
        """Load the pools that the records lie in, and when the member last let go of each."""
        pool_ids = {record.pool_id for record in records if record.pool_id is not None}
        self.pools |= self.uow.pools.get_many(sorted(pool_ids))
        if not self.policy.cooldown_days or not records:
            return
        # every owner within the window is seen, not only the last one
        entries = self.uow.ownership.find(
            F.record_id.in_([record.id for record in records])
            & (F.record_entity == self.entity)
            & (F.from_owner_id == self.member.id)
            & (F.at > self.now - timedelta(days=self.policy.cooldown_days)),
            order=["at"],
        )
        self.let_go |= {entry.record_id: entry.at for entry in entries}

    def decide(self, record: Owned) -> ClaimDecision:
        """The decision, whose change is put down; what is granted counts for the next."""
        facts = ClaimFacts(
            record=record,
            pool=self.pools.get(record.pool_id) if record.pool_id is not None else None,
            member=self.member,
            held=self.held,
            open_work=self.open_work,
            claimed=self.claimed,
            claimed_at=self.claimed_at,
            let_go_at=self.let_go.get(record.id),
        )
        decision = decide_claim(self.policy, facts, now=self.now)
        if not decision.granted:
            return decision
        protection = self.custody.taken(record, self.member.id, now=self.now)
        self.changes.append(record.claim(self.member.id, now=self.now, protection=protection))
        self.held, self.open_work = self.held + 1, self.open_work + 1
        self.claimed = tuple(claimed + 1 for claimed in self.claimed)
        return revise(decision, protection=protection)

    def missing(self, ref: Ref) -> ClaimDecision:
        """The refusal of a record that does not exist."""
        return ClaimDecision(
            policy=self.policy.ref,
            at=self.now,
            outcome=ClaimOutcome.REFUSED,
            reasons=(Reason.of("claim.missing"),),
            record=ref,
            member_id=self.member.id,
        )

    def save(self, ctx: Context) -> None:
        """Everything granted is written with its history."""
        if self.changes:
            self.uow.save(*self.changes, *(history(change, id=ctx.ids.new()) for change in self.changes))
