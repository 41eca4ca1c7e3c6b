"""An account: a company, person, institution or household that we sell to."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, changed, created
from crmkit.domain.ids import AccountId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Line, Note, model
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import CompanyName

__all__ = ["STANDING", "Account", "AccountCreated", "AccountKind", "LevelChanged", "Standing", "StandingChanged"]


class AccountKind(StrEnum):
    """What the customer is."""

    COMPANY = "company"
    PERSON = "person"
    INSTITUTION = "institution"
    HOUSEHOLD = "household"


class Standing(StrEnum):
    """How far the customer has come with us."""

    POTENTIAL = "potential"
    EXISTING = "existing"
    KEY = "key"
    PARTNER = "partner"
    LOST = "lost"


STANDING = Lifecycle(
    "account",
    {
        Standing.POTENTIAL: {"win": Standing.EXISTING, "lose": Standing.LOST, "partner": Standing.PARTNER},
        Standing.EXISTING: {"promote": Standing.KEY, "lose": Standing.LOST, "partner": Standing.PARTNER},
        Standing.KEY: {"demote": Standing.EXISTING, "lose": Standing.LOST, "partner": Standing.PARTNER},
        Standing.PARTNER: {"win": Standing.EXISTING, "lose": Standing.LOST},
        Standing.LOST: {"win": Standing.EXISTING, "reopen": Standing.POTENTIAL},
    },
)


@model
class AccountCreated(Event):
    """An account came into being."""

    type: ClassVar[str] = "account.created"
    name: Line = ""
    source: Line = ""


@model
class StandingChanged(Event):
    """The customer's standing moved."""

    type: ClassVar[str] = "account.standing_changed"
    from_standing: Standing
    to_standing: Standing


@model
class LevelChanged(Event):
    """The customer is of another importance; empty is no level."""

    type: ClassVar[str] = "account.level_changed"
    from_level: Line
    to_level: Line


@model
class Account(Owned):
    """A customer with its names, contact points and standing."""

    entity: ClassVar[str] = "account"

    id: AccountId
    kind: AccountKind = AccountKind.COMPANY
    standing: Standing = Standing.POTENTIAL
    name: CompanyName
    industry: Line = ""
    employees: int | None = None
    level: Line = ""
    source: Line = ""
    parent_id: AccountId | None = None
    tags: tuple[Code, ...] = ()
    preferences: tuple[Line, ...] = ()
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    handles: tuple[Handle, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    address: Address | None = None
    description: Note = ""
    last_contact_at: datetime | None = None
    next_contact_at: datetime | None = None

    def create(self) -> "Change[Account]":
        """The account as a new record."""
        return created(self, AccountCreated(at=self.created_at, name=self.name.legal, source=self.source))

    def move_standing(self, verb: str, *, now: datetime) -> "Change[Account]":
        """The standing that ``verb`` leads to (``win``, ``promote``, ``demote``, ``partner``, ``lose``, ``reopen``).

        Raises:
            NotAllowed: the verb does not fit the standing.
        """
        to = STANDING.next(self.standing, verb)
        event = StandingChanged(at=now, from_standing=self.standing, to_standing=to)
        return changed(self, event, now=now, standing=to)

    def grade(self, level: str, *, now: datetime) -> "Change[Account]":
        """The importance is ``level``; empty where none is to be told."""
        event = LevelChanged(at=now, from_level=self.level, to_level=level)
        return changed(self, event, now=now, level=level)

    def plan_contact(self, at: datetime, *, now: datetime) -> "Change[Account]":
        """The next contact is planned for ``at``."""
        return changed(self, now=now, next_contact_at=at)
