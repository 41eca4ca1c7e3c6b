"""Members of the sales organisation, their teams and roles."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed
from crmkit.domain.ids import CalendarId, MemberId, PoolId, RoleId, TeamId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Line, Note, model
from crmkit.errors import InvalidInput

__all__ = [
    "MEMBER",
    "ExistenceChecked",
    "Leave",
    "Member",
    "MemberMoved",
    "MemberStatus",
    "PoolViewed",
    "RecordsExported",
    "Role",
    "Team",
]


class MemberStatus(StrEnum):
    """Whether the member can take work."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    LEFT = "left"


MEMBER = Lifecycle(
    "member",
    {
        MemberStatus.ACTIVE: {"go_on_leave": MemberStatus.ON_LEAVE, "leave": MemberStatus.LEFT},
        MemberStatus.ON_LEAVE: {"come_back": MemberStatus.ACTIVE, "leave": MemberStatus.LEFT},
        MemberStatus.LEFT: {"rejoin": MemberStatus.ACTIVE},
    },
)


@model
class MemberMoved(Event):
    """A member went on leave, came back, left or rejoined."""

    type: ClassVar[str] = "member.moved"
    from_status: MemberStatus
    to_status: MemberStatus


@model
class ExistenceChecked(Event):
    """A member asked whether a customer is known: by which kinds of keys, and what was found.

    It is the log of such questions: the member's trail has them, whatever the member was told. It names
    records by their ids, and never holds what was asked for.
    """

    type: ClassVar[str] = "existence.checked"
    outcome: Code
    level: Code
    keys: tuple[Code, ...] = ()
    records: tuple[Line, ...] = ()


@model
class PoolViewed(Event):
    """A member looked at records of a pool; it is the log that view budgets are counted on."""

    type: ClassVar[str] = "pool.viewed"
    pool_id: PoolId
    records: tuple[Line, ...] = ()


@model
class RecordsExported(Event):
    """A member took records out of the system: how many, of which entity, which fields, and by which filter.

    Values that a filter on personal fields asks for are not written down.
    """

    type: ClassVar[str] = "records.exported"
    entity: Code
    count: int
    fields: tuple[Line, ...]
    filter: Note = ""


@model
class Leave:
    """A planned absence from ``begins`` until ``ends``, half-open: at ``ends`` the member is back.

    ``deputy_id`` acts for the member meanwhile, on approvals for example.
    """

    begins: datetime
    ends: datetime
    deputy_id: MemberId | None = None

    def check(self) -> None:
        """It ends after it began."""
        if self.ends <= self.begins:
            raise InvalidInput("must end after it begins.", field="Leave.ends", hint="Give a later instant.")


@model
class Member(Record):
    """A person who sells or serves: team, superior, abilities and share of the work.

    ``weight`` is the share of leads relative to others: 200 receives twice what 100 does.
    ``capacity`` is the most open leads and accounts to hold, ``None`` for no limit.
    """

    entity: ClassVar[str] = "member"

    id: MemberId
    name: Line
    email: Line = ""
    team_id: TeamId | None = None
    manager_id: MemberId | None = None
    status: MemberStatus = MemberStatus.ACTIVE
    role_ids: tuple[RoleId, ...] = ()
    languages: tuple[Code, ...] = ()
    regions: tuple[Code, ...] = ()
    skills: tuple[Code, ...] = ()
    weight: int = 100
    capacity: int | None = None
    calendar_id: CalendarId | None = None
    leaves: tuple[Leave, ...] = ()
    """Planned absences, past ones too; ``ON_LEAVE`` is an absence whose end nobody knows."""
    left_at: datetime | None = None
    """Since when the member has left the organisation."""

    def check(self) -> None:
        """A weight is positive, a capacity not negative."""
        if self.weight <= 0:
            raise InvalidInput("must be positive.", field="Member.weight", hint="100 is one full share.")
        if self.capacity is not None and self.capacity < 0:
            raise InvalidInput("must not be negative.", field="Member.capacity", hint="None means no limit.")

    def move(self, verb: str, *, now: datetime) -> "Change[Member]":
        """The status that ``verb`` leads to: ``go_on_leave``, ``come_back``, ``leave``, ``rejoin``.

        Raises:
            NotAllowed: the verb does not fit the status.
        """
        to = MEMBER.next(self.status, verb)
        event = MemberMoved(at=now, from_status=self.status, to_status=to)
        return changed(self, event, now=now, status=to, left_at=now if to is MemberStatus.LEFT else None)

    def away(self, at: datetime) -> bool:
        """Whether a planned absence covers ``at``."""
        return any(leave.begins <= at < leave.ends for leave in self.leaves)

    def deputy(self, at: datetime) -> MemberId | None:
        """Who acts for the member in the planned absence that covers ``at``; ``None`` if nobody was named."""
        covering = (leave for leave in self.leaves if leave.begins <= at < leave.ends)
        return next((leave.deputy_id for leave in covering if leave.deputy_id is not None), None)

    def has_viewed(self, view: PoolViewed) -> "Change[Member]":
        """The view stands in the member's trail; nothing about the member changed."""
        return changed(self, view, now=self.updated_at)

    def has_exported(self, export: RecordsExported) -> "Change[Member]":
        """The export stands in the member's trail; nothing about the member changed."""
        return changed(self, export, now=self.updated_at)

    def back_at(self, at: datetime) -> datetime | None:
        """When the planned absence that covers ``at`` ends, adjoining ones counted as one; ``None`` if none does."""
        back = at
        for leave in sorted(self.leaves, key=lambda each: each.begins):
            if leave.begins <= back < leave.ends:
                back = leave.ends
        return back if self.away(at) else None

    def has_asked(self, question: ExistenceChecked) -> "Change[Member]":
        """The question stands in the member's trail; nothing about the member changed."""
        return changed(self, question, now=self.updated_at)


@model
class Team(Record):
    """A group of members, with a place in the hierarchy and somebody who leads it."""

    entity: ClassVar[str] = "team"

    id: TeamId
    name: Line
    parent_id: TeamId | None = None
    leader_id: MemberId | None = None


@model
class Role(Record):
    """What its holders may do: verbs such as ``"lead.assign"``."""

    entity: ClassVar[str] = "role"

    id: RoleId
    name: Line
    verbs: tuple[Code, ...] = ()
