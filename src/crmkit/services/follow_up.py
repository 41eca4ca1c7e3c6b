"""Writing down a follow-up: the interaction itself, the dates on the customer, and the protection clock."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crmkit.domain.activities.interaction import Direction, Interaction, InteractionKind
from crmkit.domain.activities.substance import Lack, said
from crmkit.domain.change import Change, changed
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import ContactId, InteractionId, MemberId, Ref
from crmkit.domain.model import Line, Note, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.protection import Protection, written
from crmkit.errors import InvalidInput
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.reclaim import Action
from crmkit.services.context import Context
from crmkit.services.custody import Custody

__all__ = ["FollowUp", "FollowUpForm", "lacking", "log_interaction"]

REMEMBERED = 100
"""Follow-ups of a member among which a copy is looked for."""
Subject = Lead | Account | Contact
SUBJECTS: dict[str, type[Lead] | type[Account] | type[Contact]] = {"lead": Lead, "account": Account, "contact": Contact}


@model
class FollowUpForm:
    """What is written down of a follow-up with a lead, an account or a contact.

    ``at`` is when it took place (now, if not given), ``next_at`` when the next one is planned.
    """

    subject: Ref
    kind: InteractionKind
    direction: Direction = Direction.OUTBOUND
    at: datetime | None = None
    minutes: int = 0
    member_id: MemberId | None = None
    contact_ids: tuple[ContactId, ...] = ()
    outcome: Line = ""
    summary: Note = ""
    next_step: Line = ""
    next_at: datetime | None = None


@model
class FollowUp:
    """The interaction that was written, and how long the record it counts for is protected now."""

    interaction_id: InteractionId
    record: Ref
    """The lead or account it counts for; the contact itself, when that belongs to no account."""
    protection: Protection
    extended: bool
    """Whether the follow-up moved the deadline."""
    lacks: tuple[Lack, ...] = ()
    """What it would have needed to count, where the reclaim policy asks for substance."""


def log_interaction(ctx: Context, form: FollowUpForm, *, idempotency_key: str | None = None) -> FollowUp:
    """The follow-up is written, last and next contact are up to date, and the deadline is as late or later.

    A follow-up with a contact counts for the contact's account too. It moves the deadline when it is the
    owner's own, of a kind and with the substance that the reclaim policy asks for, not from before the
    owner took the record, and written down before the deadline.

    Raises:
        InvalidInput: it took place in the future, or with something that nobody follows up.
        NotFound: no such record.
    """
    cls = SUBJECTS.get(form.subject.entity)
    if cls is None:
        raise InvalidInput("cannot be followed up.", field="subject", hint=f"Use one of {', '.join(SUBJECTS)}.")

    def work(uow: UnitOfWork, now: datetime) -> FollowUp:
        at = form.at or now
        if at > now:
            raise InvalidInput("lies in the future.", field="at", hint="Plan it as next_at instead.")
        # kept until the end: a sweep that runs now leaves the record out, or has taken it already
        subject: Subject = uow.repository(cls).get(form.subject.id, locking="wait")
        interaction = _interaction(form, InteractionId(ctx.ids.new()), at, now)
        clock = _Clock(uow, interaction, now)
        changes = list(_changes(uow, subject, form, clock))
        uow.save(interaction.log(), *changes)
        return _answer(interaction, changes[-1], clock.lacks)

    return ctx.command(work, FollowUp, idempotency_key=idempotency_key)


def _interaction(form: FollowUpForm, id_: InteractionId, at: datetime, now: datetime) -> Interaction:
    return Interaction(
        id=id_,
        created_at=now,
        updated_at=now,
        subject_entity=form.subject.entity,
        subject_id=form.subject.id,
        kind=form.kind,
        direction=form.direction,
        at=at,
        minutes=form.minutes,
        member_id=form.member_id,
        contact_ids=form.contact_ids,
        outcome=form.outcome,
        summary=form.summary,
        next_step=form.next_step,
        next_at=form.next_at,
    )


def _changes(uow: UnitOfWork, subject: Subject, form: FollowUpForm, clock: "_Clock") -> Iterator[Change[Any]]:
    """What changes on the subject, and on the account behind a contact; what is protected comes last."""
    now, at = clock.now, clock.interaction.at
    if isinstance(subject, Contact):
        yield changed(subject, now=now, **_contacted(subject, form, at))
        if subject.account_id is None:
            return
        subject = uow.accounts.get(subject.account_id, locking="wait")
    yield changed(subject, now=now, **_contacted(subject, form, at), **clock.moved(subject))


def _contacted(subject: Subject, form: FollowUpForm, at: datetime) -> dict[str, datetime | None]:
    """Last contact never goes back, and the plan is the newest follow-up's that has one and is not over."""
    last = max(filter(None, (subject.last_contact_at, at)))
    plans = [form.next_at, subject.next_contact_at]
    if at < last:  # written down late: what was planned since then stands
        plans.reverse()
    upcoming = (plan for plan in plans if plan is not None and plan > last)
    return {"last_contact_at": last, "next_contact_at": next(upcoming, None)}


class _Clock:
    """What one follow-up does to the deadline of the record it counts for, and what it lacks to count."""

    def __init__(self, uow: UnitOfWork, interaction: Interaction, now: datetime) -> None:
        self.uow, self.interaction, self.now = uow, interaction, now
        self.lacks: tuple[Lack, ...] = ()

    def moved(self, record: Lead | Account) -> dict[str, object]:
        """The fields of the clock that the follow-up moves; none when it does not count."""
        owner_id, at = record.owner_id, self.interaction.at
        if owner_id is None or self.interaction.member_id != owner_id:
            return {}
        if at < record.in_hand_since:
            return {}
        custody = Custody.of(self.uow, record.entity, now=self.now, owners=(owner_id,), pools=False)
        stands = custody.followed_up(record, Action(kind=self.interaction.kind, at=at), now=self.now)
        if stands is None:
            return {}
        self.lacks = lacking(self.uow, custody, self.interaction)
        if self.lacks:
            return {}
        return {"last_action_at": max(filter(None, (record.last_action_at, at))), **written(stands)}


def lacking(
    uow: UnitOfWork, custody: Custody, interaction: Interaction, *, former: Condition = EVERY
) -> tuple[Lack, ...]:
    """What a follow-up lacks to count, where the policy that its author goes by asks for substance.

    It must not repeat what the same member wrote down of ``former`` ones, over all records.
    """
    member_id = interaction.member_id
    substance = custody.policy_of(member_id).substance
    if substance is None:
        return ()
    found = uow.interactions.find((F.member_id == member_id) & former, order=["-at"], limit=REMEMBERED)
    return substance.lacks(interaction, former=frozenset(map(said, found)))


def _answer(interaction: Interaction, change: Change[Any], lacks: tuple[Lack, ...]) -> FollowUp:
    after = change.after
    stands = Protection()
    if not isinstance(after, Contact):
        stands = after.protection
    extended = stands.reclaim_at is not None and stands.reclaim_at != getattr(change.before, "reclaim_at", None)
    return FollowUp(interaction_id=interaction.id, record=after.ref, protection=stands, extended=extended, lacks=lacks)
