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

from datetime import datetime

from crmkit.domain.stewardship.ownership import Protection
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim.days import DayCount
from crmkit.rules.reclaim.decision import ReclaimCause
from crmkit.rules.reclaim.facts import Action, ReclaimFacts
from crmkit.rules.reclaim.policy import ReclaimPolicy

__all__ = ["days_of", "first_warning", "next_warning", "protection", "renewed"]


def protection(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> Protection:
    """Until when the record is protected: never less than was promised before, no matter what changed since.

    A follow-up counts while the protection lasts; one written down at the deadline or later is too late.
    A record whose clock never ran gets at least the policy's grace from ``now``. No deadline at all has a
    record whose work is done (see ``SETTLED``).

    Raises:
        InvalidInput: the policy counts working days and the facts have no calendar.
    """
    if policy.prepared.settled(facts.record, now) is not None:
        return Protection()
    held, days = facts.held_until, days_of(policy, facts)
    actions = facts.actions if held is None or now < held else ()
    deadline, cause = _computed(policy, facts.since, actions, days)
    if held is None:
        grace = days.after(now, policy.grace_days)
        if deadline < grace:
            deadline, cause = grace, ReclaimCause.GRACE_ENDED
    elif deadline <= held:
        record = facts.record
        return Protection(reclaim_at=held, reclaim_cause=record.reclaim_cause, warn_at=record.warn_at)
    return _until(deadline, cause, policy, days, now=now)


def renewed(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> Protection:
    """The default protection once more from ``now``, because the record was spared."""
    days = days_of(policy, facts)
    return _until(days.after(now, policy.protect_days), ReclaimCause.EXEMPTION_ENDED, policy, days, now=now)


def _computed(
    policy: ReclaimPolicy, since: datetime, actions: tuple[Action, ...], days: DayCount
) -> tuple[datetime, ReclaimCause]:
    """The deadline as the three clocks say it, without regard to what was promised."""
    deadline, cause = days.after(since, policy.protect_days), ReclaimCause.PROTECTION_ENDED
    for action in actions:
        protects = policy.refresh_days(action.kind)
        # what was done before the owner took the record was not done by the owner
        if protects and action.at >= since:
            refreshed = days.after(action.at, protects)
            if refreshed > deadline:
                deadline, cause = refreshed, ReclaimCause.NO_FOLLOW_UP
    if policy.max_days is not None:
        end = days.after(since, policy.max_days)
        if end < deadline:
            deadline, cause = end, ReclaimCause.MAXIMUM_REACHED
    return deadline, cause


def _until(
    deadline: datetime, cause: ReclaimCause, policy: ReclaimPolicy, days: DayCount, *, now: datetime
) -> Protection:
    warn_at = first_warning(policy, deadline, days, now=now)
    return Protection(reclaim_at=deadline, reclaim_cause=cause, warn_at=warn_at)


def first_warning(policy: ReclaimPolicy, deadline: datetime, days: DayCount, *, now: datetime) -> datetime | None:
    """When a new deadline is first warned of: the next rung of the ladder, or the last if all have passed.

    So every deadline is warned of at least once, also one that is near when it is set.
    """
    if not policy.warn_days:
        return None
    upcoming = next_warning(policy, deadline, days, now=now)
    return days.before(deadline, min(policy.warn_days)) if upcoming is None else upcoming


def next_warning(policy: ReclaimPolicy, deadline: datetime, days: DayCount, *, now: datetime) -> datetime | None:
    """The earliest rung after ``now``; ``None`` when there is none left."""
    rungs = (days.before(deadline, rung) for rung in policy.warn_days)
    return min((rung for rung in rungs if rung > now), default=None)


def days_of(policy: ReclaimPolicy, facts: ReclaimFacts) -> DayCount:
    """How the policy counts days.

    Raises:
        InvalidInput: in working days, and the facts have no calendar.
    """
    if policy.calendar_id is None:
        return _ELAPSED
    if facts.calendar is None:
        raise InvalidInput(
            "is needed, the policy counts working days.", field="ReclaimFacts.calendar", hint="Load policy.calendar_id."
        )
    return DayCount(facts.calendar)


_ELAPSED = DayCount()
