"""A contact: a person we talk to, usually at an account."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, created
from crmkit.domain.ids import AccountId, ContactId
from crmkit.domain.model import Code, Line, Note, model
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.names import PersonName

__all__ = ["Contact", "ContactCreated", "DealRole", "Gender"]


class Gender(StrEnum):
    """As the person states it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class DealRole(StrEnum):
    """The part a contact plays when the account buys."""

    DECISION_MAKER = "decision_maker"
    INFLUENCER = "influencer"
    USER = "user"
    GATEKEEPER = "gatekeeper"
    CHAMPION = "champion"
    UNKNOWN = "unknown"


@model
class ContactCreated(Event):
    """A contact came into being."""

    type: ClassVar[str] = "contact.created"
    account_id: AccountId | None = None


@model
class Contact(Record):
    """A person with names, contact points and the place at the account; looked after by the account's owner."""

    entity: ClassVar[str] = "contact"

    id: ContactId
    account_id: AccountId | None = None
    name: PersonName
    gender: Gender = Gender.UNKNOWN
    birth_date: date | None = None
    occupation: Line = ""
    title: Line = ""
    department: Line = ""
    reports_to_id: ContactId | None = None
    deal_role: DealRole = DealRole.UNKNOWN
    source: Line = ""
    tags: tuple[Code, ...] = ()
    preferences: tuple[Line, ...] = ()
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    handles: tuple[Handle, ...] = ()
    address: Address | None = None
    description: Note = ""
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None

    def create(self) -> "Change[Contact]":
        """The contact as a new record."""
        return created(self, ContactCreated(at=self.created_at, account_id=self.account_id))
