"""Whether probabilities have to be stretched or moved, told by records that they were not made from."""

import math
from collections.abc import Sequence

from attrs import frozen

from crmkit.rules.prediction.policy import share_of
from crmkit.rules.prediction.training.regression import Step, descend

__all__ = ["AS_IT_IS", "Stretch", "stretch_of"]

BELIEF = 10.0
"""How firmly a slope of 1 is held to: as by so much curvature beside that of the records."""
FLAT = 1e-9
"""Curvature where all log-odds are certain."""


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
    >>> round(found.slope, 2)
    0.35
    """
    (slope, shift), _ = descend(lambda line, belief: _look(line, belief, logits, outcomes), [1.0, 0.0], BELIEF)
    return Stretch(slope, shift)


def _look(line: Sequence[float], belief: float, logits: Sequence[float], outcomes: Sequence[float]) -> Step:
    slope, shift = line
    losses = [belief * (slope - 1) ** 2 / 2]
    by_slope, by_shift = belief * (slope - 1), 0.0
    steep, both, flat = belief, 0.0, FLAT
    for logit, outcome in zip(logits, outcomes, strict=True):
        moved = slope * logit + shift
        losses.append(max(moved, 0.0) - outcome * moved + math.log1p(math.exp(-abs(moved))))
        share = share_of(moved)
        error, curve = share - outcome, share * (1 - share)
        by_slope += error * logit
        by_shift += error
        steep += curve * logit * logit
        both += curve * logit
        flat += curve
    whole = steep * flat - both * both
    move = ((flat * by_slope - both * by_shift) / whole, (steep * by_shift - both * by_slope) / whole)
    return Step(
        loss=math.fsum(losses),
        move=move,
        gain=by_slope * move[0] + by_shift * move[1],
        log_determinant=math.log(whole),
    )
