"""Recommendation: what a customer is likely to buy next, again or for the first time, and why."""

from crmkit.rules.recommendation.decide import decide
from crmkit.rules.recommendation.decision import (
    Recommendation,
    RecommendationDecision,
    RecommendationOutcome,
    Source,
)
from crmkit.rules.recommendation.facts import RecommendationFacts
from crmkit.rules.recommendation.knowledge import Item, Knowledge, Neighbours
from crmkit.rules.recommendation.policy import RecommendationPolicy
from crmkit.rules.recommendation.purchases import Bought, History, Purchase
from crmkit.rules.recommendation.texts import TEXTS
from crmkit.rules.recommendation.trend import freshness, trend
from crmkit.rules.recommendation.walk import ItemWalk

__all__ = [
    "KINDS",
    "TEXTS",
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
    "decide",
    "freshness",
    "trend",
]

KINDS: tuple[type, ...] = (RecommendationPolicy,)
"""The policies that this engine adds to a rule book."""
