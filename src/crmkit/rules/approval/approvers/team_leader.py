"""Who leads the submitter's team, or the one some levels up."""

from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.search import Search

__all__ = ["TeamLeader"]


@model
class TeamLeader:
    """The leader of the submitter's team; of ``level`` 2 the leader of the team above it, and so on."""

    kind: ClassVar[str] = "approver_team_leader"

    level: int = 1

    def check(self) -> None:
        """It is a level."""
        if self.level < 1:
            raise InvalidInput("must be positive.", field="TeamLeader.level", hint="1 is the submitter's own team.")

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """That one, or nobody where the teams end before."""
        leaders = tuple(search.leaders(search.submitter_id))
        return leaders[self.level - 1 : self.level]
