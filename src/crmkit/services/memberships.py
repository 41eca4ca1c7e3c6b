"""Memberships of segments as they are written: under the locks of the records, one at a time of each scheme.

Whoever changes where a record stands takes the lock that ``locks_of`` names first, and reads afterwards. So of two who do
the same at once the second finds it done, and a merge moves what a refresh has just written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any
from zlib import crc32

from attrs import field, frozen

from crmkit.domain.change import Change
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, MergeId, SegmentMembershipId
from crmkit.domain.model import Line, model
from crmkit.domain.parties.segment import SegmentMembership, Why
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.services.context import Context

__all__ = ["CHUNK", "OPEN", "Goal", "Standing", "Turnover", "holding_at", "locks_of", "rearrange", "settle"]

CHUNK = 500
"""Records in one transaction."""
MOST_AT_ONCE = 50_000
"""Records that are remembered to be written."""
OPEN: Condition = F.until.missing()
"""Memberships that last."""
_STRIPES = 512


@model
class Turnover:
    """How many records came into a segment, and how many left one."""

    joined: int = 0
    left: int = 0

    def __add__(self, other: "Turnover") -> "Turnover":
        return Turnover(joined=self.joined + other.joined, left=self.left + other.left)


@frozen(kw_only=True)
class Goal:
    """Where a record is to stand in a scheme, and why; in no segment where that is empty."""

    segment: str = ""
    why: Why
    by: MemberId | None = None
    note: Line = ""


def holding_at(at: datetime) -> Condition:
    """Memberships that hold at that instant."""
    return (F.since <= at) & (OPEN | (F.until > at))


def locks_of(entity: str, ids: Iterable[str]) -> list[str]:
    """The locks under which it is decided where these records stand; 512 at most, however many they are."""
    stripes = {crc32(f"{entity}:{id_}".encode()) % _STRIPES for id_ in ids}
    return [f"segments:{stripe}" for stripe in sorted(stripes)]


@frozen(kw_only=True)
class Standing:
    """Where some records of one entity stand, by record and scheme, and when their last membership ended."""

    open: Mapping[tuple[str, str], SegmentMembership] = field(factory=dict)
    ended: Mapping[tuple[str, str], datetime] = field(factory=dict)

    @classmethod
    def of(cls, uow: UnitOfWork, entity: str, ids: Iterable[str], *, scheme: str = "", now: datetime) -> "Standing":
        """Of up to a thousand records, in one scheme or in all, by one query."""
        about = (F.record_entity == entity) & F.record_id.in_(list(ids))
        # what ends later than now was written by a clock that is ahead: nothing begins before that is over
        lasting = OPEN | (F.until > now)
        found = uow.segment_memberships.find(about & lasting & (F.scheme == scheme if scheme else EVERY))
        standing, ended = dict[tuple[str, str], SegmentMembership](), dict[tuple[str, str], datetime]()
        for each in found:
            at = (each.record_id, each.scheme)
            if each.until is None:
                standing[at] = each
            else:
                ended[at] = max(each.until, ended.get(at, each.until))
        return cls(open=standing, ended=ended)

    def begun(
        self, new_id: Callable[[], str], *, now: datetime, came_with: MergeId | None = None, **fields: Any
    ) -> Change[Any]:
        """A new membership, which begins when the one before it is over."""
        at = (fields["record_id"], fields["scheme"])
        before = self.open.get(at)
        since = max(now, self.ended.get(at, now), now if before is None else before.since)
        membership = SegmentMembership(
            id=SegmentMembershipId(new_id()),
            since=since,
            came_with=came_with,
            created_at=now,
            updated_at=now,
            **fields,
        )
        return membership.join()


Candidates = Callable[[UnitOfWork, datetime], Iterable[Sequence[str]]]
"""Chunks of ids of records that may stand elsewhere than they should."""
Goals = Callable[[UnitOfWork, Sequence[str], datetime], Mapping[str, Goal]]
"""Where each of these records is to stand."""


def rearrange(
    ctx: Context, entity: str, scheme: str, candidates: Candidates, goals: Goals, *, chunk: int = CHUNK
) -> Turnover:
    """Every candidate stands in ``scheme`` where its goal says.

    They are looked through in passing first, and decided anew in a transaction every ``chunk`` of those that differ: so a
    repeat writes nothing, one that was stopped goes on where it was, and memory stays flat.
    """
    turnover = Turnover()
    while True:
        with ctx.store.begin(ctx.acting, read_only=True) as uow:
            now = ctx.clock.now()
            looked = (_misplaced(uow, entity, scheme, goals(uow, ids, now), now) for ids in candidates(uow, now))
            stale = list(islice(chain.from_iterable(looked), MOST_AT_ONCE))
        written = Turnover()
        for first in range(0, len(stale), chunk):

            def work(uow: UnitOfWork, now: datetime, ids: Sequence[str] = stale[first : first + chunk]) -> Turnover:
                uow.lock(*locks_of(entity, ids))
                return settle(ctx.ids.new, uow, entity, scheme, goals(uow, ids, now), now=now)

            written += ctx.command(work, Turnover)
        turnover += written
        if len(stale) < MOST_AT_ONCE or written == Turnover():
            return turnover


def _misplaced(uow: UnitOfWork, entity: str, scheme: str, goals: Mapping[str, Goal], now: datetime) -> list[str]:
    standing = Standing.of(uow, entity, goals, scheme=scheme, now=now).open
    return [id_ for id_, goal in goals.items() if not _stands(standing.get((id_, scheme)), goal)]


def _stands(held: SegmentMembership | None, goal: Goal) -> bool:
    """Whether a record stands where it should, and in its own right."""
    if held is None:
        return not goal.segment
    return held.segment == goal.segment and held.came_with is None


def settle(
    new_id: Callable[[], str], uow: UnitOfWork, entity: str, scheme: str, goals: Mapping[str, Goal], *, now: datetime
) -> Turnover:
    """Each record, whose lock is held, stands in ``scheme`` where its goal says; only what differs is written."""
    standing = Standing.of(uow, entity, goals, scheme=scheme, now=now)
    changes = [
        change for id_, goal in goals.items() for change in _steps(new_id, standing, entity, scheme, id_, goal, now)
    ]
    uow.save(*changes)
    ends = sum(change.after.until is not None for change in changes)
    begins = sum(change.before is None for change in changes)
    return Turnover(joined=begins, left=ends)


def _steps(
    new_id: Callable[[], str], standing: Standing, entity: str, scheme: str, id_: str, goal: Goal, now: datetime
) -> Iterator[Change[SegmentMembership]]:
    held = standing.open.get((id_, scheme))
    if _stands(held, goal):
        return
    if held is not None and held.segment == goal.segment:
        yield held.stand_alone(now=now)
        return
    if held is not None:
        yield held.leave(goal.why, now=now)
    if goal.segment:
        yield standing.begun(
            new_id,
            now=now,
            record_entity=entity,
            record_id=id_,
            scheme=scheme,
            segment=goal.segment,
            joined_why=goal.why,
            by=goal.by,
            note=goal.note,
        )
