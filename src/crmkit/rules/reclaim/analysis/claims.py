"""Caps, quotas and waiting times of a claim policy that let nobody claim, or never hold anybody up.

>>> from datetime import UTC, datetime
>>> policy = ClaimPolicy(holding_cap=0, cooldown_days=3, freeze_days=7)
>>> for problem in analyse_claims(policy, Organization(), now=datetime(2026, 1, 1, tzinfo=UTC)):
...     print(problem)
ClaimPolicy.holding_cap: A holding cap of 0 lets nobody claim. Give at least 1, or None for no limit.
ClaimPolicy.cooldown_days: The cool-down of 3 days adds nothing: nobody may claim for 7 days anyhow. Give more days than freeze_days.
"""

from collections.abc import Iterator
from datetime import datetime

from crmkit.domain.conditions.reach import covers
from crmkit.domain.organization.limits import Limit
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidCondition, Problem
from crmkit.rules.analysis import Organization, Wording, calendar_problems, conditions_of, named, slack
from crmkit.rules.reclaim.analysis.texts import TEXTS
from crmkit.rules.reclaim.claim_policy import ClaimPolicy

__all__ = ["analyse_claims"]


def analyse_claims(
    policy: ClaimPolicy, organization: Organization, *, language: str = "en", now: datetime
) -> tuple[Problem, ...]:
    """What is wrong with ``policy`` in ``organization``; messages in English or Chinese (``zh``)."""
    words = Wording(Catalogue.of(TEXTS), language)
    field = "ClaimPolicy.calendar_id"
    return (
        *_counts(policy, words),
        *_members(organization, words),
        *calendar_problems(words, "claim.analysis", field, policy.calendar_id, organization, now),
    )


def _counts(policy: ClaimPolicy, words: Wording) -> Iterator[Problem]:
    if policy.holding_cap == 0:
        yield words.problem("ClaimPolicy.holding_cap", "claim.analysis.cap.zero")
    elif policy.holding_cap is not None and _counts_nothing(policy):
        yield words.problem("ClaimPolicy.uncounted", "claim.analysis.cap.uncounted")
    for place, quota in enumerate(policy.quotas):
        if quota.most == 0:
            yield words.problem(f"ClaimPolicy.quotas[{place}]", "claim.analysis.quota.zero")
    for inner, outer in slack(policy.quotas):
        most, other = _said(inner), _said(outer)
        yield words.problem("ClaimPolicy.quotas", "claim.analysis.quota.slack", most=most, other=other)
    if 0 < policy.cooldown_days <= policy.freeze_days:
        days, freeze = policy.cooldown_days, policy.freeze_days
        yield words.problem("ClaimPolicy.cooldown_days", "claim.analysis.cooldown.idle", days=days, freeze=freeze)


def _counts_nothing(policy: ClaimPolicy) -> bool:
    try:
        every, uncounted = conditions_of(("always()", policy.uncounted), policy.entity, ())
    except InvalidCondition:  # it speaks of a field of the host's, which a claim policy does not carry
        return False
    return covers([uncounted], every)


def _members(organization: Organization, words: Wording) -> Iterator[Problem]:
    unable = [member.id for member in organization.staff if member.capacity == 0]
    if unable:
        yield words.problem("Member.capacity", "claim.analysis.capacity", members=named(unable))


def _said(limit: Limit) -> str:
    return f"{limit.most} / {limit.per or limit.days}"
