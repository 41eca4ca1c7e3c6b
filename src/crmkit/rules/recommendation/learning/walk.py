"""Which items are bought by those who bought an item, without any package beside the standard library.

From an item to those who bought it, from each of them to what they bought lately: the random walk of three steps
over the graph of purchases (C. Cooper, S. H. Lee, T. Radzik, Y. Siantos, Random walks in recommender systems:
exact computation and simulations, WWW 2014), with popular items held back (B. Paudel, F. Christoffel, C. Newell,
A. Bernstein, Updatable, accurate, diverse, and scalable recommendations, ACM TiiS 7, 2017), here also by age.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.recommendation.learning.knowledge import Neighbours
from crmkit.rules.recommendation.learning.trend import freshness, trend
from crmkit.rules.recommendation.purchases import History

__all__ = ["ItemWalk"]

FAINT = 0.05
"""Purchases less fresh than this lead nowhere: they are more than four half-lives old."""


@model
class ItemWalk:
    """Learns neighbours by walking over purchases.

    ``w[i, j] = (n[i] + shrinkage) ** -0.5 * sum(fresh[c, j] / size[c]) * (trend[j] + 0.5) ** -0.5`` over the
    customers ``c`` who bought ``i``: ``n`` are the buyers of an item, ``size`` the items of a customer. So what a
    customer who buys everything has bought says little, and neither does what everybody buys.

    Args:
        half_life_days: after which what was bought counts half as a place to go to.
        shrinkage: buyers added to every item, so that one who bought it by chance does not speak for it.
        most: neighbours that are kept for each item, the nearest.

    Raises:
        InvalidInput: ``half_life_days`` or ``most`` is not positive, or ``shrinkage`` negative.
    """

    half_life_days: int = 14
    shrinkage: int = 5
    most: int = 100

    def check(self) -> None:
        """There is something to count by."""
        if min(self.half_life_days, self.most) < 1 or self.shrinkage < 0:
            raise InvalidInput("must be positive.", field="ItemWalk", hint="Give positive whole numbers.")

    def learn(self, history: History, *, now: datetime) -> Neighbours:
        """Documented at the port.

        >>> from datetime import UTC
        >>> from crmkit.rules.recommendation.purchases import Purchase
        >>> now = datetime(2026, 1, 31, tzinfo=UTC)
        >>> both = [("C-1", "tea"), ("C-1", "cup"), ("C-2", "tea"), ("C-2", "cup"), ("C-2", "salt"), ("C-3", "salt")]
        >>> history = History.of(Purchase(customer_id=who, item_id=what, order_id=who, at=now) for who, what in both)
        >>> [other for other, _ in ItemWalk().learn(history, now=now)["tea"]]
        ['cup', 'salt']
        """
        popular = trend(history, half_life_days=self.half_life_days, now=now)
        held_back = {item: (fresh + 0.5) ** -0.5 for item, fresh in popular.items()}
        places = {customer: self._places(history, customer, held_back, now) for customer in history.customers}
        buyers: defaultdict[str, list[str]] = defaultdict(list)
        for customer, items in history.customers.items():
            for item in items:
                buyers[item].append(customer)
        return {item: self._nearest(item, [places[each] for each in who]) for item, who in buyers.items()}

    def _places(
        self, history: History, customer: str, held_back: Mapping[str, float], now: datetime
    ) -> list[tuple[str, float]]:
        """Where a walk goes from ``customer``, and how much of it."""
        items = history.customers[customer]
        fresh = [
            (item, freshness(bought.last_at, half_life_days=self.half_life_days, now=now))
            for item, bought in items.items()
        ]
        return [(item, share * held_back[item] / len(items)) for item, share in fresh if share >= FAINT]

    def _nearest(self, item: str, places: list[list[tuple[str, float]]]) -> tuple[tuple[str, float], ...]:
        sums: defaultdict[str, float] = defaultdict(float)
        for each in places:
            for other, share in each:
                sums[other] += share
        sums.pop(item, None)
        begins = (len(places) + self.shrinkage) ** -0.5
        nearest = sorted(sums, key=lambda other: (-sums[other], other))[: self.most]
        return tuple((other, sums[other] * begins) for other in nearest)
