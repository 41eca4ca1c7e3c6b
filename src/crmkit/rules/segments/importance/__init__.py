"""How important a customer is, by contribution, potential and loyalty, and how often to care for it."""

from crmkit.rules.segments.importance.decide import decide_importance
from crmkit.rules.segments.importance.decision import ImportanceDecision, ImportanceFacts, ImportanceOutcome
from crmkit.rules.segments.importance.percentile import percentile
from crmkit.rules.segments.importance.policy import ImportanceLevel, ImportancePolicy

__all__ = [
    "ImportanceDecision",
    "ImportanceFacts",
    "ImportanceLevel",
    "ImportanceOutcome",
    "ImportancePolicy",
    "decide_importance",
    "percentile",
]
