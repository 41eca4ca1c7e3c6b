"""Back to who asked."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToRequester"]


@model
class ToRequester:
    """The request goes back to the requester, to be mended or answered."""

    kind: ClassVar[str] = "to_requester"

    def find(self, facts: RoutingFacts) -> Offer:
        """The requester, if there is one."""
        requester = facts.request.requested_by
        return Offer(members=(requester,), own=True) if requester is not None else Offer()
