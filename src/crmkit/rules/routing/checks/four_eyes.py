"""Two steps, two people."""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason
from crmkit.rules.routing.facts import RoutingFacts

__all__ = ["FourEyes"]


@model
class FourEyes:
    """Whoever took the request through ``transition`` does not take it through this one as well.

    >>> FourEyes(transition="prepare").kind
    'four_eyes'
    """

    kind: ClassVar[str] = "four_eyes"

    transition: Code

    def objection(self, facts: RoutingFacts, *, now: datetime) -> Reason | None:  # noqa: ARG002 - the Protocol has it
        """That ``facts.acting`` did the other step."""
        acting = facts.acting
        if acting is None:
            return None
        did = any(step.transition == self.transition and step.by == acting.id for step in facts.request.steps)
        return Reason.of("routing.four_eyes", member_id=acting.id, transition=self.transition) if did else None
