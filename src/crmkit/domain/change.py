"""What every aggregate shares: a ``Record``, the ``Event``s it tells, and the ``Change`` a transition returns.

>>> from datetime import UTC, datetime
>>> from typing import ClassVar
>>> @model
... class Note(Record):
...     entity: ClassVar[str] = "note"
...     text: str
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> change = created(Note(id="N-1", text="hello", created_at=now, updated_at=now))
>>> change.then(lambda note: changed(note, now=now, text="bye")).after.text
'bye'
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar, cast

import attrs

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import annotations_of, model, revised
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput

__all__ = ["Change", "CustomValue", "Event", "Record", "changed", "created", "moved", "removed", "restored"]

CustomValue = str | int | bool | Decimal | date | datetime | Money
"""What a custom field may hold; the host's ``CustomField`` says which."""

NOTHING = FrozenDict()
_new: Callable[[type[Any]], Any] = object.__new__
_fill: Callable[[object, str, object], None] = object.__setattr__


@model
class Record:
    """An aggregate root: an id, a version that every save raises, and the host's own fields."""

    entity: ClassVar[str] = ""
    ledger: ClassVar[bool] = False
    """Whether it is a line of history itself: written once, so that no history of it is kept."""

    id: str
    version: int = 1
    created_at: datetime
    updated_at: datetime
    custom: Mapping[str, CustomValue] = NOTHING

    @property
    def ref(self) -> Ref:
        """This record's entity and id."""
        return Ref(entity=self.entity, id=self.id)


@model
class Event:
    """Something that happened, told in the past tense; ``recipients`` are the members to be told."""

    type: ClassVar[str] = ""

    at: datetime
    recipients: tuple[MemberId, ...] = ()


R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)


@attrs.frozen(slots=False)
class Change(Generic[R]):
    """A transition that was decided and is not yet saved: the record before, after, and what happened.

    ``before`` is ``None`` for a new record, ``after_or_none`` is ``None`` for one that is removed.
    ``touched`` names the fields that may differ, where that is known; of one that comes back: all.
    """

    before: R | None
    after_or_none: R | None
    events: tuple[Event, ...] = ()
    touched: tuple[str, ...] | None = None

    @property
    def after(self) -> R:
        """The record as it will be; asking a removal for it is a mistake of the caller."""
        if self.after_or_none is None:
            raise InvalidInput("the record is removed by this change.", field="Change.after")
        return self.after_or_none

    @property
    def record(self) -> R:
        """The record this change is about, whichever side there is."""
        return cast(R, self.after_or_none if self.after_or_none is not None else self.before)

    def then(self, step: "Callable[[R], Change[R]]") -> "Change[R]":
        """One change that does this and then ``step``; saved as one write with the events of both."""
        following = step(self.after)
        touched = None if self.touched is None or following.touched is None else (*self.touched, *following.touched)
        return Change(self.before, following.after_or_none, self.events + following.events, touched)


def moved(record: R, fields: dict[str, Any], events: tuple[Event, ...], *, now: datetime) -> Change[R]:
    """``changed`` for fields that are known to fit: nothing is checked; what transitions a thousand times a second call."""
    after = _new(type(record))
    state = after.__dict__
    state.update(record.__dict__)
    state.update(fields)
    state["version"], state["updated_at"] = record.version + 1, now
    change: Change[R] = _new(Change)
    told = {"before": record, "after_or_none": after, "events": events, "touched": tuple(fields)}
    _fill(change, "__dict__", told)
    return change


def created(record: R, *events: Event) -> Change[R]:
    """``record`` comes into being."""
    return Change(None, record, events)


def changed(record: R, *events: Event, now: datetime, **fields: Any) -> Change[R]:
    """``record`` with ``fields`` replaced at ``now``, one version on.

    Raises:
        InvalidInput: a value does not fit its field.
    """
    touched = tuple(fields)
    fields["version"] = record.version + 1
    fields["updated_at"] = now
    return Change(record, revised(record, fields), events, touched)


def restored(record: R, *events: Event, now: datetime) -> Change[R]:
    """``record``, which was removed, comes back one version on from the one it went at; its history goes on."""
    back = revised(record, {"version": record.version + 1, "updated_at": now})
    return Change(None, back, events, tuple(annotations_of(type(record))))


def removed(record: R, *events: Event) -> Change[R]:
    """``record`` goes; its history stays. At least one event says when and why."""
    return Change(record, None, events)
