"""What a routing decision is made from: the request, what is asked, who asks, and whom it could go to."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Code, Line
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request, RequestOutcome

__all__ = ["Chosen", "RoutingFacts"]

_NONE: Mapping[Code, "Chosen"] = FrozenDict()


@frozen(kw_only=True)
class Chosen:
    """Whom an assignment policy would give the request to, and why; nobody, where there is no ``member_id``."""

    member_id: MemberId | None = None
    reasons: tuple[Reason, ...] = ()


@frozen(kw_only=True, slots=False)  # without slots they are made twice as fast
class RoutingFacts:
    """A request with the members and teams that its process may hand it to.

    Args:
        request: as it would be with what is filled in on the way.
        transition: what is asked; without one the request is being opened, or goes on by itself.
        going_on: nobody asks for anything: time has passed, a branch has ended, or the request has changed.
        acting: who asks, ``None`` for the system.
        checked: items of the checklist that were ticked.
        members: the requester, the superiors, leaders, holders of roles and members of teams that the
            definition speaks of; who is not among them is not found.
        branches: how the branches of the state that the request is in stand, ``None`` for one that runs.
        calendar: whose working time counts.
        chosen: by assignment policy, whom it chooses.
    """

    request: Request
    transition: Line = ""
    going_on: bool = False
    acting: Member | None = None
    checked: tuple[Line, ...] = ()
    members: tuple[Member, ...] = ()
    teams: tuple[Team, ...] = ()
    branches: tuple[RequestOutcome | None, ...] = ()
    calendar: WorkingCalendar | None = None
    chosen: Mapping[Code, Chosen] = _NONE

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
