"""The store: units of work over repositories. What must hold under concurrency is part of this contract."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.message import Message
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import Always, Condition
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, Role, Team
from crmkit.domain.organization.territory import Territory
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.parties.segment import Segment, SegmentMembership
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline
from crmkit.domain.stewardship.approval import Approval
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.consent import Consent
from crmkit.domain.stewardship.crossing import Crossing
from crmkit.domain.stewardship.extension import Extension
from crmkit.domain.stewardship.filing import Filing, FilingMark
from crmkit.domain.stewardship.match_review import MatchReview
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.ownership import OwnershipEntry
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.privacy import Erasure, LegalHold, Suppression
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.sla_clock import SlaClock
from crmkit.domain.stewardship.transfer import Transfer
from crmkit.domain.stewardship.turn import Turn
from crmkit.ports.audit_chain import AuditChain
from crmkit.ports.audit_trail import AuditTrail
from crmkit.ports.candidates import CandidateIndex
from crmkit.ports.commands import Commands
from crmkit.ports.keyring import Keyring
from crmkit.ports.outbox import Outbox
from crmkit.ports.policies import PolicyStore

__all__ = ["EVERY", "REPOSITORIES", "Locking", "Repository", "Store", "UnitOfWork"]

R = TypeVar("R", bound=Record)
E_co = TypeVar("E_co", bound=Record, covariant=True)
T = TypeVar("T")

EVERY: Condition = Always()
"""Every record."""

Locking = Literal["none", "wait", "skip"]
"""What to do with rows found: just read; keep them until the unit of work ends; the same, leaving out
those that somebody else keeps. A store that runs one writer at a time may treat all three alike."""

REPOSITORIES: Mapping[str, type[Record]] = {
    "leads": Lead,
    "accounts": Account,
    "contacts": Contact,
    "opportunities": Opportunity,
    "pipelines": Pipeline,
    "interactions": Interaction,
    "tasks": Task,
    "members": Member,
    "teams": Team,
    "roles": Role,
    "calendars": WorkingCalendar,
    "pools": Pool,
    "ownership": OwnershipEntry,
    "requests": Request,
    "merges": Merge,
    "match_reviews": MatchReview,
    "extensions": Extension,
    "turns": Turn,
    "territories": Territory,
    "transfers": Transfer,
    "collaborations": Collaboration,
    "filings": Filing,
    "filing_marks": FilingMark,
    "segments": Segment,
    "segment_memberships": SegmentMembership,
    "sla_clocks": SlaClock,
    "approvals": Approval,
    "automation_runs": AutomationRun,
    "erasures": Erasure,
    "legal_holds": LegalHold,
    "suppressions": Suppression,
    "consents": Consent,
    "crossings": Crossing,
    "messages": Message,
}
"""Every repository of a unit of work with the entity it holds; stores and the kit are built from it."""


class Repository(Protocol[E_co]):
    """The records of one entity that this tenant has; sees the saves of its own unit of work.

    Ordering: ``order`` lists fields, ``"-field"`` for descending; missing values sort first (last when
    descending), text by code point; equal ones by id. Unknown fields raise ``InvalidInput`` before any
    query. ``now`` is needed only by conditions that speak of a time relative to it.
    """

    def get(self, id: str, *, locking: Locking = "none") -> E_co:
        """The record of that id.

        Raises:
            NotFound: there is none, or another tenant has it; the two look alike.
        """
        ...

    def get_many(self, ids: Iterable[str]) -> Mapping[str, E_co]:
        """Those of the records that exist, by id, in the order asked."""
        ...

    def find(
        self,
        condition: Condition = EVERY,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        now: datetime | None = None,
        locking: Locking = "none",
    ) -> Sequence[E_co]:
        """The records for which ``condition`` holds."""
        ...

    def scan(
        self,
        condition: Condition = EVERY,
        *,
        now: datetime | None = None,
    ) -> Iterator[E_co]:
        """The same in the order of ids, read piece by piece; memory stays flat. Do not save while scanning."""
        ...

    def count(self, condition: Condition = EVERY, *, now: datetime | None = None) -> int:
        """How many records the condition holds for."""
        ...

    def count_by(
        self,
        field: str,
        condition: Condition = EVERY,
        *,
        now: datetime | None = None,
    ) -> Mapping[Any, int]:
        """How many of them for each value of ``field``, by its text; records that miss it are left out."""
        ...


class UnitOfWork(Protocol):
    """One transaction of one tenant by one actor. Rolls back unless ``commit`` was called.

    It belongs to the thread that began it; use from another raises ``StorageFailed``.
    """

    acting: Acting
    leads: Repository[Lead]
    accounts: Repository[Account]
    contacts: Repository[Contact]
    opportunities: Repository[Opportunity]
    pipelines: Repository[Pipeline]
    interactions: Repository[Interaction]
    tasks: Repository[Task]
    members: Repository[Member]
    teams: Repository[Team]
    roles: Repository[Role]
    calendars: Repository[WorkingCalendar]
    pools: Repository[Pool]
    ownership: Repository[OwnershipEntry]
    requests: Repository[Request]
    merges: Repository[Merge]
    match_reviews: Repository[MatchReview]
    extensions: Repository[Extension]
    turns: Repository[Turn]
    territories: Repository[Territory]
    transfers: Repository[Transfer]
    collaborations: Repository[Collaboration]
    filings: Repository[Filing]
    filing_marks: Repository[FilingMark]
    segments: Repository[Segment]
    segment_memberships: Repository[SegmentMembership]
    sla_clocks: Repository[SlaClock]
    approvals: Repository[Approval]
    automation_runs: Repository[AutomationRun]
    erasures: Repository[Erasure]
    legal_holds: Repository[LegalHold]
    suppressions: Repository[Suppression]
    consents: Repository[Consent]
    crossings: Repository[Crossing]
    messages: Repository[Message]
    keys: CandidateIndex
    trail: AuditTrail
    chain: AuditChain
    keyring: Keyring
    policies: PolicyStore
    commands: Commands

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written, each row with its events and audit entry, in this transaction.

        Raises:
            StaleVersion: a record is no longer at the version it was read at (or is gone); nothing of
                this call is written and the unit of work can only be rolled back.
            Duplicate: a new record's id, or a value that must be unique, is taken.
            InvalidInput: a custom field is not declared or does not fit.
        """
        ...

    def repository(self, cls: type[R]) -> Repository[R]:
        """The repository that holds ``cls``."""
        ...

    def lock(self, *names: str) -> None:
        """Nobody else holds any of ``names`` until this unit of work ends; waits for whoever does.

        What is read after this call and before the commit cannot be changed by another holder of the
        same name: so caps, quotas and uniqueness are decided. Names are taken in sorted order, so two
        callers cannot wait for each other; take all of them in one call.

        Raises:
            StorageBusy: waited too long.
        """
        ...

    def commit(self) -> None:
        """Everything saved is durable. On a connection that the host began: it is part of the host's transaction.

        Raises:
            OutcomeUnknown: the connection broke while committing.
            StorageBusy, StorageFailed: nothing was written.
        """
        ...

    def rollback(self) -> None:
        """Nothing of this unit of work is written."""
        ...


class Store(Protocol):
    """Where a CRM's records live."""

    @property
    def outbox(self) -> Outbox:
        """Notices that wait to be told."""
        ...

    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A new unit of work of ``acting`` (by default the system, tenant ``"main"``).

        One that is ``read_only`` does not wait for writers nor hold them up; it cannot save, lock or remember.

        Raises:
            StorageFailed: the store cannot be reached.
        """
        ...

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """Run ``work`` in a unit of work, commit, and return what it returned.

        ``StorageBusy`` and ``StaleVersion`` make it run ``work`` again from the start, a few times with
        growing pauses, so ``work`` reads what it decides on and does nothing outside the unit of work.
        """
        ...

    def close(self) -> None:
        """Connections are given back."""
        ...
