"""``GamingPolicy``: which patterns are looked for, and from when on they are told.

>>> policy = GamingPolicy()
>>> [detector.kind for detector in policy.detectors][:3]
['round_trip', 'swapping', 'boomerang']
>>> GamingPolicy(detectors=(Sniping(seconds=2),)).ref.kind
'gaming'
>>> GamingPolicy(lookback_days=0)
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: GamingPolicy.lookback_days: must lie between 1 and 3660. 90 is usual.
"""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
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
from crmkit.rules.policy import Policy

__all__ = ["GamingPolicy"]

STANDARD: tuple[Detector, ...] = (
    RoundTrip(),
    Swapping(),
    Boomerang(),
    PassedOn(),
    Sniping(),
    Picking(),
    LastMinute(),
    EmptyFollowUp(),
    Burst(),
)


@model
class GamingPolicy(Policy):
    """The detectors with their thresholds.

    Args:
        detectors: what is looked for, in the order in which it is told.
        lookback_days: how far before the period history is read, so that what ended in it is understood.
    """

    kind: ClassVar[str] = "gaming"

    detectors: tuple[Detector, ...] = STANDARD
    lookback_days: int = 90

    def check(self) -> None:
        """Every part can look, and the history is some days long."""
        if not all(isinstance(detector, Detector) for detector in self.detectors):
            raise InvalidInput("cannot look.", field="GamingPolicy.detectors", hint="Use for example RoundTrip().")
        if not 1 <= self.lookback_days <= 3_660:
            raise InvalidInput("must lie between 1 and 3660.", field="GamingPolicy.lookback_days", hint="90 is usual.")
