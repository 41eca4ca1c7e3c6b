"""How often a policy would have been right: tried on a time that is over, with what was known before it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from attrs import evolve

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.recommendation.decide import decide
from crmkit.rules.recommendation.facts import RecommendationFacts
from crmkit.rules.recommendation.learning import Item, Knowledge, Neighbours
from crmkit.rules.recommendation.policy import RecommendationPolicy
from crmkit.rules.recommendation.purchases import History, Purchase

__all__ = ["BackTest", "back_test"]


@model
class BackTest:
    """What came of it.

    Args:
        customers: those who bought before the time and in it, and something that may be offered.
        hits: those of them who bought at least one of the recommended items in it; of new items, where only these
            are recommended.
        trend_hits: the same, had everybody been recommended what all bought in those days.
    """

    customers: int
    hits: int
    trend_hits: int

    @property
    def hit_rate(self) -> float:
        """The share of customers who were hit, 0 where there were none."""
        return self.hits / self.customers if self.customers else 0.0

    @property
    def trend_hit_rate(self) -> float:
        """The share that the trend would have hit: what a policy is worth is what it hits beyond."""
        return self.trend_hits / self.customers if self.customers else 0.0


def back_test(
    policy: RecommendationPolicy,
    lines: Iterable[Purchase],
    *,
    learn: Callable[[History], Neighbours],
    items: Iterable[Item] = (),
    segments: Mapping[str, str] | None = None,
    since: datetime,
    until: datetime,
) -> BackTest:
    """The hit rate of ``policy`` from ``since`` up to, but without, ``until``.

    The same decision as any other, with the lines before ``since`` and that instant for now. What was brought back
    within the time was not bought. Choose settings on one time and tell the rate of a later one.

    Args:
        policy: ``repeats=False`` asks for new items, and who buys nothing new is missed.
        lines: all purchases.
        learn: the neighbours, from what was bought before ``since``.
        items: the catalogue of those days.
        segments: the segment of each customer, as it was known at ``since``.
        since: the first instant that is tried.
        until: the first that is no longer.

    Raises:
        InvalidInput: the time is empty.

    >>> from datetime import UTC, timedelta
    >>> from crmkit.rules.recommendation.learning import ItemWalk
    >>> march = datetime(2026, 3, 1, tzinfo=UTC)
    >>> bought = [("C-1", "tea", -60), ("C-1", "tea", -30), ("C-2", "tea", -9), ("C-1", "tea", 1), ("C-2", "cup", 2)]
    >>> lines = [
    ...     Purchase(customer_id=who, item_id=what, order_id=f"{who} {days}", at=march + timedelta(days=days))
    ...     for who, what, days in bought
    ... ]
    >>> found = back_test(
    ...     RecommendationPolicy(),
    ...     lines,
    ...     learn=lambda history: ItemWalk().learn(history, now=march),
    ...     since=march,
    ...     until=march + timedelta(days=30),
    ... )
    >>> found.customers, found.hit_rate
    (2, 0.5)
    """
    if since >= until:
        raise InvalidInput("is empty.", field="until", hint="Give a later instant than since.")
    given = list(lines)
    past = History.of(line for line in given if line.at < since)
    then = History.of(line for line in given if since <= line.at < until)
    knowledge = Knowledge.of(past, neighbours=learn(past), items=items, segments=segments, now=since)
    plain = evolve(knowledge, neighbours={})
    customers = hits = trend_hits = 0
    for customer, kept in then.customers.items():
        bought = {item_id for item_id in kept if knowledge.item(item_id).offered}
        if not bought or customer not in past.customers:
            continue
        own = past.of_customer(customer)
        segment = (segments or {}).get(customer, "")
        facts = RecommendationFacts(bought=own, knowledge=knowledge, segment=segment)
        trendy = RecommendationFacts(bought=() if policy.repeats else own, knowledge=plain)
        counts = bought if policy.repeats else bought - past.customers[customer].keys()
        customers += 1
        hits += not counts.isdisjoint(decide(policy, facts, now=since).item_ids)
        trend_hits += not counts.isdisjoint(decide(policy, trendy, now=since).item_ids)
    return BackTest(customers=customers, hits=hits, trend_hits=trend_hits)
