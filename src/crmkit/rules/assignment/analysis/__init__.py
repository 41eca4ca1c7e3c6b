"""The analysis of an assignment policy: what is wrong before a single record runs through it.

>>> from datetime import UTC
>>> from crmkit.rules.assignment.policy import Entry, Target
>>> now = datetime(2026, 1, 1, tzinfo=UTC)
>>> hot = Entry(name="Hot", when="score >= 80 and score < 80", to=(Target(member_ids=("eva",)),))
>>> everything = Entry(name="Rest", to=(Target(member_ids=("eva",)),))
>>> for problem in analyse(AssignmentPolicy(entries=(hot, everything)), Organization(), now=now):
...     print(problem)
AssignmentPolicy.entries[Hot].when: Entry “Hot” can never apply: its condition contradicts itself. Correct the condition, or drop it.
AssignmentPolicy.entries[Hot].to[0]: Target 1 of entry “Hot” names nobody who works here. Name other members or teams, or add members to the team.
AssignmentPolicy.entries[Rest].to[0]: Target 1 of entry “Rest” names nobody who works here. Name other members or teams, or add members to the team.
"""

from datetime import datetime

from crmkit.domain.reasons import Catalogue
from crmkit.errors import Problem
from crmkit.rules.analysis import Organization, Wording, calendar_problems
from crmkit.rules.assignment.analysis.entries import entry_problems
from crmkit.rules.assignment.analysis.receivers import limit_problems, member_problems
from crmkit.rules.assignment.analysis.texts import TEXTS
from crmkit.rules.assignment.policy import AssignmentPolicy

__all__ = ["TEXTS", "analyse"]


def analyse(
    policy: AssignmentPolicy,
    organization: Organization,
    *,
    received: int | None = None,
    days: int = 90,
    language: str = "en",
    now: datetime,
) -> tuple[Problem, ...]:
    """What is wrong with ``policy`` in ``organization``; what is told is certain, except where it says "may".

    Args:
        policy: as it would be adopted.
        organization: all members, calendars and pools.
        received: records assigned within ``days``; without them no shares are looked at.
        days: how far back assignments were counted, as round robin does it.
        language: of the messages, ``"en"`` or ``"zh"``.
        now: until when calendars have to know their holidays.
    """
    words = Wording(Catalogue.of(TEXTS), language)
    field, prefix = "AssignmentPolicy.calendar_id", "assignment.analysis"
    return (
        *entry_problems(policy, organization, words),
        *limit_problems(policy, words),
        *member_problems(policy, organization, words, received=received, days=days),
        *calendar_problems(words, prefix, field, policy.calendar_id, organization, now),
    )
