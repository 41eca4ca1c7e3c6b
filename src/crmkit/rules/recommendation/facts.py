"""What recommendations for one customer are made from."""

from crmkit.domain.model import Key, Line, model
from crmkit.rules.recommendation.learning.knowledge import Knowledge
from crmkit.rules.recommendation.purchases import Bought

__all__ = ["RecommendationFacts"]


@model
class RecommendationFacts:
    """One customer: what was bought, and what is known of all items.

    Args:
        bought: what the customer bought and kept (``History.of_customer``), in any order; nothing for a new one.
        knowledge: learned from all purchases.
        segment: the customer's segment, ``""`` for none.
        excluded: items that must not be recommended to this customer.
        opted_out: the customer does not want to be profiled.
    """

    bought: tuple[Bought, ...] = ()
    knowledge: Knowledge
    segment: Line = ""
    excluded: tuple[Key, ...] = ()
    opted_out: bool = False
