"""To the leader of the requester's team."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToTeamLeader"]


@model
class ToTeamLeader:
    """The request goes to who leads the requester's team; while that one is away, to the leader of the team above.

    A leader's own request goes to the team above, too.
    """

    kind: ClassVar[str] = "to_team_leader"

    def find(self, facts: RoutingFacts) -> Offer:
        """The leaders, the nearest first."""
        return Offer(members=tuple(facts.leaders()))
