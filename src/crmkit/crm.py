"""``Crm``: the ports bound to the use cases, grouped by what a user does. It holds no logic.

>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.services.lead_form import LeadForm
>>> crm = Crm(store=MemoryStore())
>>> first = crm.leads.capture(LeadForm(name="张三", phones=["138 0013 8000"], source="website"))
>>> again = crm.leads.capture(LeadForm(name="张三", phones=["+86 13800138000"], source="fair"))
>>> first.lead_id == again.lead_id
True
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from attrs import evolve, frozen

from crmkit.adapters.notifiers.console import ConsoleNotifier
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.change import Change, Record, created
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.audit import Acting
from crmkit.ports.allocator import Allocator
from crmkit.ports.clock import Clock, IdSource
from crmkit.ports.notifier import Notifier
from crmkit.ports.presence import Presence
from crmkit.ports.references import References
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.policy import Policy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import assign as assigning
from crmkit.services import back_test as replaying
from crmkit.services import capture as capturing
from crmkit.services import (
    check_policies,
    duplicates,
    evidence,
    existence,
    extensions,
    fairness,
    follow_up,
    integrity,
    nearby,
    pool_desk,
    pools,
    reclaim,
    rollout,
    sharing,
    workflow,
)
from crmkit.services import convert as converting
from crmkit.services import deduplicate as deduplicating
from crmkit.services import dry_run as foreseeing
from crmkit.services import filing as filings
from crmkit.services import filing_disputes as disputing
from crmkit.services import hand_over as handing_over
from crmkit.services import merge as merging
from crmkit.services import offer as offering
from crmkit.services import rekey as rekeying
from crmkit.services import relay as relaying
from crmkit.services import review as reviewing
from crmkit.services import score as scoring
from crmkit.services import transfer as transferring
from crmkit.services import undo_transfer as undoing
from crmkit.services import unmerge as unmerging
from crmkit.services import waiting as queueing
from crmkit.services.context import Context

__all__ = [
    "Crm",
    "Customers",
    "Filings",
    "Group",
    "Insight",
    "Leads",
    "Members",
    "Notices",
    "Pools",
    "Requests",
    "Reviews",
    "Use",
]

P = ParamSpec("P")
T = TypeVar("T")
G = TypeVar("G", bound="Group")


@frozen
class Group:
    """Use cases of one kind, bound to their context."""

    ctx: Context


class Use(Generic[P, T]):
    """A use case as a method of a group: the service with its context filled in."""

    def __init__(self, service: Callable[Concatenate[Context, P], T]) -> None:
        self.service = service
        self.__doc__ = service.__doc__

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group, owner: type) -> Callable[P, T]: ...
    def __get__(self, group: Group | None, owner: type) -> Self | Callable[P, T]:
        if group is None:
            return self
        bound = partial(self.service, group.ctx)
        bound.__doc__ = self.service.__doc__
        return bound


class Part(Generic[G]):
    """A group as an attribute of ``Crm``."""

    def __init__(self, group: type[G]) -> None:
        self.group = group

    @overload
    def __get__(self, crm: None, owner: type) -> Self: ...
    @overload
    def __get__(self, crm: "Crm", owner: type) -> G: ...
    def __get__(self, crm: "Crm | None", owner: type) -> Self | G:
        return self if crm is None else self.group(crm.ctx)


class Leads(Group):
    """Leads: how they come in, what they are worth, who works on them, what becomes of them."""

    capture = Use(capturing.capture_lead)
    capture_many = Use(capturing.capture_many)
    find_duplicates = Use(duplicates.find_duplicates)
    score = Use(scoring.score_lead)
    score_all = Use(scoring.score_all)
    rescore_due = Use(scoring.rescore_due)
    assign = Use(assigning.assign_lead)
    assign_waiting = Use(assigning.assign_waiting)
    waiting = Use(queueing.waiting)
    convert = Use(converting.convert_lead)
    plan_merge = Use(merging.plan_merge)
    merge = Use(merging.merge)
    plan_unmerge = Use(unmerging.plan_unmerge)
    unmerge = Use(unmerging.unmerge)
    assign_to = Use(assigning.assign_to)
    plan_transfer = Use(transferring.plan_transfer)
    transfer = Use(transferring.transfer)
    undo_transfer = Use(undoing.undo_transfer)
    share = Use(sharing.share)
    unshare = Use(sharing.unshare)
    who_may = Use(sharing.who_may)
    log_interaction = Use(follow_up.log_interaction)


class Customers(Group):
    """Customers: duplicates and merges, hand-overs, what was said and done."""

    find_duplicates = Use(duplicates.find_duplicates)
    check_existence = Use(existence.check_existence)
    plan_merge = Use(merging.plan_merge)
    merge = Use(merging.merge)
    plan_unmerge = Use(unmerging.plan_unmerge)
    unmerge = Use(unmerging.unmerge)
    assign = Use(assigning.assign)
    assign_to = Use(assigning.assign_to)
    plan_transfer = Use(transferring.plan_transfer)
    transfer = Use(transferring.transfer)
    undo_transfer = Use(undoing.undo_transfer)
    share = Use(sharing.share)
    unshare = Use(sharing.unshare)
    who_may = Use(sharing.who_may)
    near = Use(nearby.accounts_near)
    rekey = Use(rekeying.rekey)
    log_interaction = Use(follow_up.log_interaction)


class Members(Group):
    """The people who sell and serve: what becomes of their work when they leave."""

    hand_over = Use(handing_over.hand_over)


class Pools(Group):
    """Public pools: claiming, giving back, warning and reclaiming."""

    claim = Use(pools.claim)
    claim_many = Use(pools.claim_many)
    give_back = Use(pools.give_back)
    browse = Use(pool_desk.browse)
    place = Use(pool_desk.place)
    sweep = Use(reclaim.sweep)
    preview = Use(reclaim.preview)
    explain = Use(reclaim.explain)
    remedies = Use(reclaim.remedies)
    attest = Use(evidence.attest)
    withdraw = Use(evidence.withdraw)
    progressed = Use(evidence.progressed)
    lock = Use(evidence.lock)
    unlock = Use(evidence.unlock)
    plan_leave = Use(evidence.plan_leave)
    recount = Use(evidence.recount)
    ask_extension = Use(extensions.ask_extension)
    settle_extension = Use(extensions.settle_extension)
    pause = Use(rollout.pause)
    resume = Use(rollout.resume)


class Filings(Group):
    """Prospects that members file for themselves (报备): filing, approving, contesting, ending."""

    file = Use(filings.file_prospect)
    approve = Use(filings.approve_filing)
    refuse = Use(filings.refuse_filing)
    extend = Use(filings.extend_filing)
    link = Use(filings.link_filing)
    withdraw = Use(filings.withdraw_filing)
    dispute = Use(disputing.dispute_filing)
    arbitrate = Use(disputing.arbitrate_filing)
    sweep = Use(disputing.sweep_filings)


class Insight(Group):
    """What the rules will do, what they have done, and whether that was fair; nothing here writes."""

    check_policies = Use(check_policies.check_policies)
    dry_run = Use(foreseeing.dry_run)
    compare = Use(foreseeing.compare)
    back_test = Use(replaying.back_test)
    fairness_report = Use(fairness.fairness_report)
    findings = Use(integrity.findings)


class Reviews(Group):
    """Pairs that may be duplicates: they wait for a person, who says whether they are."""

    deduplicate = Use(deduplicating.deduplicate)
    offer = Use(offering.offer)
    waiting = Use(reviewing.waiting)
    decide = Use(reviewing.decide_match)
    labels = Use(reviewing.labels)
    labelled_pairs = Use(reviewing.labelled_pairs)
    table = Use(deduplicating.table_of)


class Requests(Group):
    """Requests on their way through a process."""

    open = Use(workflow.open_request)
    advance = Use(workflow.advance)


class Notices(Group):
    """Notices on their way to the channel."""

    relay = Use(relaying.relay)
    dead_letters = Use(relaying.dead_letters)
    replay = Use(relaying.replay)
    discard = Use(relaying.discard)


class Crm:
    """The one convenient way in.

    ``Crm.open(url)`` opens SQLite or Postgres; ``Crm(store=…)`` takes any store that keeps to the port.
    Whatever is not given is the machine's clock, UUIDv7, a console and the standard rule book.
    ``references`` are rows of your own that merges move along, ``presence`` says who can be
    reached just now, and ``allocator`` gives many leads at once.
    """

    leads = Part(Leads)
    customers = Part(Customers)
    members = Part(Members)
    pools = Part(Pools)
    filings = Part(Filings)
    insight = Part(Insight)
    reviews = Part(Reviews)
    requests = Part(Requests)
    notices = Part(Notices)

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
    ) -> None:
        book = book or RuleBook.standard()
        self.ctx = Context(
            store=store,
            notifier=notifier or ConsoleNotifier(texts=book.texts),
            clock=clock or SystemClock(),
            ids=ids or Uuid7(),
            book=book,
            acting=acting or Acting(),
            references=tuple(references),
            presence=presence,
            allocator=allocator,
        )

    @classmethod
    def open(
        cls,
        url: str,
        *,
        notifier: Notifier | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        book: RuleBook | None = None,
        custom: CustomSchema | None = None,
        create: bool = True,
    ) -> Self:
        """A CRM over the database at ``url``: ``"sqlite:///crm.db"`` or ``"postgresql+psycopg://…"``.

        ``create`` makes the tables, and brings those of an older crmkit up to date.

        Raises:
            MissingExtra: SQLAlchemy or psycopg is not installed.
            InvalidInput: not such a URL.
            SchemaMismatch: the database was made by a newer crmkit.
            StorageFailed: it cannot be reached.
        """
        from crmkit.adapters.sql import SqlStore

        store: Store = SqlStore(url, custom=custom, book=book, ids=ids, create=create)
        return cls(store=store, notifier=notifier, clock=clock, ids=ids, book=book)

    def acting_as(
        self, actor: str, *, tenant: str = "", on_behalf_of: str = "", source: str = "", reason: str = ""
    ) -> "Crm":
        """The same CRM for ``actor``, whose name every change of theirs carries; the tenant stays unless given."""
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

        self.ctx.store.run(once, self.ctx.acting)

    def adopt(self, *policies: Policy) -> None:
        """The policies are stored, each as a new version that holds in its effective period.

        Raises:
            Duplicate: that version exists.
        """

        def put(uow: UnitOfWork) -> None:
            for policy in policies:
                uow.policies.put(policy)

        self.ctx.store.run(put, self.ctx.acting)

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work of whoever acts; see ``ports.Store.begin``."""
        return self.ctx.store.begin(self.ctx.acting, read_only=read_only)

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
