"""To a team, as a queue."""

from typing import ClassVar

from crmkit.domain.ids import TeamId
from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToTeam"]


@model
class ToTeam:
    """The request waits in the team's queue, where any of its members may act; a team where nobody is there has none."""

    kind: ClassVar[str] = "to_team"

    team_id: TeamId

    def find(self, facts: RoutingFacts) -> Offer:
        """The team, if somebody of it is there."""
        return Offer(team_id=self.team_id) if any(facts.queue(self.team_id)) else Offer()
