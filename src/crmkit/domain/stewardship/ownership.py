"""Ownership: who looks after a lead or an account, since when, and until when it is protected.

``Owned`` is the part that leads and accounts share. Each transition says who holds the record now and
tells an event; the ``OwnershipEntry`` written with it is the history that quotas, cool-downs and
fairness are counted on.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from crmkit.domain.change import Change, Event, Record, changed
from crmkit.domain.ids import MemberId, OwnershipEntryId, PoolId, TransferId
from crmkit.domain.model import Code, Key, Line, model
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.protection import Clock, Protection, written
from crmkit.errors import AlreadyClaimed, NotAllowed

__all__ = [
    "Assigned",
    "Attested",
    "Cause",
    "Claimed",
    "Locked",
    "Owned",
    "OwnershipEntry",
    "Pooled",
    "ReclaimWarned",
    "Reclaimed",
    "Returned",
    "Unassigned",
    "Unlocked",
    "Withdrawn",
]


class Cause(StrEnum):
    """Why a record changed hands."""

    CREATED = "created"
    IMPORTED = "imported"
    ASSIGNED = "assigned"
    CLAIMED = "claimed"
    RETURNED = "returned"
    RECLAIMED = "reclaimed"
    TRANSFERRED = "transferred"
    POOLED = "pooled"
    TRANSFER_UNDONE = "transfer_undone"
    CONVERTED = "converted"
    MERGED = "merged"
    UNMERGED = "unmerged"


@model
class Assigned(Event):
    """A member became the owner by assignment."""

    type: ClassVar[str] = "ownership.assigned"
    owner_id: MemberId
    previous_owner_id: MemberId | None = None
    cause: Cause


@model
class Unassigned(Event):
    """Nobody could take the record; ``reason`` says why, so that it is never silent."""

    type: ClassVar[str] = "ownership.unassigned"
    reason: Line


@model
class Claimed(Event):
    """A member took the record from a pool."""

    type: ClassVar[str] = "ownership.claimed"
    owner_id: MemberId
    pool_id: PoolId | None = None


@model
class Returned(Event):
    """The owner gave the record back to a pool."""

    type: ClassVar[str] = "ownership.returned"
    previous_owner_id: MemberId | None = None
    pool_id: PoolId
    reason: Line = ""


@model
class Pooled(Event):
    """A record that nobody owns was put into a pool, or moved to another one."""

    type: ClassVar[str] = "ownership.pooled"
    pool_id: PoolId
    previous_pool_id: PoolId | None = None


@model
class Reclaimed(Event):
    """The record fell back to a pool because a deadline passed."""

    type: ClassVar[str] = "ownership.reclaimed"
    previous_owner_id: MemberId | None = None
    pool_id: PoolId
    cause: Line
    deadline: datetime


@model
class ReclaimWarned(Event):
    """The owner was warned that the record will fall back."""

    type: ClassVar[str] = "ownership.reclaim_warned"
    owner_id: MemberId
    cause: Line
    deadline: datetime


@model
class Attested(Event):
    """Something is known that may spare the record."""

    type: ClassVar[str] = "ownership.attested"
    kind: Code
    source: Key
    until: datetime | None = None


@model
class Withdrawn(Event):
    """What was known no longer holds."""

    type: ClassVar[str] = "ownership.withdrawn"
    kind: Code
    source: Key


@model
class Locked(Event):
    """The owner locked the record."""

    type: ClassVar[str] = "ownership.locked"
    owner_id: MemberId | None = None
    until: datetime


@model
class Unlocked(Event):
    """The lock was taken off."""

    type: ClassVar[str] = "ownership.unlocked"
    owner_id: MemberId | None = None


@model
class OwnershipEntry(Record):
    """One line of a record's ownership history: from whom (or which pool) to whom, when and why."""

    entity: ClassVar[str] = "ownership_entry"
    ledger: ClassVar[bool] = True

    id: OwnershipEntryId
    record_entity: Code
    record_id: Key
    at: datetime
    cause: Cause
    from_owner_id: MemberId | None = None
    to_owner_id: MemberId | None = None
    from_pool_id: PoolId | None = None
    to_pool_id: PoolId | None = None
    transfer_id: TransferId | None = None
    """The journal of the transfer that this line belongs to."""


@model
class Owned(Record):
    """A record that has an owner, or lies in a pool, or waits for either with the reason why."""

    owner_id: MemberId | None = None
    owned_since: datetime | None = None
    pool_id: PoolId | None = None
    pool_since: datetime | None = None
    unassigned_reason: Line = ""
    last_action_at: datetime | None = None
    """The last qualifying follow-up of the owner."""
    reclaim_at: datetime | None = None
    reclaim_cause: Line = ""
    warn_at: datetime | None = None
    """When the next warning is due; ``None`` once it was given."""
    clock: Clock | None = None
    evidence: tuple[Evidence, ...] = ()
    """What is known elsewhere and may spare the record; it stays when the record changes hands."""
    locked_until: datetime | None = None
    """Until when its owner has locked it; another owner finds it open."""

    @property
    def in_hand_since(self) -> datetime:
        """Since when its owner has it; without a date of taking over it counts from when it was created."""
        return self.owned_since or self.created_at

    @property
    def running(self) -> Clock:
        """What its deadlines are counted from, also where no clock is written down."""
        return self.clock or Clock(since=self.in_hand_since, held_since=self.in_hand_since)

    @property
    def protection(self) -> Protection:
        """How long the owner keeps the record, as it stands."""
        return Protection(
            reclaim_at=self.reclaim_at, reclaim_cause=self.reclaim_cause, warn_at=self.warn_at, clock=self.clock
        )

    def locked(self, at: datetime) -> bool:
        """Whether its owner has locked it at that time."""
        return self.locked_until is not None and at < self.locked_until

    def assign(
        self,
        owner_id: MemberId,
        *,
        now: datetime,
        cause: Cause = Cause.ASSIGNED,
        protection: Protection | None = None,
    ) -> Change[Self]:
        """``owner_id`` looks after the record from ``now`` on; a pool it lay in lets it go."""
        event = Assigned(
            at=now, owner_id=owner_id, previous_owner_id=self.owner_id, cause=cause, recipients=(owner_id,)
        )
        return self._held(event, owner_id=owner_id, now=now, protection=protection)

    def claim(self, member_id: MemberId, *, now: datetime, protection: Protection | None = None) -> Change[Self]:
        """``member_id`` takes the record out of its pool.

        Raises:
            AlreadyClaimed: it has an owner.
            NotAllowed: it lies in no pool.
        """
        if self.owner_id is not None:
            raise AlreadyClaimed(f"{self.ref} has an owner by now.", hint="Choose another record.", id=self.id)
        if self.pool_id is None:
            raise NotAllowed(f"{self.ref} lies in no pool.", hint="Assign it instead.", id=self.id)
        event = Claimed(at=now, owner_id=member_id, pool_id=self.pool_id)
        return self._held(event, owner_id=member_id, now=now, protection=protection)

    def release(self, pool_id: PoolId, *, now: datetime, reason: str = "") -> Change[Self]:
        """The owner gives the record back to ``pool_id``; also puts an unowned record into it."""
        event = Returned(at=now, previous_owner_id=self.owner_id, pool_id=pool_id, reason=reason)
        return self._pooled(event, pool_id=pool_id, now=now)

    def place(self, pool_id: PoolId, *, now: datetime) -> Change[Self]:
        """The record, which nobody owns, lies in ``pool_id`` from now on.

        Raises:
            NotAllowed: it has an owner, or lies there already.
        """
        if self.owner_id is not None or self.pool_id == pool_id:
            raise NotAllowed(
                f"{self.ref} has an owner, or lies in that pool already.",
                hint="Let its owner give it back.",
                id=self.id,
            )
        event = Pooled(at=now, pool_id=pool_id, previous_pool_id=self.pool_id)
        return self._pooled(event, pool_id=pool_id, now=now)

    def reclaim(
        self, pool_id: PoolId, *, cause: str, now: datetime, recipients: tuple[MemberId, ...] = ()
    ) -> Change[Self]:
        """The record falls back to ``pool_id`` because its deadline passed."""
        event = Reclaimed(
            at=now,
            previous_owner_id=self.owner_id,
            pool_id=pool_id,
            cause=cause,
            deadline=self.reclaim_at or now,
            recipients=recipients,
        )
        return self._pooled(event, pool_id=pool_id, now=now)

    def warn(
        self, *, now: datetime, recipients: tuple[MemberId, ...], again_at: datetime | None = None
    ) -> Change[Self]:
        """The owner was told that the record will fall back; the next warning is due ``again_at``."""
        if self.owner_id is None or self.reclaim_at is None:
            raise NotAllowed(f"{self.ref} has no deadline to warn of.", id=self.id)
        event = ReclaimWarned(
            at=now,
            owner_id=self.owner_id,
            cause=self.reclaim_cause,
            deadline=self.reclaim_at,
            recipients=recipients,
        )
        return changed(self, event, now=now, warn_at=again_at)

    def protect(self, protection: Protection, *, now: datetime, action_at: datetime | None = None) -> Change[Self]:
        """The deadlines are as ``protection`` says; ``action_at`` is the follow-up that moved them."""
        last = max(filter(None, (self.last_action_at, action_at)), default=None)
        return changed(
            self,
            now=now,
            last_action_at=last,
            **written(protection),
        )

    def attest(self, evidence: Evidence, *, now: datetime) -> Change[Self]:
        """``evidence`` stands on the record, in the place of what the same source said before."""
        event = Attested(at=now, kind=evidence.kind, source=evidence.source, until=evidence.until)
        others = tuple(each for each in self.evidence if each.identity != evidence.identity)
        return changed(self, event, now=now, evidence=(*others, evidence))

    def withdraw(self, kind: str, source: str, *, now: datetime) -> Change[Self]:
        """What ``source`` said no longer holds.

        Raises:
            NotAllowed: the record has no such evidence.
        """
        rest = tuple(each for each in self.evidence if each.identity != (kind, source))
        if len(rest) == len(self.evidence):
            raise NotAllowed(f"{self.ref} has no {kind} of that source.", hint="Look at its evidence.", id=self.id)
        return changed(self, Withdrawn(at=now, kind=kind, source=source), now=now, evidence=rest)

    def lock(self, until: datetime, *, now: datetime) -> Change[Self]:
        """Its owner has locked the record until then."""
        return changed(self, Locked(at=now, owner_id=self.owner_id, until=until), now=now, locked_until=until)

    def unlock(self, *, now: datetime) -> Change[Self]:
        """The lock is off."""
        return changed(self, Unlocked(at=now, owner_id=self.owner_id), now=now, locked_until=None)

    def leave_unassigned(self, reason: str, *, now: datetime) -> Change[Self]:
        """Nobody could take the record; the reason stays visible on it."""
        return changed(self, Unassigned(at=now, reason=reason), now=now, unassigned_reason=reason)

    def _held(self, event: Event, *, owner_id: MemberId, now: datetime, protection: Protection | None) -> Change[Self]:
        given = protection or Protection()
        return changed(
            self,
            event,
            now=now,
            owner_id=owner_id,
            owned_since=now,
            pool_id=None,
            pool_since=None,
            unassigned_reason="",
            last_action_at=None,
            locked_until=None,
            **written(given),
        )

    def _pooled(self, event: Event, *, pool_id: PoolId, now: datetime) -> Change[Self]:
        return changed(
            self,
            event,
            now=now,
            owner_id=None,
            owned_since=None,
            pool_id=pool_id,
            pool_since=now,
            unassigned_reason="",
            last_action_at=None,
            locked_until=None,
            **written(Protection()),
        )
