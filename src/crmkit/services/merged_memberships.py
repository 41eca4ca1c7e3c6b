"""What a merge does to memberships of segments: nothing that was is rewritten.

The record that goes leaves its segments, and the one that stays is in them from then on, unless it stands in one
of the same scheme already. Both records' locks are held. The undo gives back what came with the merge, as far as nobody took it away since.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import F
from crmkit.domain.parties.segment import SegmentMembership, Why
from crmkit.domain.stewardship.merge import Merge
from crmkit.ports.store import UnitOfWork
from crmkit.services.memberships import Standing
from crmkit.services.profiling import refusing

__all__ = ["carried_over", "given_back"]


def carried_over(
    new_id: Callable[[], str], uow: UnitOfWork, merge: Merge, survivor: Record, *, now: datetime
) -> Iterator[Change[SegmentMembership]]:
    """The survivor, as it is after the merge, stands where the loser stood."""
    standing = Standing.of(uow, survivor.entity, (merge.loser_id, survivor.id), now=now)
    refused = refusing(uow, survivor.entity, now)(survivor)
    for each in [each for (id_, _), each in standing.open.items() if id_ == merge.loser_id]:
        yield each.leave(Why.MERGED, now=now, went_with=merge.id)
        if (survivor.id, each.scheme) not in standing.open and _may(each, refused=refused):
            yield _begun_again(new_id, standing, each, survivor, now, came_with=merge)


def given_back(
    new_id: Callable[[], str],
    uow: UnitOfWork,
    merge: Merge,
    survivor: Record,
    back: Record,
    later: Sequence[Merge],
    *,
    now: datetime,
) -> Iterator[Change[SegmentMembership]]:
    """``back`` stands again where it stood, and the survivor only where it does in its own right, or for others' sake.

    Args:
        new_id: makes ids.
        uow: the unit of work.
        merge: what is undone.
        survivor: what stays.
        back: what comes back.
        later: merges of further records into the survivor that stand, in their order.
        now: when.
    """
    standing = Standing.of(uow, back.entity, (back.id, survivor.id), now=now)
    mine = F.record_entity == back.entity
    brought = uow.segment_memberships.find(mine & (F.record_id == survivor.id) & (F.came_with == merge.id))
    lasting = {each.scheme: each for each in brought if each.until is None}
    taken = {each.scheme for each in brought} - lasting.keys()
    for each in lasting.values():
        yield from _passed_on(new_id, uow, standing, each, survivor, later, now)
    refused = refusing(uow, back.entity, now)(back)
    left = uow.segment_memberships.find(mine & (F.record_id == back.id) & (F.went_with == merge.id))
    for each in left:
        if each.scheme not in taken and _may(each, refused=refused):
            yield _begun_again(new_id, standing, each, back, now)


def _passed_on(
    new_id: Callable[[], str],
    uow: UnitOfWork,
    standing: Standing,
    brought: SegmentMembership,
    survivor: Record,
    later: Sequence[Merge],
    now: datetime,
) -> Iterator[Change[SegmentMembership]]:
    """What the merge had brought goes, unless a later one would have brought the like."""
    losers = {each.id: each for each in later}
    same = (F.record_entity == survivor.entity) & (F.scheme == brought.scheme)
    others = uow.segment_memberships.find(same & F.went_with.in_(list(losers))) if losers else ()
    refused = refusing(uow, survivor.entity, now)(survivor)
    heirs = {each.went_with: each for each in others if _may(each, refused=refused)}
    yield brought.leave(Why.UNMERGED, now=now)
    for merge in later:
        if merge.id in heirs:
            yield _begun_again(new_id, standing, heirs[merge.id], survivor, now, came_with=merge)
            return


def _may(membership: SegmentMembership, *, refused: bool) -> bool:
    """A list is what people say; the rest is profiling."""
    return membership.joined_why is Why.LISTED or not refused


def _begun_again(
    new_id: Callable[[], str],
    standing: Standing,
    like: SegmentMembership,
    record: Record,
    now: datetime,
    *,
    came_with: Merge | None = None,
) -> Change[SegmentMembership]:
    """``record`` stands where ``like`` says; without a merge of its own it came with what ``like`` came with."""
    return standing.begun(
        new_id,
        now=now,
        came_with=like.came_with if came_with is None else came_with.id,
        record_entity=record.entity,
        record_id=record.id,
        scheme=like.scheme,
        segment=like.segment,
        joined_why=like.joined_why,
        by=like.by,
        note=like.note,
    )
