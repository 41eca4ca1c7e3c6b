"""Filing prospects (报备): who may protect which prospect, for how long, and what they owe for it."""

from collections.abc import Mapping

from crmkit.rules.filing.decide import decide, decide_approval, decide_extension
from crmkit.rules.filing.decision import FilingDecision, FilingOutcome
from crmkit.rules.filing.facts import ApprovalFacts, ExtensionFacts, FilingFacts, Obstacle, ObstacleKind
from crmkit.rules.filing.policy import FilingPolicy
from crmkit.rules.filing.texts import TEXTS as _TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "ApprovalFacts",
    "ExtensionFacts",
    "FilingDecision",
    "FilingFacts",
    "FilingOutcome",
    "FilingPolicy",
    "Obstacle",
    "ObstacleKind",
    "decide",
    "decide_approval",
    "decide_extension",
]

KINDS: tuple[type, ...] = (FilingPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
