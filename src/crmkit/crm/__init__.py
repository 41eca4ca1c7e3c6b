"""``Crm``: the ports bound to the use cases, grouped by what a user does. It holds no logic.

>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.services.lead_form import LeadForm
>>> crm = Crm(store=MemoryStore())
>>> first = crm.leads.capture(LeadForm(name="张三", phones=["138 0013 8000"], source="website"))
>>> again = crm.leads.capture(LeadForm(name="张三", phones=["+86 13800138000"], source="fair"))
>>> first.lead_id == again.lead_id
True
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Self

from attrs import evolve

from crmkit.adapters.crypto.encryption import Encryption
from crmkit.adapters.notifiers.console import ConsoleNotifier
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.crm.groups import (
    Access,
    Approvals,
    Audit,
    Automation,
    Customers,
    Filings,
    Group,
    Insight,
    Keys,
    Leads,
    Members,
    Notices,
    Part,
    Pools,
    Requests,
    Reviews,
    Segments,
    Use,
)
from crmkit.crm.rights import Consents, Outreach, Privacy
from crmkit.domain.change import Change, Record, created
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.audit import Acting
from crmkit.ports.allocator import Allocator
from crmkit.ports.audit_chain import Anchor
from crmkit.ports.clock import Clock, IdSource
from crmkit.ports.notifier import Notifier
from crmkit.ports.performers import HostSide
from crmkit.ports.presence import Presence
from crmkit.ports.references import References
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.policy import Policy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.access import guarded
from crmkit.services.context import Context
from crmkit.services.hearing import hearing
from crmkit.services.suppressing import suppressing

__all__ = [
    "Access",
    "Approvals",
    "Audit",
    "Automation",
    "Consents",
    "Crm",
    "Customers",
    "Filings",
    "Group",
    "Insight",
    "Keys",
    "Leads",
    "Members",
    "Notices",
    "Outreach",
    "Pools",
    "Privacy",
    "Requests",
    "Reviews",
    "Segments",
    "Use",
]


class Crm:
    """The one convenient way in.

    ``Crm.open(url)`` opens SQLite or Postgres; ``Crm(store=…)`` takes any store that keeps to the port.
    Whatever is not given is the machine's clock, UUIDv7, a console and the standard rule book.
    ``references`` are rows of your own that merges move along, ``presence`` says who can be
    reached just now, ``allocator`` gives many leads at once, ``anchor`` keeps the seals of the audit
    trail, and ``host`` has your own actions for automation rules. ``suppression_key`` is the secret
    that erased people's phones are hashed with.
    """

    leads = Part(Leads)
    customers = Part(Customers)
    members = Part(Members)
    pools = Part(Pools)
    filings = Part(Filings)
    segments = Part(Segments)
    insight = Part(Insight)
    reviews = Part(Reviews)
    requests = Part(Requests)
    approvals = Part(Approvals)
    automation = Part(Automation)
    notices = Part(Notices)
    audit = Part(Audit)
    keys = Part(Keys)
    access = Part(Access)
    privacy = Part(Privacy)
    consents = Part(Consents)
    outreach = Part(Outreach)

    def __init__(  # noqa: PLR0913 - one argument a port
        self,
        *,
        store: Store,
        notifier: Notifier | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        book: RuleBook | None = None,
        acting: Acting | None = None,
        references: Iterable[References] = (),
        presence: Presence | None = None,
        allocator: Allocator | None = None,
        anchor: Anchor | None = None,
        host: HostSide | None = None,
        suppression_key: bytes = b"",
    ) -> None:
        book = book or RuleBook.standard()
        self.ctx = Context(
            store=suppressing(hearing(store), suppression_key),
            notifier=notifier or ConsoleNotifier(texts=book.texts),
            clock=clock or SystemClock(),
            ids=ids or Uuid7(),
            book=book,
            acting=acting or Acting(),
            references=tuple(references),
            presence=presence,
            allocator=allocator,
            anchor=anchor,
            host=host or HostSide(),
            suppression_key=suppression_key,
        )

    @classmethod
    def open(  # noqa: PLR0913 - all but the first have defaults
        cls,
        url: str,
        *,
        notifier: Notifier | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        book: RuleBook | None = None,
        custom: CustomSchema | None = None,
        anchor: Anchor | None = None,
        encryption: Encryption | None = None,
        create: bool = True,
    ) -> Self:
        """A CRM over the database at ``url``: ``"sqlite:///crm.db"`` or ``"postgresql+psycopg://…"``.

        ``create`` makes the tables, and brings those of an older crmkit up to date; ``encryption`` says
        what is encrypted in them, from their first day on.

        Raises:
            MissingExtra: SQLAlchemy or psycopg is not installed.
            InvalidInput: not such a URL.
            SchemaMismatch: the database was made by a newer crmkit.
            StorageFailed: it cannot be reached.
        """
        from crmkit.adapters.sql import SqlStore

        store: Store = SqlStore(url, custom=custom, book=book, ids=ids, create=create, encryption=encryption)
        return cls(store=store, notifier=notifier, clock=clock, ids=ids, book=book, anchor=anchor)

    def acting_as(
        self, actor: str, *, tenant: str = "", on_behalf_of: str = "", source: str = "", reason: str = ""
    ) -> "Crm":
        """The same CRM for ``actor``, whose name every change of theirs carries; the tenant stays unless given.

        From the first ``AccessPolicy`` on that is in force, a member sees and does only what it grants; the
        ``"system"`` and the services that it names are not asked.
        """
        acting = Acting(
            tenant=tenant or self.ctx.acting.tenant,
            actor=actor,
            on_behalf_of=on_behalf_of,
            source=source,
            reason=reason,
        )
        twin = object.__new__(Crm)
        twin.ctx = evolve(self.ctx, acting=acting)
        return twin

    def add(self, *records: Record) -> None:
        """The records are new in the store, in one transaction: members, teams, pools, pipelines and so on.

        Raises:
            Duplicate: an id is taken.
        """
        self.save(*(created(record) for record in records))

    def save(self, *changes: Change[Any]) -> None:
        """The changes are saved in one transaction: what a transition of a record returned.

        Raises:
            StaleVersion: a record changed since it was read.
        """

        def once(uow: UnitOfWork) -> None:
            uow.save(*changes)

        self._store.run(once, self.ctx.acting)

    def adopt(self, *policies: Policy) -> None:
        """The policies are stored, each as a new version that holds in its effective period.

        Raises:
            Duplicate: that version exists.
        """

        def put(uow: UnitOfWork) -> None:
            for policy in policies:
                uow.policies.put(policy)

        self._store.run(put, self.ctx.acting)

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work of whoever acts; see ``ports.Store.begin``."""
        return self._store.begin(self.ctx.acting, read_only=read_only)

    @property
    def _store(self) -> Store:
        """The store as whoever acts may see it; use cases have ``ctx.store`` behind their doors."""
        return guarded(self.ctx.store, self.ctx.clock)

    def say(self, reasons: Iterable[Reason], language: str = "en") -> str:
        """What the reasons of a decision say, one a line, in English or Chinese."""
        return self.ctx.book.texts.say_all(reasons, language)

    def close(self) -> None:
        """Connections are given back."""
        self.ctx.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
