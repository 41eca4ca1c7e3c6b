"""The rules of a score: what the record is, what happened with it, and how often."""

from crmkit.rules.scoring.signals.attribute import Attribute
from crmkit.rules.scoring.signals.engagement import Engagement
from crmkit.rules.scoring.signals.frequency import Band, Frequency
from crmkit.rules.scoring.signals.signal import MOST_POINTS, Measure, Signal

__all__ = ["MOST_POINTS", "Attribute", "Band", "Engagement", "Frequency", "Measure", "Signal"]
