"""Merging two records: a preview of everything that changes, the merge itself, and where an old id leads.

Whatever refers to the record that goes is moved to the one that stays, in the same transaction.
``REFERENCES`` lists what refers to what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from attrs import frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record, changed, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import MergeId, OwnershipEntryId, Ref
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.ownership import Cause, Owned, OwnershipEntry
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import FieldChoice, MergeFacts, MergeOutcome, MergePlan, Party, apply_merge
from crmkit.rules.dedup import plan_merge as plan_of
from crmkit.services.context import Context

__all__ = ["MergeAnswer", "MergePreview", "about", "merge", "moved_to", "plan_merge", "resolve"]

R = TypeVar("R", bound=Record)

_MOST_MOVED = 10_000
"""References that one journal record lists; more go into further records of the same merge."""


@frozen
class _Link:
    """``cls`` refers to the party by ``field``; one that holds many ids holds it among them."""

    cls: type[Record]
    field: str
    many: bool = False


REFERENCES: Mapping[str, tuple[_Link, ...]] = {
    "account": (
        _Link(Contact, "account_id"),
        _Link(Opportunity, "account_id"),
        _Link(Lead, "account_id"),
        _Link(Account, "parent_id"),
    ),
    "contact": (
        _Link(Contact, "reports_to_id"),
        _Link(Lead, "contact_id"),
        _Link(Interaction, "contact_ids", many=True),
    ),
    "lead": (_Link(Opportunity, "lead_id"),),
}
"""What refers to an account, a contact, a lead by its id; ownership entries stay, they are history."""
SUBJECTS: tuple[type[Record], ...] = (Interaction, Task, Request)
"""What refers to any record, by entity and id."""
_ABOVE = {"account": "parent_id", "contact": "reports_to_id"}
_PARTIES: Mapping[str, type[Party]] = {cls.entity: cls for cls in (Lead, Contact, Account)}


@model
class MergePreview:
    """What a merge would do: the winner of every field, and every record that would move."""

    plan: MergePlan
    moves: tuple[Ref, ...] = ()


@model
class MergeAnswer:
    """What a merge did. ``moved`` counts the records that refer to the survivor from now on.

    When the two were one already, ``survivor`` is that one and ``choices`` is empty.
    """

    outcome: MergeOutcome
    survivor: Ref
    loser: Ref
    choices: tuple[FieldChoice, ...] = ()
    moved: int = 0
    reasons: tuple[Reason, ...]


def resolve(uow: UnitOfWork, ref: Ref) -> Ref:
    """Where ``ref`` leads: to the record it was merged into, over any number of merges, or to itself."""
    seen = {ref}
    while True:
        merges = uow.merges.find(
            (F.record_entity == ref.entity) & (F.loser_id == ref.id), order=("-created_at",), limit=1
        )
        if not merges:
            return ref
        ref = Ref(entity=ref.entity, id=merges[0].survivor_id)
        if ref in seen:
            return ref
        seen.add(ref)


def plan_merge(ctx: Context, one: Ref, other: Ref, *, keep: str = "") -> MergePreview:
    """What merging the two would do; nothing is written. See ``merge``."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        facts = _facts(uow, resolve(uow, one), resolve(uow, other), keep)
        plan = plan_of(facts)
        moves = [change.record.ref for change in moved_to(uow, plan.loser, plan.survivor, now=ctx.clock.now())]
        return MergePreview(plan=plan, moves=tuple(moves[:_MOST_MOVED]))


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
        uow.lock(*sorted({f"merge:{ref}" for ref in (first, second)}))
        if (resolve(uow, first), resolve(uow, second)) != (first, second):
            raise StaleVersion("One of the two was merged meanwhile.", hint="Read it again.")
        if first == second:
            done = Reason.of("merge.already", record=str(other))
            return MergeAnswer(outcome=MergeOutcome.MERGE, survivor=first, loser=other, reasons=(done,))
        facts = _facts(uow, first, second, keep)
        plan = plan_of(facts)
        moved = 0
        if plan.outcome is MergeOutcome.MERGE:
            survivor, loser = sorted((facts.one, facts.other), key=lambda record: record.ref != plan.survivor)
            moved = _carry_out(ctx, uow, plan, survivor, loser, now)
        return MergeAnswer(
            outcome=plan.outcome,
            survivor=plan.survivor,
            loser=plan.loser,
            choices=plan.choices,
            moved=moved,
            reasons=plan.reasons,
        )

    return ctx.command(work, MergeAnswer, idempotency_key=idempotency_key)


def moved_to(uow: UnitOfWork, old: Ref, new: Ref, *, now: datetime) -> list[Change[Any]]:
    """The changes after which whatever refers to ``old`` refers to ``new``; the two themselves are left out."""
    found: dict[Ref, tuple[Record, dict[str, Any]]] = {}
    for record, fields in (*about(uow, old, new), *_linked(uow, old, new)):
        if record.ref not in {old, new}:
            # an interaction with a contact may refer to it twice, and is saved once
            found.setdefault(record.ref, (record, {}))[1].update(fields)
    return [changed(record, now=now, **fields) for record, fields in found.values()]


def about(uow: UnitOfWork, old: Ref, new: Ref) -> Iterator[tuple[Record, dict[str, Any]]]:
    """What was done, is to be done and is asked for about ``old``, with the fields that make it about ``new``."""
    condition = (F.subject_entity == old.entity) & (F.subject_id == old.id)
    for cls in SUBJECTS:
        for record in uow.repository(cls).find(condition):
            yield record, {"subject_entity": new.entity, "subject_id": new.id}


def _linked(uow: UnitOfWork, old: Ref, new: Ref) -> Iterator[tuple[Record, dict[str, Any]]]:
    for link in REFERENCES[old.entity]:
        field = getattr(F, link.field)
        for record in uow.repository(link.cls).find(field.contains(old.id) if link.many else field == old.id):
            value = _replaced(getattr(record, link.field), old.id, new.id) if link.many else new.id
            yield record, {link.field: value}


def _replaced(ids: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(new if each == old else each for each in ids))


# --- one transaction ------------------------------------------------------------------------------


def _facts(uow: UnitOfWork, one: Ref, other: Ref, keep: str) -> MergeFacts:
    return MergeFacts(
        one=_party(uow, one),
        other=_party(uow, other),
        above_one=tuple(_above(uow, one)),
        above_other=tuple(_above(uow, other)),
        keep=resolve(uow, Ref(entity=one.entity, id=keep)).id if keep else "",
    )


def _party(uow: UnitOfWork, ref: Ref) -> Party:
    cls = _PARTIES.get(ref.entity)
    if cls is None:
        raise InvalidInput(f"{ref.entity} is not merged.", field="entity", hint=f"Choose from: {', '.join(_PARTIES)}.")
    return uow.repository(cls).get(ref.id)


def _above(uow: UnitOfWork, ref: Ref) -> Iterator[str]:
    """Who stands above the record, the nearest first; a ring that stored data may hold ends where it began."""
    field = _ABOVE.get(ref.entity)
    seen = {ref.id}
    while field is not None:
        above = getattr(_party(uow, ref), field)
        if above is None or above in seen:
            return
        seen.add(above)
        yield above
        ref = Ref(entity=ref.entity, id=above)


def _carry_out(ctx: Context, uow: UnitOfWork, plan: MergePlan, survivor: Party, loser: Party, now: datetime) -> int:
    merged, gone = apply_merge(plan, survivor, loser, now=now)
    moves = moved_to(uow, plan.loser, plan.survivor, now=now)
    journal = _journal(ctx, survivor, loser, [change.record.ref for change in moves], now)
    uow.save(merged, gone, *moves, *journal, *_handed_over(ctx, survivor, merged.after, loser, now))
    return len(moves)


def _journal(
    ctx: Context, survivor: Party, loser: Party, moved: Sequence[Ref], now: datetime
) -> Iterator[Change[Merge]]:
    parts = iter(moved)
    part = tuple(islice(parts, _MOST_MOVED))
    while True:
        yield created(
            Merge(
                id=MergeId(ctx.ids.new()),
                record_entity=loser.entity,
                survivor_id=survivor.id,
                loser_id=loser.id,
                loser=loser,
                moved=part,
                created_at=now,
                updated_at=now,
            )
        )
        part = tuple(islice(parts, _MOST_MOVED))
        if not part:
            return


def _handed_over(
    ctx: Context, before: Party, after: Party, loser: Party, now: datetime
) -> Iterator[Change[OwnershipEntry]]:
    """The history of who looked after which: the loser is let go, the survivor may come to its owner."""
    if isinstance(before, Contact) or isinstance(after, Contact) or isinstance(loser, Contact):
        return
    if loser.owner_id is not None or loser.pool_id is not None:
        yield _entry(ctx, loser, None, now)
    if (before.owner_id, before.pool_id) != (after.owner_id, after.pool_id):
        yield _entry(ctx, before, after, now)


def _entry(ctx: Context, before: Owned, after: Owned | None, now: datetime) -> Change[OwnershipEntry]:
    return created(
        OwnershipEntry(
            id=OwnershipEntryId(ctx.ids.new()),
            record_entity=before.entity,
            record_id=before.id,
            at=now,
            cause=Cause.MERGED,
            from_owner_id=before.owner_id,
            from_pool_id=before.pool_id,
            to_owner_id=after.owner_id if after is not None else None,
            to_pool_id=after.pool_id if after is not None else None,
            created_at=now,
            updated_at=now,
        )
    )
