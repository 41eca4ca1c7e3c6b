"""An approval: a record that was submitted, who is asked in which step, what they said, and of which data."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import ApprovalId, MemberId, Ref
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, Note, model

__all__ = [
    "APPROVAL",
    "OPEN",
    "Approval",
    "ApprovalAsked",
    "ApprovalReminded",
    "ApprovalReturned",
    "ApprovalSettled",
    "ApprovalState",
    "ApprovalVoted",
    "Ask",
    "Chosen",
    "Passed",
    "Vote",
]


class ApprovalState(StrEnum):
    """Where the approval stands; ``why`` says of a settled one what settled it, nobody's vote perhaps."""

    DRAFT = "draft"
    """Not submitted yet; no stored approval is a draft."""
    PENDING = "pending"
    RETURNED = "returned"
    """Back with the submitter, who may mend it and submit it again."""
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


APPROVAL = Lifecycle(
    "approval",
    {
        ApprovalState.DRAFT: {"submit": ApprovalState.PENDING},
        ApprovalState.PENDING: {
            "approve": ApprovalState.APPROVED,
            "reject": ApprovalState.REJECTED,
            "send_back": ApprovalState.RETURNED,
            "withdraw": ApprovalState.WITHDRAWN,
        },
        ApprovalState.RETURNED: {"resubmit": ApprovalState.PENDING, "withdraw": ApprovalState.WITHDRAWN},
        ApprovalState.APPROVED: {},
        ApprovalState.REJECTED: {},
        ApprovalState.WITHDRAWN: {},
    },
)
OPEN = (ApprovalState.PENDING, ApprovalState.RETURNED)
"""The states of an approval that is not settled."""


@model
class Ask:
    """One voice of the current step; those of one ``slot`` are asked one after the other.

    Args:
        member_id: who is to answer.
        for_id: on whose behalf, where that is somebody else.
        asked_at: since when it is their turn; nothing before.
        agreed: what was answered.
        automatic: it was answered by what the member had approved before.
    """

    slot: int
    member_id: MemberId
    for_id: MemberId | None = None
    asked_at: datetime | None = None
    reminded_at: datetime | None = None
    escalated: bool = False
    agreed: bool | None = None
    automatic: bool = False


@model
class Vote:
    """One line of the history: what was done in which step, by whom and for whom, seeing which data."""

    at: datetime
    act: Code
    step: Line = ""
    by: MemberId | None = None
    for_id: MemberId | None = None
    to_id: MemberId | None = None
    seal: Line = ""
    comment: Line = ""


@model
class Passed:
    """A step that was passed, with the data it was passed on and who agreed."""

    step: Code
    seal: Line
    values: Note
    member_ids: tuple[MemberId, ...] = ()


@model
class Chosen:
    """Whom the submitter chose for a step that leaves it to them."""

    step: Code
    member_ids: tuple[MemberId, ...]


@model
class ApprovalAsked(Event):
    """It is the turn of the recipients to approve."""

    type: ClassVar[str] = "approval.asked"
    subject_entity: Code
    subject_id: Key
    step: Line


@model
class ApprovalReminded(Event):
    """It has been their turn for long."""

    type: ClassVar[str] = "approval.reminded"
    subject_entity: Code
    subject_id: Key
    step: Line


@model
class ApprovalVoted(Event):
    """Somebody acted on an approval: agreed, refused, delegated, asked one more, and so on."""

    type: ClassVar[str] = "approval.voted"
    subject_entity: Code
    subject_id: Key
    step: Line
    act: Code
    by: MemberId | None = None
    for_id: MemberId | None = None


@model
class ApprovalReturned(Event):
    """The submitter has it back."""

    type: ClassVar[str] = "approval.returned"
    subject_entity: Code
    subject_id: Key
    step: Line
    comment: Line


@model
class ApprovalSettled(Event):
    """It is approved, rejected or withdrawn; the submitter and those who were still asked are told."""

    type: ClassVar[str] = "approval.settled"
    subject_entity: Code
    subject_id: Key
    state: ApprovalState
    why: Line


@model
class Approval(Record):
    """One run of an approval policy over one record.

    Args:
        step: the name of the step that is asked just now, or was last.
        asks: the voices of that step.
        passed: the steps that were passed, in order.
        values: the relevant values that are to be approved, as canonical JSON.
        seal: the SHA-256 of ``values``, in hexadecimal digits.
        waiting_for: whose turn it is.
        returned_from: the step that sent it back to the submitter.
        next_due_at: when it is to be looked at again; nothing while nobody is asked.
        why: the code of the reason it was settled or returned for.
    """

    entity: ClassVar[str] = "approval"

    id: ApprovalId
    subject_entity: Code
    subject_id: Key
    policy: Code
    policy_version: int = 1
    submitted_by: MemberId
    submitted_at: datetime
    state: ApprovalState = ApprovalState.DRAFT
    step: Line = ""
    asks: tuple[Ask, ...] = ()
    passed: tuple[Passed, ...] = ()
    votes: tuple[Vote, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    values: Note = ""
    seal: Line = ""
    waiting_for: tuple[MemberId, ...] = ()
    returned_from: Line = ""
    next_due_at: datetime | None = None
    settled_at: datetime | None = None
    why: Line = ""

    @property
    def subject(self) -> Ref:
        """What is to be approved."""
        return Ref(entity=self.subject_entity, id=self.subject_id)

    def open(self, *, asked: tuple[MemberId, ...] = (), now: datetime) -> "Change[Approval]":
        """The approval as a new record; ``asked`` are told that it is their turn."""
        return created(self, *self._told(None, asked, (), now))

    def become(
        self,
        after: "Approval",
        *,
        asked: tuple[MemberId, ...] = (),
        reminded: tuple[MemberId, ...] = (),
        now: datetime,
    ) -> "Change[Approval] | None":
        """The approval stands as ``after`` does, with an event for everything that happened; ``None`` if nothing did."""
        moved = {name: getattr(after, name) for name in _MOVING if getattr(after, name) != getattr(self, name)}
        events = after._told(self, asked, reminded, now)  # noqa: SLF001 - the same record, as it will be
        return changed(self, *events, now=now, **moved) if moved or events else None

    def _told(
        self, before: "Approval | None", asked: tuple[MemberId, ...], reminded: tuple[MemberId, ...], now: datetime
    ) -> list[Event]:
        about: dict[str, Any] = {"subject_entity": self.subject_entity, "subject_id": self.subject_id}
        known = () if before is None else before.votes
        events: list[Event] = [
            ApprovalVoted(at=now, step=vote.step, act=vote.act, by=vote.by, for_id=vote.for_id, **about)
            for vote in self.votes[len(known) :]
        ]
        moved = before is None or before.state is not self.state
        if asked:
            events.append(ApprovalAsked(at=now, recipients=asked, step=self.step, **about))
        if reminded:
            events.append(ApprovalReminded(at=now, recipients=reminded, step=self.step, **about))
        if moved and self.state is ApprovalState.RETURNED:
            said = self.votes[-1].comment if self.votes else ""
            mine = (self.submitted_by,)
            events.append(ApprovalReturned(at=now, recipients=mine, step=self.step, comment=said, **about))
        elif moved and self.state not in OPEN:
            waited = () if before is None else before.waiting_for
            who = tuple(dict.fromkeys((self.submitted_by, *waited)))
            events.append(ApprovalSettled(at=now, recipients=who, state=self.state, why=self.why, **about))
        return events


_MOVING = (
    *("submitted_by", "submitted_at", "state", "step", "asks", "passed", "votes", "chosen", "values", "seal"),
    *("waiting_for", "returned_from", "next_due_at", "settled_at", "why"),
)
