"""Rules that go by the clock: which records' time has come since the last look.

Each such rule has a row of its own that says up to where it has looked and when it is due to look again. Whoever is
stopped between looking and moving the row on looks again: a record has one run for each of its times.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.domain.change import Record, created
from crmkit.domain.conditions import Condition, F, Kind
from crmkit.domain.ids import AutomationRunId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import SUBJECTS, catalogue_of
from crmkit.rules.actions.subjects import condition_of
from crmkit.rules.automation import AutomationRule, Happened, OnSchedule, OnTime
from crmkit.rules.automation.triggers.on_time import FARTHEST
from crmkit.rules.automation.triggers.trigger import SCHEDULE, TIME
from crmkit.services.automation_turns import CLOCK
from crmkit.services.context import Context
from crmkit.services.hearing import calendar_of, calendars_of, decided

__all__ = ["sweep_times"]

CHUNK = 200
"""Records of one transaction."""
MOST = 5_000
"""Records of one look."""
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
AGAIN = timedelta(minutes=1)
"""How often records are looked for whose time has come."""


def sweep_times(ctx: Context) -> None:
    """Every record whose time has come has its run; who is meant is found by conditions, a chunk is a transaction."""
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        rules = _clocked(uow, now)
        known = uow.automation_runs.get_many([_id(rule) for rule in rules])
    if len(known) < len(rules):
        ctx.store.run(lambda uow: _set_up(uow, now), ctx.acting)
    for rule in rules:
        clock = known.get(_id(rule))
        if clock is None or clock.due_at is None or clock.due_at <= now:
            while _swept(ctx, rule, now):
                pass


def _clocked(uow: UnitOfWork, now: datetime) -> list[AutomationRule]:
    """The rules in force that go by the clock."""
    rules = uow.policies.all_in_force(AutomationRule, now)
    return [rule for rule in rules if rule.active and isinstance(rule.trigger, OnTime | OnSchedule)]


def _id(rule: AutomationRule) -> AutomationRunId:
    return AutomationRunId(f"clock:{rule.id}")


def _set_up(uow: UnitOfWork, now: datetime) -> None:
    """Each of the rules has its row; what had its time before does not count, unless the rule says so."""
    uow.lock("automation:clocks")
    rules = _clocked(uow, now)
    known, calendars = uow.automation_runs.get_many([_id(rule) for rule in rules]), calendars_of(uow, rules)
    new = [rule for rule in rules if _id(rule) not in known]
    uow.save(*(created(_clock(rule, calendars.get(calendar_of(rule)), now)) for rule in new))


def _clock(rule: AutomationRule, calendar: WorkingCalendar | None, now: datetime) -> AutomationRun:
    since = rule.effective_from or now
    trigger = rule.trigger
    if isinstance(trigger, OnTime):
        # workdays are no shorter than days: what lies behind that cannot have had its time
        early = since - timedelta(days=trigger.workdays)
        since = trigger.reached(calendar, now=since) if calendar is not None or not trigger.workdays else early
    return AutomationRun(
        id=_id(rule),
        created_at=now,
        updated_at=now,
        policy_kind=rule.kind,
        policy=rule.id,
        policy_version=rule.version,
        subject_entity=CLOCK,
        subject_id=rule.id,
        cause="clock",
        root=_id(rule),
        due_at=now,
        swept_until=None if isinstance(trigger, OnTime) and trigger.existing else since,
    )


@frozen(kw_only=True)
class _Look:
    """Which records' time has come, and where the clock stands when they have their runs."""

    ids: Sequence[str] = ()
    happened: Callable[[Record], Happened]
    until: datetime
    due_at: datetime


def _swept(ctx: Context, rule: AutomationRule, now: datetime) -> bool:
    """Whether there is more to look at."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        clock = uow.automation_runs.get(_id(rule))
        if clock.due_at is None or clock.due_at > now:  # somebody else has looked
            return False
        look = _look(uow, rule, clock, now)
    for start in range(0, len(look.ids), CHUNK):
        chunk = look.ids[start : start + CHUNK]
        ctx.store.run(lambda uow, chunk=chunk: _begun(uow, rule, look, chunk, now), ctx.acting)  # type: ignore[misc]
    return ctx.store.run(lambda uow: _moved_on(uow, clock, look, now), ctx.acting)


def _look(uow: UnitOfWork, rule: AutomationRule, clock: AutomationRun, now: datetime) -> _Look:
    if isinstance(rule.trigger, OnTime):
        return _times(uow, rule, rule.trigger, clock, now)
    return _schedule(uow, rule, cast(OnSchedule, rule.trigger), clock, now)


def _begun(uow: UnitOfWork, rule: AutomationRule, look: _Look, ids: Sequence[str], now: datetime) -> None:
    """Some of the records have their runs; who has had one for that time gets no other."""
    repository = uow.repository(SUBJECTS[rule.entity])
    # kept until the end, so that neither a save nor another worker decides on them meanwhile
    records = repository.find(F.id.in_(list(ids)), order=["id"], locking="wait", now=now)
    runs = decided(uow, [(rule, look.happened(record)) for record in records])
    if runs:
        uow.save(*runs)


def _moved_on(uow: UnitOfWork, before: AutomationRun, look: _Look, now: datetime) -> bool:
    clock = uow.automation_runs.get(before.id, locking="wait")
    if clock.version == before.version:
        uow.save(clock.swept(look.until, due_at=look.due_at, now=now))
    return look.due_at <= now


# --- times counted from a field -------------------------------------------------------------------


def _times(uow: UnitOfWork, rule: AutomationRule, trigger: OnTime, clock: AutomationRun, now: datetime) -> _Look:
    calendar = calendars_of(uow, [rule]).get(calendar_of(rule))

    def happened(record: Record) -> Happened:
        return Happened(types=(TIME,), after=record, at=now, calendar=calendar)

    if trigger.workdays and calendar is None:  # nobody can tell until it is there
        return _Look(happened=happened, until=clock.swept_until or now - FARTHEST, due_at=now + AGAIN)
    reached = trigger.reached(calendar, now=now)
    repository = uow.repository(SUBJECTS[rule.entity])
    wanted = _between(rule, trigger, clock.swept_until, reached)
    records = repository.find(wanted, order=[trigger.field], limit=MOST, now=now)
    values = [value for record in records if (value := trigger.value(record)) is not None]
    if len(records) < MOST:
        return _Look(ids=[each.id for each in records], happened=happened, until=reached, due_at=now + AGAIN)
    if values[0] < values[-1]:  # those with the last value are found again, for there may be more of them
        early = values[-1] - (DAY if _is_dated(rule, trigger) else TICK)
        return _Look(ids=[each.id for each in records], happened=happened, until=early, due_at=now)
    equal = repository.scan(_between(rule, trigger, clock.swept_until, values[0]), now=now)
    return _Look(ids=[each.id for each in equal], happened=happened, until=values[0], due_at=now)


def _between(rule: AutomationRule, trigger: OnTime, since: datetime | None, until: datetime) -> Condition:
    """Records for which the rule's condition holds and whose field lies after ``since``, up to ``until``."""
    held, zone = F[trigger.field], ZoneInfo(trigger.zone)
    # a day has begun when its midnight has been reached
    bounds = [
        None if at is None else at.astimezone(zone).date() if _is_dated(rule, trigger) else at for at in (since, until)
    ]
    wanted = condition_of(rule.when, rule.entity, rule.custom_fields).condition & (held <= bounds[1])
    return wanted if bounds[0] is None else wanted & (held > bounds[0])


def _is_dated(rule: AutomationRule, trigger: OnTime) -> bool:
    return catalogue_of(rule.entity, rule.custom_fields)[trigger.field].kind is Kind.DATE


# --- times of day ---------------------------------------------------------------------------------


def _schedule(uow: UnitOfWork, rule: AutomationRule, trigger: OnSchedule, clock: AutomationRun, now: datetime) -> _Look:
    since = clock.swept_until or clock.created_at
    occurrence = trigger.last_until(now, since)

    def happened(record: Record) -> Happened:
        value = "" if occurrence is None else occurrence.isoformat()
        return Happened(types=(SCHEDULE,), after=record, at=now, value=value)

    ids: Sequence[str] = ()
    if occurrence is not None:
        meant = condition_of(rule.when, rule.entity, rule.custom_fields).condition
        ids = [record.id for record in uow.repository(SUBJECTS[rule.entity]).scan(meant, now=now)]
    return _Look(ids=ids, happened=happened, until=occurrence or since, due_at=trigger.next_after(now))
