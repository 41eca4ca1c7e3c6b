"""What the decisions look at: a record with its clock, and for a claim what the member holds and has claimed."""

from datetime import datetime

from attrs import evolve, frozen

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.protection import Clock
from crmkit.rules.reclaim.policy import Handover
from crmkit.rules.reclaim.pools import PoolOrder

__all__ = ["Action", "ClaimFacts", "ReclaimFacts"]


@frozen(kw_only=True)
class Action:
    """A follow-up that took place."""

    kind: InteractionKind
    at: datetime


@frozen(kw_only=True)
class ReclaimFacts:
    """A record and what its clocks are counted from.

    Args:
        record: as it stands.
        owned_since: since when it has its owner.
        clock: what the clocks are counted from.
        held_until: the deadline that was promised; ``None`` when there is none.
        found: nobody ever started its clock, so that it gets the policy's grace.
        actions: follow-ups that ``clock`` does not know of yet.
        owner: whose leave stops the clocks, and whose superior is told; ``None`` where nobody asked.
        pools: those of its entity.
        calendar: the policy's.
    """

    record: Owned
    owned_since: datetime
    clock: Clock
    held_until: datetime | None = None
    found: bool = False
    actions: tuple[Action, ...] = ()
    owner: Member | None = None
    pools: PoolOrder = PoolOrder()
    calendar: WorkingCalendar | None = None

    @classmethod
    def of(
        cls,
        record: Owned,
        *,
        actions: tuple[Action, ...] = (),
        owner: Member | None = None,
        pools: PoolOrder = PoolOrder(),  # noqa: B008 - a frozen value
        calendar: WorkingCalendar | None = None,
    ) -> "ReclaimFacts":
        """The record as it stands; one without a date of taking over counts from when it was created."""
        return cls(
            record=record,
            owned_since=record.in_hand_since,
            clock=record.running,
            held_until=record.reclaim_at,
            found=record.reclaim_at is None,
            actions=actions,
            owner=owner,
            pools=pools,
            calendar=calendar,
        )

    @classmethod
    def taken(
        cls,
        record: Owned,
        *,
        at: datetime,
        actions: tuple[Action, ...] = (),
        owner: Member | None = None,
        calendar: WorkingCalendar | None = None,
    ) -> "ReclaimFacts":
        """The record as a new owner takes it at ``at``; what was promised to the one before does not pass on."""
        clock = Clock(since=at, held_since=at)
        return cls(record=record, owned_since=at, clock=clock, actions=actions, owner=owner, calendar=calendar)

    @classmethod
    def handed_over(
        cls,
        record: Owned,
        how: Handover,
        *,
        at: datetime,
        teammates: bool,
        owner: Member | None = None,
        calendar: WorkingCalendar | None = None,
    ) -> "ReclaimFacts":
        """The record as somebody hands it to ``owner`` at ``at``, with its clocks as ``how`` says."""
        facts = cls.of(record, owner=owner, calendar=calendar)
        if how is Handover.KEEP:
            return evolve(facts, owned_since=at, found=False)
        goes_on = how is Handover.CAP or teammates
        clock = Clock(since=at, held_since=facts.clock.held_since if goes_on else at)
        return evolve(facts, owned_since=at, clock=clock, held_until=None, found=False)


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
