"""Prediction: how likely an outcome is, learnt from the host's own history, every part of it explained."""

from crmkit.rules.prediction.decide import decide
from crmkit.rules.prediction.decision import Part, PredictionDecision, PredictionOutcome
from crmkit.rules.prediction.example import Example
from crmkit.rules.prediction.facts import Override, PredictionFacts
from crmkit.rules.prediction.field import FieldModel, Scale
from crmkit.rules.prediction.grades import Grade, Grades
from crmkit.rules.prediction.policy import PredictionModel
from crmkit.rules.prediction.report import Band, FieldDrift, Quality, TrainingReport, drift
from crmkit.rules.prediction.texts import TEXTS
from crmkit.rules.prediction.training import (
    TeamModels,
    Trained,
    TrainedTeams,
    TrainingSettings,
    train,
    train_teams,
)
from crmkit.rules.prediction.what_if import WhatIf, what_if

__all__ = [
    "KINDS",
    "TEXTS",
    "Band",
    "Example",
    "FieldDrift",
    "FieldModel",
    "Grade",
    "Grades",
    "Override",
    "Part",
    "PredictionDecision",
    "PredictionFacts",
    "PredictionModel",
    "PredictionOutcome",
    "Quality",
    "Scale",
    "TeamModels",
    "Trained",
    "TrainedTeams",
    "TrainingReport",
    "TrainingSettings",
    "WhatIf",
    "decide",
    "drift",
    "train",
    "train_teams",
    "what_if",
]

KINDS: tuple[type, ...] = (PredictionModel,)
"""The policies that this engine adds to a rule book."""
