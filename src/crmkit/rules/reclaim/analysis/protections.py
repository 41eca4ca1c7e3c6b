"""Protections, refreshes, warnings and exemptions of a reclaim policy that never do anything, or do it all at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.domain.model import revise
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput, Problem
from crmkit.rules.analysis import Organization, Wording, calendar_problems, conditions_of
from crmkit.rules.reclaim.clock import protection
from crmkit.rules.reclaim.days import DayCount
from crmkit.rules.reclaim.decide import decide
from crmkit.rules.reclaim.decision import ReclaimOutcome
from crmkit.rules.reclaim.facts import ReclaimFacts
from crmkit.rules.reclaim.policy import ReclaimPolicy
from crmkit.rules.reclaim.pools import PoolOrder

__all__ = ["alone", "firing_problems", "protection_problems"]


def protection_problems(
    policy: ReclaimPolicy, organization: Organization, words: Wording, *, now: datetime
) -> Iterator[Problem]:
    """What is wrong with the policy by itself, and with its calendar."""
    yield from _exemptions(policy, words)
    yield from _refreshes(policy, words)
    longest = max(policy.protect_days, policy.grace_days, *(refresh.days for refresh in policy.refreshes), 0)
    for days in policy.warn_days:
        if days >= longest and not _has_other_terms(policy):
            yield words.problem("ReclaimPolicy.warn_days", "reclaim.analysis.warning.never", days=days)
    until = policy.effective_until
    if until is not None and until <= now:
        yield words.problem("ReclaimPolicy.effective_until", "reclaim.analysis.period.over", until=until)
    field = "ReclaimPolicy.calendar_id"
    ends = _last_deadline(policy, organization, now)
    yield from calendar_problems(words, "reclaim.analysis", field, policy.calendar_id, organization, ends)


def alone(policy: ReclaimPolicy) -> tuple[str, ...]:
    """The conditions of exemptions that ask for nothing else, such as evidence."""
    return tuple(each.when for each in policy.exemptions if not getattr(each, "evidence", ()))


def _has_other_terms(policy: ReclaimPolicy) -> bool:
    """Whether some records may be protected longer than the policy's own days say."""
    return any(getattr(policy, name, None) for name in ("tiers", "extensions"))


def _last_deadline(policy: ReclaimPolicy, organization: Organization, now: datetime) -> datetime:
    """When the longest protection that begins now would end."""
    calendar = organization.calendar(policy.calendar_id)
    try:
        return DayCount(calendar).after(now, policy.max_days or policy.protect_days)
    except InvalidInput:  # more than ten years of working days
        return now + timedelta(days=3_660)


def _exemptions(policy: ReclaimPolicy, words: Wording) -> Iterator[Problem]:
    whens = conditions_of(tuple(each.when for each in policy.exemptions), policy.entity, policy.custom_fields)
    (every,) = conditions_of(("always()",), policy.entity, policy.custom_fields)
    for exemption, when in zip(policy.exemptions, whens, strict=True):
        if not can_hold(when):
            where = f"ReclaimPolicy.exemptions[{exemption.name}].when"
            yield words.problem(where, "reclaim.analysis.exemption.never", exemption=exemption.name)
    if covers(conditions_of(alone(policy), policy.entity, policy.custom_fields), every):
        names = ", ".join(exemption.name for exemption in policy.exemptions)
        yield words.problem("ReclaimPolicy.exemptions", "reclaim.analysis.exemption.all", exemption=names)


def _refreshes(policy: ReclaimPolicy, words: Wording) -> Iterator[Problem]:
    tight = policy.max_days is not None and policy.max_days <= policy.protect_days
    if policy.refreshes and tight and not _has_other_terms(policy):
        yield words.problem("ReclaimPolicy.max_days", "reclaim.analysis.refresh.idle", most=policy.max_days)
    for place, refresh in enumerate(policy.refreshes):
        kinds = refresh.kinds or tuple(InteractionKind)
        others = [other for at, other in enumerate(policy.refreshes) if at != place]
        # of two that are equal the first stays
        earlier = policy.refreshes[:place]
        best = [
            max(
                (
                    other.days
                    for other in others
                    if (not other.kinds or kind in other.kinds)
                    and (other.days > refresh.days or (other.days == refresh.days and other in earlier))
                ),
                default=0,
            )
            for kind in kinds
        ]
        if all(best):
            where = f"ReclaimPolicy.refreshes[{place}]"
            yield words.problem(where, "reclaim.analysis.refresh.covered", days=refresh.days, other=min(best))


def firing_problems(
    policy: ReclaimPolicy,
    organization: Organization,
    words: Wording,
    records: Sequence[Owned],
    *,
    share_percent: int,
    now: datetime,
) -> Iterator[Problem]:
    """Whether more than a share of ``records`` would fall back by the end of the grace.

    What was promised to owners holds under a new policy too, and a record without a clock gets the grace first.
    """
    calendar = organization.calendar(policy.calendar_id)
    if policy.calendar_id is not None and calendar is None:
        return
    pools = PoolOrder.of(organization.pools, policy.entity, custom=policy.custom_fields)
    horizon = DayCount(calendar).after(now, policy.grace_days)
    fall = 0
    for record in records:
        facts = ReclaimFacts.of(record, pools=pools, calendar=calendar)
        stands = protection(policy, facts, now=now)
        if record.owner_id is None or stands.reclaim_at is None or stands.reclaim_at > horizon:
            continue
        clocked = revise(record, reclaim_at=stands.reclaim_at, reclaim_cause=stands.reclaim_cause)
        later = ReclaimFacts.of(clocked, pools=pools, calendar=calendar)
        fall += decide(policy, later, now=horizon).outcome is ReclaimOutcome.RECLAIM
    if fall * 100 > share_percent * len(records):
        yield words.problem(
            "ReclaimPolicy.grace_days",
            "reclaim.analysis.fires",
            count=fall,
            of=len(records),
            percent=100 * fall // len(records),
            days=policy.grace_days,
        )
