"""Undoing a merge: a preview of what comes back, and the undo itself.

The record that went is there again under its old id, with everything that the merge had moved and nobody has
moved on since. What came since stays with the survivor. Merges into one survivor are undone in any order; a
merge whose survivor went into a third record waits until that merge is undone.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from crmkit.domain.change import Change, changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import model, revise
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.merge import Merge, Moved
from crmkit.domain.stewardship.ownership import Cause
from crmkit.errors import NotFound, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import MergePolicy, Party, Undone, UnmergeFacts, UnmergeOutcome, UnmergePlan, undo
from crmkit.services.context import Context
from crmkit.services.memberships import locks_of
from crmkit.services.merge import ABOVE, MAY_BE_MERGED, MOST_MOVED, continued, handover, resolve, standing
from crmkit.services.merged_memberships import given_back
from crmkit.services.references import Moving, moved_back, rebased, referring, refers_to
from crmkit.services.verdicts import kept_apart

__all__ = ["UnmergeAnswer", "plan_unmerge", "unmerge"]

_STATES = ("loser", "survivor", "merged")
_AT_ONCE = 500
"""Ids that one query asks for."""


@model
class UnmergeAnswer:
    """What undoing a merge does, or did: the survivor's fields, and what becomes of every record it is about.

    Args:
        plan: whether it is undone, and which fields of the survivor it is out of.
        back: what refers to the record that came back, as before the merge.
        elsewhere: what the merge had moved and somebody has moved on since; it stays where it is.
        staying: what came since the merge; it stays with the survivor.
    """

    plan: UnmergePlan
    back: tuple[Ref, ...] = ()
    elsewhere: tuple[Ref, ...] = ()
    staying: tuple[Ref, ...] = ()


def plan_unmerge(ctx: Context, gone: Ref) -> UnmergeAnswer:
    """What undoing the merge would do; nothing is written. See ``unmerge``."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        first = _journal_of(uow, gone)
        if first.undone_at is not None:
            return _done_before(first)
        return _Undoing.of(ctx, uow, first, ctx.clock.now()).answer


def unmerge(
    ctx: Context, gone: Ref, *, not_duplicates: bool = False, by: str | None = None, idempotency_key: str | None = None
) -> UnmergeAnswer:
    """The record ``gone`` is one of its own again, under its old id; also given as the merge, ``merge:…``.

    What the merge had put into the survivor is taken out, unless somebody changed it since: that stays and
    is named. Owner and pool of the record that comes back are those it had, whatever the limits of today;
    it has as many days left as on the day of the merge. Who opted out since has opted out of both.
    With ``not_duplicates`` the two stay apart, as the member ``by`` says: they are not offered for review again.

    Raises:
        NotFound: it was not merged.
        InvalidInput: the merge moved rows of the host whose ``References`` the context lacks.
        Duplicate: a new record has taken the old id.
    """

    def work(uow: UnitOfWork, now: datetime) -> UnmergeAnswer:
        first = _journal_of(uow, gone)
        names = _names(uow, first)
        uow.lock(*names, *locks_of(first.record_entity, (first.survivor_id, first.loser_id)))
        first = uow.merges.get(first.id)
        if first.undone_at is not None:
            return _done_before(first)
        if _names(uow, first) != names:
            raise StaleVersion("What it refers to was merged meanwhile.", hint="Read it again.")
        undoing = _Undoing.of(ctx, uow, first, now)
        if undoing.undone.plan.outcome is UnmergeOutcome.UNDO:
            undoing.carry_out(ctx, uow)
            if not_duplicates:
                member = None if by is None else uow.members.get(by).id
                uow.save(kept_apart(uow, undoing.undone.plan.survivor, undoing.undone.plan.loser, by=member, now=now))
        return undoing.answer

    return ctx.command(work, UnmergeAnswer, idempotency_key=idempotency_key)


# --- what there is --------------------------------------------------------------------------------


def _journal_of(uow: UnitOfWork, gone: Ref) -> Merge:
    if gone.entity == Merge.entity:
        found = uow.merges.get(gone.id)
        return found if found.continues is None else uow.merges.get(found.continues)
    first = standing(uow, gone)
    if first is not None:
        return first
    of_it = (F.record_entity == gone.entity) & (F.loser_id == gone.id) & F.continues.missing()
    undone = uow.merges.find(of_it, order=("-undone_at",), limit=1)
    if not undone:
        raise NotFound(f"{gone} was not merged.", entity=gone.entity, id=gone.id)
    return undone[0]


def _done_before(first: Merge) -> UnmergeAnswer:
    reason = Reason.of("unmerge.already", loser=first.loser_id)
    plan = UnmergePlan(
        outcome=UnmergeOutcome.UNDO,
        merge=first.ref,
        survivor=_survivor(first),
        loser=first.loser.ref,
        reasons=(reason,),
    )
    return UnmergeAnswer(plan=plan)


def _survivor(merge: Merge) -> Ref:
    return Ref(entity=merge.record_entity, id=merge.survivor_id)


def _pages(uow: UnitOfWork, first: Merge) -> list[Merge]:
    """The whole journal of a merge."""
    further = uow.merges.find((F.loser_id == first.loser_id) & (F.continues == first.id))
    return [first, *further]


def _later(uow: UnitOfWork, first: Merge) -> list[Merge]:
    """Merges of further records into the same survivor that came later and stand, in their order."""
    if first.merged is None:
        return []
    at = first.merged.version
    found = uow.merges.find(
        (F.record_entity == first.record_entity)
        & (F.survivor_id == first.survivor_id)
        & F.continues.missing()
        & F.undone_at.missing()
    )
    versions = {each.id: each.merged.version for each in found if each.merged is not None}
    return sorted((each for each in found if versions.get(each.id, 0) > at), key=lambda each: versions[each.id])


def _states(merges: Iterable[Merge]) -> Iterator[Party]:
    for merge in merges:
        yield from (state for state in (merge.survivor, merge.merged, merge.loser) if state is not None)


def _referred(states: Iterable[Party]) -> list[tuple[str, Ref]]:
    """The fields that refer to a party, with what they refer to."""
    found = [
        (field, Ref(entity=entity, id=getattr(state, field)))
        for state in states
        for field, entity in refers_to(type(state)).items()
        if getattr(state, field) is not None
    ]
    return list(dict.fromkeys(found))


def _names(uow: UnitOfWork, first: Merge) -> list[str]:
    """What is locked: the two, and whatever the one that comes back refers to, wherever that was merged to."""
    refs = {_survivor(first), first.loser.ref}
    for _, ref in _referred(_states([first])):
        at: Ref | None = ref
        while at is not None and at not in refs:
            refs.add(at)
            merge = standing(uow, at)
            at = None if merge is None else _survivor(merge)
    return sorted(f"merge:{ref}" for ref in refs)


# --- the undo -------------------------------------------------------------------------------------


@frozen(kw_only=True)
class _Undoing:
    """One undo in one transaction: what is decided, and what goes with it."""

    first: Merge
    survivor: Party | None
    pages: list[Merge]
    later: list[Merge]
    undone: Undone
    moving: Moving
    staying: tuple[Ref, ...]
    now: datetime

    @classmethod
    def of(cls, ctx: Context, uow: UnitOfWork, first: Merge, now: datetime) -> "_Undoing":
        """The merge undone on paper."""
        ref, loser = _survivor(first), first.loser.ref
        survivor = uow.repository(MAY_BE_MERGED[ref.entity]).get_many([ref.id]).get(ref.id)
        built_on = standing(uow, ref)
        if survivor is None or built_on is not None:
            undo_first = None if built_on is None else built_on.ref
            facts = UnmergeFacts(merge=first, survivor=survivor, undo_first=undo_first)
            nothing = Moving(changes=())
            undone = undo(facts, now=now)
            return cls(
                first=first, survivor=None, pages=[], later=[], undone=undone, moving=nothing, staying=(), now=now
            )
        later = _later(uow, first)
        pages, further = _pages(uow, first), [page for each in later for page in _pages(uow, each)]
        moved, shared = _moved(pages), _moved(further)
        moving = moved_back(uow, moved, ref, loser, ctx.references, shared=shared, now=now)
        states = [*_states([first, *later]), survivor]
        leads_to = {
            (field, old.id): new.id
            for field, old in _referred(states)
            if (new := resolve(uow, old, without=first.ref)) != old
        }
        facts = UnmergeFacts(
            merge=first,
            survivor=survivor,
            later=tuple(later),
            leads_to=leads_to,
            above=_above(uow, states, leads_to, moving),
            policy=uow.policies.in_force(MergePolicy, now) or MergePolicy(),
        )
        known = {(each.record, each.field) for each in (*moved, *shared)}
        staying = [
            record.ref
            for record, field in referring(uow, ref)
            if record.created_at > first.created_at and (record.ref, field) not in known
        ]
        return cls(
            first=first,
            survivor=survivor,
            pages=pages,
            later=further,
            undone=undo(facts, now=now),
            moving=moving,
            staying=tuple(dict.fromkeys(staying)),
            now=now,
        )

    @property
    def answer(self) -> UnmergeAnswer:
        """What is told of it."""
        plan = self.undone.plan
        if plan.outcome is not UnmergeOutcome.UNDO:
            return UnmergeAnswer(plan=plan)
        back = dict.fromkeys(self.moving.refs)
        moved = dict.fromkeys(each.record for each in _moved(self.pages))
        elsewhere = [ref for ref in moved if ref not in back]
        reasons = [*plan.reasons]
        if elsewhere:
            reasons.append(Reason.of("unmerge.elsewhere", count=len(elsewhere)))
        if self.staying:
            reasons.append(Reason.of("unmerge.staying", count=len(self.staying), survivor=plan.survivor.id))
        return UnmergeAnswer(
            plan=revise(plan, reasons=tuple(reasons)),
            back=tuple(back)[:MOST_MOVED],
            elsewhere=tuple(elsewhere[:MOST_MOVED]),
            staying=self.staying[:MOST_MOVED],
        )

    def carry_out(self, ctx: Context, uow: UnitOfWork) -> None:
        """The undo is saved."""
        if self.survivor is None:
            return
        left, back = self.undone.changes(self.survivor, now=self.now)
        self.moving.move_rows(self.undone.plan.survivor, self.undone.plan.loser)
        later = [page for page in self.later if page.continues is None]
        uow.save(
            left,
            back,
            *self.moving.changes,
            *self._journals(uow),
            *self._redirects(ctx, uow),
            *handover(ctx.ids.new, left.before, left.after, cause=Cause.UNMERGED, now=self.now),
            *handover(ctx.ids.new, None, back.after, cause=Cause.UNMERGED, now=self.now),
            *given_back(ctx.ids.new, uow, self.first, left.after, back.after, later, now=self.now),
        )

    def _journals(self, uow: UnitOfWork) -> Iterator[Change[Merge]]:
        """This journal is closed; those of other merges say what they would, had this one never been."""
        merges: dict[str, Merge] = {page.id: page for page in (self.first, *self.later)}
        fields: dict[str, dict[str, Any]] = {self.first.id: {"undone_at": self.now}}
        for id, survivor, merged in self.undone.later:
            fields[id] = {"survivor": survivor, "merged": merged}
        ref, loser = self.undone.plan.survivor, self.undone.plan.loser
        listed = {(each.record, each.field): each for each in _moved(self.pages)}
        for page in self.later:
            moved = tuple(
                rebased(each, mine, ref, loser) if (mine := listed.get((each.record, each.field))) else each
                for each in page.moved
            )
            if moved != page.moved:
                fields.setdefault(page.id, {})["moved"] = moved
        for merge, each in _remembered(uow, self.first, listed.values()):
            merges.setdefault(merge.id, merge)
            known = fields.setdefault(merge.id, {})
            # what was merged meanwhile refers to the record again when it comes back, and so does its survivor
            for state in _STATES:
                record = known.get(state, getattr(merge, state))
                if record is not None and record.ref == each.record and getattr(record, each.field) == ref.id:
                    known[state] = revise(record, **{each.field: each.was[0]})
        for page in self._outdated(uow):
            merges.setdefault(page.id, page)
            # the two are of one entity
            links = refers_to(type(self.first.loser))
            kept = tuple(each for each in page.moved if each.record != ref or each.field not in links)
            fields.setdefault(page.id, {})["moved"] = kept
        for page_id, changes in fields.items():
            if changes:
                yield changed(merges[page_id], now=self.now, **changes)

    def _outdated(self, uow: UnitOfWork) -> Iterator[Merge]:
        """Later journals that list the survivor with what this merge had put in: its own refers there anyway."""
        before, after = self.first.survivor, self.first.merged
        if before is None or after is None:
            return
        for field, entity in refers_to(type(before)).items():
            own = getattr(before, field)
            if own is None or own == getattr(after, field):
                continue
            into = (F.record_entity == entity) & (F.survivor_id == own) & F.undone_at.missing()
            for page in uow.merges.find(into):
                if _is_later(page, self.first) and any(
                    each.record == before.ref and each.field == field for each in page.moved
                ):
                    yield page

    def _redirects(self, ctx: Context, uow: UnitOfWork) -> Iterator[Change[Merge]]:
        """What refers to a record that was merged meanwhile is moved along, as that merge would have done."""
        entities = refers_to(type(self.first.loser))
        for record, field, old in self.undone.redirected:
            at = Ref(entity=entities[field], id=old)
            while (merge := standing(uow, at)) is not None and merge.ref != self.first.ref:
                moved = Moved(record=record, field=field, was=(at.id,))
                yield continued(merge, (moved,), id=ctx.ids.new(), now=self.now)
                at = _survivor(merge)


def _remembered(uow: UnitOfWork, first: Merge, moved: Iterable[Moved]) -> Iterator[tuple[Merge, Moved]]:
    """Later merges of the leads, contacts and accounts that the merge had moved, in whose journals they stand."""
    by_ref = {each.record: each for each in moved if each.record.entity in MAY_BE_MERGED}
    refs = list(by_ref)
    for start in range(0, len(refs), _AT_ONCE):
        ids = [ref.id for ref in refs[start : start + _AT_ONCE]]
        found = uow.merges.find(
            (F.survivor_id.in_(ids) | F.loser_id.in_(ids)) & F.continues.missing() & F.undone_at.missing()
        )
        for merge in found:
            if _is_later(merge, first):
                yield from ((merge, by_ref[ref]) for ref in (merge.loser.ref, _survivor(merge)) if ref in by_ref)


def _is_later(one: Merge, other: Merge) -> bool:
    return (one.created_at, one.id) > (other.created_at, other.id)


def _moved(pages: Iterable[Merge]) -> list[Moved]:
    return [each for page in pages for each in page.moved]


def _above(
    uow: UnitOfWork, states: Iterable[Party], leads_to: Mapping[tuple[str, str], str], moving: Moving
) -> dict[str, str]:
    """Who stands above whom, from all that the two may stand under upwards, once what was moved is back."""
    found: dict[str, str] = {}
    back = {change.after.ref: change.after for change in moving.changes}
    for state in states:
        field = ABOVE.get(state.entity)
        if field is None:
            return found
        at = leads_to.get((field, getattr(state, field) or ""), getattr(state, field))
        while at is not None and at not in found:
            ref = Ref(entity=state.entity, id=at)
            record = back[ref] if ref in back else uow.repository(type(state)).get_many([at]).get(at)
            above = getattr(record, field, None)
            if above is not None:
                found[at] = above
            at = above
    return found
