"""From what became of records to a model that tells it beforehand."""

from crmkit.rules.prediction.training.plain import FLAT, plain_sums
from crmkit.rules.prediction.training.regression import ZERO, Problem, Step, Tie, fit, fit_with_evidence
from crmkit.rules.prediction.training.settings import TrainingSettings
from crmkit.rules.prediction.training.teams import TeamModels, TrainedTeams, train_teams
from crmkit.rules.prediction.training.train import Trained, train

__all__ = [
    "FLAT",
    "ZERO",
    "Problem",
    "Step",
    "TeamModels",
    "Tie",
    "Trained",
    "TrainedTeams",
    "TrainingSettings",
    "fit",
    "fit_with_evidence",
    "plain_sums",
    "train",
    "train_teams",
]
