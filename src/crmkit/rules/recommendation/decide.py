"""Recommendations for a customer at an instant.

>>> from datetime import UTC, timedelta
>>> from crmkit.rules.recommendation.purchases import History, Purchase
>>> from crmkit.rules.recommendation.learning.knowledge import Knowledge
>>> from crmkit.rules.recommendation.learning.walk import ItemWalk
>>> now = datetime(2026, 3, 1, tzinfo=UTC)
>>> bought = [("C-1", "tea", 60), ("C-1", "tea", 30), ("C-2", "tea", 9), ("C-2", "cup", 9), ("C-3", "salt", 3)]
>>> history = History.of(
...     Purchase(customer_id=who, item_id=what, order_id=f"{who} {days}", at=now - timedelta(days=days))
...     for who, what, days in bought
... )
>>> knowledge = Knowledge.of(history, neighbours=ItemWalk().learn(history, now=now), now=now)
>>> facts = RecommendationFacts(bought=history.of_customer("C-1"), knowledge=knowledge)
>>> found = decide(RecommendationPolicy(), facts, now=now)
>>> [(each.item_id, str(each.source)) for each in found.recommendations]
[('tea', 'repeat'), ('cup', 'together'), ('salt', 'popular')]
"""

from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.rules.recommendation.candidates import Candidates
from crmkit.rules.recommendation.decision import Recommendation, RecommendationDecision, RecommendationOutcome
from crmkit.rules.recommendation.facts import RecommendationFacts
from crmkit.rules.recommendation.policy import RecommendationPolicy

__all__ = ["decide"]


def decide(policy: RecommendationPolicy, facts: RecommendationFacts, *, now: datetime) -> RecommendationDecision:
    """The items that the customer is most likely to buy next, each with its reason.

    What the customer buys comes with a score of up to 1, what goes with it with one of up to ``new_percent``. Where
    that is too little, as for somebody new, what the segment buys these days fills up, then what everybody buys.
    Of equal scores the smaller id comes first. Whoever opted out is recommended nothing.
    """
    if facts.opted_out:
        return _none(policy, RecommendationOutcome.NEUTRAL, Reason.of("recommend.opted_out"), now)
    candidates = Candidates(policy=policy, facts=facts, now=now)
    chosen = sorted([*candidates.again(), *candidates.new()], key=lambda each: (-each.score, each.item_id))
    chosen = _filled_up(chosen[: policy.count], candidates)
    if not chosen:
        return _none(policy, RecommendationOutcome.NOTHING, Reason.of("recommend.nothing"), now)
    basis = Reason.of("recommend.bought", items=len(facts.bought)) if facts.bought else Reason.of("recommend.newcomer")
    return RecommendationDecision(
        policy=policy.ref,
        at=now,
        outcome=RecommendationOutcome.RECOMMENDED,
        reasons=(basis, *(each.reason for each in chosen)),
        recommendations=tuple(chosen),
    )


def _filled_up(chosen: list[Recommendation], candidates: Candidates) -> list[Recommendation]:
    if len(chosen) == candidates.policy.count:
        return chosen
    filled = {each.item_id: each for each in chosen}
    for each in candidates.popular():
        filled.setdefault(each.item_id, each)
        if len(filled) == candidates.policy.count:
            break
    return list(filled.values())


def _none(
    policy: RecommendationPolicy, outcome: RecommendationOutcome, reason: Reason, now: datetime
) -> RecommendationDecision:
    return RecommendationDecision(policy=policy.ref, at=now, outcome=outcome, reasons=(reason,))
