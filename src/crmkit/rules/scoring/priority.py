"""What to do next: follow-ups that are due, then leads by their score while they are fresh.

>>> from datetime import UTC
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> facts = WorkFacts(lead_id="L-1", score=80, heard_at=monday - timedelta(days=7))
>>> found = prioritise(WorkPolicy(), facts, now=monday)
>>> found.outcome.value, round(found.priority)
('score', 60)
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.ids import LeadId
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Decision, Policy

__all__ = ["WorkDecision", "WorkFacts", "WorkOutcome", "WorkPolicy", "prioritise"]

DAY = timedelta(days=1)


@model
class WorkPolicy(Policy):
    """How the leads of a member are ordered.

    Args:
        fresh_percent: of the score that wears off while nothing is heard of a lead; the rest stays.
        half_life_days: half of that is gone after so many days.
        neutral: the priority of leads that are not scored, or must not be.
    """

    kind: ClassVar[str] = "lead_work"

    fresh_percent: int = 50
    half_life_days: int = 7
    neutral: int = 25

    def check(self) -> None:
        """A share is one, and time passes."""
        if not 0 <= self.fresh_percent <= 100:
            raise InvalidInput("must lie between 0 and 100.", field="WorkPolicy.fresh_percent", hint="50 is usual.")
        if self.half_life_days < 1:
            raise InvalidInput("must be positive.", field="WorkPolicy.half_life_days", hint="7 is usual.")


@model
class WorkFacts:
    """A lead as it waits for its owner.

    Args:
        score: ``None`` where it has none.
        heard_at: when it came, or was last in contact.
        next_at: when the next contact is planned.
        opted_out: it must not be profiled.
    """

    lead_id: LeadId
    score: int | None = None
    heard_at: datetime
    next_at: datetime | None = None
    opted_out: bool = False


class WorkOutcome(StrEnum):
    """What puts the lead where it stands."""

    DUE = "due"
    """A follow-up that was planned for by now."""
    SCORE = "score"
    """Its score, and how fresh it is."""
    NEUTRAL = "neutral"
    """It has no score, or must not be ordered by it."""
    LATER = "later"
    """Nothing is to be done before the next contact."""


@model
class WorkDecision(Decision):
    """Where a lead stands in the order of work; what is due comes first, then the highest ``priority``."""

    outcome: WorkOutcome
    lead_id: LeadId
    priority: float
    next_at: datetime | None = None

    @property
    def place(self) -> tuple[bool, bool, float, str]:
        """By this decisions are sorted, so that no two are alike."""
        due, later = self.outcome is WorkOutcome.DUE, self.outcome is WorkOutcome.LATER
        first = self.next_at.timestamp() if self.next_at is not None and (due or later) else -self.priority
        return later, not due, first, self.lead_id


def prioritise(policy: WorkPolicy, facts: WorkFacts, *, now: datetime) -> WorkDecision:
    """Where the lead stands: due follow-ups by their date, then score × freshness, then what is planned for later.

    A promise to call is kept whoever it was given to, so dates hold for everybody; a score that is not to be used
    is the policy's neutral priority, and nothing else is looked at.
    """
    if facts.next_at is not None:
        due = facts.next_at <= now
        outcome = WorkOutcome.DUE if due else WorkOutcome.LATER
        said = Reason.of("score.work_due" if due else "score.work_later", at=facts.next_at)
        return _decision(policy, facts, outcome, said, 0.0, now)
    if facts.opted_out:
        said = Reason.of("score.work_opted_out", priority=policy.neutral)
        return _decision(policy, facts, WorkOutcome.NEUTRAL, said, policy.neutral, now)
    if facts.score is None:
        said = Reason.of("score.work_unscored", priority=policy.neutral)
        return _decision(policy, facts, WorkOutcome.NEUTRAL, said, policy.neutral, now)
    age = max((now - facts.heard_at) / DAY, 0.0)
    fresh = policy.fresh_percent / 100
    priority = facts.score * (1 - fresh + fresh * 2 ** (-age / policy.half_life_days))
    said = Reason.of("score.work_scored", score=facts.score, days=int(age), priority=f"{priority:.0f}")
    return _decision(policy, facts, WorkOutcome.SCORE, said, priority, now)


def _decision(
    policy: WorkPolicy, facts: WorkFacts, outcome: WorkOutcome, said: Reason, priority: float, now: datetime
) -> WorkDecision:
    return WorkDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        reasons=(said,),
        lead_id=facts.lead_id,
        priority=priority,
        next_at=facts.next_at,
    )
