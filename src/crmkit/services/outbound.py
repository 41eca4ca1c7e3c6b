"""The one gate before every message to a customer: what goes, goes through here.

Notices to members (reminders, approvals) are no messages to customers and go straight to their channel.
"""

from datetime import datetime, timedelta

from crmkit.domain.activities.message import Message
from crmkit.domain.conditions import F, any_of
from crmkit.domain.ids import CalendarId, MessageId, Ref
from crmkit.domain.model import Code, Line, Note, model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.ports.store import UnitOfWork
from crmkit.rules.outreach import (
    GDPR,
    PIPL,
    OutreachDecision,
    OutreachFacts,
    OutreachOutcome,
    OutreachPolicy,
    Sent,
    decide,
)
from crmkit.services.circle import Address, Circle, address_key, addresses_of, circle_of, kind_of
from crmkit.services.consents import held_circle, lines_of, standing_in
from crmkit.services.context import Context
from crmkit.services.suppressing import hashes_of

__all__ = ["OutreachForm", "Outreached", "check_outreach", "send_outreach"]

_READY = {"gdpr": GDPR, "pipl": PIPL}
_ZONES = timedelta(days=2)
"""A day begins elsewhere up to so much earlier."""


@model
class OutreachForm:
    """A message to a customer.

    Args:
        subject: the lead, contact or account it is for; one that was merged away leads to its survivor.
        purpose: what it is for, as the policy names it.
        channel: by which channel, as the policy names it.
        title: what stands above the text.
        text: what is said.
        address: one of the record's own addresses; its primary one where none is named.
        involves: ``"sensitive"``, ``"cross_border"``: what needs a consent of its own under some regimes.
        regime: the id of the policy; the first in force where none is named.
        calendar_id: the working calendar of the person; the policy's where none is named.
    """

    subject: Ref
    purpose: Code
    channel: Code
    title: Line = ""
    text: Note = ""
    address: Line = ""
    involves: tuple[Code, ...] = ()
    regime: str = ""
    calendar_id: CalendarId | None = None


@model
class Outreached:
    """What the gate decided, and the message it wrote where it let one go."""

    decision: OutreachDecision
    message: Ref | None = None


def send_outreach(ctx: Context, form: OutreachForm, *, idempotency_key: str | None = None) -> Outreached:
    """The message is written and on its way in one transaction, or the answer says why not, or when to ask again.

    Messages to one person are decided one after the other, so that a cap holds however many are sent at once; and
    a consent that is withdrawn at the same moment is either heard, or came after.

    Raises:
        InvalidInput: the subject is no lead, contact or account.
        NotFound: there is no such record or calendar.
    """

    def work(uow: UnitOfWork, now: datetime) -> Outreached:
        circle = held_circle(uow, ctx.suppression_key, form.subject, now)
        policy = _policy(uow, form, now)
        address = _address(circle, policy, form)
        decision = decide(policy, _facts(ctx, uow, circle, policy, address, form, now), now=now)
        if decision.outcome is not OutreachOutcome.ALLOWED or address is None:
            return Outreached(decision=decision)
        message = Message(
            id=MessageId(ctx.ids.new()),
            record_entity=circle.record.entity,
            record_id=circle.record.id,
            channel=form.channel,
            purpose=form.purpose,
            point=circle.points[address_key(address) or ""],
            address=_written(address),
            title=form.title,
            text=form.text,
            sent_at=now,
            policy=policy.id,
            policy_version=policy.version,
            created_at=now,
            updated_at=now,
        )
        uow.save(message.send())
        return Outreached(decision=decision, message=message.ref)

    return ctx.command(work, Outreached, idempotency_key=idempotency_key)


def check_outreach(ctx: Context, form: OutreachForm) -> OutreachDecision:
    """What ``send_outreach`` would decide; nothing is written.

    Raises:
        InvalidInput: the subject is no lead, contact or account.
        NotFound: there is no such record or calendar.
    """
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        circle = circle_of(uow, ctx.suppression_key, form.subject, at=now)
        policy = _policy(uow, form, now)
        address = _address(circle, policy, form)
        return decide(policy, _facts(ctx, uow, circle, policy, address, form, now), now=now)


def _policy(uow: UnitOfWork, form: OutreachForm, now: datetime) -> OutreachPolicy:
    return uow.policies.in_force(OutreachPolicy, now, id=form.regime) or _READY.get(form.regime, GDPR)


def _address(circle: Circle, policy: OutreachPolicy, form: OutreachForm) -> Address | None:
    """The address the message goes to: one of the record's own."""
    channel = policy.channel(form.channel)
    fitting = [each for each in addresses_of(circle.record) if channel is not None and kind_of(each) == channel.reaches]
    usable = [each for each in fitting if address_key(each) is not None]
    if form.address:
        usable = [each for each in usable if form.address in {each.raw, _written(each)}]
    return usable[0] if usable else None


def _written(address: Address) -> str:
    """The address as a channel takes it."""
    values = (getattr(address, name, None) for name in ("e164", "address", "value"))
    return next((value for value in values if value), address.raw)


def _facts(
    ctx: Context,
    uow: UnitOfWork,
    circle: Circle,
    policy: OutreachPolicy,
    address: Address | None,
    form: OutreachForm,
    now: datetime,
) -> OutreachFacts:
    lines = lines_of(uow, circle)
    names = (form.purpose, *form.involves)
    point = "" if address is None else circle.points[address_key(address) or ""]
    return OutreachFacts(
        purpose=form.purpose,
        channel=form.channel,
        involves=form.involves,
        standings={name: standing_in(lines, circle, name, form.channel, point=point, now=now) for name in names},
        reachable=address is not None,
        opted_out=address is not None and _opted_out(circle, address),
        suppressed=_suppressed(ctx, uow, circle),
        sent=_sent(uow, circle, policy, now),
        calendar=_calendar(uow, policy, form),
    )


def _opted_out(circle: Circle, address: Address) -> bool:
    """Whether somebody noted at the address, on any record, that it is not to be used."""
    key = address_key(address)
    known = (each for record in (circle.record, *circle.others) for each in addresses_of(record))
    return any(each.opted_out and address_key(each) == key for each in known)


def _suppressed(ctx: Context, uow: UnitOfWork, circle: Circle) -> bool:
    hashes = hashes_of(ctx.suppression_key, uow.acting.tenant, uow.keys.of(circle.record)).values()
    known = uow.suppressions.get_many(sorted(hashes)).values() if hashes else ()
    return any(each.lifted_at is None for each in known)


def _sent(uow: UnitOfWork, circle: Circle, policy: OutreachPolicy, now: datetime) -> tuple[Sent, ...]:
    """What went to the person, by whichever record and address, as far back as any cap counts."""
    if not policy.caps:
        return ()
    free = [each.name for each in policy.purposes if not each.capped]
    since = min(cap.limit.begins(now) for cap in policy.caps) - _ZONES
    records = [(F.record_entity == ref.entity) & (F.record_id == ref.id) for ref in circle.refs]
    points = sorted({*circle.points.values(), *circle.gone})
    whose = any_of([*records, F.point.in_(points)])
    found = uow.messages.find((F.sent_at >= since) & whose)
    return tuple(Sent(at=each.sent_at, channel=each.channel) for each in found if each.purpose not in free)


def _calendar(uow: UnitOfWork, policy: OutreachPolicy, form: OutreachForm) -> WorkingCalendar | None:
    id_ = form.calendar_id or policy.calendar_id
    return None if id_ is None else uow.calendars.get(id_)
