"""What is learned from all purchases: what goes together, what is bought these days, what may be offered."""

from crmkit.rules.recommendation.learning.knowledge import Item, Knowledge, Neighbours
from crmkit.rules.recommendation.learning.trend import freshness, trend
from crmkit.rules.recommendation.learning.walk import ItemWalk

__all__ = ["Item", "ItemWalk", "Knowledge", "Neighbours", "freshness", "trend"]
