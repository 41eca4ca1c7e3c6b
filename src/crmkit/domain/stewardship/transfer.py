"""What is kept of a transfer: who had the record and all that went along, so that it can be undone.

Contacts have no owner of their own: whoever looks after the account looks after them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, TypeVar, cast

from crmkit.domain.change import Change, Event, Record, changed
from crmkit.domain.ids import MemberId, PoolId, Ref, TransferId
from crmkit.domain.model import Code, Key, Line, annotations_of, model
from crmkit.domain.stewardship.ownership import Assigned, Cause, Owned
from crmkit.domain.stewardship.protection import Protection, written

__all__ = [
    "HANDLED_BY",
    "Holding",
    "Passed",
    "PassedOn",
    "SubjectTransferred",
    "Transfer",
    "Transferred",
    "given_back",
    "passed_on",
    "told_to",
]

R = TypeVar("R", bound=Record)
O = TypeVar("O", bound=Owned)  # noqa: E741 - an owned record

HANDLED_BY: Mapping[str, str] = {
    "opportunity": "owner_id",
    "task": "owner_id",
    "request": "assignee_id",
    "filing": "member_id",
}
"""The field that says in whose hands a record is, by entity, where it is not owned as leads and accounts are."""


@model
class Transferred(Event):
    """The record changed hands by transfer; its former owner and its collaborators hear of it."""

    type: ClassVar[str] = "ownership.transferred"
    from_owner_id: MemberId | None = None
    to_owner_id: MemberId | None = None
    to_pool_id: PoolId | None = None
    transfer_id: TransferId


@model
class PassedOn(Event):
    """A deal, a task, a request or a filing is in other hands."""

    type: ClassVar[str] = "record.passed_on"
    from_member_id: MemberId | None = None
    to_member_id: MemberId | None = None


@model
class SubjectTransferred(Event):
    """What this record belongs to changed hands; the record itself stays as it is."""

    type: ClassVar[str] = "record.subject_transferred"
    subject: Line
    to_owner_id: MemberId | None = None


@model
class Holding:
    """In whose hands an owned record is, since when, and how long it is protected."""

    owner_id: MemberId | None = None
    owned_since: datetime | None = None
    pool_id: PoolId | None = None
    pool_since: datetime | None = None
    last_action_at: datetime | None = None
    locked_until: datetime | None = None
    protection: Protection = Protection()

    @classmethod
    def of(cls, record: Owned) -> "Holding":
        """As it stands."""
        return cls(**{name: getattr(record, name) for name in annotations_of(cls)})

    @property
    def hands(self) -> tuple[MemberId | None, datetime | None, PoolId | None, datetime | None]:
        """What a follow-up leaves as it is."""
        return self.owner_id, self.owned_since, self.pool_id, self.pool_since


@model
class Passed:
    """A record whose ``field`` held ``was`` and holds ``became`` since.

    ``holding`` is how an owned record was held before, ``left`` how the transfer left it. ``field`` is
    empty for a row of the host's own, whose kind stands in the place of the entity.
    """

    record: Ref
    field: Line = ""
    was: Line = ""
    became: Line = ""
    holding: Holding | None = None
    left: Holding | None = None


@model
class Transfer(Record):
    """The journal of one record's transfer; those that were asked for together have one ``run_id``."""

    entity: ClassVar[str] = "transfer"

    id: TransferId
    run_id: TransferId
    record_entity: Code
    record_id: Key
    from_owner_id: MemberId | None = None
    to_owner_id: MemberId | None = None
    to_pool_id: PoolId | None = None
    passed: tuple[Passed, ...] = ()
    undone_at: datetime | None = None

    def undo(self, *, now: datetime) -> "Change[Transfer]":
        """The transfer was undone at ``now``."""
        return changed(self, now=now, undone_at=now)


def passed_on(record: R, to: MemberId | None, *, now: datetime) -> Change[R]:
    """The deal, task, request or filing is in the hands of ``to``.

    >>> from datetime import UTC
    >>> from crmkit.domain.activities.task import Task
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> task = Task(id="T-1", title="Send the price list", owner_id="wei", created_at=now, updated_at=now)
    >>> passed_on(task, "eva", now=now).after.owner_id
    'eva'
    """
    field = HANDLED_BY[record.entity]
    event = PassedOn(at=now, from_member_id=getattr(record, field), to_member_id=to)
    return changed(record, event, now=now, **{field: to})


def told_to(record: R, subject: Ref, to: MemberId | None, *, now: datetime) -> Change[R]:
    """``to`` hears that what ``record`` belongs to is theirs now; nothing about the record changed."""
    recipients = () if to is None else (to,)
    event = SubjectTransferred(at=now, subject=str(subject), to_owner_id=to, recipients=recipients)
    return changed(record, event, now=record.updated_at)


def given_back(record: O, holding: Holding, *, now: datetime) -> Change[O]:
    """The record is held as it was before; its former owner is told."""
    owner = cast(MemberId, holding.owner_id)  # only what has an owner is transferred
    event = Assigned(
        at=now,
        owner_id=owner,
        previous_owner_id=record.owner_id,
        cause=Cause.TRANSFER_UNDONE,
        recipients=(owner,),
    )
    state = {name: getattr(holding, name) for name in annotations_of(Holding) if name != "protection"}
    return changed(record, event, now=now, **state, **written(holding.protection), unassigned_reason="")
