"""What members hold, and how much more their caps let them take: asked wherever a record gets an owner.

Claims, assignments, transfers and conversions count the same records by the same rule.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import Cap, ClaimPolicy
from crmkit.services.custody import UNSETTLED, owned_by, policy_for

__all__ = ["counted", "held_by_each", "held_under", "left_under_caps", "open_work_of"]

MOST_IDS = 1_000
"""Ids that one condition lists."""


def counted(cap: Cap, entity: str) -> Condition:
    """The records of ``entity`` that count towards ``cap``, whoever holds them."""
    return ~parse(cap.uncounted) & UNSETTLED[entity]


def held_under(uow: UnitOfWork, entity: str, cap: Cap, member_id: str, *, now: datetime) -> int:
    """How many records the member holds that count towards ``cap``."""
    return owned_by(uow, entity).count((F.owner_id == member_id) & counted(cap, entity), now=now)


def open_work_of(uow: UnitOfWork, member_id: str, *, now: datetime) -> int:
    """How many open leads and accounts the member holds: what a member's own capacity limits."""
    return sum(
        owned_by(uow, entity).count((F.owner_id == member_id) & unsettled, now=now)
        for entity, unsettled in UNSETTLED.items()
    )


def held_by_each(
    uow: UnitOfWork, entity: str, condition: Condition, member_ids: Sequence[str], *, now: datetime
) -> Counter[str]:
    """How many records for which ``condition`` holds each member has; one query for a thousand members."""
    held: Counter[str] = Counter()
    ids = sorted(member_ids)
    for start in range(0, len(ids), MOST_IDS):
        owned = F.owner_id.in_(ids[start : start + MOST_IDS])
        held.update(owned_by(uow, entity).count_by("owner_id", owned & condition, now=now))
    return held


def left_under_caps(
    uow: UnitOfWork, entity: str, members: Sequence[Member], *, now: datetime
) -> Mapping[MemberId, int]:
    """How many more each member may hold, for those who have a cap; one query for each rule that counts otherwise."""
    policy = policy_for(uow, ClaimPolicy, entity, now=now)
    if policy is None:
        return {}
    caps = {member.id: cap for member in members if (cap := policy.cap_of(member)) is not None}
    ways: dict[str, list[str]] = defaultdict(list)
    for member_id, cap in caps.items():
        ways[cap.uncounted].append(member_id)
    held: Counter[str] = Counter()
    for member_ids in ways.values():
        held += held_by_each(uow, entity, counted(caps[MemberId(member_ids[0])], entity), member_ids, now=now)
    return {member_id: cap.most - held[member_id] for member_id, cap in caps.items()}
