"""What a check of a transition is asked, and what it answers."""

from datetime import datetime
from typing import ClassVar, Protocol

from crmkit.domain.reasons import Reason
from crmkit.rules.routing.facts import RoutingFacts

__all__ = ["Check"]


class Check(Protocol):
    """What may object to a transition. A host's own is a frozen class with a ``kind`` and this method."""

    kind: ClassVar[str]

    def objection(self, facts: RoutingFacts, *, now: datetime) -> Reason | None:
        """Why the transition that ``facts.acting`` asks for may not be taken; ``None`` when it may."""
        ...
