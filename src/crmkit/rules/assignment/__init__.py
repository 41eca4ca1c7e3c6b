"""Assignment: who gets a new lead or account, and why not somebody else.

``decide`` answers for one record, ``decide_many`` for a list in which each answer counts for the next;
``share_out`` says besides whose turn it is afterwards, ``simulate`` what becomes of records that arrive over time.
"""

from collections.abc import Mapping

from crmkit.rules.assignment.availability import Availability
from crmkit.rules.assignment.decide import Shared, decide, decide_many, share_out
from crmkit.rules.assignment.decision import AssignmentDecision, AssignmentOutcome
from crmkit.rules.assignment.facts import AssignmentFacts, Candidate, KnownOwner
from crmkit.rules.assignment.needs import Ability, Need
from crmkit.rules.assignment.planning import Plan, plans
from crmkit.rules.assignment.policy import AssignmentPolicy, Backlog, Entry, Fallback, Target
from crmkit.rules.assignment.simulation import Simulation, simulate
from crmkit.rules.assignment.strategies import BestFit, LeastLoaded, RoundRobin, SeededRandom, Strategy
from crmkit.rules.assignment.texts import TEXTS as _TEXTS
from crmkit.rules.assignment.turns import places_after

__all__ = [
    "KINDS",
    "TEXTS",
    "Ability",
    "AssignmentDecision",
    "AssignmentFacts",
    "AssignmentOutcome",
    "AssignmentPolicy",
    "Availability",
    "Backlog",
    "BestFit",
    "Candidate",
    "Entry",
    "Fallback",
    "KnownOwner",
    "LeastLoaded",
    "Need",
    "Plan",
    "RoundRobin",
    "SeededRandom",
    "Shared",
    "Simulation",
    "Strategy",
    "Target",
    "decide",
    "decide_many",
    "places_after",
    "plans",
    "share_out",
    "simulate",
]

KINDS: tuple[type, ...] = (AssignmentPolicy, RoundRobin, LeastLoaded, SeededRandom, BestFit)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
