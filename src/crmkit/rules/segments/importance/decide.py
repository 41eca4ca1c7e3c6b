"""The importance of a customer at an instant.

>>> from datetime import UTC
>>> now = datetime(2026, 3, 2, tzinfo=UTC)
>>> found = decide_importance(ImportancePolicy(), ImportanceFacts(contribution=90, potential=60, loyalty=50), now=now)
>>> found.level, found.score, found.care_days
('B', 73, 30)
"""

from datetime import datetime, timedelta

from crmkit.domain.reasons import Reason
from crmkit.rules.segments.importance.decision import ImportanceDecision, ImportanceFacts, ImportanceOutcome
from crmkit.rules.segments.importance.policy import ImportanceLevel, ImportancePolicy

__all__ = ["decide_importance"]


def decide_importance(policy: ImportancePolicy, facts: ImportanceFacts, *, now: datetime) -> ImportanceDecision:
    """The level of the customer: the weighted mean of what is known, and no step within the margin.

    What is not known has no weight. Means are rounded half up.
    """
    if facts.opted_out:
        return _ungraded(policy, ImportanceOutcome.NEUTRAL, Reason.of("importance.opted_out"), now)
    parts = _known(policy, facts)
    whole = sum(weight for _, weight in parts.values())
    if not whole:
        return _ungraded(policy, ImportanceOutcome.UNKNOWN, Reason.of("importance.unknown"), now, facts.level)
    score = (2 * sum(value * weight for value, weight in parts.values()) + whole) // (2 * whole)
    level = policy.level(score, current=facts.level)
    graded = Reason.of("importance.graded", level=level.name, score=score, days=level.care_days)
    told = [
        Reason.of(f"importance.{name}", value=value, weight=(200 * weight + whole) // (2 * whole))
        for name, (value, weight) in parts.items()
    ]
    return ImportanceDecision(
        policy=policy.ref,
        at=now,
        outcome=ImportanceOutcome.GRADED,
        reasons=(graded, *told, *_steps(policy, facts, level, score)),
        level=level.name,
        score=score,
        care_days=level.care_days,
        care_at=None if facts.cared_at is None else facts.cared_at + timedelta(days=level.care_days),
    )


def _known(policy: ImportancePolicy, facts: ImportanceFacts) -> dict[str, tuple[int, int]]:
    """What is known, with its weight."""
    parts = {
        "contribution": (facts.contribution, policy.contribution),
        "potential": (facts.potential, policy.potential),
        "loyalty": (facts.loyalty, policy.loyalty),
    }
    return {name: (value, weight) for name, (value, weight) in parts.items() if value is not None and weight}


def _steps(policy: ImportancePolicy, facts: ImportanceFacts, level: ImportanceLevel, score: int) -> list[Reason]:
    """What the level was before, and what the margin kept from happening."""
    said = []
    plain = policy.plain(score).name
    if level.name != plain:
        said.append(Reason.of("importance.kept", level=plain, margin=policy.margin))
    if facts.level not in ("", level.name):
        said.append(Reason.of("importance.changed", level=facts.level))
    return said


def _ungraded(
    policy: ImportancePolicy, outcome: ImportanceOutcome, reason: Reason, now: datetime, level: str = ""
) -> ImportanceDecision:
    return ImportanceDecision(policy=policy.ref, at=now, outcome=outcome, reasons=(reason,), level=level)
