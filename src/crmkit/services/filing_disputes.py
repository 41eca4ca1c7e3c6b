"""Contested filings, and the sweep that ends those whose time is up or whose member did nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import FilingId, MemberId
from crmkit.domain.model import model, revise
from crmkit.domain.stewardship.filing import RUNNING, Dispute, Filing, FilingState
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context
from crmkit.services.filing_desk import attested, policy_of, withdrawn

__all__ = ["FilingSweep", "arbitrate_filing", "dispute_filing", "sweep_filings"]

MOST_AT_ONCE = 500
"""Filings of one transaction."""


@model
class FilingSweep:
    """What a run over the filings that were due did; ``acted`` are those whose members had followed up."""

    at: datetime
    expired: int = 0
    lapsed: int = 0
    acted: int = 0


def dispute_filing(
    ctx: Context,
    filing_id: FilingId,
    *,
    by: MemberId,
    grounds: str,
    attachments: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Filing:
    """``by`` contests the filing on these grounds; it protects until somebody has decided.

    Raises:
        InvalidInput: no grounds.
        NotAllowed: it does not run, is contested already, or ``by`` filed it.
        NotFound: no such filing or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> Filing:
        filing = uow.filings.get(filing_id, locking="wait")
        contestant = uow.members.get(by)
        dispute = Dispute(by=contestant.id, at=now, grounds=grounds, attachments=tuple(attachments))
        change = filing.dispute(dispute, now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, Filing, idempotency_key=idempotency_key)


def arbitrate_filing(
    ctx: Context,
    filing_id: FilingId,
    *,
    by: MemberId,
    decided_for: MemberId,
    why: str,
    idempotency_key: str | None = None,
) -> Filing:
    """The dispute is decided for one of the two, and the record says by whom and why.

    Decided for who filed it, it goes on: one that had waited for approval protects from now on, and the
    duty to act begins anew. Decided against them, it protects nobody, and the other may file the prospect.

    Raises:
        InvalidInput: it is decided for neither of the two, or without a reason.
        NotAllowed: nobody contests it, or ``by`` is one of the two.
        NotFound: no such filing.
    """

    def work(uow: UnitOfWork, now: datetime) -> Filing:
        filing = uow.filings.get(filing_id, locking="wait")
        if filing.state is not FilingState.DISPUTED:
            raise NotAllowed(f"Nobody contests {filing.ref}.", hint="Dispute it first.", id=filing_id)
        open_ = filing.disputes[-1]
        if by in {filing.member_id, open_.by}:
            raise NotAllowed(f"{filing.ref} is not decided by a party.", hint="Ask somebody else.", id=filing_id)
        if decided_for not in {filing.member_id, open_.by}:
            raise InvalidInput("is neither of the two.", field="decided_for", hint="Name who filed or who contests.")
        if not why.strip():
            raise InvalidInput("must not be empty.", field="why", hint="Say what decided it.")
        decided = revise(open_, decided_by=by, decided_at=now, decided_for=decided_for, why=why)
        expires_at, must_act_by = policy_of(uow, filing).terms(now)
        change = filing.arbitrate(decided, expires_at=filing.expires_at or expires_at, must_act_by=must_act_by, now=now)
        uow.save(change, *_told_to_record(uow, change.after, now))
        return change.after

    return ctx.command(work, Filing, idempotency_key=idempotency_key)


def _told_to_record(uow: UnitOfWork, filing: Filing, now: datetime) -> Iterator[Change[Any]]:
    yield from attested(uow, filing, now=now) if filing.runs else withdrawn(uow, [filing], now=now)


def sweep_filings(ctx: Context, *, limit: int = 10_000) -> FilingSweep:
    """Up to ``limit`` filings that are due are settled: expired, lapsed because nothing was done, or acted on.

    To act is to log an interaction with the filing's record after it was approved and before the time is
    up. Any number of workers may sweep at once; chunks of 500 are a transaction each.

    Raises:
        InvalidInput: ``limit`` is not positive.
    """
    if limit < 1:
        raise InvalidInput("must be positive.", field="limit", hint="10000 is usual.")
    now = ctx.clock.now()
    report = FilingSweep(at=now)
    done = 0
    while done < limit:
        size = min(MOST_AT_ONCE, limit - done)

        def work(uow: UnitOfWork, size: int = size) -> tuple[int, int, int]:
            return _settled(uow, size, now)

        expired, lapsed, acted = ctx.store.run(work, ctx.acting)
        if not expired + lapsed + acted:
            break
        done += expired + lapsed + acted
        report = revise(
            report, expired=report.expired + expired, lapsed=report.lapsed + lapsed, acted=report.acted + acted
        )
    return report


def _settled(uow: UnitOfWork, size: int, now: datetime) -> tuple[int, int, int]:
    due = (F.due_at <= now) & F.state.in_(sorted(RUNNING))
    found = uow.filings.find(due, order=["due_at"], limit=size, locking="skip")
    if not found:
        return 0, 0, 0
    acted = _acted(uow, found)
    changes: list[Change[Filing]] = []
    for filing in found:
        if filing.expires_at is not None and filing.expires_at <= now:
            changes.append(filing.end("expire", now=now))
        elif filing.id in acted:
            changes.append(filing.acted(now=now))
        else:
            changes.append(filing.end("lapse", reason="filing.no_action", now=now))
    states = [change.after.state for change in changes]
    ended = [change.after for change in changes if not change.after.runs]
    uow.save(*changes, *withdrawn(uow, ended, now=now))
    expired, lapsed = states.count(FilingState.EXPIRED), states.count(FilingState.LAPSED)
    return expired, lapsed, len(states) - expired - lapsed


def _acted(uow: UnitOfWork, filings: Sequence[Filing]) -> set[FilingId]:
    """Those whose members talked with the customer in time; one query for each entity."""
    acted: set[FilingId] = set()
    for entity in sorted({filing.record_entity for filing in filings if filing.record_id}):
        about = [filing for filing in filings if filing.record_entity == entity]
        since = min(filing.decided_at or filing.created_at for filing in about)
        ids = sorted({filing.record_id for filing in about})
        subject = (F.subject_entity == entity) & F.subject_id.in_(ids) & (F.at >= since)
        for each in uow.interactions.find(subject):
            acted |= {filing.id for filing in about if _counts(filing, each.subject_id, each.member_id, each.at)}
    return acted


def _counts(filing: Filing, subject_id: str, member_id: MemberId | None, at: datetime) -> bool:
    if (filing.record_id, filing.member_id) != (subject_id, member_id) or filing.must_act_by is None:
        return False
    return (filing.decided_at or filing.created_at) <= at < filing.must_act_by
