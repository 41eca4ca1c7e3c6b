"""``decide``: which of the candidates are the same, how sure that is, and what is to be done."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.rules.dedup.comparators import Comparator
from crmkit.rules.dedup.decision import Evidence, Match, MatchDecision, MatchOutcome, Tier, Verdict
from crmkit.rules.dedup.facts import Candidate, MatchFacts
from crmkit.rules.dedup.keys import STRONG, KeyKind, is_deceptive
from crmkit.rules.dedup.policy import MatchGroup, MatchPolicy

__all__ = ["decide"]

_TIERS = {tier: place for place, tier in enumerate(Tier)}
_SEVERITY = {outcome: place for place, outcome in enumerate(MatchOutcome)}
_CROWD = "crowd"
"""The group that outcome rules know a key by that too many records share."""
# an e-mail address and its domain are one piece of evidence, not two
_SOURCES: dict[str, str] = {
    KeyKind.DOMAIN: KeyKind.EMAIL,
    KeyKind.SHARED_EMAIL: KeyKind.EMAIL,
    KeyKind.SHARED_PHONE: KeyKind.PHONE,
}


def decide(policy: MatchPolicy, facts: MatchFacts, *, now: datetime) -> MatchDecision:
    """The matches among the candidates, best first, and the severest of what the policy does about each.

    Whatever the policy says, a match is never certain on one piece of evidence, on weak ones alone, or
    where a name mixes scripts; it then names the reason in ``capped``.
    """
    found = [match for candidate in facts.candidates for match in _matches(policy, facts, candidate)]
    matches = tuple(match for _, match in sorted(found, key=lambda pair: pair[0]))
    outcomes = [match.outcome for match in matches] + _outcomes_of_crowd(policy, facts)
    outcome = max(outcomes, key=_SEVERITY.__getitem__, default=MatchOutcome.ALLOW)
    return MatchDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        entry_point=facts.entry_point,
        matches=matches,
        reasons=tuple(_reasons(outcome, matches, facts.crowded)),
    )


def _matches(
    policy: MatchPolicy, facts: MatchFacts, candidate: Candidate
) -> Iterator[tuple[tuple[object, ...], Match]]:
    """The match with ``candidate``, if any, with the place it sorts to."""
    held = _first_group(policy.groups, facts.subject, candidate)
    if held is None:
        return
    group, evidence = held
    tier, capped = _tier(group, evidence, facts.subject, candidate)
    outcome = policy.outcome_of(entry_point=facts.entry_point, tier=tier, group=group.name, states=candidate.states)
    match = Match(
        record=candidate.ref,
        tier=tier,
        group=group.name,
        evidence=evidence,
        states=candidate.states,
        outcome=outcome,
        capped=capped,
    )
    record = candidate.record
    yield (_TIERS[tier], -len(match.agreeing), record.created_at, record.entity, record.id), match


def _first_group(
    groups: Sequence[MatchGroup], subject: Candidate, candidate: Candidate
) -> tuple[MatchGroup, tuple[Evidence, ...]] | None:
    """The first group whose comparisons all hold; each comparator is asked once, and not after a failure."""
    one, other = subject.record.entity, candidate.record.entity
    known: dict[Comparator, Evidence] = {}
    for group in groups:
        if not group.is_about(one, other):
            continue
        evidence = []
        for comparator in group.all_of:
            said = known.get(comparator)
            if said is None:
                said = known[comparator] = comparator.compare(subject, candidate)
            if not said.holds:
                break
            evidence.append(said)
        else:
            # blanks alone hold nothing together
            if any(said.verdict is Verdict.AGREES for said in evidence):
                return group, tuple(evidence)
    return None


def _tier(
    group: MatchGroup, evidence: Sequence[Evidence], subject: Candidate, candidate: Candidate
) -> tuple[Tier, str]:
    """The group's tier, or a lower one and the code of the reason."""
    if group.tier is Tier.POSSIBLE:
        return group.tier, ""
    if is_deceptive(subject.record) or is_deceptive(candidate.record):
        return Tier.POSSIBLE, "match.mixed_script"
    if group.tier is Tier.LIKELY:
        return group.tier, ""
    agreeing = [said for said in evidence if said.verdict is Verdict.AGREES]
    if not any(said.strong for said in agreeing):
        return Tier.LIKELY, "match.weak_only"
    if len({_SOURCES.get(said.field, said.field) for said in agreeing}) < 2:
        return Tier.LIKELY, "match.single_key"
    return Tier.CERTAIN, ""


def _outcomes_of_crowd(policy: MatchPolicy, facts: MatchFacts) -> list[MatchOutcome]:
    """A phone that hundreds share may hide the one record that is the same, so it counts as a possible match."""
    if STRONG.isdisjoint(facts.crowded):
        return []
    return [policy.outcome_of(entry_point=facts.entry_point, tier=Tier.POSSIBLE, group=_CROWD)]


def _reasons(outcome: MatchOutcome, matches: Sequence[Match], crowded: Sequence[KeyKind]) -> Iterator[Reason]:
    yield Reason.of(f"match.{outcome.value}", matches=len(matches))
    for match in matches:
        fields = ", ".join(match.agreeing)
        yield Reason.of(f"match.{match.tier.value}", record=str(match.record), group=match.group, fields=fields)
        if match.capped:
            yield Reason.of(match.capped, record=str(match.record))
    for kind in crowded:
        yield Reason.of("match.crowded", key=kind.value)
