"""Keep, warn or reclaim: one predicate for all three, so that what was promised is what happens.

Whether a record falls back is asked *at its deadline*: at the warning that instant lies ahead, at the
sweep it has come. Both therefore give the same answer when nothing changes in between, also for
exemptions that depend on time, and however late the sweep comes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from attrs import evolve

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.ids import MemberId
from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.protection import Clock, Protection
from crmkit.rules.reclaim.clock import days_of, protection, rungs_due, until
from crmkit.rules.reclaim.days import DayCount
from crmkit.rules.reclaim.decision import ReclaimCause, ReclaimDecision, ReclaimOutcome
from crmkit.rules.reclaim.facts import Action, ReclaimFacts
from crmkit.rules.reclaim.ladder import Listener, listeners
from crmkit.rules.reclaim.policy import ReclaimPolicy
from crmkit.rules.reclaim.terms import Exemption

__all__ = ["decide", "remedies"]

RETRY_DAYS = 1
"""After so many days a record that no pool takes is tried again."""
INSTANT = timedelta(microseconds=1)


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
    for pause in policy.pauses:
        if pause.holds(now):
            return _decided(
                policy, ReclaimOutcome.KEEP, clock, Reason.of("reclaim.paused", since=pause.begins), now=now
            )
    if now >= deadline:
        return _due(policy, facts, clock, deadline, now=now)
    # a deadline that has just moved is written down before anybody is warned of it
    if clock.warn_at is not None and now >= clock.warn_at and deadline == record.reclaim_at:
        return _warning(policy, facts, clock, deadline, since=clock.warn_at, now=now)
    return _decided(policy, ReclaimOutcome.KEEP, clock, _about("kept", clock, deadline), now=now)


def remedies(policy: ReclaimPolicy, facts: ReclaimFacts, *, now: datetime) -> tuple[Reason, ...]:
    """What would keep the record beyond its deadline, if done before it: nothing, where only the maximum is left.

    Each was tried on the clock itself: the deadline with it is later than the one without.
    """
    stands = protection(policy, facts, now=now)
    deadline = stands.reclaim_at
    if facts.record.owner_id is None or deadline is None or now >= deadline:
        return ()
    held = evolve(facts, held_until=deadline)
    tried = ((reason, protection(policy, then, now=now).reclaim_at) for reason, then in _tries(policy, held, deadline))
    return tuple(reason for reason, moved in tried if moved is not None and moved > deadline)


def _tries(policy: ReclaimPolicy, facts: ReclaimFacts, deadline: datetime) -> Iterator[tuple[Reason, ReclaimFacts]]:
    """What the owner can do, with the facts as they are when it was done at the last moment."""
    last = deadline - INSTANT
    terms = policy.terms_of(facts.record, facts.clock.since)
    if terms.refreshes:
        best = max(terms.refreshes, key=lambda refresh: refresh.days)
        action = Action(kind=best.kinds[0] if best.kinds else InteractionKind.CALL, at=last)
        begin = days_of(policy, facts).before(deadline, best.days)
        reason = Reason.of(
            "reclaim.remedy.follow_up", kind=action.kind.value, days=best.days, after=begin, deadline=deadline
        )
        yield reason, evolve(facts, actions=(*facts.actions, action))
    progressed = evolve(facts, clock=revise(facts.clock, progressed_at=last))
    yield Reason.of("reclaim.remedy.progress", deadline=deadline), progressed
    for sale in policy.won_by[:1]:
        proof = Evidence(kind=sale, source="sale", since=last)
        won = revise(facts.record, evidence=(*facts.record.evidence, proof))
        yield Reason.of("reclaim.remedy.sale", deadline=deadline), evolve(facts, record=won)


# --- what spares a record -------------------------------------------------------------------------


def _spared(
    policy: ReclaimPolicy, facts: ReclaimFacts, at: datetime, days: DayCount
) -> list[tuple[Exemption, datetime | None]]:
    """The exemptions that hold at ``at``, each with its end where that is known."""
    answers = policy.prepared.spared_by(facts.record, at)
    met = (exemption for exemption, holds in zip(policy.exemptions, answers, strict=True) if holds)
    found: list[tuple[Exemption, datetime | None]] = []
    for exemption in met:
        if not exemption.evidence:
            found.append((exemption, None))
            continue
        ends = [end for end in _ends(exemption, facts.record, at, days) if end is None or at < end]
        if ends:
            known = [end for end in ends if end is not None]
            found.append((exemption, None if len(known) < len(ends) else max(known)))
    return found


def _ends(exemption: Exemption, record: Owned, at: datetime, days: DayCount) -> Iterator[datetime | None]:
    """Until when each piece of evidence spares the record, the time to renew it included."""
    for each in record.evidence:
        if each.kind in exemption.evidence and each.since <= at:
            yield None if each.until is None else days.after(each.until, exemption.days_after)
    if "lock" in exemption.evidence and record.locked_until is not None:
        yield record.locked_until


def _due(
    policy: ReclaimPolicy, facts: ReclaimFacts, clock: Protection, deadline: datetime, *, now: datetime
) -> ReclaimDecision:
    days = days_of(policy, facts)
    spared = _spared(policy, facts, deadline, days)
    if spared:
        clock = _renewed(policy, facts, clock.clock, spared, days, now=now)
        return _kept(policy, clock, _names(spared), now=now)
    pool = facts.pools.choose(facts.record, now=deadline)
    if pool is not None:
        told = _told(policy.tells, facts, pool)
        about = _about("due", clock, deadline)
        return _decided(policy, ReclaimOutcome.RECLAIM, clock, about, pool=pool, recipients=told, now=now)
    again = Protection(reclaim_at=days.after(now, RETRY_DAYS), reclaim_cause=ReclaimCause.NO_POOL, clock=clock.clock)
    return _kept(policy, again, (), now=now)


def _renewed(
    policy: ReclaimPolicy,
    facts: ReclaimFacts,
    clock: Clock | None,
    spared: list[tuple[Exemption, datetime | None]],
    days: DayCount,
    *,
    now: datetime,
) -> Protection:
    """As long as what spares it is known to last, or the default protection once more from ``now``.

    What spared it at the deadline and has ended by now (the sweep comes late) leaves it the grace.
    """
    known = [end for _, end in spared if end is not None]
    if len(known) == len(spared):
        ends = max(known) if max(known) > now else days.after(now, policy.grace_days)
        return until(policy, ends, ReclaimCause.EVIDENCE_ENDED, clock, days, now=now)
    terms = policy.terms_of(facts.record, facts.clock.since)
    renewed = days.after(now, terms.protect_days)
    return until(policy, renewed, ReclaimCause.EXEMPTION_ENDED, clock, days, now=now)


def _warning(
    policy: ReclaimPolicy, facts: ReclaimFacts, clock: Protection, deadline: datetime, *, since: datetime, now: datetime
) -> ReclaimDecision:
    days = days_of(policy, facts)
    rungs, upcoming = rungs_due(policy, clock.reclaim_cause, deadline, days, since=since, now=now)
    again = revise(clock, warn_at=upcoming)
    spared = _spared(policy, facts, deadline, days)
    pool = None if spared else facts.pools.choose(facts.record, now=deadline)
    if pool is None:
        return _kept(policy, again, _names(spared), now=now)
    told = _told((listener for rung in rungs for listener in rung.to), facts, pool)
    about = _about("warned", clock, deadline)
    return _decided(policy, ReclaimOutcome.WARN, again, about, pool=pool, recipients=told, now=now)


def _told(wanted: Iterable[Listener], facts: ReclaimFacts, pool: Pool) -> tuple[MemberId, ...]:
    owner_id = facts.record.owner_id
    return () if owner_id is None else listeners(wanted, owner_id, facts.owner, pool)


def _names(spared: list[tuple[Exemption, datetime | None]]) -> tuple[Reason, ...]:
    return tuple(
        Reason.of("reclaim.exempt", exemption=exemption.name)
        if end is None
        else Reason.of("reclaim.exempt_until", exemption=exemption.name, until=end)
        for exemption, end in spared
    )


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
    recipients: tuple[MemberId, ...] = (),
    now: datetime,
) -> ReclaimDecision:
    return ReclaimDecision(
        policy=policy.prepared.ref,
        at=now,
        outcome=outcome,
        reasons=reasons,
        protection=clock,
        pool_id=None if pool is None else pool.id,
        recipients=recipients,
    )
