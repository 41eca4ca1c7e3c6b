"""What a decision looks at: the record, the members with their counters, and the pools."""

from collections.abc import Mapping

import attrs
from attrs import frozen

from crmkit.domain.ids import AccountId, MemberId, Ref
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.domain.organization.territory import Territory
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool

__all__ = ["FULL_SHARE", "AssignmentFacts", "Candidate", "KnownOwner"]

FULL_SHARE = 100
"""The weight of one full share of the records."""


@frozen(kw_only=True)
class Candidate:
    """A member as assignment sees them.

    Args:
        member: status, team, weight and capacity.
        ahead: how far the member is ahead of those who are next, in records of a full share.
        open_work: open leads and accounts that the member holds.
        away: not to be reached now, as the host says.
        calendar: whose hours the member works; without one at any time.
        room: how many records more each limit and backlog of the policy leaves, in their order; none
            given means no limit.
        cap_left: how many records more the member's holding cap leaves; ``None`` for no cap.
    """

    member: Member
    ahead: float = 0.0
    open_work: int = 0
    away: bool = False
    calendar: WorkingCalendar | None = None
    room: tuple[int, ...] = ()
    cap_left: int | None = None

    @property
    def full(self) -> bool:
        """Open work has reached the member's capacity, or a limit of the policy or the holding cap is used up."""
        return self.at_capacity or self.capped or any(left <= 0 for left in self.room)

    @property
    def capped(self) -> bool:
        """The member holds as many records as the cap allows."""
        return self.cap_left is not None and self.cap_left <= 0

    @property
    def at_capacity(self) -> bool:
        """Open work has reached the member's capacity."""
        return self.member.capacity is not None and self.open_work >= self.member.capacity

    @property
    def share(self) -> float:
        """What one record is worth at the member's weight, in records of a full share."""
        return FULL_SHARE / self.member.weight

    def with_place(self) -> "Candidate":
        """Ahead by no more than one record, also when the weight was raised since."""
        return self if self.ahead <= self.share else self.moved(self.share)

    def moved(self, ahead: float) -> "Candidate":
        """The same at another place."""
        return Candidate(
            member=self.member,
            ahead=ahead,
            open_work=self.open_work,
            away=self.away,
            calendar=self.calendar,
            room=self.room,
            cap_left=self.cap_left,
        )

    def with_one_more(self, taken: tuple[int, ...] = ()) -> "Candidate":
        """The counters after one more record, which takes ``taken`` of the room."""
        room = tuple(left - less for left, less in zip(self.room, taken, strict=True)) if self.room else ()
        cap_left = None if self.cap_left is None else self.cap_left - 1
        return attrs.evolve(self, open_work=self.open_work + 1, room=room, cap_left=cap_left)


@frozen(kw_only=True)
class KnownOwner:
    """Who owns ``record``, which is the same as one that is to be assigned."""

    record: Ref
    member_id: MemberId


@frozen(kw_only=True)
class AssignmentFacts:
    """One moment: who is there with which counters; ``record`` is what is to be assigned.

    Args:
        record: the lead or account; ``decide_many`` takes its own list and ignores this one.
        candidates: every member that the policy speaks of, and owners of known accounts.
        account_owners: of the accounts that leads belong to, those that have an owner.
        pools: those that the policy names.
        territories: the active ones, and those above them, where a target asks for the territory.
        planned: to whom an allocator gave some of the list's records (see ``plans``), by record.
        twins: of the records that are the same as others of the list, the name that their group shares.
        known_owners: of the records that are the same as one that somebody owns, whom that is.
    """

    record: Owned
    candidates: tuple[Candidate, ...] = ()
    account_owners: Mapping[AccountId, MemberId] = attrs.field(factory=dict)
    pools: tuple[Pool, ...] = ()
    territories: tuple[Territory, ...] = ()
    planned: Mapping[str, MemberId] = attrs.field(factory=dict)
    twins: Mapping[str, str] = attrs.field(factory=dict)
    known_owners: Mapping[str, KnownOwner] = attrs.field(factory=dict)
