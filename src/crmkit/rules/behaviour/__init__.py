"""Behaviour: how often, by which channel and about what a customer talks with us, and when it likes to."""

from crmkit.rules.behaviour.decide import decide
from crmkit.rules.behaviour.decision import BehaviourDecision, BehaviourOutcome, Counts, HourSpan
from crmkit.rules.behaviour.facts import BehaviourFacts
from crmkit.rules.behaviour.policy import BehaviourPolicy
from crmkit.rules.behaviour.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "BehaviourDecision",
    "BehaviourFacts",
    "BehaviourOutcome",
    "BehaviourPolicy",
    "Counts",
    "HourSpan",
    "decide",
]

KINDS: tuple[type, ...] = (BehaviourPolicy,)
"""The policies that this engine adds to a rule book."""
