"""What members have received and hold, counted in a handful of queries whatever the number of records."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy, Candidate, Tally, calibrated
from crmkit.services.custody import UNSETTLED, calendar_of, owned_by

__all__ = ["candidates_of"]

MOST_IDS = 1_000
"""Ids that one condition lists."""


def candidates_of(
    uow: UnitOfWork, policy: AssignmentPolicy, members: Sequence[Member], *, now: datetime
) -> tuple[Candidate, ...]:
    """``members`` with what they hold and what was assigned to them, newcomers level with their teammates.

    Queries: one per entity, one for the window, one for each moment within it at which a member joined or
    came back, one for each member that was changed within it, and one for each limit and backlog.

    Raises:
        NotFound: the policy's calendar does not exist.
    """
    begin = now - timedelta(days=policy.window_days)
    there_since = {member.id: since for member in members if (since := _there_since(uow, member, begin)) > begin}
    load = _open_work(uow, members, now)
    room = _room(uow, policy, members, now)
    candidates = [
        Candidate(member=member, open_work=load[member.id], room=tuple(left[member.id] for left in room))
        for member in members
    ]
    moments = sorted({begin, *there_since.values()})
    tallies = [Tally(since=moment, received=_received(uow, policy, moment)) for moment in moments]
    return calibrated(candidates, there_since, tallies)


def _there_since(uow: UnitOfWork, member: Member, begin: datetime) -> datetime:
    """When the member joined or last came back; moves are looked up only where the member changed in the window."""
    if member.updated_at <= begin or member.updated_at == member.created_at:
        return member.created_at
    moves = uow.trail.of(member.ref, type="member.moved", since=begin)
    return max((move.at for move in moves), default=member.created_at)


def _received(uow: UnitOfWork, policy: AssignmentPolicy, since: datetime) -> dict[MemberId, int]:
    """Assignments of the entity's records since then; claims are everybody's own affair."""
    counts = uow.ownership.count_by(
        "to_owner_id", (F.record_entity == policy.entity) & (F.cause == "assigned") & (F.at >= since)
    )
    return dict(counts)


def _room(
    uow: UnitOfWork, policy: AssignmentPolicy, members: Sequence[Member], now: datetime
) -> list[dict[MemberId, int]]:
    """How many more each limit and backlog leaves each member."""
    calendar = calendar_of(uow, policy.calendar_id)
    used: list[tuple[int, Mapping[MemberId, int]]] = [
        (limit.most, _received(uow, policy, limit.begins(now, calendar))) for limit in policy.limits
    ]
    used += [
        (backlog.most, _held(uow, policy.entity, parse(backlog.when), members, now)) for backlog in policy.backlogs
    ]
    return [{member.id: most - counts.get(member.id, 0) for member in members} for most, counts in used]


def _open_work(uow: UnitOfWork, members: Sequence[Member], now: datetime) -> Counter[MemberId]:
    load: Counter[MemberId] = Counter()
    for entity, unsettled in UNSETTLED.items():
        load.update(_held(uow, entity, unsettled, members, now))
    return load


def _held(
    uow: UnitOfWork, entity: str, condition: Condition, members: Sequence[Member], now: datetime
) -> Counter[MemberId]:
    """How many records for which ``condition`` holds each member has."""
    held: Counter[MemberId] = Counter()
    ids = sorted(member.id for member in members)
    for start in range(0, len(ids), MOST_IDS):
        owned = F.owner_id.in_(ids[start : start + MOST_IDS])
        held.update(owned_by(uow, entity).count_by("owner_id", owned & condition, now=now))
    return held
