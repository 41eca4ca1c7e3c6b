"""``ItemLearner``: learns from all purchases at once which items go together."""

from datetime import datetime
from typing import Protocol

from crmkit.rules.recommendation import History, Neighbours

__all__ = ["ItemLearner"]


class ItemLearner(Protocol):
    """``rules.recommendation.ItemWalk`` is one without dependencies; others may be better, or faster."""

    def learn(self, history: History, *, now: datetime) -> Neighbours:
        """For each item of ``history`` its neighbours with their weights at ``now``.

        Ordering: the largest weight first, of equals the smaller id. No item is its own neighbour. What was bought
        after ``now`` leads nowhere. The same history gives the same answer, whatever the order of customers.

        Raises:
            MissingExtra: what it learns with is not installed.
        """
        ...
