"""Merging two records that are the same: a plan that can be read first, then the changes that carry it out.

The plan does not depend on the order in which the two are given, so that two people who merge the same
pair from opposite sides get one result.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from attrs import frozen

from crmkit.domain.change import Change, changed, removed
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.stewardship.merge import Merged, MergedAway
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.facts import Party
from crmkit.rules.dedup.merge_policy import MergePolicy
from crmkit.rules.dedup.survivorship import REVIEW_TAG, FieldChoice, Kept, choices_of, rank, value_of
from crmkit.rules.policy import Decision

__all__ = ["MergeFacts", "MergeOutcome", "MergePlan", "apply_merge", "owners_of", "plan_merge"]

P = TypeVar("P", bound=Party)


class MergeOutcome(StrEnum):
    """Whether the two become one."""

    MERGE = "merge"
    REFUSE = "refuse"


@model
class MergePlan(Decision):
    """Which record stays, and the winner of every field; or why the two stay two."""

    outcome: MergeOutcome
    survivor: Ref
    loser: Ref
    choices: tuple[FieldChoice, ...] = ()


@frozen(kw_only=True)
class MergeFacts:
    """The two records, and who stands above each (parent accounts, superiors), the nearest first.

    ``keep`` is the id of the record that shall stay; without it the further stage, the owner and the age
    decide.
    """

    one: Party
    other: Party
    above_one: tuple[str, ...] = ()
    above_other: tuple[str, ...] = ()
    keep: str = ""


def plan_merge(policy: MergePolicy, facts: MergeFacts, *, now: datetime) -> MergePlan:
    """The plan for the two records, the same whichever is given first.

    Raises:
        InvalidInput: it is one record twice, the two are not of one entity, or ``keep`` is neither of them.
    """
    one, other = facts.one, facts.other
    if type(one) is not type(other) or one.id == other.id:
        raise InvalidInput("must be two records of one entity.", field="merge", hint="Merge a lead with a lead.")
    if facts.keep not in ("", one.id, other.id):
        raise InvalidInput("is neither of the two.", field="keep", hint="Give one of their ids, or leave it out.")
    first = facts.keep == one.id if facts.keep else rank(one) < rank(other)
    survivor, loser = (one, other) if first else (other, one)
    refusal = _refusal(survivor, loser)
    outcome = MergeOutcome.MERGE if refusal is None else MergeOutcome.REFUSE
    choices: tuple[FieldChoice, ...] = ()
    reasons = [refusal] if refusal is not None else []
    if refusal is None:
        above = (facts.above_one, facts.above_other) if first else (facts.above_other, facts.above_one)
        settled = choices_of(survivor, loser, fields=policy.fields, trusted=policy.trusted)
        choices = (*settled, *_upward(survivor, loser, *above))
        reasons = _reasons(survivor, loser, choices, chosen=bool(facts.keep))
    return MergePlan(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        survivor=survivor.ref,
        loser=loser.ref,
        choices=choices,
        reasons=tuple(reasons),
    )


def apply_merge(plan: MergePlan, survivor: P, loser: P, *, now: datetime) -> tuple[Change[P], Change[P]]:
    """The survivor with every winner of ``plan``, and the loser gone; both owners are told.

    Raises:
        InvalidInput: the plan is a refusal, or is about other records.
    """
    if plan.outcome is not MergeOutcome.MERGE or (plan.survivor, plan.loser) != (survivor.ref, loser.ref):
        raise InvalidInput("does not merge these two.", field="plan", hint="Plan again, with the two records.")
    fields: dict[str, Any] = {
        name: value_of(name, choice.kept, survivor, loser)
        for choice in plan.choices
        if choice.kept is not Kept.SURVIVOR
        for name in choice.fields
    }
    # the doubt that the tag speaks of is settled by this very merge
    tags = fields.get("tags", survivor.tags)
    if REVIEW_TAG in tags:
        fields["tags"] = tuple(tag for tag in tags if tag != REVIEW_TAG)
    told = owners_of(survivor, loser)
    merged = changed(survivor, Merged(at=now, loser_id=loser.id, recipients=told), now=now, **fields)
    return merged, removed(loser, MergedAway(at=now, survivor_id=survivor.id))


def _refusal(survivor: Party, loser: Party) -> Reason | None:
    """A lead that became a customer cannot disappear into one that did not, nor into another customer's."""
    if not (isinstance(survivor, Lead) and isinstance(loser, Lead) and loser.status is LeadStatus.CONVERTED):
        return None
    if survivor.status is not LeadStatus.CONVERTED:
        return Reason.of("merge.converted_must_survive", record=str(loser.ref))
    if survivor.account_id != loser.account_id:
        return Reason.of("merge.two_customers", record=str(survivor.ref), other=str(loser.ref))
    return None


def _upward(
    survivor: Party, loser: Party, above_survivor: Sequence[str], above_loser: Sequence[str]
) -> list[FieldChoice]:
    """The parent or superior, so that no record ever stands above itself."""
    name = {"account": "parent_id", "contact": "reports_to_id"}.get(survivor.entity)
    if name is None:
        return []
    mine, theirs = getattr(survivor, name), getattr(loser, name)
    if loser.id in above_survivor:
        # what stood between the two stands below the survivor from now on: it takes the loser's place
        return [FieldChoice(fields=(name,), kept=Kept.LOSER)]
    if mine is None and theirs is not None and survivor.id not in above_loser:
        return [FieldChoice(fields=(name,), kept=Kept.LOSER)]
    return [] if mine is None else [FieldChoice(fields=(name,), kept=Kept.SURVIVOR, dropped=theirs not in (None, mine))]


def _reasons(survivor: Party, loser: Party, choices: Sequence[FieldChoice], *, chosen: bool) -> list[Reason]:
    code = "merge.chosen" if chosen else "merge.ranked"
    reasons = [Reason.of(code, survivor=str(survivor.ref), loser=str(loser.ref))]
    dropped = [name for choice in choices if choice.dropped for name in choice.fields[:1]]
    if dropped:
        reasons.append(Reason.of("merge.dropped", fields=", ".join(dropped)))
    return reasons


def owners_of(*records: Party) -> tuple[MemberId, ...]:
    """Who is to be told: the owners of the records, each once."""
    owners = (getattr(record, "owner_id", None) for record in records)
    return tuple(dict.fromkeys(owner for owner in owners if owner is not None))
