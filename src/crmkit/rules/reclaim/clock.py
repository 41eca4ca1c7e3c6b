"""The clocks: until when a record is protected, and when somebody is warned.

Semantics after Hecom's protection model (default, refresh, maximum), as its manual works it out: taken on
25 March with 10 days by default, 3 by a follow-up and 20 at most, it is due on 4 April; a follow-up on
28 March changes nothing, one on 2 April moves it to 5 April, and 14 April is the end.

>>> from datetime import UTC
>>> from crmkit.domain.parties.account import Account
>>> from crmkit.domain.values.names import CompanyName
>>> from crmkit.rules.reclaim.facts import Action
>>> from crmkit.rules.reclaim.terms import Refresh
>>> policy = ReclaimPolicy(protect_days=10, refreshes=(Refresh(days=3),), max_days=20, grace_days=2, warn_days=(1,))
>>> taken = datetime(2026, 3, 25, 9, tzinfo=UTC)
>>> account = Account(id="A-1", name=CompanyName(legal="云杉贸易"), created_at=taken, updated_at=taken)
>>> def due(*days_in_april: int) -> str:
...     actions = tuple(Action(kind="call", at=datetime(2026, 4, day, 8, tzinfo=UTC)) for day in days_in_april)
...     facts = ReclaimFacts.taken(account, at=taken, actions=actions)
...     return str(protection(policy, facts, now=taken).reclaim_at.date())
>>> due(), due(2), due(2, 5), due(2, 5, 8, 11, 14)
('2026-04-04', '2026-04-05', '2026-04-08', '2026-04-14')
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from crmkit.domain.model import revise
from crmkit.domain.stewardship.protection import Clock, Protection
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim.days import DayCount
from crmkit.rules.reclaim.decision import ReclaimCause
from crmkit.rules.reclaim.facts import ReclaimFacts
from crmkit.rules.reclaim.ladder import Rung
from crmkit.rules.reclaim.policy import ReclaimPolicy
from crmkit.rules.reclaim.terms import Terms

__all__ = ["days_of", "protection", "rungs_due", "until"]

Deadline = tuple[datetime, ReclaimCause]
RENEWED = (ReclaimCause.EXEMPTION_ENDED, ReclaimCause.EVIDENCE_ENDED, ReclaimCause.NO_POOL)


def protection(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> Protection:
    """Until when the record is protected: never less than was promised before, no matter what changed since.

    A follow-up counts while the protection lasts, also in a pause; one written down at the deadline or later is
    too late.
    A record whose clock never ran gets at least the policy's grace from ``now``. No deadline at all has a
    record whose work is done (see ``SETTLED``). Only an owner who has left loses what was promised.

    Raises:
        InvalidInput: the policy counts working days and the facts have no calendar.
    """
    record, held = facts.record, facts.held_until
    if policy.prepared.settled(record, now) is not None:
        return Protection()
    days = days_of(policy, facts)
    terms = policy.terms_of(record, facts.clock.since)
    grace = _grace(policy, facts, days, now=now)
    # nothing is taken away in a pause, nor in the grace after it: until then a follow-up counts
    lasts = held is None or now < held or policy.pausing(now) or (grace is not None and now < grace)
    clock = _refreshed(facts, terms, days) if lasts else facts.clock
    deadline, cause = min(_deadlines(policy, terms, facts, clock, days), key=lambda each: each[0])
    if clock.extended_until is not None and deadline < clock.extended_until:
        deadline, cause = clock.extended_until, ReclaimCause.EXTENSION_ENDED
    if grace is not None and deadline < grace and (held is None or held < grace):
        deadline, cause = grace, ReclaimCause.GRACE_ENDED
    stored = _worth_storing(clock, facts)
    left = _left(policy, facts, days)
    # what was spared, or what no pool took, when its owner had left has a deadline of its own since
    spared = held is not None and left is not None and left < held and record.reclaim_cause in RENEWED
    if held is not None and (spared or (deadline <= held and (left is None or left >= held))):
        # what was promised stands, as it was told
        return Protection(reclaim_at=held, reclaim_cause=record.reclaim_cause, warn_at=record.warn_at, clock=stored)
    if left is not None and left < deadline:
        deadline, cause = left, ReclaimCause.OWNER_LEFT
    return until(policy, deadline, cause, stored, days, now=now)


def until(
    policy: ReclaimPolicy,
    deadline: datetime,
    cause: ReclaimCause,
    clock: Clock | None,
    days: DayCount,
    *,
    now: datetime,
) -> Protection:
    """The protection that lasts until ``deadline``, with the first warning before it.

    That is the next rung of the ladder, or the last if all have passed: so every deadline is warned of at
    least once, also one that is near when it is set.
    """
    rungs = _instants(policy.rungs(cause), deadline, days)
    upcoming = min((at for at in rungs if at > now), default=max(rungs, default=None))
    return Protection(reclaim_at=deadline, reclaim_cause=cause, warn_at=upcoming, clock=clock)


def rungs_due(
    policy: ReclaimPolicy, cause: str, deadline: datetime, days: DayCount, *, since: datetime, now: datetime
) -> tuple[tuple[Rung, ...], datetime | None]:
    """The rungs before ``deadline`` that are to be heard now, and when the next one is.

    Those from ``since`` on, which was the next one so far: a late sweep leaves nobody out and tells nobody twice.
    """
    rungs = policy.rungs(cause)
    instants = _instants(rungs, deadline, days)
    due = tuple(rung for rung, at in zip(rungs, instants, strict=True) if since <= at <= now)
    nearest = (rungs[instants.index(max(instants))],) if rungs else ()
    return due or nearest, min((at for at in instants if at > now), default=None)


def days_of(policy: ReclaimPolicy, facts: ReclaimFacts) -> DayCount:
    """How the policy counts the days of this record's owner.

    Raises:
        InvalidInput: in working days, and the facts have no calendar.
    """
    if policy.calendar_id is not None and facts.calendar is None:
        raise InvalidInput(
            "is needed, the policy counts working days.", field="ReclaimFacts.calendar", hint="Load policy.calendar_id."
        )
    calendar = None if policy.calendar_id is None else facts.calendar
    leaves = facts.owner.leaves if facts.owner is not None and policy.leave_suspends else ()
    if not leaves and calendar is None:
        return _ELAPSED
    return DayCount.of(calendar, leaves)


# --- the single clocks ----------------------------------------------------------------------------


def _refreshed(facts: ReclaimFacts, terms: Terms, days: DayCount) -> Clock:
    """The clock with the follow-up that protects longest, of those it knew and those that are new."""
    clock = facts.clock
    known = [] if clock.refreshed_at is None else [(clock.refreshed_at, clock.refreshed_days)]
    new = ((action.at, terms.refresh_days(action.kind)) for action in facts.actions)
    # what was done before the owner took the record was not done by the owner
    follow_ups = [*known, *((at, protects) for at, protects in new if protects and at >= clock.since)]
    if len(follow_ups) == len(known):
        return clock
    at, protects = max(follow_ups, key=lambda each: (days.after(*each), each))
    return revise(clock, refreshed_at=at, refreshed_days=protects)


def _followed_up_until(clock: Clock, days: DayCount) -> datetime | None:
    return None if clock.refreshed_at is None else days.after(clock.refreshed_at, clock.refreshed_days)


def _deadlines(
    policy: ReclaimPolicy, terms: Terms, facts: ReclaimFacts, clock: Clock, days: DayCount
) -> Iterator[Deadline]:
    """The deadline of each clock that runs, the more telling cause first where two fall together."""
    default, followed_up = days.after(clock.since, terms.protect_days), _followed_up_until(clock, days)
    if followed_up is not None and followed_up > default:
        yield followed_up, ReclaimCause.NO_FOLLOW_UP
    else:
        yield default, ReclaimCause.PROTECTION_ENDED
    if terms.progress_days is not None:
        begins = max(filter(None, (clock.since, clock.progressed_at)))
        yield days.after(begins, terms.progress_days), ReclaimCause.NO_PROGRESS
    if terms.win_days is not None and not any(each.kind in policy.won_by for each in facts.record.evidence):
        yield days.after(clock.held_since, terms.win_days), ReclaimCause.NOT_WON
    if terms.max_days is not None:
        yield days.after(clock.held_since, terms.max_days), ReclaimCause.MAXIMUM_REACHED


def _grace(policy: ReclaimPolicy, facts: ReclaimFacts, days: DayCount, *, now: datetime) -> datetime | None:
    """Before when nothing is taken away because the rule is new to the record, or had paused."""
    since = facts.clock.since
    news = [now] if facts.found else []
    if policy.effective_from is not None and since < policy.effective_from:
        news.append(policy.effective_from)
    news.extend(pause.ends for pause in policy.pauses if pause.ends is not None and since < pause.ends <= now)
    # a later day may end at an earlier hour, where working days are counted
    return max((days.after(each, policy.grace_days) for each in news), default=None)


def _left(policy: ReclaimPolicy, facts: ReclaimFacts, days: DayCount) -> datetime | None:
    left_at = None if facts.owner is None else facts.owner.left_at
    return None if left_at is None or policy.left_days is None else days.after(left_at, policy.left_days)


def _worth_storing(clock: Clock, facts: ReclaimFacts) -> Clock | None:
    """``None`` for a clock that says no more than since when the record has its owner."""
    return None if clock == Clock(since=facts.owned_since, held_since=facts.owned_since) else clock


def _instants(rungs: Sequence[Rung], deadline: datetime, days: DayCount) -> list[datetime]:
    return [days.before(deadline, rung.days) for rung in rungs]


_ELAPSED = DayCount()
