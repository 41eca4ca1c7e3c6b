"""Merging two records: a preview of everything that changes, the merge itself, and where an old id leads.

Whatever refers to the record that goes is moved to the one that stays, in the same transaction;
``references`` lists what that is. ``unmerge`` takes it back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, MergeId, OwnershipEntryId, PoolId, Ref
from crmkit.domain.model import model, revise
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.merge import Merge, Moved
from crmkit.domain.stewardship.ownership import Cause, Owned, OwnershipEntry
from crmkit.errors import InvalidInput, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import FieldChoice, MergeFacts, MergeOutcome, MergePlan, MergePolicy, Party, apply_merge
from crmkit.rules.dedup import plan_merge as plan_of
from crmkit.services.context import Context
from crmkit.services.memberships import locks_of
from crmkit.services.merged_memberships import carried_over
from crmkit.services.references import moved_to
from crmkit.services.verdicts import closed_with

__all__ = [
    "ABOVE",
    "MAY_BE_MERGED",
    "MOST_MOVED",
    "MergeAnswer",
    "MergePreview",
    "continued",
    "handover",
    "merge",
    "plan_merge",
    "resolve",
    "standing",
]

MOST_MOVED = 10_000
"""References that one journal record lists; more go into further records of the same merge."""
ABOVE = {"account": "parent_id", "contact": "reports_to_id"}
"""By which field a record says who stands above it."""
MAY_BE_MERGED: Mapping[str, type[Party]] = {cls.entity: cls for cls in (Lead, Contact, Account)}
"""The entities that are merged."""


@model
class MergePreview:
    """What a merge would do: the winner of every field, and every record that would move."""

    plan: MergePlan
    moves: tuple[Ref, ...] = ()


@model
class MergeAnswer:
    """What a merge did. ``moved`` counts the records that refer to the survivor from now on.

    When the two were one already, ``survivor`` is that one and ``choices`` is empty. ``merge`` is the
    journal, by which ``unmerge`` takes it back.
    """

    outcome: MergeOutcome
    survivor: Ref
    loser: Ref
    choices: tuple[FieldChoice, ...] = ()
    moved: int = 0
    merge: Ref | None = None
    reasons: tuple[Reason, ...]


def resolve(uow: UnitOfWork, ref: Ref, *, without: Ref | None = None) -> Ref:
    """Where ``ref`` leads: to the record it was merged into, over any number of merges, or to itself.

    The answer leaves out the merge ``without``, as if it were undone.
    """
    seen = {ref}
    while True:
        merge = standing(uow, ref)
        if merge is None or merge.ref == without:
            return ref
        ref = Ref(entity=ref.entity, id=merge.survivor_id)
        if ref in seen:
            return ref
        seen.add(ref)


def standing(uow: UnitOfWork, loser: Ref) -> Merge | None:
    """The merge by which ``loser`` went, if it is not undone; of its journal the first record."""
    found = uow.merges.find(
        (F.record_entity == loser.entity) & (F.loser_id == loser.id) & F.continues.missing() & F.undone_at.missing(),
        order=("-created_at",),
        limit=1,
    )
    return found[0] if found else None


def plan_merge(ctx: Context, one: Ref, other: Ref, *, keep: str = "") -> MergePreview:
    """What merging the two would do; nothing is written. See ``merge``."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        facts = _facts(uow, resolve(uow, one), resolve(uow, other), keep)
        plan = plan_of(_policy(uow, now), facts, now=now)
        moving = moved_to(uow, plan.loser, plan.survivor, ctx.references, now=now)
        return MergePreview(plan=plan, moves=tuple(moving.refs[:MOST_MOVED]))


def merge(ctx: Context, one: Ref, other: Ref, *, keep: str = "", idempotency_key: str | None = None) -> MergeAnswer:
    """The two leads, contacts or accounts are one record; the other's id leads to it from now on.

    The one that has come further, has an owner, or is older stays, unless ``keep`` names one; so merging
    A with B and B with A at the same instant ends in one state, and the second is told that it was done.
    The survivor's blanks are filled, its numbers and tags united with the loser's, and the loser is kept
    whole in the journal. A merge that would lose a customer's lead is refused, with the reason.

    Raises:
        NotFound: one of the two does not exist.
        InvalidInput: they are of different entities, or of one that is not merged.
    """

    def work(uow: UnitOfWork, now: datetime) -> MergeAnswer:
        first, second = resolve(uow, one), resolve(uow, other)
        uow.lock(*sorted({f"merge:{ref}" for ref in (first, second)}), *locks_of(first.entity, (first.id, second.id)))
        if (resolve(uow, first), resolve(uow, second)) != (first, second):
            raise StaleVersion("One of the two was merged meanwhile.", hint="Read it again.")
        if first == second:
            done = Reason.of("merge.already", record=str(other))
            return MergeAnswer(outcome=MergeOutcome.MERGE, survivor=first, loser=other, reasons=(done,))
        facts = _facts(uow, first, second, keep)
        plan = plan_of(_policy(uow, now), facts, now=now)
        if plan.outcome is MergeOutcome.MERGE:
            survivor, loser = sorted((facts.one, facts.other), key=lambda record: record.ref != plan.survivor)
            return _carry_out(ctx, uow, plan, survivor, loser, now)
        return MergeAnswer(outcome=plan.outcome, survivor=plan.survivor, loser=plan.loser, reasons=plan.reasons)

    return ctx.command(work, MergeAnswer, idempotency_key=idempotency_key)


# --- one transaction ------------------------------------------------------------------------------


def _policy(uow: UnitOfWork, now: datetime) -> MergePolicy:
    return uow.policies.in_force(MergePolicy, now) or MergePolicy()


def _facts(uow: UnitOfWork, one: Ref, other: Ref, keep: str) -> MergeFacts:
    return MergeFacts(
        one=_party(uow, one),
        other=_party(uow, other),
        above_one=tuple(_above(uow, one)),
        above_other=tuple(_above(uow, other)),
        keep=resolve(uow, Ref(entity=one.entity, id=keep)).id if keep else "",
    )


def _party(uow: UnitOfWork, ref: Ref) -> Party:
    cls = MAY_BE_MERGED.get(ref.entity)
    if cls is None:
        raise InvalidInput(
            f"{ref.entity} is not merged.", field="entity", hint=f"Choose from: {', '.join(MAY_BE_MERGED)}."
        )
    return uow.repository(cls).get(ref.id)


def _above(uow: UnitOfWork, ref: Ref) -> Iterator[str]:
    """Who stands above the record, the nearest first; a ring that stored data may hold ends where it began."""
    field = ABOVE.get(ref.entity)
    seen = {ref.id}
    while field is not None:
        found = uow.repository(MAY_BE_MERGED[ref.entity]).get_many([ref.id])
        above = getattr(found.get(ref.id), field, None)
        if above is None or above in seen:
            return
        seen.add(above)
        yield above
        ref = Ref(entity=ref.entity, id=above)


def _carry_out(
    ctx: Context, uow: UnitOfWork, plan: MergePlan, survivor: Party, loser: Party, now: datetime
) -> MergeAnswer:
    merged, gone = apply_merge(plan, survivor, loser, now=now)
    moving = moved_to(uow, plan.loser, plan.survivor, ctx.references, now=now)
    first = Merge(
        id=MergeId(ctx.ids.new()),
        record_entity=loser.entity,
        survivor_id=survivor.id,
        loser_id=loser.id,
        loser=loser,
        survivor=survivor,
        merged=merged.after,
        created_at=now,
        updated_at=now,
    )
    moving.move_rows(plan.loser, plan.survivor)
    owners = _handed_over(ctx, survivor, merged.after, loser, now)
    closed = closed_with(uow, plan.loser, now=now)
    carried = carried_over(ctx.ids.new, uow, first, merged.after, now=now)
    uow.save(merged, gone, *moving.changes, *_journal(ctx, first, moving.moved, now), *owners, *closed, *carried)
    return MergeAnswer(
        outcome=plan.outcome,
        survivor=plan.survivor,
        loser=plan.loser,
        choices=plan.choices,
        moved=len(moving.refs),
        merge=first.ref,
        reasons=plan.reasons,
    )


def _journal(ctx: Context, first: Merge, moved: Sequence[Moved], now: datetime) -> Iterator[Change[Merge]]:
    """``first`` with as much of ``moved`` as one record lists, and the records that continue it."""
    parts = iter(moved)
    yield created(revise(first, moved=tuple(islice(parts, MOST_MOVED))))
    while part := tuple(islice(parts, MOST_MOVED)):
        yield continued(first, part, id=ctx.ids.new(), now=now)


def continued(first: Merge, moved: tuple[Moved, ...], *, id: str, now: datetime) -> Change[Merge]:
    """A record that continues the journal ``first``."""
    return created(
        Merge(
            id=MergeId(id),
            record_entity=first.record_entity,
            survivor_id=first.survivor_id,
            loser_id=first.loser_id,
            loser=first.loser,
            moved=moved,
            continues=first.id,
            created_at=now,
            updated_at=now,
        )
    )


def _handed_over(
    ctx: Context, before: Party, after: Party, loser: Party, now: datetime
) -> Iterator[Change[OwnershipEntry]]:
    """The history of who looked after which: the loser is let go, the survivor may come to its owner."""
    yield from handover(ctx.ids.new, loser, None, cause=Cause.MERGED, now=now)
    yield from handover(ctx.ids.new, before, after, cause=Cause.MERGED, now=now)


def handover(
    new_id: Callable[[], str], before: Party | None, after: Party | None, *, cause: Cause, now: datetime
) -> Iterator[Change[OwnershipEntry]]:
    """The line of history that says from whom to whom a record came, if it came into other hands."""
    record = after if before is None else before
    if not isinstance(record, Owned) or _hands(before) == _hands(after):
        return
    (from_owner_id, from_pool_id), (to_owner_id, to_pool_id) = _hands(before), _hands(after)
    yield created(
        OwnershipEntry(
            id=OwnershipEntryId(new_id()),
            record_entity=record.entity,
            record_id=record.id,
            at=now,
            cause=cause,
            from_owner_id=from_owner_id,
            from_pool_id=from_pool_id,
            to_owner_id=to_owner_id,
            to_pool_id=to_pool_id,
            created_at=now,
            updated_at=now,
        )
    )


def _hands(record: Party | None) -> tuple[MemberId | None, PoolId | None]:
    return (record.owner_id, record.pool_id) if isinstance(record, Owned) else (None, None)
