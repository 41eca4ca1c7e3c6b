"""When somebody who does not answer is reminded, when somebody else is asked, and when to look again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.approval import Ask
from crmkit.errors import InvalidInput
from crmkit.rules.approval.policy import ApprovalStep

__all__ = ["AT_LEAST_EVERY", "escalates_at", "next_look", "reminds_at"]

AT_LEAST_EVERY = timedelta(days=1)
"""What is pending is looked at so often, whatever becomes of the people meanwhile."""


def reminds_at(step: ApprovalStep, ask: Ask, calendars: Sequence[WorkingCalendar]) -> datetime | None:
    """When the member is reminded; ``None`` if they are not, or were."""
    return None if ask.reminded_at is not None else _after(step, step.remind_after, ask, calendars)


def escalates_at(step: ApprovalStep, ask: Ask, calendars: Sequence[WorkingCalendar]) -> datetime | None:
    """When somebody else is asked; ``None`` if nobody is, or there is nobody else."""
    return None if ask.escalated else _after(step, step.escalate_after, ask, calendars)


def next_look(
    step: ApprovalStep,
    asked: Sequence[tuple[Ask, Member | None]],
    calendars: Sequence[WorkingCalendar],
    *,
    now: datetime,
) -> datetime:
    """The first instant at which a reminder, an escalation or an absence of those ``asked`` comes."""
    moments = [now + AT_LEAST_EVERY]
    for ask, member in asked:
        moments += [
            moment
            for moment in (reminds_at(step, ask, calendars), escalates_at(step, ask, calendars))
            if moment is not None
        ]
        leaves = () if member is None else member.leaves
        moments += [leave.begins for leave in leaves if leave.begins > now]
    return min(moments)


def _after(
    step: ApprovalStep, duration: timedelta | None, ask: Ask, calendars: Sequence[WorkingCalendar]
) -> datetime | None:
    if duration is None or ask.asked_at is None:
        return None
    calendar = next((each for each in calendars if each.id == step.calendar_id), None)
    if calendar is None:
        return ask.asked_at.astimezone(UTC) + duration
    try:
        return calendar.business_time().add(ask.asked_at, duration)
    except InvalidInput:  # the calendar never has the time
        return None
