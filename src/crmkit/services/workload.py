"""What members hold and may still receive, counted in a handful of queries whatever the number of records."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.ports.presence import Presence
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy, Availability, Candidate
from crmkit.services.custody import UNSETTLED, calendar_of, owned_by
from crmkit.services.turns import Turns

__all__ = ["candidates_of"]

MOST_IDS = 1_000
"""Ids that one condition lists."""


def candidates_of(
    uow: UnitOfWork,
    policy: AssignmentPolicy,
    members: Sequence[Member],
    turns: Turns,
    *,
    presence: Presence | None = None,
    now: datetime,
) -> tuple[Candidate, ...]:
    """``members`` with what they hold, what their limits leave, and where they stand in the rotation.

    Queries: one per entity that has owners, one for each limit and backlog, and one for the calendars.

    Raises:
        NotFound: the policy's calendar does not exist.
    """
    load = _open_work(uow, members, now)
    room = _room(uow, policy, members, now)
    calendars = _calendars(uow, policy, members)
    away = _away(policy, members, presence)
    return tuple(
        Candidate(
            member=member,
            ahead=turns.ahead(member.id),
            open_work=load[member.id],
            away=member.id in away,
            calendar=calendars.get(member.calendar_id or "") or calendars.get(policy.calendar_id or ""),
            room=tuple(left[member.id] for left in room),
        )
        for member in members
    )


def _calendars(uow: UnitOfWork, policy: AssignmentPolicy, members: Sequence[Member]) -> Mapping[str, WorkingCalendar]:
    """The calendars by which hours are asked; a member's own that is gone counts as none."""
    if Availability.HOURS not in policy.available:
        return {}
    ids = {policy.calendar_id, *(member.calendar_id for member in members)}
    return uow.calendars.get_many(sorted(id for id in ids if id is not None))


def _away(policy: AssignmentPolicy, members: Sequence[Member], presence: Presence | None) -> Collection[MemberId]:
    if presence is None or Availability.PRESENCE not in policy.available:
        return ()
    return frozenset(presence.absent([member.id for member in members]))


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
