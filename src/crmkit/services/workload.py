"""What members hold and may still receive, counted in a handful of queries whatever the number of records."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.conditions import F, parse
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.ports.presence import Presence
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy, Availability, Candidate
from crmkit.services.custody import UNSETTLED, calendar_of
from crmkit.services.holdings import held_by_each, left_under_caps
from crmkit.services.turns import Turns

__all__ = ["candidates_of", "members_of"]


def members_of(uow: UnitOfWork, policy: AssignmentPolicy, also: Iterable[MemberId] = ()) -> list[Member]:
    """Everybody whom the policy names, the members of its teams, and ``also``."""
    named = dict(uow.members.get_many(sorted({*policy.member_ids, *also})))
    if policy.team_ids:
        named |= {member.id: member for member in uow.members.find(F.team_id.in_(sorted(policy.team_ids)))}
    return list(named.values())


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

    Queries: one per entity that has owners, one for each limit, backlog and kind of cap, and one for the calendars.

    Raises:
        NotFound: the policy's calendar does not exist.
    """
    load = _open_work(uow, members, now)
    room = _room(uow, policy, members, now)
    caps = left_under_caps(uow, policy.entity, members, now=now)
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
            cap_left=caps.get(member.id),
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
    calendar, ids = calendar_of(uow, policy.calendar_id), [member.id for member in members]
    used: list[tuple[int, Mapping[Any, int]]] = [
        (limit.most, _received(uow, policy, limit.begins(now, calendar))) for limit in policy.limits
    ]
    used += [
        (backlog.most, held_by_each(uow, policy.entity, parse(backlog.when), ids, now=now))
        for backlog in policy.backlogs
    ]
    return [{member.id: most - counts.get(member.id, 0) for member in members} for most, counts in used]


def _open_work(uow: UnitOfWork, members: Sequence[Member], now: datetime) -> Counter[str]:
    load: Counter[str] = Counter()
    for entity, unsettled in UNSETTLED.items():
        load.update(held_by_each(uow, entity, unsettled, [member.id for member in members], now=now))
    return load
