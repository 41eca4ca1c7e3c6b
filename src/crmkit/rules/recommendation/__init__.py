"""Recommendation: what a customer is likely to buy next, again or for the first time, and why."""

from crmkit.rules.recommendation.back_test import BackTest, back_test
from crmkit.rules.recommendation.decide import decide
from crmkit.rules.recommendation.decision import (
    Recommendation,
    RecommendationDecision,
    RecommendationOutcome,
    Source,
)
from crmkit.rules.recommendation.facts import RecommendationFacts
from crmkit.rules.recommendation.learning import Item, ItemWalk, Knowledge, Neighbours, freshness, trend
from crmkit.rules.recommendation.policy import RecommendationPolicy
from crmkit.rules.recommendation.purchases import Bought, History, Purchase
from crmkit.rules.recommendation.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "BackTest",
    "Bought",
    "History",
    "Item",
    "ItemWalk",
    "Knowledge",
    "Neighbours",
    "Purchase",
    "Recommendation",
    "RecommendationDecision",
    "RecommendationFacts",
    "RecommendationOutcome",
    "RecommendationPolicy",
    "Source",
    "back_test",
    "decide",
    "freshness",
    "trend",
]

KINDS: tuple[type, ...] = (RecommendationPolicy,)
"""The policies that this engine adds to a rule book."""
