"""``decide``: which of the candidates are the same, how sure that is, and what is to be done."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from crmkit.domain.reasons import Reason
from crmkit.rules.dedup.comparators import Comparator
from crmkit.rules.dedup.decision import Evidence, Match, MatchDecision, MatchOutcome, Tier, Verdict
from crmkit.rules.dedup.facts import Candidate, MatchFacts
from crmkit.rules.dedup.keys import STRONG, WEAK, KeyKind
from crmkit.rules.dedup.policy import MatchGroup, MatchPolicy

__all__ = ["UNSEEN", "decide"]

_TIERS = {tier: place for place, tier in enumerate(Tier)}
_SEVERITY = {outcome: place for place, outcome in enumerate(MatchOutcome)}
UNSEEN = "unseen"
"""The group that outcome rules know what could not be compared by: a key too many share, a comparator that failed."""
# an e-mail address and its domain are one piece of evidence, not two
_SOURCES: dict[str, str] = {
    KeyKind.DOMAIN: KeyKind.EMAIL,
    KeyKind.SHARED_EMAIL: KeyKind.EMAIL,
    KeyKind.SHARED_PHONE: KeyKind.PHONE,
    KeyKind.PHONE_END: KeyKind.PHONE,
    KeyKind.EMAIL_NAME: KeyKind.EMAIL,
}


def decide(policy: MatchPolicy, facts: MatchFacts, *, now: datetime) -> MatchDecision:
    """The matches among the candidates, best first, and the severest of what the policy does about each.

    Whatever the policy says, a match is never certain on one piece of evidence or on names alone, and never
    more than possible on weak keys alone or where a name mixes scripts; it then names the reason in ``capped``. A comparator that raises holds
    nothing, and the record goes where possible matches go.
    """
    found, failed = [], set()
    for candidate in facts.candidates:
        asked = _Asked(facts.subject, candidate)
        match = _match(policy, facts, candidate, asked)
        failed |= asked.failed
        if match is not None:
            found.append((_place(match, candidate), match))
    matches = tuple(match for _, match in sorted(found, key=itemgetter(0)))
    outcomes = [match.outcome for match in matches]
    if failed or not STRONG.isdisjoint(facts.crowded):
        # what could not be looked at, or hides among hundreds with the same phone, may be a match
        outcomes.append(policy.outcome_of(entry_point=facts.entry_point, tier=Tier.POSSIBLE, group=UNSEEN))
    outcome = max(outcomes, key=_SEVERITY.__getitem__, default=MatchOutcome.ALLOW)
    return MatchDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        entry_point=facts.entry_point,
        matches=matches,
        reasons=tuple(_reasons(outcome, matches, facts.crowded, sorted(failed))),
    )


class _Asked:
    """The comparators that were asked about one pair; each is asked once."""

    def __init__(self, subject: Candidate, candidate: Candidate) -> None:
        self._pair = subject, candidate
        # by identity: the policy holds its parts for as long as we ask, and their hashes cost more than a comparison
        self._known: dict[int, Evidence] = {}
        self.failed: set[str] = set()

    def about(self, comparator: Comparator) -> Evidence:
        """What ``comparator`` says about the pair."""
        known = self._known.get(id(comparator))
        if known is None:
            try:
                known = comparator.compare(*self._pair)
            except Exception:  # noqa: BLE001 - a host's rule may raise anything, and a lead must not be lost by it
                self.failed.add(comparator.kind)
                known = Evidence.of(Verdict.BLANK, comparator=comparator.kind, field=comparator.kind, holds=False)
            self._known[id(comparator)] = known
        return known


def _match(policy: MatchPolicy, facts: MatchFacts, candidate: Candidate, asked: _Asked) -> Match | None:
    """The match by the surest group that holds, the first of equals."""
    best: tuple[Tier, MatchGroup, tuple[Evidence, ...], str] | None = None
    for group, evidence in _held(policy, facts.subject, candidate, asked):
        tier, capped = _tier(group, evidence, facts.subject, candidate)
        if best is None or _TIERS[tier] < _TIERS[best[0]]:
            best = tier, group, evidence, capped
        if not capped:
            break
    if best is None:
        return None
    tier, group, evidence, capped = best
    return Match(
        record=candidate.ref,
        tier=tier,
        group=group.name,
        evidence=evidence,
        states=candidate.states,
        outcome=policy.outcome_of(entry_point=facts.entry_point, tier=tier, group=group.name, states=candidate.states),
        capped=capped,
    )


def _held(
    policy: MatchPolicy, subject: Candidate, candidate: Candidate, asked: _Asked
) -> Iterator[tuple[MatchGroup, tuple[Evidence, ...]]]:
    """The groups whose comparisons all hold, in their order; nothing more is asked after one that fails."""
    shared = subject.shared_with(candidate)
    for group in policy.groups_about(subject.record.entity, candidate.record.entity):
        if not group.shared <= shared:
            continue
        evidence = []
        for comparator in group.all_of:
            said = asked.about(comparator)
            if not said.holds:
                break
            evidence.append(said)
        else:
            # blanks alone hold nothing together
            if any(said.verdict is Verdict.AGREES for said in evidence):
                yield group, tuple(evidence)


def _tier(
    group: MatchGroup, evidence: Sequence[Evidence], subject: Candidate, candidate: Candidate
) -> tuple[Tier, str]:
    """The group's tier, or a lower one and the code of the reason."""
    if group.tier is Tier.POSSIBLE:
        return group.tier, ""
    if subject.deceptive or candidate.deceptive:
        return Tier.POSSIBLE, "match.mixed_script"
    agreeing = [said for said in evidence if said.verdict is Verdict.AGREES]
    if all(said.field in WEAK for said in agreeing):
        return Tier.POSSIBLE, "match.trace_only"
    if group.tier is Tier.LIKELY:
        return group.tier, ""
    if not any(said.strong for said in agreeing):
        return Tier.LIKELY, "match.weak_only"
    if len({_SOURCES.get(said.field, said.field) for said in agreeing}) < 2:
        return Tier.LIKELY, "match.single_key"
    return Tier.CERTAIN, ""


def _place(match: Match, candidate: Candidate) -> tuple[object, ...]:
    """What matches are ordered by: sure, with much that agrees, old."""
    record = candidate.record
    return _TIERS[match.tier], -len(match.agreeing), record.created_at, record.entity, record.id


def _reasons(
    outcome: MatchOutcome, matches: Sequence[Match], crowded: Sequence[KeyKind], failed: Sequence[str]
) -> Iterator[Reason]:
    yield Reason.of(f"match.{outcome.value}", matches=len(matches))
    for match in matches:
        yield Reason.of(f"match.{match.tier.value}", record=str(match.record), group=match.group)
        yield from match.reasons
        if match.capped:
            yield Reason.of(match.capped, record=str(match.record))
    for key in crowded:
        yield Reason.of("match.crowded", key=key.value)
    for kind in failed:
        yield Reason.of("match.failed", comparator=kind)
