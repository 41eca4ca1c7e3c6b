"""What is recommended to a customer, each item with its reason."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.rules.policy import Decision

__all__ = ["Recommendation", "RecommendationDecision", "RecommendationOutcome", "Source"]


class RecommendationOutcome(StrEnum):
    """What came of it."""

    RECOMMENDED = "recommended"
    NOTHING = "nothing"
    """No item may be offered."""
    NEUTRAL = "neutral"
    """The customer does not want to be profiled."""


class Source(StrEnum):
    """Why an item is recommended."""

    REPEAT = "repeat"
    """The customer buys it."""
    STEP_UP = "step_up"
    """It does more than one that the customer has."""
    TOGETHER = "together"
    """Who buys what the customer buys, buys it."""
    SEGMENT = "segment"
    """The customer's segment buys it."""
    POPULAR = "popular"
    """Everybody buys it."""


@model
class Recommendation:
    """One item with its reason.

    ``score`` says how it compares with the others of its decision; popular items that only fill up have 0.
    ``due_at`` is when the customer, by its own rhythm, would buy a repeated item next.
    """

    item_id: Key
    source: Source
    score: float
    reason: Reason
    due_at: datetime | None = None


@model
class RecommendationDecision(Decision):
    """The recommendations, the best first; their reasons follow the decision's own."""

    outcome: RecommendationOutcome
    recommendations: tuple[Recommendation, ...] = ()

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items, the best first."""
        return tuple(each.item_id for each in self.recommendations)
