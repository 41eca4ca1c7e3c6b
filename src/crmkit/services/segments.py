"""Segments: who is in them by condition or by list, who was at any instant, and who went from which to which."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import MemberId, Ref, SegmentId
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.parties.segment import Segment, SegmentMembership, Why
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.ports.store import EVERY, Repository, UnitOfWork
from crmkit.rules.segments import Migration, migration
from crmkit.services.context import Context
from crmkit.services.memberships import CHUNK, OPEN, Goal, Turnover, holding_at, locks_of, rearrange, settle
from crmkit.services.profiling import refusing

__all__ = [
    "Refreshed",
    "add_to_segment",
    "members_of",
    "migration_between",
    "refresh_segments",
    "remove_from_segment",
    "segment_history",
    "segments_of",
    "sizes",
]

MOST_LISTED = 1_000
"""Records that one command puts on a list or takes off it."""
_RECORDS: Mapping[str, type[Record]] = {cls.entity: cls for cls in (Account, Contact, Lead)}


@model
class Refreshed:
    """How many segments were gone through, and how many records joined or left one."""

    segments: int = 0
    joined: int = 0
    left: int = 0


def refresh_segments(ctx: Context, *, segment_id: SegmentId | None = None, chunk: int = CHUNK) -> Refreshed:
    """Of the segment, or of every one that has a condition, those are members for whom the condition holds now.

    Only differences are written, in a transaction every ``chunk`` of them, so a repeat writes nothing and one that
    was stopped half-way may be called again. Two at once share the work. Who is not to be profiled is in none.

    Raises:
        NotFound: there is no such segment.
        NotAllowed: people keep it as a list.
        InvalidCondition: a condition does not fit the records.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        if segment_id is None:
            segments = [each for each in uow.segments.find(order=["id"]) if not each.is_list]
        else:
            segments = [_ruled(uow.segments.get(segment_id))]
    turnover = Turnover()
    for segment in segments:
        turnover += _refreshed(ctx, segment, chunk)
    return Refreshed(segments=len(segments), joined=turnover.joined, left=turnover.left)


def add_to_segment(
    ctx: Context,
    segment_id: SegmentId,
    ids: Sequence[str],
    *,
    by: MemberId | None = None,
    note: str = "",
    idempotency_key: str | None = None,
) -> Turnover:
    """The records are on the list; those who were already stay as they are. A list is what people say, no profile.

    Raises:
        NotFound: there is no such segment or record.
        NotAllowed: a condition says who is in it.
        InvalidInput: more than a thousand records.
    """
    _few(ids)

    def work(uow: UnitOfWork, now: datetime) -> Turnover:
        segment = _listed(uow.segments.get(segment_id))
        uow.lock(*locks_of(segment.holds, ids))
        there = _records(uow, segment).get_many(ids)
        missing = next((id_ for id_ in ids if id_ not in there), None)
        if missing is not None:
            raise NotFound(f"There is no {segment.holds} {missing!r}.", entity=segment.holds, id=missing)
        goal = Goal(segment=segment.id, why=Why.LISTED, by=by, note=note)
        return settle(ctx.ids.new, uow, segment.holds, segment.scheme, dict.fromkeys(ids, goal), now=now)

    return ctx.command(work, Turnover, idempotency_key=idempotency_key)


def remove_from_segment(
    ctx: Context, segment_id: SegmentId, ids: Sequence[str], *, idempotency_key: str | None = None
) -> Turnover:
    """The records are not on the list; that they were stays in the history.

    Raises:
        NotFound: there is no such segment.
        NotAllowed: a condition says who is in it.
        InvalidInput: more than a thousand records.
    """
    _few(ids)

    def work(uow: UnitOfWork, now: datetime) -> Turnover:
        segment = _listed(uow.segments.get(segment_id))
        uow.lock(*locks_of(segment.holds, ids))
        off = dict.fromkeys(ids, Goal(why=Why.LISTED))
        return settle(ctx.ids.new, uow, segment.holds, segment.scheme, off, now=now)

    return ctx.command(work, Turnover, idempotency_key=idempotency_key)


# --- who is and was where -------------------------------------------------------------------------


def members_of(
    ctx: Context, segment: str, *, scheme: str = "", at: datetime | None = None, after: str = "", limit: int = CHUNK
) -> Sequence[SegmentMembership]:
    """Who is in the segment now, or was ``at`` an instant: its memberships, ``limit`` at a time.

    Args:
        ctx: the ports.
        segment: the id of a ``Segment``, or with a ``scheme`` the name of one of its segments.
        scheme: such as ``Placed.scheme``.
        at: any instant; now, where none is given.
        after: the last record of the page before.
        limit: how many at most.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        of = (F.scheme == (scheme or f"segment:{segment}")) & (F.segment == segment)
        there = of & holding_at(at or ctx.clock.now()) & (F.record_id > after)
        return uow.segment_memberships.find(there, order=["record_id"], limit=limit)


def segments_of(ctx: Context, ref: Ref, *, at: datetime | None = None) -> Sequence[SegmentMembership]:
    """Where the record stands now, or stood ``at`` an instant, whatever became of it since; one in each scheme."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.segment_memberships.find(_about(ref) & holding_at(at or ctx.clock.now()), order=["scheme"])


def segment_history(ctx: Context, ref: Ref, *, scheme: str = "") -> Sequence[SegmentMembership]:
    """Every membership of the record, oldest first. What came with a merge begins with it."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.segment_memberships.find(_about(ref) & (F.scheme == scheme if scheme else EVERY), order=["since"])


def sizes(ctx: Context, scheme: str, *, at: datetime | None = None) -> Mapping[str, int]:
    """How many records stand in each segment of the scheme now, or stood ``at`` an instant; one query."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        there = (F.scheme == scheme) & holding_at(at or ctx.clock.now())
        return dict(sorted(uow.segment_memberships.count_by("segment", there).items()))


def migration_between(ctx: Context, scheme: str, before: datetime, after: datetime) -> Migration:
    """Who went from which segment of the scheme to which between two instants.

    Memory grows with those who moved, not with those who stayed.

    Raises:
        InvalidInput: ``after`` is not later than ``before``.
    """
    if after <= before:
        raise InvalidInput("must be later.", field="after", hint="Give the earlier instant first.")
    stayed: Counter[tuple[str, str]] = Counter()
    moved: tuple[dict[str, str], dict[str, str]] = ({}, {})
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        either = (F.scheme == scheme) & (holding_at(before) | holding_at(after))
        for each in uow.segment_memberships.scan(either):
            if each.holds(before) and each.holds(after):
                stayed[each.segment, each.segment] += 1
            else:
                moved[each.holds(after)][str(each.subject)] = each.segment
    counts = Counter(migration(*moved).counts) + stayed
    return Migration(counts=dict(sorted(counts.items())))


# --- one segment ----------------------------------------------------------------------------------


def _ruled(segment: Segment) -> Segment:
    if segment.is_list:
        raise NotAllowed(f"Segment {segment.id!r} is a list.", hint="Use add_to_segment.", id=segment.id)
    return segment


def _listed(segment: Segment) -> Segment:
    if not segment.is_list:
        raise NotAllowed(f"Segment {segment.id!r} has a condition.", hint="Change the condition.", id=segment.id)
    return segment


def _few(ids: Sequence[str]) -> None:
    if len(ids) > MOST_LISTED:
        raise InvalidInput(f"has more than {MOST_LISTED} records.", field="ids", hint="Give them piece by piece.")


def _records(uow: UnitOfWork, segment: Segment) -> Repository[Record]:
    return uow.repository(_RECORDS[segment.holds])


def _about(ref: Ref) -> Condition:
    return (F.record_entity == ref.entity) & (F.record_id == ref.id)


def _refreshed(ctx: Context, segment: Segment, chunk: int) -> Turnover:
    def candidates(uow: UnitOfWork, now: datetime) -> Iterator[Sequence[str]]:
        """Who is in it, and for whom the condition holds."""
        members = uow.segment_memberships.scan((F.scheme == segment.scheme) & OPEN)
        while some := list(islice(members, CHUNK)):
            yield [each.record_id for each in some]
        fitting = _records(uow, segment).scan(parse(segment.when), now=now)
        while found := list(islice(fitting, CHUNK)):
            yield [record.id for record in found]

    def goals(uow: UnitOfWork, ids: Sequence[str], now: datetime) -> Mapping[str, Goal]:
        return _goals(uow, _ruled(uow.segments.get(segment.id)), ids, now)

    return rearrange(ctx, segment.holds, segment.scheme, candidates, goals, chunk=chunk)


def _goals(uow: UnitOfWork, segment: Segment, ids: Sequence[str], now: datetime) -> dict[str, Goal]:
    """Where the records are to stand as the condition has it; who is not to be profiled is nowhere."""
    records, refuses = _records(uow, segment), refusing(uow, segment.holds, now)
    found = records.find(parse(segment.when) & F.id.in_(ids), now=now)
    fitting = {record.id for record in found if not refuses(record)}
    outside = records.get_many([id_ for id_ in ids if id_ not in fitting])
    inside = Goal(segment=segment.id, why=Why.CONDITION)
    return {id_: inside if id_ in fitting else Goal(why=_why_not(outside.get(id_), refuses)) for id_ in ids}


def _why_not(record: Record | None, refuses: Callable[[Record], bool]) -> Why:
    if record is None:
        return Why.GONE
    return Why.OPTED_OUT if refuses(record) else Why.CONDITION
