"""Filing prospects (报备): the first complete filing wins, protects for a time, and lapses when nothing is done.

Who came first is decided in the transaction that writes: everything a prospect is known by is locked, so
that of two filings at the same instant one sees the other.
"""

from datetime import datetime

from crmkit.domain.change import created
from crmkit.domain.ids import FilingId, MemberId, Ref
from crmkit.domain.model import revise
from crmkit.domain.stewardship.filing import Filing
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.filing import ApprovalFacts, ExtensionFacts, FilingDecision, decide_approval, decide_extension
from crmkit.services.context import Context
from crmkit.services.custody import lock_of, owned_by
from crmkit.services.filing_desk import (
    FilingDesk,
    FilingForm,
    approved,
    attested,
    customers_in_the_way,
    level_of,
    locks,
    marks_of,
    policy_of,
    rivals,
    subject_of,
    withdrawn,
)

__all__ = [
    "FilingForm",
    "approve_filing",
    "extend_filing",
    "file_prospect",
    "link_filing",
    "refuse_filing",
    "withdraw_filing",
]


def file_prospect(ctx: Context, form: FilingForm, *, idempotency_key: str | None = None) -> FilingDecision:
    """The prospect is filed for the member, or refused with every reason; a refusal writes nothing.

    Empty filings are refused, and those of a prospect that somebody else has or has filed; of whose it is
    the answer says as much as the disclosure policy lets the member learn.

    Raises:
        InvalidInput: the form names neither or both of a prospect and a record, or cannot be read.
        NotFound: no such member or record.
    """
    if (form.prospect is None) == (form.record is None):
        raise InvalidInput("needs a prospect or a record, and not both.", field="form", hint="Give one of the two.")

    def work(uow: UnitOfWork, now: datetime) -> FilingDecision:
        subject = subject_of(ctx, uow, form, now)
        keys = marks_of(subject)
        # before anything is read: whoever files the same prospect waits, and then finds this filing
        uow.lock(lock_of(form.member_id), *locks(keys, form.record))
        desk = FilingDesk(ctx, uow, uow.members.get(form.member_id), now)
        decision = desk.decide(form, subject, keys)
        if not decision.granted:
            return decision
        filing = desk.draft(form, subject, keys)
        change = filing.file()
        if not desk.policy.needs_approval:
            change = change.then(lambda made: approved(made, desk.policy, by=None, now=now))
        marks = (desk.mark(key, filing.id) for key in keys)
        uow.save(change, *map(created, marks), *attested(uow, change.after, now=now))
        return revise(decision, filing_id=filing.id)

    return ctx.command(work, FilingDecision, idempotency_key=idempotency_key)


def approve_filing(
    ctx: Context, filing_id: FilingId, *, by: MemberId, idempotency_key: str | None = None
) -> FilingDecision:
    """The filing protects its member from now on, or that is refused with every reason.

    Nobody approves their own, and none whose record has come into other hands meanwhile.

    Raises:
        NotFound: no such filing or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> FilingDecision:
        filing = uow.filings.get(filing_id, locking="wait")
        policy, approver = policy_of(uow, filing), uow.members.get(by)
        in_the_way = customers_in_the_way(uow, filing.subject, filing.member_id, level_of(uow, approver, now))
        facts = ApprovalFacts(filing=filing, by=by, obstacles=tuple(in_the_way))
        decision = decide_approval(policy, facts, now=now)
        if decision.granted:
            change = approved(filing, policy, by=by, now=now)
            uow.save(change, *attested(uow, change.after, now=now))
        return decision

    return ctx.command(work, FilingDecision, idempotency_key=idempotency_key)


def refuse_filing(
    ctx: Context, filing_id: FilingId, *, by: MemberId, reason: str, idempotency_key: str | None = None
) -> Filing:
    """The filing is refused for ``reason``; somebody else may file the prospect.

    Raises:
        NotAllowed: it waits for no approval, or ``by`` is who filed it.
        NotFound: no such filing.
    """

    def work(uow: UnitOfWork, now: datetime) -> Filing:
        change = uow.filings.get(filing_id, locking="wait").refuse(by=by, reason=reason, now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, Filing, idempotency_key=idempotency_key)


def withdraw_filing(
    ctx: Context, filing_id: FilingId, *, by: MemberId, reason: str = "", idempotency_key: str | None = None
) -> Filing:
    """The member has taken the filing back; it protects nobody.

    Raises:
        NotAllowed: it is not theirs, or has ended.
        NotFound: no such filing.
    """

    def work(uow: UnitOfWork, now: datetime) -> Filing:
        filing = uow.filings.get(filing_id, locking="wait")
        _theirs(filing, by)
        change = filing.end("withdraw", reason=reason, now=now)
        uow.save(change, *withdrawn(uow, [filing], now=now))
        return change.after

    return ctx.command(work, Filing, idempotency_key=idempotency_key)


def extend_filing(
    ctx: Context, filing_id: FilingId, *, by: MemberId, reason: str, idempotency_key: str | None = None
) -> FilingDecision:
    """The filing protects for longer, or that is refused with every reason.

    Raises:
        NotFound: no such filing.
    """

    def work(uow: UnitOfWork, now: datetime) -> FilingDecision:
        filing = uow.filings.get(filing_id, locking="wait")
        facts = ExtensionFacts(filing=filing, by=by, reason=reason)
        decision = decide_extension(policy_of(uow, filing), facts, now=now)
        if decision.granted and decision.expires_at is not None:
            change = filing.extend(decision.expires_at, reason=reason, now=now)
            uow.save(change, *attested(uow, change.after, now=now))
        return decision

    return ctx.command(work, FilingDecision, idempotency_key=idempotency_key)


def link_filing(
    ctx: Context, filing_id: FilingId, ref: Ref, *, by: MemberId, idempotency_key: str | None = None
) -> Filing:
    """The filing is about the lead or account ``ref``, which it protects while it is approved.

    What is done with the record counts from then on: a filing without one lapses, since nothing was done.

    Raises:
        NotAllowed: it is not theirs, has ended, or the record is somebody else's or filed by somebody.
        NotFound: no such filing or record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Filing:
        uow.lock(*locks((), ref))
        filing = uow.filings.get(filing_id, locking="wait")
        _theirs(filing, by)
        owner = owned_by(uow, ref.entity).get(ref.id).owner_id
        others = [each for each in rivals(uow, (), ref, filing.line, now=now) if each.id != filing_id]
        if not filing.runs or owner not in {None, by} or others:
            raise NotAllowed(f"{ref} cannot be linked to {filing.ref}.", hint="Dispute it.", id=filing_id)
        if filing.subject == ref:
            return filing
        change = filing.links(ref, now=now)
        uow.save(change, *withdrawn(uow, [filing], now=now), *attested(uow, change.after, now=now))
        return change.after

    return ctx.command(work, Filing, idempotency_key=idempotency_key)


def _theirs(filing: Filing, by: MemberId) -> None:
    if filing.member_id != by:
        raise NotAllowed(f"{filing.ref} is not this member's.", hint="Ask who filed it.", id=filing.id)
