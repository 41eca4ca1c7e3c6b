"""What every change of hands has in common: the policy and calendar it goes by, and its line of history.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", created_at=now, updated_at=now)
>>> line = history(lead.assign("wei", now=now), id="H-1").after
>>> line.cause, line.to_owner_id
(<Cause.ASSIGNED: 'assigned'>, 'wei')
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from attrs import evolve, frozen

from crmkit.domain.change import Change, created
from crmkit.domain.checks import FrozenDict
from crmkit.domain.conditions import Condition, F, parse
from crmkit.domain.ids import CalendarId, OwnershipEntryId
from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import (
    Assigned,
    Cause,
    Claimed,
    Owned,
    OwnershipEntry,
    Pooled,
    Reclaimed,
    Returned,
)
from crmkit.domain.stewardship.protection import Protection
from crmkit.errors import InvalidInput, NotAllowed, StaleVersion
from crmkit.ports.store import Repository, UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy
from crmkit.rules.reclaim import (
    SETTLED,
    Action,
    ClaimPolicy,
    Pilot,
    PoolOrder,
    ReclaimDecision,
    ReclaimFacts,
    ReclaimPolicy,
    decide,
    protection,
)

__all__ = [
    "OWNED",
    "UNSETTLED",
    "Custody",
    "calendar_of",
    "history",
    "lock_of",
    "owned_by",
    "owning",
    "policy_for",
    "stay",
    "unruled",
]

OWNED: Mapping[str, type[Owned]] = {"lead": Lead, "account": Account}

UNSETTLED: Mapping[str, Condition] = {entity: ~parse(text) for entity, text in SETTLED.items()}
"""Records that still mean work, by entity; only they have clocks, wait for an owner and count as load."""

_CAUSES: Mapping[type, Cause] = {
    Claimed: Cause.CLAIMED,
    Returned: Cause.RETURNED,
    Reclaimed: Cause.RECLAIMED,
    Pooled: Cause.POOLED,
}

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

    Without a reclaim policy in force no clock runs: every protection is without an end. ``owners`` are
    those that were loaded with ``knowing``; of others neither leave nor superior is known.
    """

    entity: str
    policy: ReclaimPolicy | None
    calendar: WorkingCalendar | None
    pools: PoolOrder
    pilot: "Custody | None" = None
    owners: Mapping[str, Member] = FrozenDict()

    @classmethod
    def of(
        cls,
        uow: UnitOfWork,
        entity: str,
        *,
        policy: ReclaimPolicy | None = None,
        owners: Iterable[str | None] = (),
        pools: bool = True,
        now: datetime,
    ) -> "Custody":
        """Policy, calendar, pools in force at ``now`` and ``owners``: a handful of queries for any number of records.

        A ``policy`` that is given, such as a draft, goes instead of the one in force. Without ``pools`` it
        knows how long owners keep records, but not where they would fall to.

        Raises:
            NotFound: the policy's calendar does not exist.
            InvalidCondition: what a pool accepts does not fit the entity's fields.
        """
        policy = policy or policy_for(uow, ReclaimPolicy, entity, now=now)
        calendar = calendar_of(uow, None if policy is None else policy.calendar_id)
        order = PoolOrder()
        if pools:
            found = uow.pools.find((F.holds == entity) & (F.enabled == True))  # noqa: E712 - builds a condition
            order = PoolOrder.of(found, entity, custom=() if policy is None else policy.custom_fields)
        pilot = None
        if policy is not None and policy.pilot is not None:
            pilot = cls.piloted(uow, policy, policy.pilot, order, now=now)
        custody = cls(entity=entity, policy=policy, calendar=calendar, pools=order, pilot=pilot)
        return custody.knowing(uow, owners)

    @classmethod
    def piloted(
        cls, uow: UnitOfWork, standing: ReclaimPolicy, pilot: Pilot, pools: PoolOrder, *, now: datetime
    ) -> "Custody | None":
        """What those who take part in ``pilot`` go by; ``None`` while its policy is not in force.

        It pauses with the policy that it may follow.
        """
        found = uow.policies.in_force(ReclaimPolicy, now, id=pilot.policy_id)
        if found is None:
            return None
        policy = revise(found, pauses=standing.pauses)
        return cls(entity=policy.entity, policy=policy, calendar=calendar_of(uow, policy.calendar_id), pools=pools)

    def knowing(self, uow: UnitOfWork, owners: Iterable[str | None]) -> "Custody":
        """The same with these members, read by one query where they are not known yet."""
        wanted = sorted({owner for owner in owners if owner is not None and owner not in self.owners})
        return evolve(self, owners={**self.owners, **uow.members.get_many(wanted)}) if wanted else self

    def with_owner(self, owner: Member) -> "Custody":
        """The same with a member that was read already."""
        return evolve(self, owners={**self.owners, owner.id: owner})

    def rules(self, owner: Member | None) -> "Custody":
        """What the records of ``owner`` go by: the pilot's policy for those who take part in it."""
        pilot = None if self.policy is None else self.policy.pilot
        if self.pilot is None or pilot is None or owner is None or not pilot.includes(owner):
            return self
        return self.pilot

    def taken(self, record: Owned, owner_id: str, *, now: datetime) -> Protection:
        """The protection of ``owner_id``, who takes ``record`` at ``now``."""
        owner = self.owners.get(owner_id)
        rules = self.rules(owner)
        if rules.policy is None:
            return Protection()
        facts = ReclaimFacts.taken(record, at=now, owner=owner, calendar=rules.calendar)
        return protection(rules.policy, facts, now=now)

    def handed_over(self, record: Owned, owner_id: str, *, now: datetime) -> Protection:
        """The protection of ``owner_id``, to whom ``record`` is transferred; both owners must be known."""
        owner, before = self.owners.get(owner_id), self.owners.get(record.owner_id or "")
        rules = self.rules(owner)
        if rules.policy is None:
            return Protection()
        teams = {None if member is None else member.team_id for member in (owner, before)}
        teammates = len(teams) == 1 and None not in teams
        facts = ReclaimFacts.handed_over(
            record, rules.policy.handover, at=now, teammates=teammates, owner=owner, calendar=rules.calendar
        )
        return protection(rules.policy, facts, now=now)

    def followed_up(self, record: Owned, action: Action, *, now: datetime) -> Protection | None:
        """The protection of ``record`` after ``action``; ``None`` when that follow-up does not qualify."""
        rules = self.rules(self.owners.get(record.owner_id or ""))
        if rules.policy is None:
            return None
        facts = self.facts(record, action)
        terms = rules.policy.terms_of(record, facts.clock.since)
        return protection(rules.policy, facts, now=now) if terms.refresh_days(action.kind) else None

    def recounted(self, record: Owned, *, now: datetime, anew: bool = False) -> Protection:
        """The protection of ``record`` as its inputs are now; ``anew`` drops what was promised but for the grace.

        A record that nobody owns, or that no policy speaks of, has none.
        """
        rules = self.rules(self.owners.get(record.owner_id or ""))
        if rules.policy is None or record.owner_id is None:
            return Protection()
        facts = self.facts(record)
        return protection(rules.policy, evolve(facts, held_until=None, found=True) if anew else facts, now=now)

    def decided(self, record: Owned, *, now: datetime) -> ReclaimDecision:
        """What happens to ``record`` at ``now``.

        Raises:
            NotAllowed: no reclaim policy is in force for its entity.
        """
        return decide(self.policy_of(record.owner_id), self.facts(record), now=now)

    def policy_of(self, owner_id: str | None) -> ReclaimPolicy:
        """The policy that the records of ``owner_id`` go by.

        Raises:
            NotAllowed: none is in force for the entity.
        """
        policy = self.rules(self.owners.get(owner_id or "")).policy
        if policy is None:
            raise unruled(self.entity)
        return policy

    def facts(self, record: Owned, *actions: Action) -> ReclaimFacts:
        """``record`` as the reclaim engine looks at it."""
        owner = self.owners.get(record.owner_id or "")
        calendar = self.rules(owner).calendar
        return ReclaimFacts.of(record, actions=actions, owner=owner, pools=self.pools, calendar=calendar)


def unruled(entity: str, *, hint: str = "Store one with uow.policies.put.") -> NotAllowed:
    """What is raised where a reclaim policy is needed and none is in force."""
    return NotAllowed(f"No reclaim policy is in force for {entity}.", hint=hint, entity=entity)


def calendar_of(uow: UnitOfWork, calendar_id: CalendarId | None) -> WorkingCalendar | None:
    """The calendar a policy speaks of, if it does.

    Raises:
        NotFound: there is none of that id.
    """
    return None if calendar_id is None else uow.calendars.get(calendar_id)


def stay(uow: UnitOfWork, members: Iterable[Member]) -> None:
    """``members`` stay as they were read until the unit of work ends: nobody is disabled while they are given something.

    Raises:
        StaleVersion: one has changed since; the whole command is to be tried again.
    """
    known = {member.id: member.version for member in members}
    found = uow.members.find(F.id.in_(sorted(known)), locking="wait") if known else []
    if {member.id: member.version for member in found} != known:
        raise StaleVersion("A member changed meanwhile.", hint="Read it again.")
