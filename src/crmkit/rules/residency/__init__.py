"""May a person's data go to that place? Where they live, where it goes, and how many people went before them this year."""

from collections.abc import Mapping

from crmkit.rules.residency.decide import decide
from crmkit.rules.residency.decision import ResidencyDecision, ResidencyOutcome
from crmkit.rules.residency.facts import ResidencyFacts
from crmkit.rules.residency.policy import PIPL, ResidencyPolicy, Threshold
from crmkit.rules.residency.texts import TEXTS as _TEXTS

__all__ = [
    "KINDS",
    "PIPL",
    "TEXTS",
    "ResidencyDecision",
    "ResidencyFacts",
    "ResidencyOutcome",
    "ResidencyPolicy",
    "Threshold",
    "decide",
]

KINDS: tuple[type, ...] = (ResidencyPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
