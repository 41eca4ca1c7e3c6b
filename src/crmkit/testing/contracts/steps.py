"""What the checks have in common: saving, reading back through another unit of work, an event of the kit's own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from crmkit.domain.change import Change, Event, Record
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import Note, model
from crmkit.domain.stewardship.audit import Acting, AuditEntry, Notice
from crmkit.ports.store import Store
from crmkit.testing.clock import NOW

__all__ = ["OTHERS", "SECOND", "Noted", "claim", "entries", "noted", "read", "save"]

R = TypeVar("R", bound=Record)

OTHERS = Acting(tenant="others", actor="somebody")
"""Another tenant than the one that units of work belong to by default."""
SECOND = timedelta(seconds=1)


@model
class Noted(Event):
    """An event that nothing but the kit tells."""

    type: ClassVar[str] = "kit.noted"

    text: Note = ""


def noted(text: str = "", *, at: datetime = NOW, recipients: Sequence[str] = ()) -> Noted:
    """An event with ``text``."""
    return Noted(at=at, text=text, recipients=tuple(MemberId(each) for each in recipients))


def save(store: Store, *changes: Change[Any], acting: Acting | None = None) -> None:
    """The changes are saved in one call and committed."""
    with store.begin(acting) as uow:
        uow.save(*changes)
        uow.commit()


def read(store: Store, record: R, *, acting: Acting | None = None) -> R:
    """The record as another unit of work finds it."""
    with store.begin(acting, read_only=True) as uow:
        return uow.repository(type(record)).get(record.id)


def entries(store: Store, record: Ref, *, acting: Acting | None = None) -> Sequence[AuditEntry]:
    """The history of ``record`` as another unit of work finds it."""
    with store.begin(acting, read_only=True) as uow:
        return uow.trail.of(record)


def claim(
    store: Store, *, limit: int = 100, now: datetime = NOW, until: datetime = NOW + timedelta(minutes=5)
) -> Sequence[Notice]:
    """What a worker is handed at ``now``."""
    return store.outbox.claim(limit=limit, now=now, until=until)
