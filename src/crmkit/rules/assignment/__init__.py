"""Assignment: who gets a new lead or account, and why not somebody else.

``decide`` answers for one record, ``decide_many`` for a list in which each answer counts for the next.
"""

from collections.abc import Mapping

from crmkit.rules.assignment.calibration import Tally, calibrated
from crmkit.rules.assignment.decide import decide, decide_many
from crmkit.rules.assignment.decision import AssignmentDecision, AssignmentOutcome
from crmkit.rules.assignment.facts import AssignmentFacts, Candidate
from crmkit.rules.assignment.needs import Ability, Need
from crmkit.rules.assignment.policy import AssignmentPolicy, Backlog, Entry, Target
from crmkit.rules.assignment.strategies import LeastLoaded, RoundRobin, SeededRandom, Strategy
from crmkit.rules.assignment.texts import TEXTS as _TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "Ability",
    "AssignmentDecision",
    "AssignmentFacts",
    "AssignmentOutcome",
    "AssignmentPolicy",
    "Backlog",
    "Candidate",
    "Entry",
    "LeastLoaded",
    "Need",
    "RoundRobin",
    "SeededRandom",
    "Strategy",
    "Tally",
    "Target",
    "calibrated",
    "decide",
    "decide_many",
]

KINDS: tuple[type, ...] = (AssignmentPolicy, RoundRobin, LeastLoaded, SeededRandom)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
