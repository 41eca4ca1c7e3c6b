"""The hand-over when a member leaves: nothing is left behind in silence.

The member is gone first, so that nothing new reaches them; then what they have goes in chunks, each a
transaction of its own. A run that was stopped is started again, and does the rest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field

from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record, created
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, Ref, TransferId
from crmkit.domain.model import model
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.parties.account import Account
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.filing import Filing
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.transfer import HANDLED_BY, Passed, Transfer
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.transfer import TransferDecision, Treatment
from crmkit.services.context import Context
from crmkit.services.custody import UNSETTLED, lock_of, owned_by
from crmkit.services.evidence import recount
from crmkit.services.related import handed, in_state
from crmkit.services.transfer import transfer_chunk
from crmkit.services.transfer_desk import Receiver
from crmkit.services.undo_transfer import KeptAsItIs

__all__ = ["HandOver", "hand_over"]

CHUNK = 500
"""Records of one transaction."""
MOST_NAMED = 1_000
"""Records that the answer names."""
LOOSE: tuple[type[Record], ...] = (Opportunity, Task, Request, Filing)
"""What a member may have besides leads and accounts."""
OWNED: Mapping[str, type[Record]] = {"account": Account, "lead": Lead}
"""Accounts first: what follows them is not come to again."""

Fate = tuple[Ref, Reason | None]
"""A record and why it stays; ``None`` when it does not."""


@model
class HandOver:
    """What became of all that a member had.

    ``to_member_id`` received it, or without one the pools that accept each; ``stand_in_id`` then received
    the deals, tasks, requests and filings. ``stayed`` are still the leaver's, each with the reason, the first
    thousand; ``staying`` counts them all, but for the ``settled`` leads, which are history. ``posts`` are
    teams they lead, members they are the superior of and pools they administer: somebody has to follow them.
    """

    member_id: MemberId
    at: datetime
    to_member_id: MemberId | None = None
    stand_in_id: MemberId | None = None
    transfer_id: TransferId
    transferred: int = 0
    """Leads and accounts that are in other hands now."""
    passed_on: int = 0
    """Deals, tasks, requests, filings and rows of the host that are."""
    stayed: tuple[KeptAsItIs, ...] = ()
    staying: int = 0
    settled: int = 0
    posts: tuple[Ref, ...] = ()


def hand_over(
    ctx: Context,
    member_id: MemberId,
    *,
    successor: MemberId | None = None,
    into_pools: bool = False,
    over_caps: bool = False,
) -> HandOver:
    """The member has left, and what they had is their successor's.

    Without a ``successor`` it goes to the superior, and where there is none who is active, or with
    ``into_pools``, each record into the pool that accepts it; deals, tasks and requests then go to the
    superior or the leader of the team. What holds a transfer up holds it up here too, and is reported.
    One ``undo_transfer`` gives back what one run moved, once the member has rejoined.

    Raises:
        InvalidInput: a successor and pools are both asked for.
        NotAllowed: the successor is not active, or is the member who leaves.
        NotFound: no such member.
    """
    if successor is not None and into_pools:
        raise InvalidInput("needs a successor or pools, and not both.", field="successor", hint="Give one.")
    receiver = ctx.store.run(
        lambda uow: _leave(uow, member_id, successor, into_pools=into_pools, now=ctx.clock.now()), ctx.acting
    )
    run = _Run(ctx, member_id, receiver, TransferId(ctx.ids.new()), over_caps=over_caps)
    for entity in OWNED:
        run.owned(entity)
    for cls in LOOSE:
        run.loose(cls)
    if run.staying:
        # where the reclaim policy has a time for owners who left, it runs from now
        recount(ctx, member_id)
    return run.report()


def _leave(
    uow: UnitOfWork, member_id: MemberId, successor: MemberId | None, *, into_pools: bool, now: datetime
) -> Receiver:
    """The member has left, under the lock that whoever gives them something takes; who receives all of it."""
    uow.lock(lock_of(member_id))
    member = uow.members.get(member_id)
    if successor is not None:
        heir = uow.members.get(successor)
        if heir.status is not MemberStatus.ACTIVE or heir.id == member_id:
            raise NotAllowed(f"{heir.ref} cannot take over.", hint="Choose another active member.", id=heir.id)
    if member.status is not MemberStatus.LEFT:
        uow.save(member.move("leave", now=now))
    if successor is not None:
        return Receiver(member_id=successor, from_member=member_id)
    above = _above(uow, member)
    manager = next((each for each in above if each.id == member.manager_id), None)
    if manager is not None and not into_pools:
        return Receiver(member_id=manager.id, from_member=member_id)
    return Receiver(stand_in=above[0].id if above else None, from_member=member_id)


def _above(uow: UnitOfWork, member: Member) -> list[Member]:
    """The superior and the leader of the team, those who are active."""
    teams = uow.teams.get_many([] if member.team_id is None else [member.team_id]).values()
    leaders = [team.leader_id for team in teams]
    ids = [id for id in dict.fromkeys([member.manager_id, *leaders]) if id is not None]
    found = uow.members.get_many(ids)
    return [found[id] for id in ids if id in found and found[id].status is MemberStatus.ACTIVE]


@define
class _Run:
    """One run: what it did, counted chunk by chunk."""

    ctx: Context
    member_id: MemberId
    receiver: Receiver
    id: TransferId
    over_caps: bool = field(kw_only=True)
    transferred: int = 0
    passed_on: int = 0
    stayed: list[KeptAsItIs] = field(factory=list)
    staying: int = 0

    def owned(self, entity: str) -> None:
        """Their leads or accounts go, with what belongs to them."""
        for ids in self.chunks(OWNED[entity], (F.owner_id == self.member_id) & UNSETTLED[entity]):
            refs = [Ref(entity=entity, id=id) for id in ids]
            run = transfer_chunk(self.ctx, refs, self.receiver, self.id, over_caps=self.over_caps)
            for decision in run.decisions:
                self.book(decision)

    def book(self, decision: TransferDecision) -> None:
        """What became of one of them is counted."""
        if decision.from_owner_id != self.member_id:
            return  # somebody else took it meanwhile
        if not decision.transferred:
            self.stays(decision.record, decision.reasons[0])
            return
        follows = [step.record.entity for step in decision.steps if step.treatment is Treatment.FOLLOW]
        self.transferred += 1 + follows.count("lead")
        self.passed_on += len(follows) - follows.count("lead")

    def stays(self, record: Ref, reason: Reason) -> None:
        """``record`` is still theirs."""
        self.staying += 1
        if len(self.stayed) < MOST_NAMED:
            self.stayed.append(KeptAsItIs(record=record, reason=reason))

    def loose(self, cls: type[Record]) -> None:
        """What they have in hand about other members' records goes to whoever receives it."""
        open_ = in_state(cls.entity, ["open"], now=self.ctx.clock.now())
        mine = (getattr(F, HANDLED_BY[cls.entity]) == self.member_id) & open_
        for ids in self.chunks(cls, mine):

            def work(uow: UnitOfWork, ids: Sequence[str] = ids) -> list[Fate]:
                return self.pass_on(uow, uow.repository(cls).find(mine & F.id.in_(list(ids))))

            for record, reason in self.ctx.store.run(work, self.ctx.acting):
                if reason is None:
                    self.passed_on += 1
                else:
                    self.stays(record, reason)

    def pass_on(self, uow: UnitOfWork, records: Iterable[Record]) -> list[Fate]:
        """The records are in the heir's hands, each with its journal; of those that cannot be, why."""
        heir = self.receiver.member_id or self.receiver.stand_in
        now = self.ctx.clock.now()
        fates: list[Fate] = []
        changes: list[Change[Any]] = []
        for record in records:
            reason = _stays(record, heir)
            fates.append((record.ref, reason))
            if reason is None:
                change, passed = handed(record, heir, now=now)
                changes += [change, created(self.journal(passed, now))]
        if changes:
            uow.save(*changes)
        return fates

    def journal(self, passed: Passed, now: datetime) -> Transfer:
        """The journal of a single deal, task, request or filing."""
        return Transfer(
            id=TransferId(self.ctx.ids.new()),
            run_id=self.id,
            record_entity=passed.record.entity,
            record_id=passed.record.id,
            from_owner_id=self.member_id,
            to_owner_id=MemberId(passed.became),
            passed=(passed,),
            created_at=now,
            updated_at=now,
        )

    def chunks(self, cls: type[Record], condition: Condition) -> Iterator[list[str]]:
        """The ids of what they have now; each chunk is read again where it is written."""
        with self.ctx.store.begin(self.ctx.acting, read_only=True) as uow:
            ids = [record.id for record in uow.repository(cls).scan(condition)]
        for start in range(0, len(ids), CHUNK):
            yield ids[start : start + CHUNK]

    def report(self) -> HandOver:
        """The answer, with what is left besides."""
        with self.ctx.store.begin(self.ctx.acting, read_only=True) as uow:
            settled = owned_by(uow, "lead").count((F.owner_id == self.member_id) & ~UNSETTLED["lead"])
            posts = tuple(_posts(uow, self.member_id))
        return HandOver(
            member_id=self.member_id,
            at=self.ctx.clock.now(),
            to_member_id=self.receiver.member_id,
            stand_in_id=self.receiver.stand_in,
            transfer_id=self.id,
            transferred=self.transferred,
            passed_on=self.passed_on,
            stayed=tuple(self.stayed),
            staying=self.staying,
            settled=settled,
            posts=posts,
        )


def _stays(record: Record, heir: MemberId | None) -> Reason | None:
    if heir is None:
        return Reason.of("transfer.stays.nobody", record=str(record.ref))
    if isinstance(record, Request) and record.requested_by == heir:
        return Reason.of("transfer.stays.own_request", record=str(record.ref), member=heir)
    return None


def _posts(uow: UnitOfWork, member_id: MemberId) -> Iterator[Ref]:
    """Where the organisation still names them."""
    named: tuple[tuple[type[Record], Condition], ...] = (
        (Team, F.leader_id == member_id),
        (Member, F.manager_id == member_id),
        (Pool, F.admin_ids.contains(member_id)),
    )
    for cls, condition in named:
        yield from (record.ref for record in uow.repository(cls).find(condition, order=["id"], limit=MOST_NAMED))
