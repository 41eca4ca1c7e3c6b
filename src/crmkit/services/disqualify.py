"""Leads that are not worth working on now: said so with a reason, looked at again on a date, and learnt from."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crmkit.domain.change import changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import LeadId
from crmkit.domain.model import model
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.scoring import LessonReport, lessons
from crmkit.services.context import Context
from crmkit.services.profiling import welcoming

__all__ = ["Marked", "Recycled", "disqualify_lead", "disqualify_lessons", "nurture_lead", "recycle_due"]

CHUNK = 500
"""Leads in one transaction."""
MOST_REASONS = 20
"""Reasons that lessons are looked for in, the most frequent."""
TOLD_BY = ("source", "campaign", "industry", "region", "language", "title")
"""Fields of a lead that say where it comes from rather than who it is."""
CLOSED = (LeadStatus.CONVERTED, LeadStatus.DISQUALIFIED)


@model
class Marked:
    """What the lead is now, and when it is looked at again."""

    lead_id: LeadId
    status: LeadStatus
    again_at: datetime | None = None


@model
class Recycled:
    """How many leads are new again, and whether more are due."""

    recycled: int = 0
    more: bool = False


def disqualify_lead(
    ctx: Context,
    lead_id: LeadId,
    reason: str,
    *,
    recycle_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Marked:
    """The lead is not worked on any more, for ``reason``; with ``recycle_at`` it is new again from then on.

    The reason is what ``disqualify_lessons`` and ``train_leads`` learn from.

    Raises:
        NotFound: there is no such lead.
        NotAllowed: it is converted or disqualified already.
        InvalidInput: there is no reason, or ``recycle_at`` has passed.
    """
    if not reason.strip():
        raise InvalidInput("is required.", field="reason", hint="Say why: it is what is learnt from.")

    def work(uow: UnitOfWork, now: datetime) -> Marked:
        _ahead("recycle_at", recycle_at, now)
        change = uow.leads.get(lead_id).disqualify(reason.strip(), now=now, recycle_at=recycle_at)
        uow.save(change)
        return Marked(lead_id=lead_id, status=change.after.status, again_at=recycle_at)

    return ctx.command(work, Marked, idempotency_key=idempotency_key)


def nurture_lead(
    ctx: Context, lead_id: LeadId, *, next_at: datetime | None = None, idempotency_key: str | None = None
) -> Marked:
    """The lead is kept warm until it is ready; with ``next_at`` the next contact is planned for then.

    Raises:
        NotFound: there is no such lead.
        NotAllowed: its status does not allow it.
        InvalidInput: ``next_at`` has passed.
    """

    def work(uow: UnitOfWork, now: datetime) -> Marked:
        _ahead("next_at", next_at, now)
        change = uow.leads.get(lead_id).move("nurture", now=now)
        if next_at is not None:
            change = change.then(lambda lead: changed(lead, now=now, next_contact_at=next_at))
        uow.save(change)
        return Marked(lead_id=lead_id, status=change.after.status, again_at=next_at)

    return ctx.command(work, Marked, idempotency_key=idempotency_key)


def recycle_due(ctx: Context, *, limit: int = CHUNK) -> Recycled:
    """Up to ``limit`` disqualified leads whose date has come are new again, the longest due first; owners are told.

    One transaction, with one query: call it again while ``more``. Two that run at once share the work.

    Raises:
        InvalidInput: ``limit`` is not within 1 and 500.
    """
    if not 1 <= limit <= CHUNK:
        raise InvalidInput(f"must lie within 1 and {CHUNK}.", field="limit", hint=f"{CHUNK} is usual.")

    def work(uow: UnitOfWork, now: datetime) -> Recycled:
        due = (F.recycle_at <= now) & (F.status == LeadStatus.DISQUALIFIED)
        found = uow.leads.find(due, order=("recycle_at",), limit=limit, locking="skip")
        uow.save(*(lead.move("recycle", now=now) for lead in found))
        return Recycled(recycled=len(found), more=len(found) == limit)

    return ctx.command(work, Recycled)


def disqualify_lessons(ctx: Context, *, field: str = "source", days: int = 365) -> LessonReport:
    """Why leads that came in the last ``days`` were disqualified, and what ``field`` tells of it beforehand.

    Counted in the store, with one query for each of the 20 most frequent reasons; who opted out of profiling does
    not count.

    Raises:
        InvalidInput: ``days`` is not positive, or the field may name a person.
    """
    if days < 1:
        raise InvalidInput("must be positive.", field="days", hint="365 is usual.")
    if field not in TOLD_BY and not field.startswith("custom."):
        hint = f"Use one of {', '.join(TOLD_BY)}, or custom.<name>."
        raise InvalidInput(f"{field!r} is not what a rule is made of.", field="field", hint=hint)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        came = (F.created_at >= now - timedelta(days=days)) & welcoming(uow, Lead.entity, now)
        closed = uow.leads.count_by("status", came & F.status.in_(*CLOSED), now=now)
        lost = came & (F.status == LeadStatus.DISQUALIFIED)
        reasons = uow.leads.count_by("disqualified_reason", lost & (F.disqualified_reason != ""), now=now)
        ranked = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:MOST_REASONS]
        values = uow.leads.count_by(field, came & F.status.in_(*CLOSED), now=now)
        by_reason = {
            why: _named(uow.leads.count_by(field, lost & (F.disqualified_reason == why), now=now)) for why, _ in ranked
        }
    return LessonReport(
        at=now,
        field=field,
        closed=sum(closed.values()),
        disqualified=closed.get(LeadStatus.DISQUALIFIED, 0),
        reasons=dict(ranked),
        lessons=lessons(field, _named(values), by_reason),
    )


def _named(counts: Mapping[Any, int]) -> dict[str, int]:
    """Without the leads in which nothing is filled in."""
    return {str(value): count for value, count in counts.items() if value != ""}


def _ahead(field: str, at: datetime | None, now: datetime) -> None:
    if at is not None and at <= now:
        raise InvalidInput("has passed.", field=field, hint="Give a later instant, or none.")
