"""How many records a member may hold: rules for some members, and which of several counts.

>>> caps = (Cap(most=30), Cap(most=50, role_ids=("key-account",)), Cap(most=10, member_ids=("intern",)))
>>> from datetime import UTC, datetime
>>> now = datetime(2026, 1, 9, tzinfo=UTC)
>>> wei = Member(id="wei", name="Wei", role_ids=("key-account",), created_at=now, updated_at=now)
>>> [cap_of(caps, wei, how).most for how in Resolution]
[30, 50, 50]
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from crmkit.domain.conditions import parse
from crmkit.domain.ids import MemberId, RoleId, TeamId
from crmkit.domain.model import Line, model
from crmkit.domain.organization.member import Member
from crmkit.errors import InvalidInput

__all__ = ["NOTHING", "Cap", "Resolution", "cap_of"]

NOTHING = "not always()"
"""The condition of no record."""


class Resolution(StrEnum):
    """Which of several rules for one member counts."""

    STRICTEST = "strictest"
    """The one that allows the fewest."""
    SPECIFIC = "specific"
    """The one that names the member, or else a role, or else the team; of equal ones the strictest."""
    GENEROUS = "generous"
    """The one that allows the most."""


@model
class Cap:
    """At most ``most`` records held, for those named; nobody named, for everybody.

    Held records for which ``uncounted`` holds do not count, such as customers who bought.
    """

    most: int
    name: Line = ""
    uncounted: str = NOTHING
    member_ids: tuple[MemberId, ...] = ()
    role_ids: tuple[RoleId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()

    def check(self) -> None:
        """It is not negative, and its condition can be read."""
        if self.most < 0:
            raise InvalidInput("must not be negative.", field="Cap.most", hint="0 means none at all.")
        parse(self.uncounted)

    def reach(self, member: Member) -> int | None:
        """How closely the rule speaks of ``member``: 3 by name, 2 by a role, 1 by team, 0 of everybody; else ``None``."""
        if member.id in self.member_ids:
            return 3
        if set(self.role_ids) & set(member.role_ids):
            return 2
        if member.team_id is not None and member.team_id in self.team_ids:
            return 1
        return None if self.member_ids or self.role_ids or self.team_ids else 0


_Key = Callable[[tuple[int, Cap]], tuple[int, ...]]
_FIRST: Mapping[Resolution, _Key] = {
    Resolution.STRICTEST: lambda each: (each[1].most,),
    Resolution.SPECIFIC: lambda each: (-each[0], each[1].most),
    Resolution.GENEROUS: lambda each: (-each[1].most,),
}


def cap_of(caps: Iterable[Cap], member: Member, resolution: Resolution) -> Cap | None:
    """The rule that counts for ``member``; ``None`` when none speaks of the member."""
    matching = [(reach, cap) for cap in caps if (reach := cap.reach(member)) is not None]
    return min(matching, key=_FIRST[resolution], default=(0, None))[1]
