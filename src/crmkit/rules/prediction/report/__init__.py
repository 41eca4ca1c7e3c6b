"""What a model is worth: quality, reliability and lift, fields that know too much, and drift."""

from crmkit.rules.prediction.report.drift import FieldDrift, drift
from crmkit.rules.prediction.report.leakage import leaks
from crmkit.rules.prediction.report.quality import Band, Quality, auc, brier, quality
from crmkit.rules.prediction.report.report import FieldNote, TrainingReport

__all__ = [
    "Band",
    "FieldDrift",
    "FieldNote",
    "Quality",
    "TrainingReport",
    "auc",
    "brier",
    "drift",
    "leaks",
    "quality",
]
