"""The segment of a customer and its class of value, with the reasons."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.model import Line, model
from crmkit.rules.policy import Decision
from crmkit.rules.segments.facts import Orders
from crmkit.rules.segments.policy import Scores
from crmkit.rules.segments.scale import RfmScales

__all__ = ["SegmentDecision", "SegmentFacts", "SegmentOutcome", "ValueClass"]


class SegmentOutcome(StrEnum):
    """What came of it."""

    PLACED = "placed"
    NO_ORDERS = "no_orders"
    """Nothing was ordered yet."""
    NEUTRAL = "neutral"
    """The customer does not want to be profiled."""


class ValueClass(StrEnum):
    """What a customer is worth, and what could be made of it."""

    HIGH_VALUE = "high_value"
    POTENTIAL = "potential"
    """Bought lately, but neither much nor often yet."""
    LOW_FREQUENCY = "low_frequency"
    REGULAR = "regular"


@model
class SegmentFacts:
    """One customer's orders, and the scales measured on all customers where the policy has none of its own."""

    orders: Orders = Orders()
    scales: RfmScales | None = None
    opted_out: bool = False


@model
class SegmentDecision(Decision):
    """Where the customer stands; ``segment`` is empty and ``scores`` missing where nobody was placed."""

    outcome: SegmentOutcome
    segment: Line = ""
    value_class: ValueClass | None = None
    scores: Scores | None = None
    ordered_at: datetime | None = None
    """The last order that was counted."""
