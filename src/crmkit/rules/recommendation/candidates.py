"""The items that may be recommended to a customer: again, beyond, together, and what others buy."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from functools import cached_property

from attrs import frozen

from crmkit.domain.reasons import Reason
from crmkit.rules.recommendation.decision import Recommendation, Source
from crmkit.rules.recommendation.facts import RecommendationFacts
from crmkit.rules.recommendation.policy import RecommendationPolicy
from crmkit.rules.recommendation.purchases import Bought

__all__ = ["Candidates"]


@frozen
class Candidates:
    """What there is to choose from for one customer at one instant."""

    policy: RecommendationPolicy
    facts: RecommendationFacts
    now: datetime

    def allowed(self, item_id: str) -> bool:
        """Whether the item may be recommended: offered, still sold, not excluded, and not owned where once is enough."""
        known = self.facts.knowledge
        item = known.item(item_id)
        if not item.offered or item_id in self._excluded:
            return False
        sold_at = known.sold_at.get(item_id)
        # the catalogue knows better than the silence of buyers
        if item_id not in known.items and sold_at and self.now - sold_at > timedelta(days=self.policy.stale_days):
            return False
        return item_id not in self._owned or (self.policy.repeats and item.consumable)

    def again(self) -> Iterator[Recommendation]:
        """What the customer buys, by how often and by how much it is bought these days; the best has a score of 1."""
        popularity, power = self.facts.knowledge.popularity, self.policy.trend_power
        scores = {
            item_id: bought.times * (popularity.get(item_id, 0.0) + 0.5) ** power
            for item_id, bought in self._owned.items()
        }
        for item_id, score in self._best(scores):
            bought = self._owned[item_id]
            every = bought.every_days
            due_at = None if every is None else bought.last_at + timedelta(days=every)
            yield Recommendation(
                item_id=item_id, source=Source.REPEAT, score=score, reason=self._rhythm(bought, every), due_at=due_at
            )

    def new(self) -> Iterator[Recommendation]:
        """What goes with what the customer bought, and what goes beyond it, with scores up to ``new_percent``."""
        share = self.policy.new_percent / 100
        step_ups = self._step_ups()
        for item_id, owned in step_ups.items():
            reason = Reason.of("recommend.step_up", item=self._name(item_id), owned=self._name(owned))
            yield Recommendation(item_id=item_id, source=Source.STEP_UP, score=share, reason=reason)
        related = self._related()
        chosen = self._best({each: score for each, score in related.items() if each not in step_ups})
        nearest = self._nearest({each for each, _ in chosen})
        for item_id, score in chosen:
            reason = Reason.of("recommend.together", item=self._name(item_id), owned=self._name(nearest[item_id]))
            yield Recommendation(item_id=item_id, source=Source.TOGETHER, score=share * score, reason=reason)

    def popular(self) -> Iterator[Recommendation]:
        """What the customer's segment buys these days, then what everybody does."""
        segment, known = self.facts.segment, self.facts.knowledge
        for item_id in _ranked(known.by_segment.get(segment, {})):
            if self.allowed(item_id):
                reason = Reason.of("recommend.segment", item=self._name(item_id), segment=segment)
                yield Recommendation(item_id=item_id, source=Source.SEGMENT, score=0.0, reason=reason)
        for item_id in _ranked(known.popularity):
            if self.allowed(item_id):
                reason = Reason.of("recommend.popular", item=self._name(item_id))
                yield Recommendation(item_id=item_id, source=Source.POPULAR, score=0.0, reason=reason)

    @cached_property
    def _owned(self) -> Mapping[str, Bought]:
        return {each.item_id: each for each in sorted(self.facts.bought, key=lambda each: each.item_id)}

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self.facts.excluded)

    def _best(self, scores: Mapping[str, float]) -> list[tuple[str, float]]:
        """As many as are recommended of those that may be, with their scores as shares of the highest."""
        best: list[tuple[str, float]] = []
        for item_id in _ranked(scores):
            if len(best) == self.policy.count:
                break
            if self.allowed(item_id):
                best.append((item_id, scores[item_id]))
        return [(item_id, score / best[0][1]) for item_id, score in best]

    def _name(self, item_id: str) -> str:
        return self.facts.knowledge.name(item_id)

    def _rhythm(self, bought: Bought, every: int | None) -> Reason:
        name = self._name(bought.item_id)
        if every is None:
            return Reason.of("recommend.again", item=name)
        return Reason.of("recommend.rhythm", item=name, days=every, times=bought.times)

    def _step_ups(self) -> Mapping[str, str]:
        """What goes beyond what the customer has, with what that is."""
        known = self.facts.knowledge
        beyond = {known.item(owned).step_up_to: owned for owned in self._owned}
        return {
            item_id: owned
            for item_id, owned in beyond.items()
            if item_id and item_id not in self._owned and self.allowed(item_id)
        }

    def _related(self) -> Mapping[str, float]:
        """How near every item that the customer does not have is to all that was bought."""
        sums: defaultdict[str, float] = defaultdict(float)
        for owned in self._owned:
            for item_id, weight in self.facts.knowledge.neighbours.get(owned, ()):
                sums[item_id] += weight
        return {item_id: total for item_id, total in sums.items() if total > 0 and item_id not in self._owned}

    def _nearest(self, chosen: AbstractSet[str]) -> Mapping[str, str]:
        """To which of what was bought each of ``chosen`` is nearest; the smaller id of equals."""
        nearest: dict[str, tuple[float, str]] = {}
        for owned in self._owned:
            for item_id, weight in self.facts.knowledge.neighbours.get(owned, ()):
                if item_id in chosen and (item_id not in nearest or weight > nearest[item_id][0]):
                    nearest[item_id] = weight, owned
        return {item_id: owned for item_id, (_, owned) in nearest.items()}


def _ranked(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda item_id: (-scores[item_id], item_id))
