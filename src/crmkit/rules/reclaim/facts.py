"""What the decisions look at: a record with its clock, and for a claim what the member holds and has claimed."""

from datetime import datetime

from attrs import frozen

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.rules.reclaim.pools import PoolOrder

__all__ = ["Action", "ClaimFacts", "ReclaimFacts"]


@frozen(kw_only=True)
class Action:
    """A follow-up that took place."""

    kind: InteractionKind
    at: datetime


@frozen(kw_only=True)
class ReclaimFacts:
    """A record and its clock.

    ``since`` is what the default protection and the maximum are counted from, ``held_until`` the deadline
    that was promised; ``None`` when the clock has not run yet. ``actions`` are follow-ups since then.
    """

    record: Owned
    since: datetime
    held_until: datetime | None = None
    actions: tuple[Action, ...] = ()
    pools: PoolOrder = PoolOrder()
    calendar: WorkingCalendar | None = None

    @classmethod
    def of(
        cls,
        record: Owned,
        *,
        actions: tuple[Action, ...] = (),
        pools: PoolOrder = PoolOrder(),  # noqa: B008 - a frozen value
        calendar: WorkingCalendar | None = None,
    ) -> "ReclaimFacts":
        """The record as it stands; one without a date of taking over counts from when it was created."""
        return cls(
            record=record,
            since=record.owned_since or record.created_at,
            held_until=record.reclaim_at,
            actions=actions,
            pools=pools,
            calendar=calendar,
        )

    @classmethod
    def taken(cls, record: Owned, *, at: datetime, calendar: WorkingCalendar | None = None) -> "ReclaimFacts":
        """The record as a new owner takes it at ``at``; what was promised to the one before does not pass on."""
        return cls(record=record, since=at, calendar=calendar)


@frozen(kw_only=True)
class ClaimFacts:
    """A record in its pool and the member who wants it, counted in the transaction that will write.

    Args:
        record: as it lies in the pool.
        pool: the pool it lies in; ``None`` when it lies in none.
        member: who claims.
        held: records of the entity that the member holds and that count towards the cap.
        open_work: open leads and accounts that the member holds, for the member's own capacity.
        claimed: claims of the entity's records by the member within the time of each quota, in their order.
        claimed_at: when the member last claimed such a record; ``None`` for never.
        let_go_at: when the member last ceased to own this record; ``None`` for never.
    """

    record: Owned
    pool: Pool | None
    member: Member
    held: int = 0
    open_work: int = 0
    claimed: tuple[int, ...] = ()
    claimed_at: datetime | None = None
    let_go_at: datetime | None = None
