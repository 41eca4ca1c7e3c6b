"""What a routing decision is made from: the request, what is asked, who asks, and whom it could go to."""

from collections.abc import Iterator

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Line, model
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.stewardship.request import Request

__all__ = ["RoutingFacts"]


@model
class RoutingFacts:
    """A request with the members and teams that its process may hand it to.

    ``transition`` is what is asked; without one the request is being opened. ``acting`` is who asks,
    ``None`` for the system. ``members`` holds the requester, the superiors, leaders, holders of roles and
    members of teams that the definition speaks of; who is not among them is not found.
    """

    request: Request
    transition: Line = ""
    acting: Member | None = None
    members: tuple[Member, ...] = ()
    teams: tuple[Team, ...] = ()

    @property
    def requester(self) -> Member | None:
        """Who asked, as far as known."""
        return self.member(self.request.requested_by)

    def member(self, member_id: MemberId | None) -> Member | None:
        """The member of that id, if known."""
        return next((member for member in self.members if member.id == member_id), None)

    def team(self, team_id: TeamId | None) -> Team | None:
        """The team of that id, if known."""
        return next((team for team in self.teams if team.id == team_id), None)

    def queue(self, team_id: TeamId | None) -> Iterator[Member]:
        """The active members of the team, without the requester: who may act on what waits in its queue."""
        for member in self.members:
            there = member.status is MemberStatus.ACTIVE and member.id != self.request.requested_by
            if there and team_id is not None and member.team_id == team_id:
                yield member

    def superiors(self) -> Iterator[MemberId]:
        """The requester's superiors, the nearest first; a circle ends where it closes."""
        seen: set[str] = set()
        member = self.requester
        while member is not None and member.manager_id is not None and member.manager_id not in seen:
            seen.add(member.manager_id)
            yield member.manager_id
            member = self.member(member.manager_id)

    def leaders(self) -> Iterator[MemberId]:
        """Who leads the requester's team, then the teams above it."""
        seen: set[str] = set()
        team = self.team(self.requester.team_id) if self.requester else None
        while team is not None and team.id not in seen:
            seen.add(team.id)
            if team.leader_id is not None:
                yield team.leader_id
            team = self.team(team.parent_id)
