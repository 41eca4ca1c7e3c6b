"""Keep, warn or reclaim: one predicate for all three, so that what was promised is what happens.

Whether a record falls back is asked *at its deadline*: at the warning that instant lies ahead, at the
sweep it has come. Both therefore give the same answer when nothing changes in between, also for
exemptions that depend on time, and however late the sweep comes.
"""

from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Protection
from crmkit.domain.stewardship.pool import Pool
from crmkit.rules.reclaim.clock import days_of, next_warning, protection, renewed
from crmkit.rules.reclaim.decision import ReclaimCause, ReclaimDecision, ReclaimOutcome
from crmkit.rules.reclaim.facts import ReclaimFacts
from crmkit.rules.reclaim.policy import ReclaimPolicy

__all__ = ["decide"]

RETRY_DAYS = 1
"""After so many days a record that no pool takes is tried again."""


def decide(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> ReclaimDecision:
    """What happens to the record at ``now``: it falls back when ``now >= deadline`` and nothing spares it.

    Args:
        policy: in force for the record's entity.
        facts: the record as it stands; ``pools`` are those of its entity.
        now: one instant for all records of a run.

    Raises:
        InvalidInput: the policy counts working days and the facts have no calendar.
    """
    record = facts.record
    if record.owner_id is None:
        return _decided(policy, ReclaimOutcome.KEEP, Protection(), Reason.of("reclaim.no_owner"), now=now)
    clock = protection(policy, facts, now=now)
    deadline = clock.reclaim_at
    if deadline is None:
        return _decided(policy, ReclaimOutcome.KEEP, clock, Reason.of("reclaim.settled"), now=now)
    if now >= deadline:
        return _due(policy, facts, clock, deadline, now=now)
    # a deadline that has just moved is written down before anybody is warned of it
    if clock.warn_at is not None and now >= clock.warn_at and deadline == record.reclaim_at:
        return _warning(policy, facts, clock, deadline, now=now)
    return _decided(policy, ReclaimOutcome.KEEP, clock, _about("kept", clock, deadline), now=now)


def _fate(policy: ReclaimPolicy, facts: ReclaimFacts, deadline: datetime) -> tuple[Pool | None, tuple[Reason, ...]]:
    """The pool that the record falls to at ``deadline``, or ``None`` with the exemptions that spare it.

    Neither a pool nor an exemption: nobody has set up where such a record should go.
    """
    answers = policy.prepared.spared_by(facts.record, deadline)
    if True in answers:
        holding = [exemption for exemption, holds in zip(policy.exemptions, answers, strict=True) if holds]
        return None, tuple(Reason.of("reclaim.exempt", exemption=exemption.name) for exemption in holding)
    return facts.pools.choose(facts.record, now=deadline), ()


def _due(
    policy: ReclaimPolicy, facts: ReclaimFacts, clock: Protection, deadline: datetime, *, now: datetime
) -> ReclaimDecision:
    pool, spared = _fate(policy, facts, deadline)
    if pool is not None:
        return _decided(policy, ReclaimOutcome.RECLAIM, clock, _about("due", clock, deadline), pool=pool, now=now)
    if spared:
        clock = renewed(policy, facts, now=now)
    else:
        again = days_of(policy, facts).after(now, RETRY_DAYS)
        clock = Protection(reclaim_at=again, reclaim_cause=ReclaimCause.NO_POOL)
    return _kept(policy, clock, spared, now=now)


def _warning(
    policy: ReclaimPolicy, facts: ReclaimFacts, clock: Protection, deadline: datetime, *, now: datetime
) -> ReclaimDecision:
    pool, spared = _fate(policy, facts, deadline)
    upcoming = next_warning(policy, deadline, days_of(policy, facts), now=now)
    again = Protection(reclaim_at=deadline, reclaim_cause=clock.reclaim_cause, warn_at=upcoming)
    if pool is None:
        return _kept(policy, again, spared, now=now)
    return _decided(policy, ReclaimOutcome.WARN, again, _about("warned", clock, deadline), pool=pool, now=now)


def _kept(policy: ReclaimPolicy, clock: Protection, spared: tuple[Reason, ...], *, now: datetime) -> ReclaimDecision:
    """Not taken away although its time has come or comes: by exemption, or for want of a pool."""
    why = spared or (Reason.of("reclaim.no_pool", entity=policy.entity),)
    following = Reason.of("reclaim.next", at=clock.reclaim_at)
    return _decided(policy, ReclaimOutcome.KEEP, clock, *why, following, now=now)


def _about(what: str, clock: Protection, deadline: datetime) -> Reason:
    """``reclaim.kept.maximum_reached``: the clock that speaks, with its date."""
    cause = clock.reclaim_cause if clock.reclaim_cause in _CAUSES else ReclaimCause.PROTECTION_ENDED.value
    return Reason.of(f"reclaim.{what}.{cause}", deadline=deadline)


_CAUSES = frozenset(cause.value for cause in ReclaimCause)


def _decided(
    policy: ReclaimPolicy,
    outcome: ReclaimOutcome,
    clock: Protection,
    *reasons: Reason,
    pool: Pool | None = None,
    now: datetime,
) -> ReclaimDecision:
    return ReclaimDecision(
        policy=policy.prepared.ref,
        at=now,
        outcome=outcome,
        reasons=reasons,
        protection=clock,
        pool_id=None if pool is None else pool.id,
    )
