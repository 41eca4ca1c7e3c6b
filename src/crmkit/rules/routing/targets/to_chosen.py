"""To whom an assignment policy chooses."""

from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToChosen"]


@model
class ToChosen:
    """The request goes to whom the assignment policy of that id gives its subject to: by skill, load, region, in turn.

    The policy is asked for the subject of the request as if nobody owned it, and for nothing else.
    """

    kind: ClassVar[str] = "to_chosen"

    policy: Code

    def find(self, facts: RoutingFacts) -> Offer:
        """Who was chosen, with the reasons of that choice."""
        chosen = facts.chosen.get(self.policy)
        if chosen is None:
            return Offer()
        return Offer(members=() if chosen.member_id is None else (chosen.member_id,), reasons=chosen.reasons)
