"""Transfers of some records in one unit of work: decided under the receiver's lock, then written with their journals."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import CollaborationId, MemberId, PoolId, Ref, TransferId
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.pipeline import Pipeline
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.ownership import Cause, Owned, OwnershipEntry
from crmkit.domain.stewardship.transfer import Holding, Passed, Transfer, Transferred, told_to
from crmkit.errors import NotAllowed
from crmkit.ports.store import Locking, UnitOfWork
from crmkit.rules.reclaim import ClaimPolicy
from crmkit.rules.transfer import (
    Room,
    TransferDecision,
    TransferFacts,
    TransferPolicy,
    TransferStep,
    Treatment,
    decide,
    state_of,
)
from crmkit.services.context import Context
from crmkit.services.custody import Custody, history, lock_of, owned_by, policy_for
from crmkit.services.holdings import counted, held_under, open_work_of
from crmkit.services.related import Belongings, closed, handed
from crmkit.services.sharing import collaborators

__all__ = ["Receiver", "TransferDesk"]


@frozen(kw_only=True)
class Receiver:
    """Who is to have the records: a member, a pool, or without either the pool that accepts each.

    ``stand_in`` receives what belongs to records that go into a pool. Where ``from_member`` is given, only
    what is still that member's changes hands.
    """

    member_id: MemberId | None = None
    pool_id: PoolId | None = None
    stand_in: MemberId | None = None
    from_member: MemberId | None = None


class TransferDesk:
    """One entity's transfers to one receiver; what is granted counts for the next."""

    def __init__(
        self,
        ctx: Context,
        uow: UnitOfWork,
        entity: str,
        receiver: Receiver,
        *,
        now: datetime,
        over_caps: bool = False,
        writing: bool = True,
    ) -> None:
        if writing and receiver.member_id is not None:
            # before anything is read, so that nothing else this member takes can change what is counted
            uow.lock(lock_of(receiver.member_id))
        self.ctx = ctx
        self.uow = uow
        self.entity = entity
        self.receiver = receiver
        self.now = now
        self.over_caps = over_caps
        self.writing = writing
        self.policy = uow.policies.in_force(TransferPolicy, now) or TransferPolicy()
        keep: Locking = "wait" if writing else "none"
        # kept until the end: nobody who receives is disabled meanwhile
        self.to: Member | None = (
            None if receiver.member_id is None else uow.members.get(receiver.member_id, locking=keep)
        )
        self.check_pool()
        self.records: dict[str, Owned] = {}
        self.decisions: list[TransferDecision] = []

    def check_pool(self) -> None:
        """A pool that is named takes such records.

        Raises:
            NotAllowed: it is closed, or for another entity.
        """
        if self.receiver.pool_id is None:
            return
        pool = self.uow.pools.get(self.receiver.pool_id)
        if not pool.enabled or pool.holds != self.entity:
            raise NotAllowed(f"Pool {pool.id} takes no {self.entity}.", hint="Choose another pool.", id=pool.id)

    def decide(self, ids: Sequence[str]) -> list[TransferDecision]:
        """One decision for each of those that exist, in the order of ``ids``."""
        locking: Locking = "wait" if self.writing else "none"
        # read in the order of ids, so that two batches never wait for each other
        found = owned_by(self.uow, self.entity).find(F.id.in_(list(ids)), locking=locking)
        self.records = {record.id: record for record in found}
        owners = (record.owner_id for record in found)
        custody = Custody.of(self.uow, self.entity, now=self.now, owners=owners, pools=self.to is None)
        self.custody = custody if self.to is None else custody.with_owner(self.to)
        self.belongings = Belongings.of(self.uow, self.policy, found, self.ctx.references, now=self.now)
        counter = _Counter.of(self.uow, self.entity, self.to, ids, now=self.now)
        for id in ids:
            if id in self.records:
                decision = self.decide_one(self.records[id], None if self.over_caps else counter)
                self.decisions.append(decision)
                if decision.transferred:
                    counter.add(decision, self.belongings)
        return self.decisions

    def decide_one(self, record: Owned, counter: "_Counter | None") -> TransferDecision:
        """The decision on ``record`` with the protection that it would have."""
        facts = TransferFacts(
            record=record,
            to=self.to,
            pool_id=self.pool_of(record),
            stand_in=self.receiver.stand_in,
            from_member=self.receiver.from_member,
            related=self.belongings.found.get(record.id, ()),
            room=None if counter is None else counter.room(record),
        )
        decision = decide(self.policy, facts, now=self.now)
        if not decision.transferred or self.to is None:
            return decision
        return revise(decision, protection=self.custody.handed_over(record, self.to.id, now=self.now))

    def pool_of(self, record: Owned) -> PoolId | None:
        """Where ``record`` falls, when it goes to no member."""
        if self.to is not None or self.receiver.pool_id is not None:
            return self.receiver.pool_id
        chosen = self.custody.pools.choose(record, now=self.now)
        return None if chosen is None else chosen.id

    def save(self, run_id: TransferId) -> None:
        """All that was granted is written: the records, what goes along, the history and the journal."""
        granted = [decision for decision in self.decisions if decision.transferred]
        if not granted:
            return
        pipelines = self.belongings.pipelines(self.uow)
        self.hearing = collaborators(self.uow, [decision.record for decision in granted], now=self.now)
        self.shares = self.former_shares(granted)
        leads = self.lead_custody(granted)
        changes: list[Change[Any]] = []
        for decision in granted:
            writer = _Writer(self, decision, run_id, pipelines, leads)
            changes += writer.changes()
            writer.move_rows()
        self.uow.save(*changes)

    def former_shares(self, granted: Sequence[TransferDecision]) -> Mapping[tuple[str, str], Collaboration]:
        """The shares that former owners have already, by record and member; asked only where they keep one."""
        if self.policy.former_owner is None:
            return {}
        ids = [decision.record.id for decision in granted]
        owners = sorted({decision.from_owner_id or "" for decision in granted})
        theirs = (F.record_entity == self.entity) & F.record_id.in_(ids) & F.member_id.in_(owners)
        return {(each.record_id, each.member_id or ""): each for each in self.uow.collaborations.find(theirs)}

    def lead_custody(self, granted: Sequence[TransferDecision]) -> Custody | None:
        """How long leads that go along with their customers are protected; ``None`` when none do."""
        steps = (step for decision in granted for step in decision.steps)
        leads = [step for step in steps if step.record.entity == "lead" and step.treatment is Treatment.FOLLOW]
        if not leads:
            return None
        people = {member for step in leads for member in (step.to_member_id, *self.custody.owners)}
        return Custody.of(self.uow, "lead", now=self.now, owners=people, pools=False)


class _Counter:
    """What the receiver holds, counted once and advanced in memory."""

    def __init__(self, *, cap: int | None, held: int, open_work: int, counting: frozenset[str]) -> None:
        self.cap = cap
        self.held = held
        self.open_work = open_work
        self.counting = counting

    @classmethod
    def of(cls, uow: UnitOfWork, entity: str, to: Member | None, ids: Sequence[str], *, now: datetime) -> "_Counter":
        policy = policy_for(uow, ClaimPolicy, entity, now=now)
        cap = None if policy is None or to is None else policy.cap_of(to)
        held, open_work, counting = 0, 0, frozenset[str]()
        if to is not None and cap is not None:
            held = held_under(uow, entity, cap, to.id, now=now)
            found = owned_by(uow, entity).find(F.id.in_(list(ids)) & counted(cap, entity), now=now)
            counting = frozenset(record.id for record in found)
        if to is not None and to.capacity is not None:
            open_work = open_work_of(uow, to.id, now=now)
        return cls(cap=None if cap is None else cap.most, held=held, open_work=open_work, counting=counting)

    def room(self, record: Owned) -> Room:
        return Room(held=self.held, cap=self.cap, open_work=self.open_work, counts=record.id in self.counting)

    def add(self, decision: TransferDecision, belongings: Belongings) -> None:
        follows = (step.record for step in decision.steps if step.treatment is Treatment.FOLLOW)
        leads = (record for ref in follows if isinstance(record := belongings.records.get(ref), Lead))
        self.held += decision.record.id in self.counting
        self.open_work += 1 + sum(state_of(lead) == "open" for lead in leads)


class _Writer:
    """The changes of one record's transfer, with all that goes along."""

    def __init__(
        self,
        desk: TransferDesk,
        decision: TransferDecision,
        run_id: TransferId,
        pipelines: Mapping[str, Pipeline],
        leads: Custody | None,
    ) -> None:
        self.desk = desk
        self.decision = decision
        self.run_id = run_id
        self.id = TransferId(desk.ctx.ids.new())
        self.pipelines = pipelines
        self.leads = leads
        self.passed: list[Passed] = []

    def changes(self) -> list[Change[Any]]:
        """The record, its history, whatever goes along, and at last the journal."""
        record = self.desk.records[self.decision.record.id]
        written = [*self.owned(record, self.handed_over(record), told=True)]
        for step in self.decision.steps:
            written += self.step(step)
        written += self.kept_by_former_owner(record)
        return [*written, created(self.journal())]

    def handed_over(self, record: Owned) -> Change[Any]:
        decision, now = self.decision, self.desk.now
        if decision.to_owner_id is None:
            return record.release(decision.to_pool_id or PoolId(""), now=now, reason=Cause.TRANSFERRED.value)
        return record.assign(decision.to_owner_id, now=now, cause=Cause.TRANSFERRED, protection=decision.protection)

    def owned(self, record: Owned, change: Change[Any], *, told: bool = False) -> Iterator[Change[Any]]:
        """``change`` of a lead or an account with its line of history; who had it is told, if they are there."""
        if told:
            change = evolve(change, events=(*change.events, self.transferred(record)))
        self.passed.append(Passed(record=record.ref, holding=Holding.of(record), left=Holding.of(change.after)))
        entry: OwnershipEntry = history(change, id=self.desk.ctx.ids.new(), cause=Cause.TRANSFERRED).after
        yield change
        yield created(revise(entry, transfer_id=self.id))

    def transferred(self, record: Owned) -> Transferred:
        owner = self.desk.custody.owners.get(record.owner_id or "")
        had = () if owner is None or owner.left_at is not None else (owner.id,)
        return Transferred(
            at=self.desk.now,
            from_owner_id=record.owner_id,
            to_owner_id=self.decision.to_owner_id,
            to_pool_id=self.decision.to_pool_id,
            transfer_id=self.id,
            recipients=tuple(dict.fromkeys((*had, *self.desk.hearing.get(record.ref, ())))),
        )

    def kept_by_former_owner(self, record: Owned) -> Iterator[Change[Any]]:
        """The share that the former owner keeps; one that they had besides stays as it is."""
        keeps, now = self.desk.policy.former_owner, self.desk.now
        owner = self.desk.custody.owners.get(record.owner_id or "")
        if keeps is None or self.desk.to is None or owner is None or owner.status is not MemberStatus.ACTIVE:
            return
        known = self.desk.shares.get((record.id, owner.id))
        if known is not None and known.holds(now):
            return
        until, why = keeps.until(now), Cause.TRANSFERRED.value
        if known is not None:
            change = known.renew(keeps.level, until, reason=why, recipients=(owner.id,), now=now)
        else:
            share = Collaboration(
                id=CollaborationId(self.desk.ctx.ids.new()),
                record_entity=record.entity,
                record_id=record.id,
                member_id=owner.id,
                level=keeps.level,
                expires_at=until,
                reason=why,
                created_at=now,
                updated_at=now,
            )
            change = share.share((owner.id,))
        self.passed.append(Passed(record=change.after.ref, field="ended_at"))
        yield change

    def step(self, step: TransferStep) -> Iterator[Change[Any]]:
        """The changes of one related record; a row of the host is only put down."""
        record, now = self.desk.belongings.records.get(step.record), self.desk.now
        if step.treatment is Treatment.NOTIFY and record is not None:
            yield told_to(record, self.decision.record, self.decision.to_owner_id, now=now)
        elif step.treatment is Treatment.CLOSE and record is not None:
            change, passed = closed(record, self.pipelines, now=now)
            self.passed.append(passed)
            yield change
        elif step.treatment is Treatment.FOLLOW:
            yield from self.follow(step)

    def follow(self, step: TransferStep) -> Iterator[Change[Any]]:
        record, to, now = self.desk.belongings.records.get(step.record), step.to_member_id, self.desk.now
        if record is None:
            was = self.decision.from_owner_id or ""
            self.passed.append(Passed(record=step.record, was=was, became=to or ""))
        elif isinstance(record, Lead) and self.leads is not None and to is not None:
            protection = self.leads.handed_over(record, to, now=now)
            yield from self.owned(record, record.assign(to, now=now, cause=Cause.TRANSFERRED, protection=protection))
        else:
            change, passed = handed(record, to, now=now)
            self.passed.append(passed)
            yield change

    def journal(self) -> Transfer:
        decision, now = self.decision, self.desk.now
        return Transfer(
            id=self.id,
            run_id=self.run_id,
            record_entity=decision.record.entity,
            record_id=decision.record.id,
            from_owner_id=decision.from_owner_id,
            to_owner_id=decision.to_owner_id,
            to_pool_id=decision.to_pool_id,
            passed=tuple(self.passed),
            created_at=now,
            updated_at=now,
        )

    def move_rows(self) -> None:
        """The host's rows that go along name the new owner."""
        for host in self.desk.ctx.references:
            for each in self.passed:
                if each.record.entity == host.name:
                    old, new = (Ref(entity="member", id=id) for id in (each.was, each.became))
                    host.move([each.record.id], old, new)
