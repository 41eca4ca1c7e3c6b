"""May an owner lock a record, and may its deadline be put off? Every reason against it is told.

>>> from datetime import UTC
>>> from crmkit.domain.parties.account import Account
>>> from crmkit.domain.values.names import CompanyName
>>> from crmkit.rules.reclaim.policy import Extensions
>>> now = datetime(2026, 1, 9, tzinfo=UTC)
>>> account = Account(id="A-1", name=CompanyName(legal="云杉贸易"), owner_id="wei", created_at=now, updated_at=now)
>>> policy = ReclaimPolicy(lock_days=30, lock_quota=2)
>>> decision = decide_lock(policy, account, member_id="wei", locked=2, days=45, now=now)
>>> decision.granted, [reason.code for reason in decision.reasons]
(False, ['lock.too_long', 'lock.quota'])
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from crmkit.domain.ids import Ref
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.policy import Decision
from crmkit.rules.reclaim.clock import days_of
from crmkit.rules.reclaim.facts import ReclaimFacts
from crmkit.rules.reclaim.policy import ReclaimPolicy

__all__ = ["PermitDecision", "PermitOutcome", "decide_extension", "decide_lock"]


class PermitOutcome(StrEnum):
    """Whether it may be."""

    PERMITTED = "permitted"
    REFUSED = "refused"


@model
class PermitDecision(Decision):
    """Whether ``record`` is locked, or its deadline put off, until ``until``; a refusal lists every reason."""

    outcome: PermitOutcome
    record: Ref
    until: datetime | None = None

    @property
    def granted(self) -> bool:
        """Whether it may be."""
        return self.outcome is PermitOutcome.PERMITTED


def decide_lock(
    policy: ReclaimPolicy, record: Owned, *, member_id: str, locked: int, days: int, now: datetime
) -> PermitDecision:
    """Whether ``member_id``, who has ``locked`` other records locked, may lock this one for ``days`` times 24 hours."""

    def against() -> Iterator[Reason]:
        if record.owner_id != member_id:
            yield Reason.of("lock.not_yours")
        if not policy.lock_days:
            yield Reason.of("lock.none")
            return
        if not 1 <= days <= policy.lock_days:
            yield Reason.of("lock.too_long", days=days, most=policy.lock_days)
        if locked >= policy.lock_quota:
            yield Reason.of("lock.quota", locked=locked, quota=policy.lock_quota)

    until = now + timedelta(days=days)
    return _answer(policy, record, tuple(against()), Reason.of("lock.granted", until=until), until, now=now)


def decide_extension(
    policy: ReclaimPolicy, facts: ReclaimFacts, *, member_id: str, times: int, days: int, now: datetime
) -> PermitDecision:
    """Whether the deadline may be put off by ``days`` (as the policy counts them) at the request of ``member_id``.

    Args:
        policy: in force for the record's owner.
        facts: the record as it stands.
        member_id: who asks.
        times: extensions granted since this owner took the record.
        days: how many.
        now: when it is asked.

    Raises:
        InvalidInput: the policy counts working days and the facts have no calendar.
    """
    record, terms, count = facts.record, policy.extensions, days_of(policy, facts)
    deadline = record.reclaim_at
    wanted = None if deadline is None else count.after(deadline, days)

    def against() -> Iterator[Reason]:
        if record.owner_id != member_id:
            yield Reason.of("extension.not_yours")
        if deadline is None or now >= deadline:
            yield Reason.of("extension.no_deadline" if deadline is None else "extension.too_late", deadline=deadline)
        if terms is None:
            yield Reason.of("extension.none")
            return
        if not 1 <= days <= terms.most_days:
            yield Reason.of("extension.too_long", days=days, most=terms.most_days)
        if times >= terms.most_times:
            yield Reason.of("extension.too_often", times=times, most=terms.most_times)
        longest = policy.terms_of(record, facts.clock.since).max_days
        end = None if longest is None else count.after(facts.clock.held_since, longest)
        if end is not None and wanted is not None and wanted > end:
            yield Reason.of("extension.beyond_maximum", until=end)

    return _answer(policy, record, tuple(against()), Reason.of("extension.possible", until=wanted), wanted, now=now)


def _answer(
    policy: ReclaimPolicy,
    record: Owned,
    against: tuple[Reason, ...],
    granted: Reason,
    until: datetime | None,
    *,
    now: datetime,
) -> PermitDecision:
    return PermitDecision(
        policy=policy.ref,
        at=now,
        outcome=PermitOutcome.REFUSED if against else PermitOutcome.PERMITTED,
        reasons=against or (granted,),
        record=record.ref,
        until=None if against else until,
    )
