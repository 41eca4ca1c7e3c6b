"""SLA clocks: what is owed to a record by when, in working time, and who hears of it before and after."""

from crmkit.rules.sla.decide import decide
from crmkit.rules.sla.decision import Happened, Notice, SlaDecision, SlaFacts, SlaOutcome
from crmkit.rules.sla.policy import TIMED, Mark, Milestone, Reopened, SlaPolicy, Target, Tell
from crmkit.rules.sla.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "TIMED",
    "Happened",
    "Mark",
    "Milestone",
    "Notice",
    "Reopened",
    "SlaDecision",
    "SlaFacts",
    "SlaOutcome",
    "SlaPolicy",
    "Target",
    "Tell",
    "decide",
]

KINDS: tuple[type, ...] = (SlaPolicy,)
"""The policies that this engine adds to a rule book."""
