"""How a policy is brought in: for some members first, so many records a day, and with a way to stop it."""

from datetime import datetime

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.member import Member
from crmkit.errors import InvalidInput

__all__ = ["Pause", "Pilot"]


@model
class Pause:
    """A time in which nobody is warned and nothing falls back; without an end until it is given one."""

    begins: datetime
    ends: datetime | None = None
    why: Line = ""

    def check(self) -> None:
        """It ends after it began."""
        if self.ends is not None and self.ends <= self.begins:
            raise InvalidInput("must end after it begins.", field="Pause.ends", hint="Give a later instant.")

    def holds(self, at: datetime) -> bool:
        """Whether the policy pauses at that time."""
        return self.begins <= at and (self.ends is None or at < self.ends)


@model
class Pilot:
    """Owners in these teams, and these members, go by another policy of the same entity: ``policy_id``."""

    policy_id: Code
    team_ids: tuple[TeamId, ...] = ()
    member_ids: tuple[MemberId, ...] = ()

    def check(self) -> None:
        """Somebody takes part."""
        if not self.team_ids and not self.member_ids:
            raise InvalidInput("nobody takes part.", field="Pilot.team_ids", hint="Name teams or members.")

    def includes(self, owner: Member) -> bool:
        """Whether the records of ``owner`` go by the pilot's policy."""
        return owner.id in self.member_ids or owner.team_id in self.team_ids
