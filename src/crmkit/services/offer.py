"""Filling the review queue: pairs that may be duplicates wait for a person.

A batch run does so and may do so again and again: a pair that waits is not put in twice, one that was said
to be different is not offered again, and nothing is ever merged here. What was said of a record holds for
the one it was merged into.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import field, frozen

from crmkit.domain.change import Change, changed, created
from crmkit.domain.conditions import F
from crmkit.domain.model import Key, model, revise
from crmkit.domain.stewardship.match_review import Confidence, EvidenceStep, MatchReview, ReviewState
from crmkit.errors import Duplicate, InvalidInput, StaleVersion
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import Party
from crmkit.rules.dedup.keys import STRONG, kind_of, match_keys
from crmkit.rules.dedup.review import (
    MOST_COMPARED,
    ClusterReport,
    ConfidenceDecision,
    ConfidencePolicy,
    PairFacts,
    decide_confidence,
    facts_of_records,
    report_cluster,
)
from crmkit.services.context import Context
from crmkit.services.merge import MAY_BE_MERGED
from crmkit.services.verdicts import WAITING, new_review

__all__ = [
    "MOST_OF_A_RECORD",
    "Offered",
    "ScoredPair",
    "crowds_of",
    "offer",
]

MOST_OF_A_RECORD = 20
"""Pairs of one record that wait at a time, the likeliest; the others come when those are decided."""
_NONE = -1
_AT_ONCE = 500
"""Pairs that one transaction puts in."""


@model
class ScoredPair:
    """Two records of one entity with the probability that they are the same, and the steps to it."""

    one_id: Key
    other_id: Key
    probability: float = field(converter=float)
    steps: tuple[EvidenceStep, ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """Both ids, the smaller first."""
        return (self.one_id, self.other_id) if self.one_id < self.other_id else (self.other_id, self.one_id)


@model
class Offered:
    """What became of the pairs.

    Args:
        opened: put into the queue.
        known: in the queue already, or decided to be the same.
        apart: said to be different before.
        gone: of which a record is not there any more.
        unlikely: below the probability of a review.
        left_out: not put in, for one of the two has so many open pairs already.
        crowds: keys that too many records share, each with one entry in the queue.
        automatic: pairs that may be merged without a person looking, the likeliest first.
        contested: clusters that contradict themselves, or are too large to be told.
    """

    opened: int = 0
    known: int = 0
    apart: int = 0
    gone: int = 0
    unlikely: int = 0
    left_out: int = 0
    crowds: int = 0
    automatic: tuple[tuple[str, str], ...] = ()
    contested: tuple[ClusterReport, ...] = ()


def offer(
    ctx: Context,
    entity: str,
    pairs: Iterable[ScoredPair],
    *,
    clusters: Iterable[Sequence[str]] = (),
    crowds: Mapping[str, int] | None = None,
) -> Offered:
    """The doubtful ``pairs`` wait in the queue; what may be merged by itself is returned, and nothing is merged.

    Args:
        ctx: the ports.
        entity: ``lead``, ``contact`` or ``account``.
        pairs: what a batch run found, in any order; ids as in the store.
        clusters: the ids of each cluster of the run; without them, whatever hangs together by pairs that are
            likely enough to be merged. One that contradicts itself keeps all its pairs in review, as does a
            pair that two clusters were made of.
        crowds: match keys that too many records share, with how many; see ``crowds_of``.

    Raises:
        InvalidInput: the entity is not merged.
    """
    if entity not in MAY_BE_MERGED:
        known = ", ".join(MAY_BE_MERGED)
        raise InvalidInput(f"{entity} is not merged.", field="entity", hint=f"Choose from: {known}.")
    best: dict[tuple[str, str], ScoredPair] = {}
    for scored in pairs:
        if scored.one_id != scored.other_id and scored.probability > _probability_of(best.get(scored.pair)):
            best[scored.pair] = scored
    ranked = sorted(best.values(), key=lambda each: (-each.probability, each.pair))
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        policy = uow.policies.in_force(ConfidencePolicy, ctx.clock.now()) or ConfidencePolicy()
        said = _said_apart(uow, entity)
        groups = list(clusters) or _hanging_together(each for each in ranked if each.probability >= policy.automatic)
        contested = tuple(_contested(uow, entity, groups, said))
    cluster_of = {id: place for place, members in enumerate(groups) for id in members}
    # of those nothing hangs together
    cluster_of |= dict.fromkeys((id for report in contested for id in report.members), _NONE)
    found: Counter[str] = Counter()
    automatic: list[tuple[str, str]] = []
    for start in range(0, len(ranked), _AT_ONCE):
        offering = _Offering(entity=entity, pairs=ranked[start : start + _AT_ONCE], said=said, cluster_of=cluster_of)
        done = ctx.command(offering.put_in, _Placed)
        found.update(done.counts)
        automatic += done.automatic
    opened = ctx.command(lambda uow, now: _put_crowds(uow, entity, crowds or {}, now), int)
    return Offered(**found, crowds=opened, automatic=tuple(automatic), contested=contested)


def crowds_of(records: Iterable[Party], *, most: int = ConfidencePolicy().most_per_key) -> dict[str, int]:
    """The match keys that more than ``most`` of ``records`` share, with how many: too many to compare them all.

    Only strong keys: that hundreds work at one company, or have one name, is nothing to look at.
    """
    counts = Counter(key for record in records for key in match_keys(record) if kind_of(key) in STRONG)
    return {key: count for key, count in counts.items() if count > most}


def _probability_of(scored: ScoredPair | None) -> float:
    return -1.0 if scored is None else scored.probability


def _said_apart(uow: UnitOfWork, entity: str) -> frozenset[tuple[str, str]]:
    """The pairs a person said are two, as they are and as they lead on through merges, the smaller id first."""
    decided = (F.record_entity == entity) & (F.state == ReviewState.DIFFERENT) & ~F.one_id.missing()
    pairs = [(each.one_id, each.other_id) for each in uow.match_reviews.scan(decided)]
    ids = {id for pair in pairs for id in pair if id is not None}
    leads_to = _survivors(uow, entity, ids)
    found = set()
    for one, other in pairs:
        if one is not None and other is not None:
            first, second = sorted((leads_to.get(one, one), leads_to.get(other, other)))
            found |= {(one, other), (first, second)}
    return frozenset(found)


def _survivors(uow: UnitOfWork, entity: str, ids: Iterable[str]) -> dict[str, str]:
    """Where those of ``ids`` lead that were merged away, over any number of merges."""
    survivor_of: dict[str, str] = {}
    asked: set[str] = set()
    todo = sorted(ids)
    while todo:
        asked |= set(todo)
        for start in range(0, len(todo), _AT_ONCE):
            standing = (
                (F.record_entity == entity)
                & F.loser_id.in_(todo[start : start + _AT_ONCE])
                & F.continues.missing()
                & F.undone_at.missing()
            )
            survivor_of |= {merge.loser_id: merge.survivor_id for merge in uow.merges.find(standing)}
        todo = sorted(set(survivor_of.values()) - asked)

    def end(id: str) -> str:
        seen = {id}
        while (on := survivor_of.get(id)) is not None and on not in seen:
            seen.add(on)
            id = on
        return id

    return {id: end(id) for id in survivor_of}


def _hanging_together(pairs: Iterable[ScoredPair]) -> list[list[str]]:
    """The ids that ``pairs`` lead to from one another."""
    groups: dict[str, list[str]] = {}
    for scored in pairs:
        small, large = sorted((groups.get(id, [id]) for id in scored.pair), key=len)
        if small is not large:
            large.extend(small)
            # each id moves into a group at least twice as large, so it moves seldom
            groups.update(dict.fromkeys(small, large))
            groups.setdefault(large[0], large)
    return list({id(group): group for group in groups.values()}.values())


def _contested(
    uow: UnitOfWork, entity: str, clusters: Iterable[Sequence[str]], said: frozenset[tuple[str, str]]
) -> Iterator[ClusterReport]:
    """The clusters that contradict themselves; of a pair its own facts tell."""
    repository = uow.repository(MAY_BE_MERGED[entity])
    for members in clusters:
        if len(members) > 2:
            known = repository.get_many(members) if len(members) <= MOST_COMPARED else {}
            report = report_cluster(members, known, apart=said)
            if report.contested:
                yield report


@frozen(kw_only=True)
class _Placed:
    """What one transaction did: how many pairs went which way, and which may be merged by themselves."""

    counts: Mapping[str, int]
    automatic: Sequence[tuple[str, str]]


@frozen(kw_only=True)
class _Offering:
    """Some pairs on their way into the queue."""

    entity: str
    pairs: Sequence[ScoredPair]
    said: frozenset[tuple[str, str]]
    cluster_of: Mapping[str, int]

    def together(self, one: str, other: str) -> bool:
        """Whether the two are in one cluster, which does not contradict itself."""
        cluster = self.cluster_of.get(one, _NONE)
        return cluster != _NONE and cluster == self.cluster_of.get(other, _NONE)

    def put_in(self, uow: UnitOfWork, now: datetime) -> _Placed:
        """The doubtful pairs wait."""
        policy = uow.policies.in_force(ConfidencePolicy, now) or ConfidencePolicy()
        ids = sorted({id for scored in self.pairs for id in scored.pair})
        records = uow.repository(MAY_BE_MERGED[self.entity]).get_many(ids)
        reviews = uow.match_reviews.get_many([MatchReview.id_of(self.entity, *each.pair) for each in self.pairs])
        crowded = _crowded(uow, records.values(), policy)
        open_of = _open_of(uow, self.entity, ids)
        counts: Counter[str] = Counter()
        automatic = []
        changes: list[Change[MatchReview]] = []
        for scored in self.pairs:
            one, other = (records.get(id) for id in scored.pair)
            if one is None or other is None:
                counts["gone"] += 1
                continue
            review = reviews.get(MatchReview.id_of(self.entity, *scored.pair))
            apart = scored.pair in self.said or (review is not None and review.state is ReviewState.DIFFERENT)
            facts = facts_of_records(
                one,
                other,
                probability=scored.probability,
                crowded=crowded,
                contested=not self.together(*scored.pair),
                apart=apart,
            )
            decision = decide_confidence(policy, facts, now=now)
            unsure = review is not None and review.state is ReviewState.UNSURE
            if decision.outcome is Confidence.AUTOMATIC and not unsure:
                automatic.append(scored.pair)
            elif decision.outcome is Confidence.DIFFERENT:
                counts["apart" if apart else "unlikely"] += 1
            elif review is None or review.state is ReviewState.CLOSED:
                if any(open_of[id] >= MOST_OF_A_RECORD for id in scored.pair):
                    counts["left_out"] += 1
                    continue
                open_of.update(scored.pair)
                counts["opened"] += 1
                changes.append(_opened(review, self.entity, scored, facts, decision, now))
            else:
                counts["known"] += 1
                if review.state in WAITING and review.probability != scored.probability:
                    changes.append(changed(review, now=now, **_evidence(scored, facts, decision)))
        _save(uow, changes)
        return _Placed(counts=counts, automatic=automatic)


def _save(uow: UnitOfWork, changes: Iterable[Change[MatchReview]]) -> None:
    """The changes are saved; what somebody else put in meanwhile is read again."""
    try:
        uow.save(*changes)
    except Duplicate as exc:
        raise StaleVersion("The pair was put in meanwhile.", hint="Read it again.") from exc


def _crowded(uow: UnitOfWork, records: Iterable[Party], policy: ConfidencePolicy) -> list[str]:
    """The keys of ``records`` that too many share to prove anything."""
    keys = {key for record in records for key in match_keys(record) if kind_of(key) in STRONG}
    found = uow.keys.find(sorted(keys), limit=policy.most_per_key + 1)
    return [key for key, refs in found.items() if len(refs) > policy.most_per_key]


def _open_of(uow: UnitOfWork, entity: str, ids: Sequence[str]) -> Counter[str]:
    """How many pairs of each record wait."""
    found: Counter[str] = Counter()
    for name, side in (("one_id", F.one_id), ("other_id", F.other_id)):
        waiting_here = (F.record_entity == entity) & F.state.in_(WAITING) & side.in_(ids)
        found.update(uow.match_reviews.count_by(name, waiting_here))
    return found


def _evidence(scored: ScoredPair, facts: PairFacts, decision: ConfidenceDecision) -> dict[str, object]:
    return {
        "confidence": decision.outcome,
        "probability": scored.probability,
        "capped": decision.capped,
        "steps": scored.steps,
        "agreeing": tuple(agreement.field for agreement in facts.agreeing),
        "differing": facts.conflicts,
    }


def _opened(
    review: MatchReview | None,
    entity: str,
    scored: ScoredPair,
    facts: PairFacts,
    decision: ConfidenceDecision,
    now: datetime,
) -> Change[MatchReview]:
    """The pair waits, for the first time or again: a record that was merged away is back."""
    evidence = _evidence(scored, facts, decision)
    if review is not None:
        return review.reopen(now=now).then(lambda again: changed(again, now=now, **evidence))
    return created(revise(new_review(entity, scored.pair, confidence=decision.outcome, now=now), **evidence))


def _put_crowds(uow: UnitOfWork, entity: str, crowds: Mapping[str, int], now: datetime) -> int:
    """Each crowded key has one entry, which says by how many it is shared now; how many of them wait."""
    ids = {MatchReview.id_of(entity, key): key for key in crowds}
    known = uow.match_reviews.get_many(ids)
    changes: list[Change[MatchReview]] = []
    for id, key in ids.items():
        review = known.get(id)
        if review is None:
            entry = MatchReview(
                id=id, record_entity=entity, shared_key=key[:500], count=crowds[key], created_at=now, updated_at=now
            )
            changes.append(created(entry))
        elif review.count != crowds[key]:
            changes.append(changed(review, now=now, count=crowds[key]))
    _save(uow, changes)
    decided = sum(review.state not in WAITING for review in known.values())
    return len(ids) - decided
