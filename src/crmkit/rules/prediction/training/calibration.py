"""Whether probabilities have to be stretched or moved, told by records that they were not made from."""

import math
from collections.abc import Sequence

from attrs import frozen

from crmkit.rules.prediction.policy import share_of

__all__ = ["AS_IT_IS", "Stretch", "stretch_of"]

BELIEF = 10.0
"""How firmly a slope of 1 is held to: as by so much curvature beside that of the records."""
ROUNDS = 25


@frozen
class Stretch:
    """Log-odds times ``slope`` plus ``shift``: on the scale of log-odds, so that explanations still sum up."""

    slope: float
    shift: float

    def of(self, logit: float) -> float:
        """The log-odds after it."""
        return self.slope * logit + self.shift


AS_IT_IS = Stretch(1.0, 0.0)


def stretch_of(logits: Sequence[float], outcomes: Sequence[float]) -> Stretch:
    """The stretch that makes the outcomes likeliest (J. Platt, "Probabilistic outputs for support vector machines",
    1999), its slope held to 1.

    >>> found = stretch_of([-4.0, 4.0] * 500, [0, 1, 0, 1, 0, 1, 1, 1, 0, 0] * 100)
    >>> round(found.slope, 1), round(found.shift, 1)
    (0.3, 0.0)
    """
    slope, shift = 1.0, 0.0
    for _ in range(ROUNDS):
        by_slope, by_shift = BELIEF * (slope - 1), 0.0
        steep, both, flat = BELIEF, 0.0, 1e-9
        for logit, outcome in zip(logits, outcomes, strict=True):
            share = share_of(slope * logit + shift)
            error, curve = share - outcome, share * (1 - share)
            by_slope += error * logit
            by_shift += error
            steep += curve * logit * logit
            both += curve * logit
            flat += curve
        whole = steep * flat - both * both
        down = (flat * by_slope - both * by_shift) / whole
        along = (steep * by_shift - both * by_slope) / whole
        slope, shift = slope - down, shift - along
        if math.hypot(down, along) < 1e-9:
            break
    return Stretch(slope, shift)
