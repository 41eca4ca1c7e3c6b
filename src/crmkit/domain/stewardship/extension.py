"""A request of an owner to keep a record longer, and what was decided of it."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import ExtensionId, MemberId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, model
from crmkit.errors import NotAllowed

__all__ = ["EXTENSION", "Extension", "ExtensionAsked", "ExtensionSettled", "ExtensionState"]


class ExtensionState(StrEnum):
    """Where the request stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


EXTENSION = Lifecycle(
    "extension",
    {
        ExtensionState.WAITING: {
            "grant": ExtensionState.GRANTED,
            "refuse": ExtensionState.REFUSED,
            "withdraw": ExtensionState.WITHDRAWN,
        },
        ExtensionState.GRANTED: {},
        ExtensionState.REFUSED: {},
        ExtensionState.WITHDRAWN: {},
    },
)


@model
class ExtensionAsked(Event):
    """An owner asked to keep a record longer; whoever may decide is told."""

    type: ClassVar[str] = "extension.asked"
    member_id: MemberId
    days: int


@model
class ExtensionSettled(Event):
    """It was granted, refused or withdrawn; whoever asked is told."""

    type: ClassVar[str] = "extension.settled"
    state: ExtensionState
    by: MemberId
    until: datetime | None = None


@model
class Extension(Record):
    """So many days more for one record, asked for by its owner with a reason."""

    entity: ClassVar[str] = "extension"

    id: ExtensionId
    record_entity: Code
    record_id: Key
    member_id: MemberId
    days: int
    why: Line
    state: ExtensionState = ExtensionState.WAITING
    decided_by: MemberId | None = None
    decided_at: datetime | None = None
    until: datetime | None = None
    """The deadline that was granted."""
    comment: Line = ""

    def ask(self, recipients: tuple[MemberId, ...]) -> "Change[Extension]":
        """The request as a new record."""
        event = ExtensionAsked(at=self.created_at, member_id=self.member_id, days=self.days, recipients=recipients)
        return created(self, event)

    def settle(
        self, verb: str, *, by: str, now: datetime, until: datetime | None = None, comment: str = ""
    ) -> "Change[Extension]":
        """What ``verb`` leads to: ``grant``, ``refuse`` or ``withdraw``.

        Raises:
            NotAllowed: it was settled before, somebody decides on a request of their own, or withdraws another's.
        """
        if (verb == "withdraw") != (by == self.member_id):
            raise NotAllowed(
                "Whoever asked may withdraw the request, and only others decide on it.",
                hint="Ask the owner's superior.",
                id=self.id,
            )
        to = EXTENSION.next(self.state, verb)
        event = ExtensionSettled(at=now, state=to, by=MemberId(by), until=until, recipients=(self.member_id,))
        return changed(self, event, now=now, state=to, decided_by=by, decided_at=now, until=until, comment=comment)
