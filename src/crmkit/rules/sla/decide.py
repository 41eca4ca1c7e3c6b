"""How the clocks of a record stand at an instant, after something has happened or by the passing of time alone.

>>> from datetime import timedelta
>>> from crmkit.domain.stewardship.request import Request
>>> from crmkit.rules.sla.policy import Milestone, Target
>>> nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
>>> own = {"process": "enquiry", "state": "new", "subject_entity": "account", "subject_id": "A-1"}
>>> request = Request(id="R-1", created_at=nine, updated_at=nine, **own)
>>> answer = Milestone(name="answer", starts=("opened",), ends=("answered",), targets=(Target(minutes=240),))
>>> policy = SlaPolicy(milestones=(answer,))
>>> opened = decide(policy, SlaFacts(record=request, happened=Happened(kind="opened", at=nine)), now=nine)
>>> opened.clocks[0].due_at.isoformat(), opened.next_at.isoformat()
('2026-03-02T13:00:00+00:00', '2026-03-02T12:00:00+00:00')
>>> late = decide(policy, SlaFacts(record=request, clocks=opened.clocks), now=nine + timedelta(hours=5))
>>> str(late.outcome), [notice.percent for notice in late.notices]
('breached', [75, 100])
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from crmkit.domain.organization.business_time import BusinessTime
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.sla_clock import ClockStatus, SlaClock
from crmkit.errors import InvalidInput
from crmkit.rules.sla.clock import EVERY_HOUR, Timer, used
from crmkit.rules.sla.decision import Happened, Notice, SlaDecision, SlaFacts, SlaOutcome
from crmkit.rules.sla.policy import Milestone, SlaPolicy, about

__all__ = ["decide"]

MINUTE = 60_000_000


def decide(policy: SlaPolicy, facts: SlaFacts, *, now: datetime) -> SlaDecision:
    """The clocks at ``now``: what happened has moved them, every mark reached is told, and the next is known.

    A milestone whose targets cannot be asked keeps its clock as it is and says so.

    Raises:
        InvalidInput: the record is not of the entity that the policy is for, or ``now`` has no time zone.
    """
    if facts.record.entity != policy.record:
        raise InvalidInput(f"is a {facts.record.entity}.", field="SlaFacts.record", hint=f"Pass a {policy.record}.")
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    now = now.astimezone(UTC)
    clocks = {clock.milestone: clock for clock in facts.clocks}
    notices, reasons = list[Notice](), list[Reason]()
    for milestone in policy.milestones:
        calendar = _calendar(milestone, facts)
        before = _timer(policy, facts, milestone, calendar, clocks.get(milestone.name))
        after, said = _moved(policy, facts, before, now)
        if after.clock is not None:
            clocks[milestone.name] = after.clock
            reasons += _told(after, after.clock, calendar, now)
        notices += after.notices
        reasons += said
        if calendar is None and milestone.calendar_id is not None:
            reasons.append(Reason.of("sla.no_calendar", milestone=milestone.name, calendar_id=milestone.calendar_id))
    kept = tuple(clocks.values())
    return SlaDecision(
        policy=policy.ref,
        at=now,
        outcome=_worst(kept),
        reasons=tuple(reasons) or (Reason.of("sla.none"),),
        record=facts.record.ref,
        clocks=kept,
        notices=tuple(notices),
        next_at=min((clock.next_at for clock in kept if clock.next_at is not None), default=None),
    )


def _timer(
    policy: SlaPolicy, facts: SlaFacts, milestone: Milestone, calendar: WorkingCalendar | None, clock: SlaClock | None
) -> Timer:
    time: BusinessTime = EVERY_HOUR if calendar is None else calendar.business_time()
    return Timer(milestone=milestone, record=facts.record.ref, policy=policy.ref, time=time, clock=clock)


def _calendar(milestone: Milestone, facts: SlaFacts) -> WorkingCalendar | None:
    return next((each for each in facts.calendars if each.id == milestone.calendar_id), None)


def _moved(policy: SlaPolicy, facts: SlaFacts, timer: Timer, now: datetime) -> tuple[Timer, list[Reason]]:
    """The clock after what happened, with what is to be said of its target."""
    name = timer.milestone.name
    try:
        target = _target(policy, timer.milestone, facts, now)
    except Exception as error:  # noqa: BLE001 - one condition that cannot be asked must not stop the other clocks
        return timer.at(now), [Reason.of("sla.failed", milestone=name, error=type(error).__name__)]
    event = facts.happened or Happened(kind="time_passed", state=facts.state, at=now)
    after = timer.at(event.at).targeted(target, event.at).happened(event, target, now=now).at(now)
    missing = target is None and after.clock is None and event.kind in timer.milestone.starts
    return after, [Reason.of("sla.no_target", milestone=name)] if missing else []


def _target(policy: SlaPolicy, milestone: Milestone, facts: SlaFacts, now: datetime) -> int | None:
    """The ticks of the first target that fits the record."""
    for target in milestone.targets:
        if about(target.when, policy.record, policy.custom_fields)(facts.record, now):
            return target.minutes * MINUTE
    return None


def _told(timer: Timer, clock: SlaClock, calendar: WorkingCalendar | None, now: datetime) -> Iterator[Reason]:
    told: dict[str, str | int] = {
        "milestone": clock.milestone,
        "used": used(clock, now, timer.time) // MINUTE,
        "target": clock.target // MINUTE,
    }
    for notice in timer.notices:
        if notice.percent is not None:
            yield Reason.of("sla.mark", milestone=clock.milestone, percent=notice.percent)
    if clock.met_at is not None:
        yield Reason.of("sla.in_time" if clock.breached_at is None else "sla.late", at=clock.met_at, **told)
    elif clock.breached_at is not None:
        yield Reason.of("sla.overdue", breached_at=clock.breached_at, **told)
    elif clock.status is ClockStatus.PAUSED:
        yield Reason.of("sla.paused", **told)
    elif clock.due_at is None:
        yield Reason.of("sla.no_time", milestone=clock.milestone)
    else:
        yield Reason.of("sla.running", due_at=clock.due_at, **told)
        if calendar is not None and not calendar.is_known(clock.due_at):
            yield Reason.of("sla.provisional", milestone=clock.milestone, due_at=clock.due_at)


def _worst(clocks: Sequence[SlaClock]) -> SlaOutcome:
    if any(clock.breached_at is not None and clock.met_at is None for clock in clocks):
        return SlaOutcome.BREACHED
    found = {clock.status for clock in clocks}
    for status, outcome in (
        (ClockStatus.RUNNING, SlaOutcome.ON_TRACK),
        (ClockStatus.PAUSED, SlaOutcome.PAUSED),
        (ClockStatus.MET, SlaOutcome.MET),
    ):
        if status in found:
            return outcome
    return SlaOutcome.NONE
