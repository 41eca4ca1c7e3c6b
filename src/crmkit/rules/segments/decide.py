"""The segment of a customer at an instant.

>>> from datetime import UTC, timedelta
>>> from crmkit.rules.segments.scale import Scale
>>> january = datetime(2026, 1, 31, tzinfo=UTC)
>>> scales = RfmScales(
...     recency=Scale(cuts=(180, 90, 30, 14), less_is_better=True),
...     frequency=Scale(cuts=(2, 4, 8, 16)),
...     monetary=Scale(cuts=(10_000, 50_000, 100_000, 500_000)),
... )
>>> orders = Orders(last_at=january - timedelta(days=10), count=9, amount=120_000)
>>> found = decide(SegmentPolicy(scales=scales), SegmentFacts(orders=orders), now=january)
>>> found.segment, str(found.value_class), str(found.scores)
('champions', 'high_value', '5-4-4')
"""

from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.segments.decision import SegmentDecision, SegmentFacts, SegmentOutcome, ValueClass
from crmkit.rules.segments.facts import Orders
from crmkit.rules.segments.policy import Scores, SegmentPolicy
from crmkit.rules.segments.scale import RfmScales

__all__ = ["decide"]


def decide(policy: SegmentPolicy, facts: SegmentFacts, *, now: datetime) -> SegmentDecision:
    """The cell, the name and the class of value of the customer at ``now``.

    Raises:
        InvalidInput: neither policy nor facts have scales, or these score higher than the grid goes.
    """
    if facts.opted_out:
        return _unplaced(policy, SegmentOutcome.NEUTRAL, Reason.of("segments.opted_out"), now)
    if not facts.orders.count:
        return _unplaced(policy, SegmentOutcome.NO_ORDERS, Reason.of("segments.no_orders"), now)
    scores = _scores(facts.orders, _scales(policy, facts), now)
    segment, value = policy.name(scores), _value_class(policy, scores)
    placed = Reason.of(
        "segments.placed",
        segment=segment,
        days=facts.orders.days(now),
        recency=scores.recency,
        orders=facts.orders.count,
        frequency=scores.frequency,
        monetary=scores.monetary,
        bands=policy.bands,
    )
    return SegmentDecision(
        policy=policy.ref,
        at=now,
        outcome=SegmentOutcome.PLACED,
        reasons=(placed, _REASONS[value]),
        segment=segment,
        value_class=value,
        scores=scores,
        ordered_at=facts.orders.last_at,
    )


_REASONS = {
    ValueClass.HIGH_VALUE: Reason.of("segments.high_value"),
    ValueClass.POTENTIAL: Reason.of("segments.potential"),
    ValueClass.LOW_FREQUENCY: Reason.of("segments.low_frequency"),
    ValueClass.REGULAR: Reason.of("segments.regular"),
}


def _unplaced(policy: SegmentPolicy, outcome: SegmentOutcome, reason: Reason, now: datetime) -> SegmentDecision:
    return SegmentDecision(policy=policy.ref, at=now, outcome=outcome, reasons=(reason,))


def _scales(policy: SegmentPolicy, facts: SegmentFacts) -> RfmScales:
    scales = policy.scales or facts.scales
    if scales is None:
        raise InvalidInput(
            "are missing.", field="SegmentFacts.scales", hint="Measure them with RfmScales.of, or set the policy's."
        )
    policy.fits(scales)
    return scales


def _scores(orders: Orders, scales: RfmScales, now: datetime) -> Scores:
    return Scores(
        recency=scales.recency.score(orders.days(now)),
        frequency=scales.frequency.score(orders.count),
        monetary=scales.monetary.score(orders.amount),
    )


def _value_class(policy: SegmentPolicy, scores: Scores) -> ValueClass:
    if scores.monetary >= policy.high_value_from:
        return ValueClass.HIGH_VALUE
    if scores.frequency <= policy.seldom_to:
        recent = scores.recency >= policy.recent_from
        return ValueClass.POTENTIAL if recent else ValueClass.LOW_FREQUENCY
    return ValueClass.REGULAR
