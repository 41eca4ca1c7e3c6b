"""Detectors: what each looks for in the history of ownership and of follow-ups."""

from crmkit.rules.gaming.detectors.boomerang import Boomerang
from crmkit.rules.gaming.detectors.burst import Burst
from crmkit.rules.gaming.detectors.detector import Detector
from crmkit.rules.gaming.detectors.empty_follow_up import EmptyFollowUp
from crmkit.rules.gaming.detectors.last_minute import LastMinute
from crmkit.rules.gaming.detectors.passed_on import PassedOn
from crmkit.rules.gaming.detectors.picking import Picking
from crmkit.rules.gaming.detectors.round_trip import RoundTrip
from crmkit.rules.gaming.detectors.sniping import Sniping
from crmkit.rules.gaming.detectors.swapping import Swapping

__all__ = [
    "Boomerang",
    "Burst",
    "Detector",
    "EmptyFollowUp",
    "LastMinute",
    "PassedOn",
    "Picking",
    "RoundTrip",
    "Sniping",
    "Swapping",
]
