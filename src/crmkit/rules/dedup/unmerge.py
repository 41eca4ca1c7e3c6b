"""Undoing a merge: what it put into the survivor is taken out, and the other record is one of its own again.

Three states of the survivor are compared: before the merge, as the merge left it, and today. What was
changed since the merge stays and is named as a conflict. Merges of further records into the same survivor,
done later and still standing, are done again on what is left, so that they may be undone in any order.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from attrs import field, frozen

from crmkit.domain.change import Change, changed, restored
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import MergeId, Ref
from crmkit.domain.model import Code, model, revise
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.stewardship.merge import Merge, Restored, Unmerged
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.facts import Party
from crmkit.rules.dedup.merge import owners_of
from crmkit.rules.dedup.merge_policy import MergePolicy
from crmkit.rules.dedup.survivorship import REVIEW_TAG, UPWARD, Kept, choices_of, identity, value_of
from crmkit.rules.dedup.three_way import KNOWLEDGE, carried, differing

__all__ = ["FieldReturn", "Returned", "Undone", "UnmergeFacts", "UnmergeOutcome", "UnmergePlan", "undo"]

P = TypeVar("P", bound=Party)


class UnmergeOutcome(StrEnum):
    """Whether the merge is undone."""

    UNDO = "undo"
    REFUSE = "refuse"


class Returned(StrEnum):
    """What becomes of a field of the survivor that the merge had changed."""

    BACK = "back"
    """Nothing of this merge is left in it."""
    KEPT = "kept"
    """Somebody changed it since: it stays as it is today, whole or in part."""


@model
class FieldReturn:
    """One field of the survivor, or several that belong together, and whether the merge is out of it.

    Where it is kept, the three values stand in the journal (before the merge, after it) and in the record.
    """

    fields: tuple[Code, ...]
    returned: Returned


@model
class UnmergePlan:
    """What undoing the merge does to the survivor's fields; or why it cannot be undone now."""

    outcome: UnmergeOutcome
    merge: Ref
    survivor: Ref
    loser: Ref
    fields: tuple[FieldReturn, ...] = ()
    reasons: tuple[Reason, ...]


@frozen(kw_only=True)
class UnmergeFacts:
    """The journal's first record, the survivor as it is today (if it is there), and what was built on the merge.

    Args:
        merge: the merge to be undone.
        survivor: the record as it is today; ``None`` when it went into another one.
        undo_first: the merge by which it went there.
        later: merges of further records into the same survivor that came after this one and still stand, in
            their order.
        leads_to: (field, id) -> the id that it leads to once this merge is undone, where that is another one.
        above: record -> who stands above it once what was moved is moved back, for all above the two.
        policy: how the later merges are done again.
    """

    merge: Merge
    survivor: Party | None
    undo_first: Ref | None = None
    later: tuple[Merge, ...] = ()
    leads_to: Mapping[tuple[str, str], str] = field(factory=dict)
    above: Mapping[str, str] = FrozenDict()
    policy: MergePolicy = MergePolicy()

    def follow(self, name: str, value: Any) -> Any:
        """The value of a field, an id that was merged away replaced by where it leads."""
        return self.leads_to.get((name, value), value) if isinstance(value, str) else value


@frozen(kw_only=True)
class Undone:
    """The plan with all it takes to carry it out.

    ``fields`` are the survivor's that change, ``loser`` is the other record as it comes back, ``redirected``
    are the ids that lead elsewhere today: (record, field, old id). ``later`` has for each later merge its
    survivor before and after, as they would have been without this one.
    """

    plan: UnmergePlan
    fields: Mapping[str, Any] = FrozenDict()
    loser: Party | None = None
    redirected: tuple[tuple[Ref, str, str], ...] = ()
    later: tuple[tuple[MergeId, Party, Party], ...] = ()

    def changes(self, survivor: P, *, now: datetime) -> tuple[Change[P], Change[Any]]:
        """The survivor without what the merge had put in, and the other record back; both owners are told.

        Raises:
            InvalidInput: the plan is a refusal, or is about another record.
        """
        loser = self.loser
        if loser is None or self.plan.survivor != survivor.ref:
            raise InvalidInput("does not undo a merge into it.", field="plan", hint="Plan again, with the survivor.")
        told = owners_of(survivor, loser)
        left = changed(survivor, Unmerged(at=now, loser_id=loser.id, recipients=told), now=now, **self.fields)
        return left, restored(loser, Restored(at=now, survivor_id=survivor.id, recipients=told), now=now)


def undo(facts: UnmergeFacts, *, now: datetime) -> Undone:
    """The merge undone on paper: the plan, and the records as they would be."""
    merge, survivor = facts.merge, facts.survivor
    if facts.undo_first is not None:
        first = Reason.of("unmerge.undo_first", survivor=merge.survivor_id, merge=str(facts.undo_first))
        return _refused(facts, first)
    if survivor is None:
        return _refused(facts, Reason.of("unmerge.gone", survivor=merge.survivor_id))
    before, after = merge.survivor, merge.merged
    if before is None or after is None:
        return _refused(facts, Reason.of("unmerge.no_journal", merge=str(merge.ref)))
    past = _Past.without(facts, before, after)
    last = carried(past.old, past.new, survivor, follow=facts.follow, held=_held(after, survivor))
    conflicts = {*past.conflicts, *last.conflicts}
    fields = {name: facts.follow(name, value) for name, value in last.fields.items()}
    loser = _as_it_was(merge.loser, survivor, after, away=now - merge.created_at)
    loser = revise(loser, **{name: new for (name, old), new in facts.leads_to.items() if getattr(loser, name) == old})
    loser, rings = _no_rings(facts, survivor, fields, loser)
    conflicts.update((name,) for name in last.fields.keys() - fields.keys())
    returns = tuple(
        FieldReturn(fields=block, returned=Returned.KEPT if block in conflicts else Returned.BACK)
        for block in differing(before, after, follow=facts.follow)
    )
    own = {name: value for name, value in vars(past.new).items() if value != getattr(past.old, name)}
    return Undone(
        plan=_plan(facts, UnmergeOutcome.UNDO, returns, [*_reasons(facts, returns), *rings]),
        fields=fields,
        loser=loser,
        redirected=(
            *_redirected(facts, survivor.ref, own, {**vars(survivor), **fields}),
            *_redirected(facts, loser.ref, vars(merge.loser), vars(loser)),
        ),
        later=past.later,
    )


# --- the survivor ---------------------------------------------------------------------------------


@frozen(kw_only=True)
class _Past:
    """The survivor as the last merge left it and as it would have left it, and the later merges done again."""

    old: Party
    new: Party
    later: tuple[tuple[MergeId, Party, Party], ...] = ()
    conflicts: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def without(cls, facts: UnmergeFacts, before: Party, after: Party) -> "_Past":
        old, new = after, before
        later: list[tuple[MergeId, Party, Party]] = []
        conflicts: list[tuple[str, ...]] = []
        for merge in facts.later:
            if merge.survivor is None or merge.merged is None:
                continue
            step = carried(old, new, merge.survivor, follow=facts.follow)
            conflicts.extend(step.conflicts)
            start = revise(merge.survivor, **step.fields)
            old, new = merge.merged, _merged_again(facts, merge.survivor, merge.merged, start, merge.loser)
            later.append((merge.id, start, new))
        return cls(old=old, new=new, later=tuple(later), conflicts=tuple(conflicts))


def _merged_again(facts: UnmergeFacts, before: Party, after: Party, start: Party, loser: Party) -> Party:
    """What a merge that left ``after`` of ``before`` leaves of ``start``; only what differs is settled anew."""
    policy = facts.policy
    settled = {
        choice.fields: choice for choice in choices_of(start, loser, fields=policy.fields, trusted=policy.trusted)
    }
    fields: dict[str, Any] = {}
    for block in differing(before, start, follow=facts.follow):
        choice = settled.get(block)
        if block[0] in UPWARD:
            untouched = getattr(before, block[0]) == getattr(after, block[0])
            fields |= {block[0]: getattr(start, block[0])} if untouched else {}
        elif choice is None or choice.kept is Kept.SURVIVOR:
            fields |= {name: getattr(start, name) for name in block}
        else:
            fields |= {name: value_of(name, choice.kept, start, loser) for name in block}
    if REVIEW_TAG in fields.get("tags", ()):
        fields["tags"] = tuple(tag for tag in fields["tags"] if tag != REVIEW_TAG)
    return revise(after, **fields)


def _held(after: Party, survivor: Party) -> tuple[str, ...]:
    """What a lead became since the merge, it stays."""
    if not (isinstance(after, Lead) and isinstance(survivor, Lead)):
        return ()
    converted = after.status is not LeadStatus.CONVERTED and survivor.status is LeadStatus.CONVERTED
    return ("status", "account_id", "contact_id", "opportunity_id") if converted else ()


# --- the other record -----------------------------------------------------------------------------


def _as_it_was(loser: Party, survivor: Party, after: Party, *, away: timedelta) -> Party:
    """The record that went, with what the person said since, and with as many days left as when it went."""
    fields: dict[str, Any] = {
        name: tuple(_told_since(point, _points(survivor, name), _points(after, name)) for point in getattr(loser, name))
        for name in ("phones", "emails", "handles")
    }
    if isinstance(loser, Owned):
        clocks = {name: getattr(loser, name) for name in ("reclaim_at", "warn_at")}
        fields |= {name: at + away for name, at in clocks.items() if at is not None}
    return revise(loser, **fields)


def _points(record: Party, name: str) -> Mapping[object, Any]:
    return {identity(point): point for point in getattr(record, name)}


def _told_since(point: Any, today: Mapping[object, Any], then: Mapping[object, Any]) -> Any:
    """Who opted out of the merged record has opted out of both."""
    now, at_merge = today.get(identity(point)), then.get(identity(point))
    raised = {flag: True for flag in KNOWLEDGE if getattr(now, flag, False) and not getattr(at_merge, flag, False)}
    return revise(point, **raised) if raised else point


# --- ids that lead elsewhere, and who stands above whom -------------------------------------------


def _redirected(
    facts: UnmergeFacts, ref: Ref, own: Mapping[str, Any], fields: Mapping[str, Any]
) -> Iterator[tuple[Ref, str, str]]:
    """The ids among a record's own that lead elsewhere, as its fields do now."""
    for (name, old), new in facts.leads_to.items():
        if own.get(name) == old and fields[name] == new:
            yield ref, name, old


def _no_rings(facts: UnmergeFacts, survivor: Party, fields: dict[str, Any], loser: Party) -> tuple[Party, list[Reason]]:
    """Nobody comes to stand above themselves, whatever was built on the merge."""
    name = next((name for name in UPWARD if hasattr(survivor, name)), "")
    if not name:
        return loser, []
    above = {**facts.above, survivor.id: getattr(survivor, name), loser.id: getattr(loser, name)}
    rings: list[Reason] = []
    if _is_below_itself(loser.id, above):
        rings.append(Reason.of("unmerge.ring", record=str(loser.ref), above=above[loser.id]))
        above[loser.id] = None
        loser = revise(loser, **{name: None})
    if name in fields and _is_below_itself(survivor.id, {**above, survivor.id: fields[name]}):
        rings.append(Reason.of("unmerge.ring", record=str(survivor.ref), above=fields.pop(name)))
    return loser, rings


def _is_below_itself(id: str, above: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at = above.get(id)
    while at is not None and at != id and at not in seen:
        seen.add(at)
        at = above.get(at)
    return at == id


# --- what is said of it ---------------------------------------------------------------------------


def _refused(facts: UnmergeFacts, reason: Reason) -> Undone:
    return Undone(plan=_plan(facts, UnmergeOutcome.REFUSE, (), [reason]))


def _plan(
    facts: UnmergeFacts, outcome: UnmergeOutcome, fields: tuple[FieldReturn, ...], reasons: list[Reason]
) -> UnmergePlan:
    merge = facts.merge
    return UnmergePlan(
        outcome=outcome,
        merge=merge.ref,
        survivor=Ref(entity=merge.record_entity, id=merge.survivor_id),
        loser=Ref(entity=merge.record_entity, id=merge.loser_id),
        fields=fields,
        reasons=tuple(reasons),
    )


def _reasons(facts: UnmergeFacts, returns: tuple[FieldReturn, ...]) -> Iterator[Reason]:
    merge = facts.merge
    yield Reason.of("unmerge.undone", survivor=merge.survivor_id, loser=merge.loser_id)
    kept = [each.fields[0] for each in returns if each.returned is Returned.KEPT]
    if kept:
        yield Reason.of("unmerge.kept", survivor=merge.survivor_id, fields=", ".join(kept))
