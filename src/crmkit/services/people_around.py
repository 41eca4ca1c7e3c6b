"""The people around some records: members, superiors, deputies, leaders and holders of roles, in few queries."""

from collections.abc import Iterable

from crmkit.domain.conditions import Condition, F, any_of
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.ports.store import UnitOfWork

__all__ = ["MOST_LEVELS", "PeopleAround"]

MOST_LEVELS = 20
"""Steps up the hierarchy, of superiors and of teams."""
MOST_MEMBERS = 500
"""Members of teams, and holders of roles, that are looked at."""


class PeopleAround:
    """Members and teams of one unit of work, each loaded once; however many are asked for, a level is one query."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self.members: dict[str, Member] = {}
        self.teams: dict[str, Team] = {}
        self._missing: set[str] = set()

    def load(self, ids: Iterable[str | None]) -> None:
        """The members of these ids."""
        new = {id_ for id_ in ids if id_ and id_ not in self.members} - self._missing
        if new:
            self.members.update(self._uow.members.get_many(sorted(new)))
            self._missing |= new - self.members.keys()

    def load_superiors(self, member_id: str | None) -> None:
        """The member's manager, the manager's manager, and so on."""
        for _ in range(MOST_LEVELS):
            member = self.members.get(member_id or "")
            if member is None:
                return
            member_id = member.manager_id
            self.load([member_id])

    def load_behind(self) -> None:
        """The superiors and deputies of everybody who is loaded, and theirs, level by level."""
        for _ in range(MOST_LEVELS):
            before = len(self.members)
            managers = [member.manager_id for member in self.members.values()]
            self.load([*managers, *(leave.deputy_id for member in self.members.values() for leave in member.leaves)])
            if len(self.members) == before:
                return

    def load_leaders(self, *member_ids: str | None) -> None:
        """The members' teams, the teams above them, and who leads them."""
        members = (self.members.get(member_id or "") for member_id in member_ids)
        wanted: set[str] = {member.team_id for member in members if member is not None and member.team_id is not None}
        for _ in range(MOST_LEVELS):
            wanted -= self.teams.keys()
            if not wanted:
                break
            found = self._uow.teams.get_many(sorted(wanted))
            self.teams.update(found)
            wanted = {team.parent_id for team in found.values() if team.parent_id is not None}
        self.load(team.leader_id for team in self.teams.values())

    def load_queues(self, team_ids: list[str]) -> None:
        """The active members of these teams."""
        if team_ids:
            self._find(F.team_id.in_(team_ids) & (F.status == MemberStatus.ACTIVE))

    def load_holders(self, role_ids: list[str]) -> None:
        """Whoever has one of these roles."""
        if role_ids:
            self._find(any_of(F.role_ids.contains(role_id) for role_id in role_ids))

    def _find(self, condition: Condition) -> None:
        found = self._uow.members.find(condition, limit=MOST_MEMBERS)
        self.members.update((member.id, member) for member in found)
