"""Converting a lead: it becomes a customer, a person to talk to and a deal, in one step that may be repeated."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from attrs import frozen

from crmkit.domain.change import Change, changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import AccountId, ContactId, LeadId, OpportunityId, PipelineId, Ref
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account, AccountKind
from crmkit.domain.parties.contact import Contact
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline, StageKind
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.domain.values.keys import company_name_key
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import REVIEW_TAG, Candidate, EntryPoint, Match, MatchDecision, Tier, decide, news_of
from crmkit.services.context import Context
from crmkit.services.custody import Custody, history, lock_of
from crmkit.services.duplicates import Neighbours, lock_names, policy_in_force
from crmkit.services.holdings import left_under_caps
from crmkit.services.merge import resolve
from crmkit.services.references import about

__all__ = ["Converted", "convert_lead"]


P = TypeVar("P", Account, Contact)

_NO_OWNER = "the lead had no owner"


@model
class Converted:
    """What the lead became. ``made`` names what is new; the rest was known, and why stands in ``reasons``."""

    lead_id: LeadId
    account_id: AccountId
    contact_id: ContactId | None = None
    opportunity_id: OpportunityId | None = None
    made: tuple[Ref, ...] = ()
    reasons: tuple[Reason, ...]


def convert_lead(
    ctx: Context,
    lead_id: LeadId,
    *,
    account_id: AccountId | None = None,
    contact_id: ContactId | None = None,
    opportunity: bool = True,
    opportunity_name: str = "",
    pipeline_id: PipelineId | None = None,
    idempotency_key: str | None = None,
) -> Converted:
    """The qualified lead lives on as an account, a contact and an opportunity; again, it answers the same ids.

    Without ``account_id`` and ``contact_id`` the known ones are looked for by the match policy: a certain
    or likely match is taken and its blanks are filled, else a new record is made. New records and an
    account without an owner go to the lead's owner. What was done and is to be done about the lead is
    about the account from now on. The opportunity starts in the first open stage of ``pipeline_id``
    (without it: of the first pipeline there is) and is left out when ``opportunity`` is false.

    Raises:
        NotFound: no such lead, account, contact or pipeline.
        NotAllowed: the lead is not qualified, or its owner holds as many customers as the cap allows.
        InvalidInput: it names neither a company nor a person, or there is no pipeline.
    """

    def work(uow: UnitOfWork, now: datetime) -> Converted:
        lead = uow.leads.get(resolve(uow, Ref(entity=Lead.entity, id=lead_id)).id)
        uow.lock(str(lead.ref), *lock_names([Candidate.of(lead, now=now)]))
        lead = uow.leads.get(lead.id)
        if lead.status is LeadStatus.CONVERTED and lead.account_id is not None:
            return _before(uow, lead, lead.account_id)
        known = _Known.of(uow, lead, account_id, contact_id, now)
        _check_room(uow, lead, known.account, now)
        made = _Made(ctx, lead, Custody.of(uow, Account.entity, now=now, owners=(lead.owner_id,), pools=False), now)
        account = made.account(known.account)
        contact = made.contact(known.contact, account.after)
        deal = made.opportunity(uow, account.after, opportunity_name, pipeline_id) if opportunity else None
        converted = lead.convert(
            account.after.id,
            now=now,
            contact_id=contact.after.id if contact is not None else None,
            opportunity_id=deal.after.id if deal is not None else lead.opportunity_id,
        )
        carried = [changed(record, now=now, **fields) for record, fields in about(uow, lead.ref, account.after.ref)]
        parts: list[Change[Any]] = [part for part in (account, contact, deal) if part is not None]
        uow.save(converted, *filter(_is_news, parts), *carried, *_deals(uow, lead, account.after, now), *made.history)
        return Converted(
            lead_id=lead.id,
            account_id=account.after.id,
            contact_id=converted.after.contact_id,
            opportunity_id=converted.after.opportunity_id,
            made=tuple(part.after.ref for part in parts if part.before is None),
            reasons=tuple(known.reasons(account, contact)),
        )

    return ctx.command(work, Converted, idempotency_key=idempotency_key)


def _check_room(uow: UnitOfWork, lead: Lead, known: Account | None, now: datetime) -> None:
    """The lead's owner may hold the customer that comes of it, if that one is to be theirs."""
    if lead.owner_id is None or (known is not None and known.owner_id is not None):
        return
    # before anything is counted, as claims do it
    uow.lock(lock_of(lead.owner_id))
    owners = list(uow.members.get_many([lead.owner_id]).values())
    left = left_under_caps(uow, Account.entity, owners, now=now).get(lead.owner_id)
    if left is not None and left <= 0:
        raise NotAllowed(
            f"{lead.owner_id} holds as many customers as the cap allows.",
            hint="Give one back, or assign the lead to somebody else.",
            id=lead.id,
        )


def _before(uow: UnitOfWork, lead: Lead, account_id: AccountId) -> Converted:
    """What the lead became when it was converted, wherever that has been merged to since."""
    contact = resolve(uow, Ref(entity=Contact.entity, id=lead.contact_id)) if lead.contact_id is not None else None
    return Converted(
        lead_id=lead.id,
        account_id=AccountId(resolve(uow, Ref(entity=Account.entity, id=account_id)).id),
        contact_id=ContactId(contact.id) if contact is not None else None,
        opportunity_id=lead.opportunity_id,
        reasons=(Reason.of("convert.already", record=str(lead.ref)),),
    )


def _is_news(change: Change[Any]) -> bool:
    return change.before is not change.after_or_none


def _deals(uow: UnitOfWork, lead: Lead, account: Account, now: datetime) -> Iterator[Change[Opportunity]]:
    """Deals that were opened for the lead belong to the account, too."""
    for deal in uow.opportunities.find((F.lead_id == lead.id) & F.account_id.missing()):
        yield changed(deal, now=now, account_id=account.id)


# --- what is known already ------------------------------------------------------------------------


@frozen(kw_only=True)
class _Known:
    """The account and the contact that the lead belongs to, as far as they are known, and why they are."""

    account: Account | None
    contact: Contact | None
    decision: MatchDecision

    @classmethod
    def of(
        cls, uow: UnitOfWork, lead: Lead, account_id: AccountId | None, contact_id: ContactId | None, now: datetime
    ) -> "_Known":
        """What is named, what the lead is linked to, or what the match policy finds."""
        policy = policy_in_force(uow, now)
        candidate = Candidate.of(lead, now=now)
        neighbours = Neighbours.of(uow, [candidate], policy, now=now)
        decision = decide(policy, neighbours.facts(candidate, EntryPoint.MANUAL), now=now)
        sure = [neighbours.record(match.record) for match in decision.matches if _is_sure(match)]
        contacts = [record for record in sure if isinstance(record, Contact)]
        account = _account(uow, account_id or lead.account_id)
        contact = _contact(uow, contact_id or lead.contact_id)
        if account is None and contact is not None:
            account = _account(uow, contact.account_id)
        if account is None:
            account = next((record for record in sure if isinstance(record, Account)), None)
        if account is None:
            employers = (_account(uow, each.account_id) for each in contacts)
            account = next((each for each in employers if each is not None and _may_be(lead.company, each)), None)
        if contact is None:
            at = (None, account.id if account is not None else None)
            # a person who is known at another company may have moved on: that is a new contact
            contact = next((each for each in contacts if each.account_id in at), None)
        return cls(account=account, contact=contact, decision=decision)

    def reasons(self, account: Change[Account], contact: Change[Contact] | None) -> Iterator[Reason]:
        """Whether each was made or known."""
        for change in (account, contact):
            if change is not None:
                code = "convert.made" if change.before is None else "convert.known"
                yield Reason.of(code, record=str(change.after.ref))
        for match in self.decision.matches:
            if match.record.entity in {Account.entity, Contact.entity} and not _is_sure(match):
                yield Reason.of("match.possible", record=str(match.record), group=match.group)
                yield from match.reasons


def _is_sure(match: Match) -> bool:
    return match.tier is not Tier.POSSIBLE


def _may_be(company: CompanyName | None, account: Account) -> bool:
    """Whether the employer of a known person may be the company that the lead names, at greater or lesser length."""
    if company is None:
        return True
    one, other = company_name_key(company) or "", company_name_key(account.name) or ""
    return one in other or other in one


def _account(uow: UnitOfWork, account_id: AccountId | None) -> Account | None:
    if account_id is None:
        return None
    return uow.accounts.get(resolve(uow, Ref(entity=Account.entity, id=account_id)).id)


def _contact(uow: UnitOfWork, contact_id: ContactId | None) -> Contact | None:
    if contact_id is None:
        return None
    return uow.contacts.get(resolve(uow, Ref(entity=Contact.entity, id=contact_id)).id)


# --- what is made of it ---------------------------------------------------------------------------


class _Made:
    """The changes that make an account, a contact and a deal of one lead, or bring known ones up to date."""

    def __init__(self, ctx: Context, lead: Lead, custody: Custody, now: datetime) -> None:
        self._ctx = ctx
        self._lead = lead
        self._custody = custody
        self._now = now
        self.history: list[Change[OwnershipEntry]] = []

    def account(self, known: Account | None) -> Change[Account]:
        """The customer, looked after by the lead's owner unless it has an owner of its own."""
        lead = self._lead
        if lead.company is None and lead.name is None:
            raise InvalidInput("names neither a company nor a person.", field="lead", hint="Give it one of the two.")
        company = lead.company or CompanyName(legal=str(lead.name))
        kind = AccountKind.PERSON if lead.company is None else AccountKind.COMPANY
        # what a person is reached by belongs to the contact
        points = {} if lead.name is not None else self._points()
        draft = Account(
            id=AccountId(self._ctx.ids.new()),
            kind=kind,
            name=company,
            industry=lead.industry,
            source=lead.source,
            address=lead.address,
            unassigned_reason="" if lead.owner_id is not None else lead.unassigned_reason or _NO_OWNER,
            created_at=self._now,
            updated_at=self._now,
            **points,
        )
        return self._handed(self._news(known, draft) if known is not None else draft.create())

    def contact(self, known: Contact | None, account: Account) -> Change[Contact] | None:
        """The person, if the lead names one."""
        lead = self._lead
        if lead.name is None:
            return None
        draft = Contact(
            id=ContactId(self._ctx.ids.new()),
            account_id=account.id,
            name=lead.name,
            title=lead.title,
            source=lead.source,
            tags=tuple(tag for tag in lead.tags if tag != REVIEW_TAG),
            created_at=self._now,
            updated_at=self._now,
            **self._points(),
        )
        return draft.create() if known is None else self._news(known, draft)

    def opportunity(
        self, uow: UnitOfWork, account: Account, name: str, pipeline_id: PipelineId | None
    ) -> Change[Opportunity] | None:
        """A deal in the first open stage, unless the lead has one."""
        lead = self._lead
        if lead.opportunity_id is not None:
            return None
        pipeline = _pipeline(uow, pipeline_id)
        stage = next(stage for stage in pipeline.stages if stage.kind is StageKind.OPEN)
        deal = Opportunity(
            id=OpportunityId(self._ctx.ids.new()),
            account_id=account.id,
            lead_id=lead.id,
            owner_id=lead.owner_id,
            name=name or account.name.legal,
            pipeline_id=pipeline.id,
            stage=stage.code,
            stage_since=self._now,
            probability=stage.probability,
            amount=lead.amount,
            created_at=self._now,
            updated_at=self._now,
        )
        return deal.create()

    def _points(self) -> dict[str, Any]:
        return {"phones": self._lead.phones, "emails": self._lead.emails, "handles": self._lead.handles}

    def _news(self, known: P, draft: P) -> Change[P]:
        """``known`` with its blanks filled; the very record when nothing is new."""
        news = news_of(known, draft)
        return changed(known, now=self._now, **news) if news else Change(known, known)

    def _handed(self, change: Change[Account]) -> Change[Account]:
        """The lead's owner takes a customer that nobody looks after, for as long as the reclaim policy says."""
        owner_id, account = self._lead.owner_id, change.after
        if owner_id is None or account.owner_id is not None:
            return change
        kept = self._custody.taken(account, owner_id, now=self._now)
        taken = account.assign(owner_id, now=self._now, cause=Cause.CONVERTED, protection=kept)
        self.history.append(history(taken, id=self._ctx.ids.new()))
        return change.then(lambda _account: taken)


def _pipeline(uow: UnitOfWork, pipeline_id: PipelineId | None) -> Pipeline:
    if pipeline_id is not None:
        return uow.pipelines.get(pipeline_id)
    first = uow.pipelines.find(limit=1)
    if not first:
        hint = "Save one, or pass opportunity=False."
        raise InvalidInput("there is none to put the opportunity in.", field="pipeline_id", hint=hint)
    return first[0]
