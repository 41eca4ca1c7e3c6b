"""Recommendation policies: how many, whether again what was bought before, and what weighs how much."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["RecommendationPolicy"]


@model
class RecommendationPolicy(Policy):
    """What is recommended.

    Args:
        count: items at most.
        repeats: also what the customer has bought before; ``False`` for cross-selling, where only new items count.
        new_percent: what the best new item weighs beside the one that the customer buys most.
        trend_power: how much what all buy these days weighs for what the customer buys: 0 for nothing, 1 in full.
        stale_days: an item that nobody bought for longer, and that the catalogue does not list, is not offered.

    Raises:
        InvalidInput: a number is out of its range.
    """

    kind: ClassVar[str] = "recommendation"

    count: int = 10
    repeats: bool = True
    new_percent: int = 20
    trend_power: float = 0.25
    stale_days: int = 90

    def check(self) -> None:
        """Numbers stay in their ranges."""
        if self.count < 1 or self.stale_days < 1:
            raise InvalidInput("must be positive.", field="RecommendationPolicy.count", hint="Give 1 or more.")
        if self.new_percent < 0:
            raise InvalidInput("must not be negative.", field="RecommendationPolicy.new_percent", hint="0 is nothing.")
        if not 0 <= self.trend_power <= 1:
            raise InvalidInput("is out of range.", field="RecommendationPolicy.trend_power", hint="Give 0 to 1.")
