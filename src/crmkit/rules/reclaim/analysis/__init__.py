"""The analysis of reclaim and claim policies and of pools: what is wrong before anybody loses a record.

>>> from datetime import UTC
>>> from crmkit.rules.reclaim.policy import Refresh
>>> now = datetime(2026, 1, 1, tzinfo=UTC)
>>> policy = ReclaimPolicy(refreshes=(Refresh(kinds=("visit",), days=10), Refresh(days=15)))
>>> for problem in analyse(policy, Organization(), now=now):
...     print(problem)
ReclaimPolicy.refreshes[0]: The refresh of 10 days never counts: another gives 15 days for the same follow-ups. Raise its days, or drop it.
Pool.enabled: No pool for account is open. Add a pool without a condition.
"""

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import Problem
from crmkit.rules.analysis import Organization, Wording
from crmkit.rules.reclaim.analysis.claims import analyse_claims
from crmkit.rules.reclaim.analysis.pools import analyse_pools
from crmkit.rules.reclaim.analysis.protections import alone, firing_problems, protection_problems
from crmkit.rules.reclaim.analysis.texts import TEXTS
from crmkit.rules.reclaim.policy import ReclaimPolicy

__all__ = ["TEXTS", "analyse", "analyse_claims", "analyse_pools"]


def analyse(
    policy: ReclaimPolicy,
    organization: Organization,
    *,
    records: Sequence[Owned] = (),
    share_percent: int = 20,
    language: str = "en",
    now: datetime,
) -> tuple[Problem, ...]:
    """What is wrong with ``policy`` and the pools it lets records fall into; certain, except where it says "may".

    Args:
        policy: as it would be adopted.
        organization: all members, calendars and pools.
        records: a snapshot to try it on, such as a few hundred that have owners.
        share_percent: how many of them may fall back by the end of ``grace_days``.
        language: of the messages, ``"en"`` or ``"zh"``.
        now: one instant for all.
    """
    words = Wording(Catalogue.of(TEXTS), language)
    pools = analyse_pools(
        organization, policy.entity, custom=policy.custom_fields, spared=alone(policy), language=language
    )
    problems = (*protection_problems(policy, organization, words, now=now), *pools)
    if any(problem.code == "pool.analysis.unfit" for problem in problems):
        return problems
    firing = firing_problems(policy, organization, words, records, share_percent=share_percent, now=now)
    return (*problems, *firing)
