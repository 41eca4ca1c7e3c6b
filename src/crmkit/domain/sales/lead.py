"""A lead: somebody who might buy, before we know whether they will."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, changed, created
from crmkit.domain.ids import AccountId, ContactId, LeadId, MemberId, OpportunityId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Line, Note, model
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput

__all__ = [
    "LEAD",
    "Lead",
    "LeadCaptured",
    "LeadConverted",
    "LeadDisqualified",
    "LeadForetold",
    "LeadMoved",
    "LeadScored",
    "LeadStatus",
    "LeadUpdated",
]


class LeadStatus(StrEnum):
    """Where the lead stands; see ``LEAD`` for the moves."""

    NEW = "new"
    WORKING = "working"
    NURTURING = "nurturing"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    CONVERTED = "converted"


LEAD = Lifecycle(
    "lead",
    {
        LeadStatus.NEW: {
            "work": LeadStatus.WORKING,
            "qualify": LeadStatus.QUALIFIED,
            "nurture": LeadStatus.NURTURING,
            "disqualify": LeadStatus.DISQUALIFIED,
        },
        LeadStatus.WORKING: {
            "qualify": LeadStatus.QUALIFIED,
            "nurture": LeadStatus.NURTURING,
            "disqualify": LeadStatus.DISQUALIFIED,
        },
        LeadStatus.NURTURING: {
            "work": LeadStatus.WORKING,
            "qualify": LeadStatus.QUALIFIED,
            "disqualify": LeadStatus.DISQUALIFIED,
        },
        LeadStatus.QUALIFIED: {
            "convert": LeadStatus.CONVERTED,
            "nurture": LeadStatus.NURTURING,
            "disqualify": LeadStatus.DISQUALIFIED,
        },
        LeadStatus.DISQUALIFIED: {"recycle": LeadStatus.NEW},
        LeadStatus.CONVERTED: {},
    },
)


@model
class LeadCaptured(Event):
    """A lead came in through a channel."""

    type: ClassVar[str] = "lead.captured"
    source: Line = ""


@model
class LeadUpdated(Event):
    """A channel brought news of a known lead."""

    type: ClassVar[str] = "lead.updated"
    source: Line = ""
    fields: tuple[Code, ...]


@model
class LeadMoved(Event):
    """The lead's status changed."""

    type: ClassVar[str] = "lead.moved"
    from_status: LeadStatus
    to_status: LeadStatus


@model
class LeadDisqualified(Event):
    """The lead is not worth working on; why, and when to look again."""

    type: ClassVar[str] = "lead.disqualified"
    reason: Line
    recycle_at: datetime | None = None


@model
class LeadScored(Event):
    """The lead's score or grade changed."""

    type: ClassVar[str] = "lead.scored"
    score: int
    grade: Line


@model
class LeadForetold(Event):
    """Somebody who knows better said how likely the lead is to be won, between 0 and 1; ``None`` takes that back."""

    type: ClassVar[str] = "lead.foretold"
    probability: float | None
    by: MemberId
    note: Line = ""


@model
class LeadConverted(Event):
    """The lead became a customer's record."""

    type: ClassVar[str] = "lead.converted"
    account_id: AccountId
    contact_id: ContactId | None = None
    opportunity_id: OpportunityId | None = None


@model
class Lead(Owned):
    """Who came, from where, what they want, how well they fit, and who works on it."""

    entity: ClassVar[str] = "lead"

    id: LeadId
    status: LeadStatus = LeadStatus.NEW
    name: PersonName | None = None
    company: CompanyName | None = None
    title: Line = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    handles: tuple[Handle, ...] = ()
    address: Address | None = None
    source: Line = ""
    campaign: Line = ""
    external_id: Line = ""
    """The id that the source gave it."""
    industry: Line = ""
    region: Line = ""
    language: Line = ""
    amount: Money | None = None
    """What they might spend."""
    tags: tuple[Code, ...] = ()
    description: Note = ""
    score: int | None = None
    grade: Line = ""
    score_due_at: datetime | None = None
    """When the score next changes by itself."""
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None
    disqualified_reason: Line = ""
    recycle_at: datetime | None = None
    account_id: AccountId | None = None
    """The known customer it belongs to, or the one it became."""
    contact_id: ContactId | None = None
    opportunity_id: OpportunityId | None = None

    def capture(self) -> "Change[Lead]":
        """The lead as a new record."""
        return created(self, LeadCaptured(at=self.created_at, source=self.source))

    def move(self, verb: str, *, now: datetime) -> "Change[Lead]":
        """The status that ``verb`` leads to: ``work``, ``qualify``, ``nurture``, ``recycle``.

        Raises:
            NotAllowed: the verb does not fit the status.
        """
        to = LEAD.next(self.status, verb)
        if self.status is LeadStatus.DISQUALIFIED:  # looked at again: the date has done its work, the reason stays
            told = () if self.owner_id is None else (self.owner_id,)
            event = LeadMoved(at=now, from_status=self.status, to_status=to, recipients=told)
            return changed(self, event, now=now, status=to, recycle_at=None)
        return changed(self, LeadMoved(at=now, from_status=self.status, to_status=to), now=now, status=to)

    def disqualify(self, reason: str, *, now: datetime, recycle_at: datetime | None = None) -> "Change[Lead]":
        """Not worth working on, for ``reason``; looked at again ``recycle_at``."""
        to = LEAD.next(self.status, "disqualify")
        event = LeadDisqualified(at=now, reason=reason, recycle_at=recycle_at)
        return changed(self, event, now=now, status=to, disqualified_reason=reason, recycle_at=recycle_at)

    def rate(self, score: int, grade: str, *, now: datetime, due_at: datetime | None = None) -> "Change[Lead]":
        """The score is ``score`` with ``grade`` until ``due_at``; an event tells only of a real change."""
        events = () if (score, grade) == (self.score, self.grade) else (LeadScored(at=now, score=score, grade=grade),)
        return changed(self, *events, now=now, score=score, grade=grade, score_due_at=due_at)

    def foretell(self, probability: float | None, *, by: MemberId, now: datetime, note: str = "") -> "Change[Lead]":
        """Its history says what ``by`` holds for likely; no field of the lead does, so that nothing is ever learnt from it.

        Raises:
            InvalidInput: ``probability`` does not lie between 0 and 1.
        """
        if probability is not None and not 0 <= probability <= 1:
            raise InvalidInput("must lie between 0 and 1.", field="probability", hint="Write 0.25 for 25 %.")
        return changed(self, LeadForetold(at=now, probability=probability, by=by, note=note), now=now)

    def convert(
        self,
        account_id: AccountId,
        *,
        now: datetime,
        contact_id: ContactId | None = None,
        opportunity_id: OpportunityId | None = None,
    ) -> "Change[Lead]":
        """The lead lives on as the account, contact and opportunity named.

        Raises:
            NotAllowed: it is not qualified.
        """
        to = LEAD.next(self.status, "convert")
        event = LeadConverted(at=now, account_id=account_id, contact_id=contact_id, opportunity_id=opportunity_id)
        return changed(
            self,
            event,
            now=now,
            status=to,
            account_id=account_id,
            contact_id=contact_id,
            opportunity_id=opportunity_id,
            reclaim_at=None,
            reclaim_cause="",
            warn_at=None,
            clock=None,
            score_due_at=None,
        )
