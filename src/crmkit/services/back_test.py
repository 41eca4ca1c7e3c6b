"""What a reclaim policy would have done to the business that was done: the history, replayed under it.

Every record that was won is put back to how its owner took it, and lived through again: the owner's
follow-ups and the evidence as they came, and a sweep every 24 hours.

>>> from datetime import timedelta
>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.crm import Crm
>>> from crmkit.testing import NOW, FixedClock, a_member, a_pool, an_account
>>> crm = Crm(store=MemoryStore(), clock=FixedClock(NOW + timedelta(days=60)))
>>> sold = Evidence(kind="order", source="B-1", since=NOW + timedelta(days=40))
>>> won = an_account(owner_id="wei", owned_since=NOW, evidence=[sold])
>>> crm.add(a_member(id="wei", name="陈伟"), a_pool(), won)
>>> print(back_test(crm.ctx, ReclaimPolicy(protect_days=30), NOW, crm.ctx.clock.now()).table().splitlines()[0])
reclaim standard v1, 2026-01-31 – 2026-04-01: of 1 records that were won, 1 would have been taken away before; of 0 assigned, 0 went to somebody who was not there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.sales.pipeline import StageKind
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.ownership import Cause, Owned, OwnershipEntry
from crmkit.domain.stewardship.protection import Protection, written
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import Action, ReclaimPolicy
from crmkit.rules.reclaim.outlook import BackTest, LostWin, ToAbsent
from crmkit.services.context import Context
from crmkit.services.custody import Custody, owned_by
from crmkit.services.follow_up import lacking
from crmkit.services.foresight import DAY, Course, Foresight

__all__ = ["back_test"]

LIMITS = tuple(Reason.of(f"outlook.limit.{what}") for what in ("fields", "clocks", "withdrawn", "behaviour"))
SUBJECTS = {"lead": ("lead",), "account": ("account", "contact")}
"""With whom a follow-up counts."""
STILL_WORK: Mapping[str, Mapping[str, Any]] = {"lead": {"status": LeadStatus.WORKING}, "account": {}}
"""A lead that was won is settled by now; it was not then."""
HELD_WITH = {"lead": "lead_id", "account": "account_id"}
"""The field of a deal that names the record."""


def back_test(ctx: Context, policy: ReclaimPolicy, since: datetime, until: datetime) -> BackTest:
    """Which records won from ``since`` up to ``until`` ``policy`` would have taken away before, and who was absent.

    Won is what has evidence of a kind in ``policy.won_by`` that begins in that time, or a deal closed as
    won in it. The policy is tried as if it had always been in force, without pauses, pilot and ramp. Also
    told are records assigned in that time to members who were on leave or had left.

    Raises:
        InvalidInput: the period is empty.
        NotFound: the policy's calendar does not exist.
    """
    if since >= until:
        raise InvalidInput("must lie after since.", field="until", hint="Give a later instant.")
    always = revise(policy, effective_from=None, effective_until=None, pauses=(), pilot=None, most_a_day=None)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        members: dict[str, Member] = {member.id: member for member in uow.members.scan()}
        custody = evolve(Custody.of(uow, policy.entity, policy=always, now=until), owners=members)
        wins = _wins(uow, policy, since, until)
        lost: list[LostWin] = []
        unknown = 0
        for id_, won_at in sorted(wins.items()):
            record = owned_by(uow, policy.entity).get(id_)
            tenure = _tenure(uow, record, won_at)
            if tenure is None:
                unknown += 1
            else:
                lost.extend(_lost(uow, custody, record, tenure, won_at))
        assigned = list(_assigned(uow, policy.entity, since, until))
        return BackTest(
            policy=policy.ref,
            since=since,
            until=until,
            wins=len(wins),
            lost=tuple(lost),
            unknown=unknown,
            assigned=len(assigned),
            to_absent=tuple(_to_absent(assigned, members)),
            limits=LIMITS,
        )


# --- what happened --------------------------------------------------------------------------------


def _wins(uow: UnitOfWork, policy: ReclaimPolicy, since: datetime, until: datetime) -> dict[str, datetime]:
    """When each record was first won in that time."""
    wins: dict[str, datetime] = {}

    def won(id_: str | None, at: datetime) -> None:
        if id_ is not None and since <= at < until:
            wins[id_] = min(at, wins.get(id_, at))

    for record in owned_by(uow, policy.entity).scan():
        for each in record.evidence:
            if each.kind in policy.won_by:
                won(record.id, each.since)
    closed = (F.status == StageKind.WON.value) & (F.closed_at >= since) & (F.closed_at < until)
    for deal in uow.opportunities.scan(closed):
        won(getattr(deal, HELD_WITH[policy.entity]), deal.closed_at or until)
    return wins


@frozen
class Tenure:
    """Who held a record when, from when on."""

    owner_id: MemberId
    since: datetime


def _tenure(uow: UnitOfWork, record: Owned, at: datetime) -> Tenure | None:
    """Who held it at that time; a record whose history is empty has always been with its owner."""
    of = (F.record_entity == record.entity) & (F.record_id == record.id)
    entries = uow.ownership.find(of, order=["at"])
    before = [entry for entry in entries if entry.at <= at]
    if before:
        last = before[-1]
        return None if last.to_owner_id is None else Tenure(last.to_owner_id, last.at)
    if entries or record.owner_id is None:
        return None
    since = record.in_hand_since
    return Tenure(record.owner_id, since) if since <= at else None


def _assigned(uow: UnitOfWork, entity: str, since: datetime, until: datetime) -> Iterator[OwnershipEntry]:
    when = (F.cause == Cause.ASSIGNED.value) & (F.at >= since) & (F.at < until)
    return uow.ownership.scan(when & (F.record_entity == entity))


def _to_absent(entries: Iterable[OwnershipEntry], members: Mapping[str, Member]) -> Iterator[ToAbsent]:
    for entry in sorted(entries, key=lambda each: (each.at, each.id)):
        member = None if entry.to_owner_id is None else members.get(entry.to_owner_id)
        if member is None:
            continue
        if member.away(entry.at) or (member.left_at is not None and member.left_at <= entry.at):
            record = Ref(entity=entry.record_entity, id=entry.record_id)
            yield ToAbsent(record=record, owner_id=member.id, at=entry.at, back_at=member.back_at(entry.at))


# --- the same life under another policy -----------------------------------------------------------


def _lost(uow: UnitOfWork, custody: Custody, record: Owned, tenure: Tenure, won_at: datetime) -> Iterator[LostWin]:
    """One, if a sweep before ``won_at`` would have taken the record away."""
    foresight = Foresight.every_day(custody, tenure.since, won_at)
    course = Course(record.id, tenure.owner_id)
    then: Owned | None = _as_taken(custody, record, tenure)
    number = 0
    for at, what in (*_told(uow, record, tenure, won_at), (won_at, None)):
        ends = min(len(foresight.sweeps), (at - tenure.since) // DAY + 1)
        while then is not None and (number := foresight.meets(then, number)) < ends:
            then, number = foresight.swept(course, then, number), number + 1
        if then is None:
            break
        then = _after(uow, custody, then, what, at)
    if course.falls_on is not None and course.deadline is not None and course.pool_id is not None:
        yield LostWin(
            record=record.ref,
            owner_id=tenure.owner_id,
            taken_at=tenure.since,
            falls_at=foresight.sweeps[course.falls_on].at,
            won_at=won_at,
            deadline=course.deadline,
            cause=course.cause,
            pool_id=course.pool_id,
        )


def _as_taken(custody: Custody, record: Owned, tenure: Tenure) -> Owned:
    """The record as its owner took it, as far as the history tells."""
    fresh = revise(
        record,
        owner_id=tenure.owner_id,
        owned_since=tenure.since,
        pool_id=None,
        pool_since=None,
        last_contact_at=None,
        last_action_at=None,
        locked_until=None,
        evidence=tuple(each for each in record.evidence if each.since < tenure.since),
        **STILL_WORK[record.entity],
        **written(Protection()),
    )
    return fresh.protect(custody.taken(fresh, tenure.owner_id, now=tenure.since), now=tenure.since).after


def _told(
    uow: UnitOfWork, record: Owned, tenure: Tenure, until: datetime
) -> Sequence[tuple[datetime, Interaction | Evidence | None]]:
    """Follow-ups of the owner, evidence, and the last progress (``None``), in their order."""
    of = F.subject_entity.in_(*SUBJECTS[record.entity]) & F.subject_id.in_(record.id, *_contacts(uow, record))
    spoken = uow.interactions.find(of & (F.member_id == tenure.owner_id) & (F.at >= tenure.since) & (F.at < until))
    told: list[tuple[datetime, Interaction | Evidence | None]] = [(each.at, each) for each in spoken]
    told += [(each.since, each) for each in record.evidence if tenure.since <= each.since < until]
    progressed = None if record.clock is None else record.clock.progressed_at
    if progressed is not None and tenure.since <= progressed < until:
        told.append((progressed, None))
    return sorted(told, key=lambda each: each[0])


def _contacts(uow: UnitOfWork, record: Owned) -> Iterable[str]:
    """A follow-up with a contact counts for the account."""
    return [each.id for each in uow.contacts.find(F.account_id == record.id)] if record.entity == "account" else ()


def _after(
    uow: UnitOfWork, custody: Custody, record: Owned, what: Interaction | Evidence | None, at: datetime
) -> Owned:
    """The record once that has happened, its deadline written anew."""
    if isinstance(what, Interaction):
        spoken = revise(record, last_contact_at=at)
        stands = custody.followed_up(spoken, Action(kind=what.kind, at=at), now=at)
        if stands is None or lacking(uow, custody, what, former=F.at < at):
            return spoken
        return spoken.protect(stands, now=at, action_at=at).after
    if isinstance(what, Evidence):
        known = record.attest(what, now=at).after
    else:
        known = revise(record, clock=revise(record.running, progressed_at=at))
    return known.protect(custody.recounted(known, now=at), now=at).after
