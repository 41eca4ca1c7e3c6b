"""Which pairs may be merged by themselves, which a person looks at, and how good all that is."""

from crmkit.rules.dedup.review.confidence import (
    Agreement,
    ConfidenceDecision,
    ConfidencePolicy,
    EvidenceKind,
    PairFacts,
    decide_confidence,
)
from crmkit.rules.dedup.review.conflicts import MOST_COMPARED, ClusterReport, Conflict, report_cluster
from crmkit.rules.dedup.review.drift import ColumnDrift, Drift, DriftReport, Profile, drift, stability_index
from crmkit.rules.dedup.review.evidence import facts_of_levels, facts_of_records
from crmkit.rules.dedup.review.quality import (
    Band,
    Estimate,
    Labelled,
    Quality,
    expected,
    measured,
    stratified,
    wilson,
)
from crmkit.rules.dedup.review.texts import TEXTS
from crmkit.rules.dedup.review.threshold import CurvePoint, ThresholdAdvice, advise, curve_of, curve_of_labels
from crmkit.rules.dedup.review.waterfall import step_reason

__all__ = [
    "MOST_COMPARED",
    "TEXTS",
    "Agreement",
    "Band",
    "ClusterReport",
    "ColumnDrift",
    "ConfidenceDecision",
    "ConfidencePolicy",
    "Conflict",
    "CurvePoint",
    "Drift",
    "DriftReport",
    "Estimate",
    "EvidenceKind",
    "Labelled",
    "PairFacts",
    "Profile",
    "Quality",
    "ThresholdAdvice",
    "advise",
    "curve_of",
    "curve_of_labels",
    "decide_confidence",
    "drift",
    "expected",
    "facts_of_levels",
    "facts_of_records",
    "measured",
    "report_cluster",
    "stability_index",
    "step_reason",
    "stratified",
    "wilson",
]
