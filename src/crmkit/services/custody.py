"""What every change of hands has in common: the policy and calendar it goes by, and its line of history.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", created_at=now, updated_at=now)
>>> line = history(lead.assign("wei", now=now), id="H-1").after
>>> line.cause, line.to_owner_id
(<Cause.ASSIGNED: 'assigned'>, 'wei')
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from attrs import frozen

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import CalendarId, OwnershipEntryId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import (
    Assigned,
    Cause,
    Claimed,
    Owned,
    OwnershipEntry,
    Protection,
    Reclaimed,
    Returned,
)
from crmkit.errors import InvalidInput
from crmkit.ports.store import Repository, UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy
from crmkit.rules.reclaim import SETTLED, Action, ClaimPolicy, PoolOrder, ReclaimFacts, ReclaimPolicy, protection

__all__ = ["UNSETTLED", "Custody", "calendar_of", "day_began", "history", "lock_of", "owned_by", "owning", "policy_for"]

OWNED: Mapping[str, type[Owned]] = {"lead": Lead, "account": Account}

UNSETTLED: Mapping[str, Condition] = {entity: ~parse(text) for entity, text in SETTLED.items()}
"""Records that still mean work, by entity; only they have clocks, wait for an owner and count as load."""

_CAUSES: Mapping[type, Cause] = {Claimed: Cause.CLAIMED, Returned: Cause.RETURNED, Reclaimed: Cause.RECLAIMED}

P = TypeVar("P", AssignmentPolicy, ReclaimPolicy, ClaimPolicy)


def owned_by(uow: UnitOfWork, entity: str) -> Repository[Any]:
    """The repository of an entity that has owners.

    Raises:
        InvalidInput: only leads and accounts have.
    """
    return uow.repository(OWNED[owning(entity)])


def owning(entity: str) -> str:
    """``entity``, which has owners.

    Raises:
        InvalidInput: only leads and accounts have.
    """
    if entity not in OWNED:
        raise InvalidInput(f"{entity!r} has no owner.", field="entity", hint="Use lead or account.")
    return entity


def lock_of(member_id: str) -> str:
    """What is locked while it is decided what a member may hold or claim."""
    return f"member:{member_id}"


def policy_for(uow: UnitOfWork, cls: type[P], entity: str, *, now: datetime) -> P | None:
    """The policy in force for ``entity``: the one that carries its name as id, or else the only one there is."""
    named = uow.policies.in_force(cls, now, id=entity)
    known = named or uow.policies.in_force(cls, now)
    return known if known is not None and known.entity == entity else None


def history(change: Change[Any], *, id: str, cause: Cause | None = None) -> Change[OwnershipEntry]:
    """The line of ownership history that goes with ``change``, to be saved with it.

    The cause follows from the event; give one where the same event has another, such as a record that
    assignment put into a pool.

    Raises:
        InvalidInput: the change tells of no new owner or pool.
    """
    for event in change.events:
        known = event.cause if isinstance(event, Assigned) else _CAUSES.get(type(event))
        if known is not None:
            before, after = change.before, change.after
            entry = OwnershipEntry(
                id=OwnershipEntryId(id),
                created_at=event.at,
                updated_at=event.at,
                record_entity=after.entity,
                record_id=after.id,
                at=event.at,
                cause=cause or known,
                from_owner_id=None if before is None else before.owner_id,
                to_owner_id=after.owner_id,
                from_pool_id=None if before is None else before.pool_id,
                to_pool_id=after.pool_id,
            )
            return created(entry)
    raise InvalidInput("changes no hands.", field="change", hint="Give one from assign, claim, release or reclaim.")


@frozen(kw_only=True)
class Custody:
    """How long owners of one entity's records keep them, as it stands in one unit of work.

    Without a reclaim policy in force no clock runs: every protection is without an end.
    """

    entity: str
    policy: ReclaimPolicy | None
    calendar: WorkingCalendar | None
    pools: PoolOrder

    @classmethod
    def of(cls, uow: UnitOfWork, entity: str, *, now: datetime) -> "Custody":
        """Policy, calendar and pools in force at ``now``: three or four queries, whatever the number of records.

        Raises:
            NotFound: the policy's calendar does not exist.
            InvalidCondition: what a pool accepts does not fit the entity's fields.
        """
        policy = policy_for(uow, ReclaimPolicy, entity, now=now)
        calendar = calendar_of(uow, None if policy is None else policy.calendar_id)
        pools = uow.pools.find((F.holds == entity) & (F.enabled == True))  # noqa: E712 - builds a condition
        custom = () if policy is None else policy.custom_fields
        return cls(entity=entity, policy=policy, calendar=calendar, pools=PoolOrder.of(pools, entity, custom=custom))

    def taken(self, record: Owned, *, now: datetime) -> Protection:
        """The protection of whoever takes ``record`` at ``now``."""
        if self.policy is None:
            return Protection()
        return protection(self.policy, ReclaimFacts.taken(record, at=now, calendar=self.calendar), now=now)

    def followed_up(self, record: Owned, action: Action, *, now: datetime) -> Protection | None:
        """The protection of ``record`` after ``action``; ``None`` when that follow-up does not qualify."""
        if self.policy is None or not self.policy.refresh_days(action.kind):
            return None
        return protection(self.policy, self.facts(record, action), now=now)

    def facts(self, record: Owned, *actions: Action) -> ReclaimFacts:
        """``record`` as the reclaim engine looks at it."""
        return ReclaimFacts.of(record, actions=actions, pools=self.pools, calendar=self.calendar)


def calendar_of(uow: UnitOfWork, calendar_id: CalendarId | None) -> WorkingCalendar | None:
    """The calendar a policy speaks of, if it does.

    Raises:
        NotFound: there is none of that id.
    """
    return None if calendar_id is None else uow.calendars.get(calendar_id)


def day_began(uow: UnitOfWork, calendar_id: CalendarId | None, *, now: datetime) -> datetime:
    """Where a daily quota begins: midnight in the calendar's zone, without a calendar in UTC.

    Raises:
        NotFound: there is no calendar of that id.
    """
    calendar = calendar_of(uow, calendar_id)
    midnight = datetime.combine(now.astimezone(UTC).date(), time(0), UTC)
    return midnight if calendar is None else calendar.start_of_day(now)
