"""How the points of an event wear off: not at all, in a straight line, or by half-lives."""

from crmkit.rules.scoring.decays.decay import Decay
from crmkit.rules.scoring.decays.half_life import HalfLife
from crmkit.rules.scoring.decays.linear_decay import LinearDecay
from crmkit.rules.scoring.decays.no_decay import NoDecay

__all__ = ["Decay", "HalfLife", "LinearDecay", "NoDecay"]
