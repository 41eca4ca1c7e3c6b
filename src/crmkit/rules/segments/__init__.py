"""Segments: customers by recency, frequency and money, with names, classes of value and a level of importance."""

from crmkit.rules.segments.decide import decide
from crmkit.rules.segments.decision import SegmentDecision, SegmentFacts, SegmentOutcome, ValueClass
from crmkit.rules.segments.facts import Orders
from crmkit.rules.segments.importance import (
    ImportanceDecision,
    ImportanceFacts,
    ImportanceLevel,
    ImportanceOutcome,
    ImportancePolicy,
    decide_importance,
    percentile,
)
from crmkit.rules.segments.migration import Migration, migration
from crmkit.rules.segments.policy import NamedSegment, Scores, SegmentPolicy, Span, standard_segments
from crmkit.rules.segments.scale import RfmScales, Scale
from crmkit.rules.segments.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "ImportanceDecision",
    "ImportanceFacts",
    "ImportanceLevel",
    "ImportanceOutcome",
    "ImportancePolicy",
    "Migration",
    "NamedSegment",
    "Orders",
    "RfmScales",
    "Scale",
    "Scores",
    "SegmentDecision",
    "SegmentFacts",
    "SegmentOutcome",
    "SegmentPolicy",
    "Span",
    "ValueClass",
    "decide",
    "decide_importance",
    "migration",
    "percentile",
    "standard_segments",
]

KINDS: tuple[type, ...] = (SegmentPolicy, ImportancePolicy)
"""The policies that this engine adds to a rule book."""
