"""An interaction that took place: a call, visit, e-mail or message, with its outcome and the next step."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, created
from crmkit.domain.ids import ContactId, InteractionId, MemberId
from crmkit.domain.model import Code, Key, Line, Note, model
from crmkit.errors import InvalidInput

__all__ = ["Direction", "Interaction", "InteractionKind", "InteractionLogged"]


class InteractionKind(StrEnum):
    """Through which channel."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    VISIT = "visit"
    CHAT = "chat"
    FAX = "fax"
    SOCIAL = "social"
    SMS = "sms"
    LETTER = "letter"


class Direction(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@model
class InteractionLogged(Event):
    """An interaction with the subject was written down."""

    type: ClassVar[str] = "interaction.logged"
    subject_entity: Code
    subject_id: Key
    kind: InteractionKind


@model
class Interaction(Record):
    """What was said to whom, when, with what outcome; linked to any record by entity and id."""

    entity: ClassVar[str] = "interaction"

    id: InteractionId
    subject_entity: Code
    subject_id: Key
    kind: InteractionKind
    direction: Direction = Direction.OUTBOUND
    at: datetime
    minutes: int = 0
    member_id: MemberId | None = None
    contact_ids: tuple[ContactId, ...] = ()
    outcome: Line = ""
    summary: Note = ""
    next_step: Line = ""
    next_at: datetime | None = None

    def check(self) -> None:
        """Time does not run backwards."""
        if self.minutes < 0:
            raise InvalidInput("must not be negative.", field="Interaction.minutes", hint="Give whole minutes.")

    def log(self) -> "Change[Interaction]":
        """The interaction as a new record."""
        event = InteractionLogged(
            at=self.created_at, subject_entity=self.subject_entity, subject_id=self.subject_id, kind=self.kind
        )
        return created(self, event)
