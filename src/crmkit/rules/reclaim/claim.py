"""May this member take this record out of its pool? Every reason against it is told, not the first."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.rules.reclaim.decision import ClaimDecision, ClaimOutcome
from crmkit.rules.reclaim.facts import ClaimFacts

__all__ = ["decide_claim"]


def decide_claim(policy: ClaimPolicy, facts: ClaimFacts, *, now: datetime) -> ClaimDecision:
    """Whether ``facts.member`` gets ``facts.record`` at ``now``.

    Waiting times are half-open: after a cool-down of 7 days the record may be claimed from exactly
    7 times 24 hours after it was let go.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.limits import Limit
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.parties.account import Account
    >>> from crmkit.domain.stewardship.pool import Pool
    >>> from crmkit.domain.values.names import CompanyName
    >>> now = datetime(2026, 1, 9, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> account = Account(id="A-1", name=CompanyName(legal="云杉贸易"), pool_id="east", pool_since=now, **at)
    >>> facts = ClaimFacts(
    ...     record=account,
    ...     pool=Pool(id="east", name="East", **at),
    ...     member=Member(id="wei", name="Wei", **at),
    ...     held=30,
    ...     claimed=(10,),
    ... )
    >>> decision = decide_claim(ClaimPolicy(holding_cap=30, quotas=(Limit(most=10, per="day"),)), facts, now=now)
    >>> decision.granted, [reason.code for reason in decision.reasons]
    (False, ['claim.cap', 'claim.quota.day'])
    """
    refusals = (*_custody(facts), *_standing(facts), *_counts(policy, facts), *_waiting(policy, facts, now))
    return ClaimDecision(
        policy=policy.ref,
        at=now,
        outcome=ClaimOutcome.REFUSED if refusals else ClaimOutcome.GRANTED,
        reasons=refusals or (Reason.of("claim.granted"),),
        record=facts.record.ref,
        member_id=facts.member.id,
    )


def _custody(facts: ClaimFacts) -> Iterator[Reason]:
    record = facts.record
    if record.owner_id is not None:
        yield Reason.of("claim.yours" if record.owner_id == facts.member.id else "claim.taken")
    elif facts.pool is None:
        yield Reason.of("claim.no_pool")


def _standing(facts: ClaimFacts) -> Iterator[Reason]:
    member, pool = facts.member, facts.pool
    if member.status is not MemberStatus.ACTIVE:
        yield Reason.of("claim.inactive", status=member.status.value)
    if pool is not None and not pool.enabled:
        yield Reason.of("claim.pool_closed", pool=pool.name)
    if pool is not None and not pool.admits(member.id, member.team_id):
        yield Reason.of("claim.not_admitted", pool=pool.name)


def _counts(policy: ClaimPolicy, facts: ClaimFacts) -> Iterator[Reason]:
    capacity, cap = facts.member.capacity, policy.cap_of(facts.member)
    if cap is not None and facts.held >= cap.most:
        yield Reason.of("claim.cap", held=facts.held, cap=cap.most)
    if capacity is not None and facts.open_work >= capacity:
        yield Reason.of("claim.capacity", open=facts.open_work, capacity=capacity)
    for quota, claimed in zip(policy.quotas, facts.claimed, strict=False):
        if claimed >= quota.most and quota.per is None:
            yield Reason.of("claim.quota.days", claimed=claimed, quota=quota.most, days=quota.days)
        elif claimed >= quota.most:
            yield Reason.of(f"claim.quota.{quota.per}", claimed=claimed, quota=quota.most)


def _waiting(policy: ClaimPolicy, facts: ClaimFacts, now: datetime) -> Iterator[Reason]:
    if facts.claimed_at is not None:
        until = facts.claimed_at + timedelta(minutes=policy.interval_minutes)
        if now < until:
            yield Reason.of("claim.interval", until=until)
    if facts.let_go_at is not None:
        until = facts.let_go_at + timedelta(days=policy.cooldown_days)
        if now < until:
            yield Reason.of("claim.cooldown", until=until)
    if facts.record.pool_since is not None:
        until = facts.record.pool_since + timedelta(days=policy.freeze_days)
        if now < until:
            yield Reason.of("claim.frozen", until=until)
