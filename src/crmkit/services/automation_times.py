"""Rules that go by the clock: which records' time has come since the last look.

Each such rule has a row of its own that says up to when it has looked and when it is due to look again; whoever
takes the row looks, writes the runs that start, and moves it on, in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crmkit.domain.change import Record, created
from crmkit.domain.conditions import Condition, F, Kind
from crmkit.domain.ids import AutomationRunId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.actions import SUBJECTS, catalogue_of
from crmkit.rules.actions.subjects import condition_of
from crmkit.rules.automation import AutomationRule, Happened, OnSchedule, OnTime
from crmkit.rules.automation.triggers.trigger import SCHEDULE, TIME
from crmkit.services.automation_turns import CLOCK
from crmkit.services.context import Context
from crmkit.services.hearing import calendars_of, decided

__all__ = ["sweep_times"]

CHUNK = 200
"""Records of one transaction."""
AGAIN = timedelta(minutes=1)
"""How often records are looked for whose time has come."""


def sweep_times(ctx: Context) -> None:
    """Every record whose time has come has its run; what is due is found by conditions, a chunk a transaction."""
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        rules = _clocked(uow, now)
        known = uow.automation_runs.get_many([_id(rule) for rule in rules])
    if len(known) < len(rules):
        ctx.store.run(lambda uow: _set_up(uow, now), ctx.acting)
    for rule in rules:
        clock = known.get(_id(rule))
        if clock is None or clock.due_at is None or clock.due_at <= now:
            while ctx.store.run(lambda uow, rule=rule: _swept(uow, rule, now), ctx.acting):  # type: ignore[misc]
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
    known = uow.automation_runs.get_many([_id(rule) for rule in rules])
    calendars = calendars_of(uow, rules)
    uow.save(
        *(created(_clock(rule, calendars.get(_calendar_id(rule)), now)) for rule in rules if _id(rule) not in known)
    )


def _clock(rule: AutomationRule, calendar: WorkingCalendar | None, now: datetime) -> AutomationRun:
    since = rule.effective_from or now
    if isinstance(rule.trigger, OnTime):
        since = rule.trigger.reached(calendar, now=since)
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
        swept_until=None if isinstance(rule.trigger, OnTime) and rule.trigger.existing else since,
    )


def _swept(uow: UnitOfWork, rule: AutomationRule, now: datetime) -> bool:
    """Whether there is more to look at."""
    found = uow.automation_runs.find((F.id == _id(rule)) & (F.due_at <= now), locking="skip")
    if not found:
        return False
    if isinstance(rule.trigger, OnTime):
        return _times(uow, rule, rule.trigger, found[0], now)
    if isinstance(rule.trigger, OnSchedule):
        return _schedule(uow, rule, rule.trigger, found[0], now)
    return False


# --- times counted from a field -------------------------------------------------------------------


def _times(uow: UnitOfWork, rule: AutomationRule, trigger: OnTime, clock: AutomationRun, now: datetime) -> bool:
    calendar = calendars_of(uow, [rule]).get(_calendar_id(rule))
    if trigger.workdays and calendar is None:
        uow.save(clock.put_off(now + AGAIN, reason="automation.fault.calendar", now=now))
        return False
    reached = trigger.reached(calendar, now=now)
    records = _records(uow, rule, _between(rule, trigger, clock, reached), [trigger.field], now)
    _begin(uow, rule, records, TIME, calendar, now)
    last = trigger.value(records[-1]) if len(records) == CHUNK else None
    if last is None:
        uow.save(clock.swept(reached, "", due_at=now + AGAIN, now=now))
    else:
        uow.save(clock.swept(last, records[-1].id, due_at=now, now=now))
    return last is not None


def _between(rule: AutomationRule, trigger: OnTime, clock: AutomationRun, reached: datetime) -> Condition:
    """Records whose field lies behind what has been dealt with, and not behind ``reached``."""
    held = F[trigger.field]
    dated = catalogue_of(rule.entity, rule.custom_fields)[trigger.field].kind is Kind.DATE

    def bound(at: datetime) -> object:
        # a day has begun when its midnight has been reached
        return at.astimezone(ZoneInfo(trigger.zone)).date() if dated else at

    wanted = held <= bound(reached)
    if clock.swept_until is None:
        return wanted
    low = bound(clock.swept_until)
    if not clock.swept_id:
        return wanted & (held > low)
    return wanted & (held >= low) & ((held > low) | (F.id > clock.swept_id))


# --- times of day ---------------------------------------------------------------------------------


def _schedule(uow: UnitOfWork, rule: AutomationRule, trigger: OnSchedule, clock: AutomationRun, now: datetime) -> bool:
    since = clock.swept_until or clock.created_at
    occurrence, next_at = trigger.last_until(now, since), trigger.next_after(now)
    if occurrence is None:
        uow.save(clock.swept(since, "", due_at=next_at, now=now))
        return False
    behind = F.id > clock.swept_id if clock.swept_id else EVERY
    records = _records(uow, rule, behind, [], now)
    _begin(uow, rule, records, SCHEDULE, None, now)
    more = len(records) == CHUNK
    if more:
        uow.save(clock.swept(since, records[-1].id, due_at=now, now=now))
    else:
        uow.save(clock.swept(occurrence, "", due_at=next_at, now=now))
    return more


def _records(
    uow: UnitOfWork, rule: AutomationRule, wanted: Condition, order: Sequence[str], now: datetime
) -> Sequence[Record]:
    """Kept until the end, so that no save of theirs decides on the same rule meanwhile."""
    meant = wanted & condition_of(rule.when, rule.entity, rule.custom_fields).condition
    repository = uow.repository(SUBJECTS[rule.entity])
    return repository.find(meant, order=[*order, "id"], limit=CHUNK, now=now, locking="wait")


def _begin(
    uow: UnitOfWork,
    rule: AutomationRule,
    records: Sequence[Record],
    cause: str,
    calendar: WorkingCalendar | None,
    now: datetime,
) -> None:
    heard = [(rule, Happened(types=(cause,), after=record, at=now, calendar=calendar)) for record in records]
    runs = decided(uow, heard)
    if runs:
        uow.save(*runs)


def _calendar_id(rule: AutomationRule) -> str:
    return (rule.trigger.calendar_id or "") if isinstance(rule.trigger, OnTime) else ""
