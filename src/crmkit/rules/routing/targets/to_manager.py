"""To the requester's superior."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToManager"]


@model
class ToManager:
    """The request goes to the requester's manager; while that one is away, to the manager's manager, and so on."""

    kind: ClassVar[str] = "to_manager"

    def find(self, facts: RoutingFacts) -> Offer:
        """The superiors, the nearest first."""
        return Offer(members=tuple(facts.superiors()))
