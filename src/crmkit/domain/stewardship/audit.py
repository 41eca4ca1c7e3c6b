"""The audit trail: every change with who, on whose behalf, when, why, from where, and what it changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import EventId, MemberId, Ref
from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason

__all__ = ["READ", "Acting", "AuditEntry", "Notice"]


READ = "personal.read"
"""The type of an entry that says who read personal data of its record, which fields, and what for."""


@model
class Acting:
    """Who acts, for whom, from where and why; bound when a unit of work begins.

    ``source`` is the door the change came through: ``"ui"``, ``"api"``, ``"import"``, ``"rule X v3"``.
    """

    tenant: Code = "main"
    actor: Code = "system"
    on_behalf_of: Line = ""
    source: Line = ""
    reason: Line = ""


@frozen(kw_only=True)
class AuditEntry:
    """One event as it was recorded; the events of one save share ``version``.

    ``changed`` maps each field that the save replaced to its value ``(before, after)`` in plain JSON
    terms, and stands on the first entry of the save only. ``position`` orders all entries of a store.
    ``redacted_at`` is when personal values were taken out of it; the entry itself stays.
    """

    id: EventId
    position: int
    record: Ref
    version: int
    type: str
    at: datetime
    acting: Acting
    changed: Mapping[str, tuple[Any, Any]]
    data: Mapping[str, Any]
    recipients: tuple[MemberId, ...] = ()
    redacted_at: datetime | None = None


@frozen(kw_only=True)
class Notice:
    """An event on its way to a channel: delivered at least once, always under the same ``id``.

    ``version`` grows with every save of the record, so that a receiver may ignore what is older than
    what it has. ``attempt`` counts from 1.
    """

    id: EventId
    tenant: str
    record: Ref
    version: int
    type: str
    at: datetime
    data: Mapping[str, Any] = FrozenDict()
    recipients: tuple[MemberId, ...] = ()
    attempt: int = 1

    @property
    def reason(self) -> Reason:
        """The event as a reason, to be said in any language by a catalogue."""
        params = {
            name: _said(value) for name, value in self.data.items() if isinstance(value, str | int | float | bool)
        }
        return Reason(code=self.type, params={**params, "record": str(self.record)})


def _said(value: str | float) -> str | float | datetime:
    """Instants are told as such: events keep them as text with an offset."""
    if isinstance(value, str) and value.endswith("+00:00") and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
