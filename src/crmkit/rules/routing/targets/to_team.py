"""To a team, as a queue."""

from typing import ClassVar

from crmkit.domain.ids import TeamId
from crmkit.domain.model import model
from crmkit.domain.organization.member import MemberStatus
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToTeam"]


@model
class ToTeam:
    """The request waits in the team's queue, where any of its members may act; a team without active members has none."""

    kind: ClassVar[str] = "to_team"

    team_id: TeamId

    def find(self, facts: RoutingFacts) -> Offer:
        """The team, if somebody of it is there."""
        active = (member.status is MemberStatus.ACTIVE for member in facts.members if member.team_id == self.team_id)
        return Offer(team_id=self.team_id) if any(active) else Offer()
