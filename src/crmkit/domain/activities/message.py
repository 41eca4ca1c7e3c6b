"""A message to a customer, written once it may go: its event is what the channel delivers."""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, created
from crmkit.domain.ids import MessageId
from crmkit.domain.model import Code, Key, Line, Note, model

__all__ = ["Message", "MessageSent"]


@model
class MessageSent(Event):
    """A message may go to a customer; a channel takes it from here."""

    type: ClassVar[str] = "outreach.sent"

    channel: Code
    purpose: Code
    address: Line
    title: Line = ""
    text: Note = ""


@model
class Message(Record):
    """What was sent to whom, when, and for what.

    Args:
        record_entity: ``"lead"``, ``"contact"`` or ``"account"``, with ``record_id``.
        point: the keyed hash of the address.
        address: where it went.
        policy: the policy that let it go, with ``policy_version``.
    """

    entity: ClassVar[str] = "message"

    id: MessageId
    record_entity: Code
    record_id: Key
    channel: Code
    purpose: Code
    point: Key
    address: Line
    title: Line = ""
    text: Note = ""
    sent_at: datetime
    policy: Code = "standard"
    policy_version: int = 1

    def send(self) -> "Change[Message]":
        """It goes."""
        return created(
            self,
            MessageSent(
                at=self.sent_at,
                channel=self.channel,
                purpose=self.purpose,
                address=self.address,
                title=self.title,
                text=self.text,
            ),
        )
