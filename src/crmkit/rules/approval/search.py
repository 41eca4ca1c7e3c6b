"""What an approver kind may look into: the record, who submitted it, and the people around."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member, MemberStatus, Team

__all__ = ["Search"]


@frozen(kw_only=True)
class Search:
    """The people by id, the record, its submitter, and whom the submitter chose for this step."""

    record: Record
    submitter_id: MemberId
    members: Mapping[str, Member]
    teams: Mapping[str, Team]
    chosen: tuple[MemberId, ...] = ()

    def superiors(self, member_id: str | None) -> Iterator[MemberId]:
        """The member's superiors, the nearest first; a circle ends where it closes."""
        seen = {member_id}
        member = self.members.get(member_id or "")
        while member is not None and member.manager_id is not None and member.manager_id not in seen:
            seen.add(member.manager_id)
            yield member.manager_id
            member = self.members.get(member.manager_id)

    def leaders(self, member_id: str | None) -> Iterator[MemberId]:
        """Who leads the member's team, then the teams above it."""
        member = self.members.get(member_id or "")
        team, seen = self.teams.get((member.team_id if member is not None else None) or ""), set[str]()
        while team is not None and team.id not in seen:
            seen.add(team.id)
            if team.leader_id is not None:
                yield team.leader_id
            team = self.teams.get(team.parent_id or "")

    def holders(self, role_id: str) -> Iterator[MemberId]:
        """Who has the role and has not left, in the order of ids."""
        for id in sorted(self.members):
            member = self.members[id]
            if role_id in member.role_ids and member.status is not MemberStatus.LEFT:
                yield member.id
