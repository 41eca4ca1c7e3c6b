"""Scoring: how well a record fits, how engaged it is, and every point of it explained."""

from crmkit.rules.scoring.decays import Decay, HalfLife, LinearDecay, NoDecay
from crmkit.rules.scoring.decide import decide
from crmkit.rules.scoring.decision import Axis, Contribution, Rating, ScoreDecision, ScoreOutcome
from crmkit.rules.scoring.facts import ScoreEvent, ScoreFacts
from crmkit.rules.scoring.grades import GradeByScore, GradeMatrix, Grading, Ladder, Rung
from crmkit.rules.scoring.lessons import Lesson, LessonReport, lessons
from crmkit.rules.scoring.many import rate_many
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.priority import WorkDecision, WorkFacts, WorkOutcome, WorkPolicy, prioritise
from crmkit.rules.scoring.ready import lead_scoring
from crmkit.rules.scoring.signals import Attribute, Band, Engagement, Frequency, Measure, Signal
from crmkit.rules.scoring.texts import TEXTS
from crmkit.rules.scoring.what_if import Step, WhatIf, what_if

__all__ = [
    "KINDS",
    "TEXTS",
    "Attribute",
    "Axis",
    "Band",
    "Contribution",
    "Decay",
    "Engagement",
    "Frequency",
    "GradeByScore",
    "GradeMatrix",
    "Grading",
    "HalfLife",
    "Ladder",
    "Lesson",
    "LessonReport",
    "LinearDecay",
    "Measure",
    "NoDecay",
    "Rating",
    "Rung",
    "ScoreDecision",
    "ScoreEvent",
    "ScoreFacts",
    "ScoreOutcome",
    "ScorePolicy",
    "Signal",
    "SignalGroup",
    "Step",
    "WhatIf",
    "WorkDecision",
    "WorkFacts",
    "WorkOutcome",
    "WorkPolicy",
    "decide",
    "lead_scoring",
    "lessons",
    "prioritise",
    "rate_many",
    "what_if",
]

KINDS: tuple[type, ...] = (
    ScorePolicy,
    WorkPolicy,
    Attribute,
    Engagement,
    Frequency,
    NoDecay,
    LinearDecay,
    HalfLife,
    GradeByScore,
    GradeMatrix,
)
"""The policies and parts that this engine adds to a rule book."""
