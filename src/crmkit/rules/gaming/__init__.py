"""Gaming the rules: patterns in the history that keep records from others, found and told with their evidence.

No engine: nothing is decided here. ``detect`` reads what happened and reports; people judge.
"""

from crmkit.rules.gaming.detect import detect
from crmkit.rules.gaming.detectors import (
    Boomerang,
    Burst,
    Detector,
    EmptyFollowUp,
    LastMinute,
    PassedOn,
    Picking,
    RoundTrip,
    Sniping,
    Swapping,
)
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, Severity, found
from crmkit.rules.gaming.policy import GamingPolicy
from crmkit.rules.gaming.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "Boomerang",
    "Burst",
    "Detector",
    "EmptyFollowUp",
    "Finding",
    "GamingFacts",
    "GamingPolicy",
    "LastMinute",
    "PassedOn",
    "Picking",
    "RoundTrip",
    "Severity",
    "Sniping",
    "Swapping",
    "detect",
    "found",
]

KINDS: tuple[type, ...] = (
    GamingPolicy,
    RoundTrip,
    Swapping,
    Boomerang,
    PassedOn,
    Sniping,
    Picking,
    LastMinute,
    EmptyFollowUp,
    Burst,
)
"""The policy and the parts that this package adds to a rule book."""
