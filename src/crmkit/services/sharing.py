"""Sharing records with collaborators, and saying who may do what with a record, and why.

Each way to a record stands for itself: taking one away leaves the others as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import CollaborationId, MemberId, Ref, TeamId
from crmkit.domain.model import Key, model
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.parties.contact import Contact
from crmkit.domain.stewardship.collaboration import Collaboration, Level
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import REPOSITORIES, UnitOfWork
from crmkit.services.context import Context

__all__ = ["Access", "Way", "collaborators", "share", "unshare", "who_may"]

_ENTITIES: Mapping[str, type[Record]] = {
    cls.entity: cls
    for cls in REPOSITORIES.values()
    if cls.entity in {"lead", "account", "contact", "opportunity", "task", "request"}
}
MOST_ABOVE = 50
"""Superiors that a line may have."""
MOST_TOLD = 1_000
"""Members of a team that hear of one event."""


class Way(StrEnum):
    """By what somebody comes to a record."""

    OWNER = "owner"
    COLLABORATOR = "collaborator"
    TEAM_SHARE = "team_share"
    """Their team collaborates."""
    OWNERS_TEAM = "owners_team"
    TEAM_LEADER = "team_leader"
    """They lead the owner's team, or one above it."""
    SUPERIOR = "superior"
    """They stand above the owner."""
    POOL = "pool"
    """They may claim from the pool that it lies in."""
    POOL_ADMIN = "pool_admin"


@model
class Access:
    """One way by which somebody comes to a record; whoever has several is listed with each.

    ``through`` names what gives it: the share, the team, the pool, the subordinate. A whole team or all
    who may claim from a pool stand as one, without a member. ``until`` is when it ends by itself.
    """

    way: Way
    level: Level
    member_id: MemberId | None = None
    team_id: TeamId | None = None
    through: Key
    until: datetime | None = None


def share(
    ctx: Context,
    ref: Ref,
    whom: Ref,
    *,
    level: Level = Level.READ,
    until: datetime | None = None,
    by: MemberId | None = None,
    reason: str = "",
    idempotency_key: str | None = None,
) -> Collaboration:
    """``whom``, a member or a team, may read or write the record until then; sharing again changes the terms.

    Those it is shared with are told.

    Raises:
        InvalidInput: ``whom`` is neither, ``until`` is past, or such records are not shared.
        NotFound: no such record, member or team.
    """
    member_id, team_id = _whom(whom)

    def work(uow: UnitOfWork, now: datetime) -> Collaboration:
        if until is not None and until <= now:
            raise InvalidInput("lies in the past.", field="until", hint="Give a later instant.")
        _record(uow, ref)
        fresh = Collaboration(
            id=CollaborationId(ctx.ids.new()),
            record_entity=ref.entity,
            record_id=ref.id,
            member_id=member_id,
            team_id=team_id,
            level=level,
            expires_at=until,
            granted_by=by,
            reason=reason,
            created_at=now,
            updated_at=now,
        )
        uow.lock(_lock(ref))
        told = _told(uow, fresh)
        known = _of(uow, ref, member_id, team_id)
        if known is None:
            change = fresh.share(told)
        else:
            change = known.renew(level, until, by=by, reason=reason, recipients=told, now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, Collaboration, idempotency_key=idempotency_key)


def unshare(
    ctx: Context,
    ref: Ref,
    whom: Ref,
    *,
    idempotency_key: str | None = None,
) -> Collaboration:
    """That one share gives no access any more; every other way to the record stays. They are told.

    Raises:
        InvalidInput: ``whom`` is neither a member nor a team.
        NotFound: the record is not shared with them.
    """
    member_id, team_id = _whom(whom)

    def work(uow: UnitOfWork, now: datetime) -> Collaboration:
        uow.lock(_lock(ref))
        known = _of(uow, ref, member_id, team_id)
        if known is None or known.ended_at is not None:
            raise NotFound(f"{ref} is not shared with them.", hint="Ask who_may.", id=ref.id)
        change = known.end(recipients=_told(uow, known), now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, Collaboration, idempotency_key=idempotency_key)


def collaborators(uow: UnitOfWork, refs: Sequence[Ref], *, now: datetime) -> dict[Ref, tuple[MemberId, ...]]:
    """The members that collaborate on each of some records of one entity, by themselves or by their team.

    They are those who hear of what happens to it: two queries for up to a thousand records.
    """
    of = (F.record_entity == refs[0].entity) & F.record_id.in_([ref.id for ref in refs])
    shares = [each for each in uow.collaborations.find(of & _STANDING, order=["id"]) if each.holds(now)]
    ids = sorted({each.member_id for each in shares if each.member_id is not None})
    teams = sorted({each.team_id for each in shares if each.team_id is not None})
    people: Sequence[Member] = ()
    if shares:
        people = uow.members.find((F.id.in_(ids) | F.team_id.in_(teams)) & _THERE, order=["id"], limit=MOST_TOLD)
    found: dict[Ref, tuple[MemberId, ...]] = {}
    for each in shares:
        more = (one.id for one in people if _is_with(each, one))
        found[each.subject] = tuple(dict.fromkeys((*found.get(each.subject, ()), *more)))
    return found


def who_may(ctx: Context, ref: Ref, *, member_id: MemberId | None = None) -> tuple[Access, ...]:
    """Every way that leads to the record now, with its reason; of one member only, where that is asked.

    A contact is reached by what leads to its account. A share that has run out, and people who have left,
    do not count.

    Raises:
        InvalidInput: such records are not shared.
        NotFound: no such record or member.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        ways = tuple(_ways(uow, ref, now))
        if member_id is None:
            return ways
        member = uow.members.get(member_id)
        return tuple(way for way in ways if _leads(uow, way, member))


# --- shares ---------------------------------------------------------------------------------------

_STANDING: Condition = F.ended_at.missing()
_THERE: Condition = F.status != MemberStatus.LEFT.value


def _whom(whom: Ref) -> tuple[MemberId | None, TeamId | None]:
    if whom.entity not in {"member", "team"}:
        raise InvalidInput(f"nothing is shared with a {whom.entity}.", field="whom", hint="Give a member or a team.")
    return (MemberId(whom.id), None) if whom.entity == "member" else (None, TeamId(whom.id))


def _lock(ref: Ref) -> str:
    return f"share:{ref}"


def _record(uow: UnitOfWork, ref: Ref) -> Record:
    cls = _ENTITIES.get(ref.entity)
    if cls is None:
        raise InvalidInput(f"{ref.entity} is not shared.", field="entity", hint=f"Choose from: {', '.join(_ENTITIES)}.")
    return uow.repository(cls).get(ref.id)


def _of(uow: UnitOfWork, ref: Ref, member_id: MemberId | None, team_id: TeamId | None) -> Collaboration | None:
    """The one share of a record with a member or a team, whether it holds or not."""
    whom = F.team_id == team_id if member_id is None else F.member_id == member_id
    found = uow.collaborations.find((F.record_entity == ref.entity) & (F.record_id == ref.id) & whom, limit=1)
    return found[0] if found else None


def _is_with(share: Collaboration, member: Member) -> bool:
    return member.id == share.member_id if share.team_id is None else member.team_id == share.team_id


def _told(uow: UnitOfWork, share: Collaboration) -> tuple[MemberId, ...]:
    if share.member_id is not None:
        return (uow.members.get(share.member_id).id,)
    team = uow.teams.get(share.team_id or "")
    found = uow.members.find((F.team_id == team.id) & _THERE, order=["id"], limit=MOST_TOLD)
    return tuple(member.id for member in found)


# --- ways -----------------------------------------------------------------------------------------


def _ways(uow: UnitOfWork, ref: Ref, now: datetime) -> Iterator[Access]:
    record = _record(uow, ref)
    owner_id = getattr(record, "owner_id", None) or getattr(record, "assignee_id", None)
    if owner_id is not None:
        yield from _of_owner(uow, owner_id, ref)
    pool_id = getattr(record, "pool_id", None)
    if pool_id is not None:
        yield from _of_pool(uow, pool_id)
    yield from _of_shares(uow, ref, now)
    if isinstance(record, Contact) and record.account_id is not None:
        yield from _ways(uow, Ref(entity="account", id=record.account_id), now)


def _of_owner(uow: UnitOfWork, owner_id: MemberId, ref: Ref) -> Iterator[Access]:
    owner = uow.members.get_many([owner_id]).get(owner_id)
    if owner is None:
        return
    if owner.status is not MemberStatus.LEFT:
        yield Access(way=Way.OWNER, level=Level.WRITE, member_id=owner.id, through=str(ref))
    if owner.team_id is not None:
        yield Access(way=Way.OWNERS_TEAM, level=Level.READ, team_id=owner.team_id, through=owner.id)
    yield from _leaders(uow, owner)
    yield from _superiors(uow, owner)


def _leaders(uow: UnitOfWork, owner: Member) -> Iterator[Access]:
    """Who leads the owner's team and the teams above it; a ring in stored data ends where it began."""
    team_id, seen = owner.team_id, set[str]()
    while team_id is not None and team_id not in seen and len(seen) < MOST_ABOVE:
        seen.add(team_id)
        team = uow.teams.get_many([team_id]).get(team_id)
        if team is None:
            return
        if team.leader_id is not None and team.leader_id != owner.id and _is_there(uow, team.leader_id):
            yield Access(way=Way.TEAM_LEADER, level=Level.WRITE, member_id=team.leader_id, through=team.id)
        team_id = team.parent_id


def _superiors(uow: UnitOfWork, owner: Member) -> Iterator[Access]:
    """The line above the owner, over those who have left too."""
    below, seen = owner, {owner.id}
    while below.manager_id is not None and below.manager_id not in seen and len(seen) <= MOST_ABOVE:
        seen.add(below.manager_id)
        above = uow.members.get_many([below.manager_id]).get(below.manager_id)
        if above is None:
            return
        if above.status is not MemberStatus.LEFT:
            yield Access(way=Way.SUPERIOR, level=Level.WRITE, member_id=above.id, through=below.id)
        below = above


def _is_there(uow: UnitOfWork, member_id: MemberId) -> bool:
    found = uow.members.get_many([member_id]).get(member_id)
    return found is not None and found.status is not MemberStatus.LEFT


def _of_pool(uow: UnitOfWork, pool_id: str) -> Iterator[Access]:
    pool = uow.pools.get_many([pool_id]).get(pool_id)
    if pool is None:
        return
    yield Access(way=Way.POOL, level=Level.READ, through=pool.id)
    admins = uow.members.get_many(pool.admin_ids).values()
    for admin in sorted(admins, key=lambda each: each.id):
        if admin.status is not MemberStatus.LEFT:
            yield Access(way=Way.POOL_ADMIN, level=Level.WRITE, member_id=admin.id, through=pool.id)


def _of_shares(uow: UnitOfWork, ref: Ref, now: datetime) -> Iterator[Access]:
    of = (F.record_entity == ref.entity) & (F.record_id == ref.id)
    shares: Sequence[Collaboration] = uow.collaborations.find(of & _STANDING, order=["id"])
    holding = [each for each in shares if each.holds(now)]
    people = uow.members.get_many(sorted({each.member_id for each in holding if each.member_id is not None}))
    for each in holding:
        common: dict[str, Any] = {"level": each.level, "through": each.id, "until": each.expires_at}
        if each.member_id is None:
            yield Access(way=Way.TEAM_SHARE, team_id=each.team_id, **common)
        elif each.member_id in people and people[each.member_id].status is not MemberStatus.LEFT:
            yield Access(way=Way.COLLABORATOR, member_id=each.member_id, **common)


def _leads(uow: UnitOfWork, access: Access, member: Member) -> bool:
    """Whether this way is one of ``member``'s."""
    if member.status is MemberStatus.LEFT:
        return False
    if access.way is Way.POOL:
        return uow.pools.get(access.through).admits(member.id, member.team_id)
    if access.member_id is None:
        return access.team_id == member.team_id
    return access.member_id == member.id
