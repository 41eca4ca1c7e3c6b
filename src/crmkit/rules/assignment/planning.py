"""Records that are allocated at once: what an allocator needs to know, as plain numbers."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.ids import MemberId
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.desk import Desk
from crmkit.rules.assignment.facts import AssignmentFacts, Candidate
from crmkit.rules.assignment.policy import AssignmentPolicy, Target
from crmkit.rules.assignment.strategies import BestFit

__all__ = ["Plan", "plans"]


@frozen(kw_only=True)
class Plan:
    """Records of one target: ``worth`` has a row each and a column a member; 0 where it must not go."""

    record_ids: tuple[str, ...]
    member_ids: tuple[MemberId, ...]
    worth: tuple[tuple[float, ...], ...]
    room: tuple[int, ...]
    fair_percent: int


def plans(
    policy: AssignmentPolicy, records: Sequence[Owned], facts: AssignmentFacts, *, now: datetime
) -> tuple[Plan, ...]:
    """One for each target with ``BestFit`` that is the first to be asked for some of ``records``.

    Members of several such targets have their room in each; whoever is full when it is decided gets no more.
    """
    desk = Desk(policy, facts, now)
    asked: dict[int, tuple[Target, BestFit, list[Owned]]] = {}
    for record in records:
        target = desk.first_target(record)
        if target is not None and isinstance(target.strategy, BestFit):
            asked.setdefault(id(target), (target, target.strategy, []))[2].append(record)
    return tuple(_plan(desk, *each) for each in asked.values())


def _plan(desk: Desk, target: Target, strategy: BestFit, records: Sequence[Owned]) -> Plan:
    able = [desk.able(record, target) for record in records]
    people = {each.member.id: each for some in able for each in some}
    ids = tuple(sorted(people))
    rows = []
    for record, some in zip(records, able, strict=True):
        worth = {each.member.id: strategy.worth(record, each.member, now=desk.now) for each in some}
        rows.append(tuple(worth.get(id, 0.0) for id in ids))
    return Plan(
        record_ids=tuple(record.id for record in records),
        member_ids=ids,
        worth=tuple(rows),
        room=tuple(_room(people[id], len(records)) for id in ids),
        fair_percent=strategy.fair_percent,
    )


def _room(candidate: Candidate, most: int) -> int:
    left = [most, *candidate.room, most if candidate.cap_left is None else candidate.cap_left]
    if candidate.member.capacity is not None:
        left.append(candidate.member.capacity - candidate.open_work)
    return min(left)
