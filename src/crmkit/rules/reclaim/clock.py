"""The three clocks: until when a record is protected, and when its owner is warned.

Semantics after Hecom's protection model (default, refresh, maximum), as its manual works it out: taken on
25 March with 10 days by default, 3 by a follow-up and 20 at most, it is due on 4 April; a follow-up on
28 March changes nothing, one on 2 April moves it to 5 April, and 14 April is the end.

>>> from datetime import UTC
>>> from crmkit.domain.parties.account import Account
>>> from crmkit.domain.values.names import CompanyName
>>> from crmkit.rules.reclaim.facts import Action
>>> from crmkit.rules.reclaim.policy import Refresh
>>> policy = ReclaimPolicy(protect_days=10, refreshes=(Refresh(days=3),), max_days=20, grace_days=2, warn_days=(1,))
>>> taken = datetime(2026, 3, 25, 9, tzinfo=UTC)
>>> account = Account(id="A-1", name=CompanyName(legal="云杉贸易"), created_at=taken, updated_at=taken)
>>> def due(*days_in_april: int) -> str:
...     actions = tuple(Action(kind="call", at=datetime(2026, 4, day, 8, tzinfo=UTC)) for day in days_in_april)
...     facts = ReclaimFacts(record=account, since=taken, actions=actions)
...     return str(protection(policy, facts, now=taken).reclaim_at.date())
>>> due(), due(2), due(2, 5), due(2, 5, 8, 11, 14)
('2026-04-04', '2026-04-05', '2026-04-08', '2026-04-14')
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from crmkit.domain.organization.calendar import LONGEST, WorkingCalendar
from crmkit.domain.stewardship.ownership import Protection
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim.decision import ReclaimCause
from crmkit.rules.reclaim.facts import Action, ReclaimFacts
from crmkit.rules.reclaim.fields import prepared
from crmkit.rules.reclaim.policy import ReclaimPolicy

__all__ = ["days_after", "first_warning", "next_warning", "protection", "renewed"]


def protection(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> Protection:
    """Until when the record is protected: never less than was promised before, no matter what changed since.

    A follow-up counts while the protection lasts; one written down at the deadline or later is too late.
    A record whose clock never ran gets at least the policy's grace from ``now``. No deadline at all has a
    record whose work is done (see ``SETTLED``).

    Raises:
        InvalidInput: the policy counts working days and the facts have no calendar.
    """
    if prepared(policy, facts.fields).settled(facts.record, now):
        return Protection()
    held = facts.held_until
    actions = facts.actions if held is None or now < held else ()
    deadline, cause = _computed(policy, facts, actions)
    if held is None:
        found = days_after(policy, facts, now, policy.grace_days)
        if deadline < found:
            deadline, cause = found, ReclaimCause.GRACE_ENDED
    elif deadline <= held:
        record = facts.record
        return Protection(reclaim_at=held, reclaim_cause=record.reclaim_cause, warn_at=record.warn_at)
    return Protection(reclaim_at=deadline, reclaim_cause=cause, warn_at=first_warning(policy, facts, deadline, now=now))


def _computed(
    policy: ReclaimPolicy, facts: ReclaimFacts, actions: tuple[Action, ...]
) -> tuple[datetime, ReclaimCause]:
    """The deadline as the three clocks say it, without regard to what was promised."""
    since = facts.since
    deadline, cause = days_after(policy, facts, since, policy.protect_days), ReclaimCause.PROTECTION_ENDED
    for action in actions:
        days = max((refresh.days for refresh in policy.refreshes if action.kind in (refresh.kinds or (action.kind,))), default=0)
        # what was done before the owner took the record was not done by the owner
        if days and action.at >= since:
            refreshed = days_after(policy, facts, action.at, days)
            if refreshed > deadline:
                deadline, cause = refreshed, ReclaimCause.NO_FOLLOW_UP
    if policy.max_days is not None:
        end = days_after(policy, facts, since, policy.max_days)
        if end < deadline:
            deadline, cause = end, ReclaimCause.MAXIMUM_REACHED
    return deadline, cause


def renewed(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> Protection:
    """The default protection once more from ``now``, because the record was spared."""
    deadline = days_after(policy, facts, now, policy.protect_days)
    return Protection(
        reclaim_at=deadline,
        reclaim_cause=ReclaimCause.EXEMPTION_ENDED,
        warn_at=first_warning(policy, facts, deadline, now=now),
    )


def first_warning(policy: ReclaimPolicy, facts: ReclaimFacts, deadline: datetime, *, now: datetime) -> datetime | None:
    """When a new deadline is first warned of: the next rung of the ladder, or the last if all have passed.

    So every deadline is warned of at least once, also one that is near when it is set.
    """
    if not policy.warn_days:
        return None
    upcoming = next_warning(policy, facts, deadline, now=now)
    return _days_before(facts.calendar, deadline, min(policy.warn_days)) if upcoming is None else upcoming


def next_warning(policy: ReclaimPolicy, facts: ReclaimFacts, deadline: datetime, *, now: datetime) -> datetime | None:
    """The earliest rung after ``now``; ``None`` when there is none left."""
    rungs = (_days_before(facts.calendar, deadline, days) for days in policy.warn_days)
    return min((rung for rung in rungs if rung > now), default=None)


def days_after(policy: ReclaimPolicy, facts: ReclaimFacts, start: datetime, days: int) -> datetime:
    """``days`` after ``start``: times 24 hours, or working days of the policy's calendar at the same time of day."""
    if policy.calendar_id is None:
        return start + timedelta(days=days)
    if facts.calendar is None:
        raise InvalidInput(
            "is needed, the policy counts working days.", field="ReclaimFacts.calendar", hint="Load policy.calendar_id."
        )
    return facts.calendar.add_workdays(start, days)


def _days_before(calendar: WorkingCalendar | None, deadline: datetime, days: int) -> datetime:
    if calendar is None:
        return deadline - timedelta(days=days)
    zone = ZoneInfo(calendar.zone)
    local = deadline.astimezone(zone)
    earlier = (local.date() - timedelta(days=back) for back in range(1, LONGEST))
    workdays = (day for day in earlier if calendar.is_workday(day))
    day = next(day for place, day in zip(count(1), workdays, strict=False) if place == days)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)
