"""Fairness: what each member received against their share, by count, value and quality.

No engine: nothing is decided here. ``fairness`` counts up what happened and says it plainly.
"""

from crmkit.rules.fairness.compare import fairness
from crmkit.rules.fairness.evenness import Evenness, evenness, gini
from crmkit.rules.fairness.presence import days_there
from crmkit.rules.fairness.report import FairnessReport, MemberRow, TeamRow
from crmkit.rules.fairness.share import Measure, Share
from crmkit.rules.fairness.texts import TEXTS

__all__ = [
    "TEXTS",
    "Evenness",
    "FairnessReport",
    "Measure",
    "MemberRow",
    "Share",
    "TeamRow",
    "days_there",
    "evenness",
    "fairness",
    "gini",
]
