"""A model for each team that deserves one of its own, and one of all for the others.

A team's own model is the model of all plus what is different with the team: its log-odds begin at those of all, and
every difference is held to 0, as firmly as the team's records ask for. So little that is its own moves it little
(partial pooling; A. Gelman, J. Hill, Data Analysis Using Regression and Multilevel/Hierarchical Models, 2007,
chapter 12). Whether the own model is better is told by records that neither of the two was trained on.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import add

from attrs import frozen

from crmkit.domain.ids import TeamId
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.prediction.example import Example
from crmkit.rules.prediction.policy import PredictionModel
from crmkit.rules.prediction.report import TrainingReport
from crmkit.rules.prediction.training.learning import Learnt, log_losses, surely_less
from crmkit.rules.prediction.training.plain import plain_sums
from crmkit.rules.prediction.training.regression import Sums, fit, fit_with_evidence
from crmkit.rules.prediction.training.settings import TrainingSettings
from crmkit.rules.prediction.training.train import Training, too_few

__all__ = ["TeamModels", "TrainedTeams", "train_teams"]


@model
class TeamModels:
    """The model of all, and those of the teams that have their own.

    >>> from datetime import UTC
    >>> pooled = PredictionModel(trained_at=datetime(2026, 1, 2, tzinfo=UTC), rows=400, base_rate=0.5, intercept=0.0)
    >>> TeamModels(pooled=pooled).of("east") is pooled
    True
    """

    pooled: PredictionModel
    own: tuple[PredictionModel, ...] = ()

    def check(self) -> None:
        """Each own model says whose it is, and no team has two."""
        teams = [each.team_id for each in self.own]
        if None in teams or len(set(teams)) < len(teams):
            raise InvalidInput("must be of one team each.", field="TeamModels.own", hint="Set team_id, once a team.")

    def of(self, team_id: TeamId | None) -> PredictionModel:
        """The team's own model, or else that of all."""
        found = (each for each in self.own if each.team_id == team_id)
        return next(found, self.pooled)


@frozen
class TrainedTeams:
    """The models, the report on that of all, and for each team why it has its own or not."""

    models: TeamModels
    report: TrainingReport
    reasons: tuple[Reason, ...]


def train_teams(
    examples: Iterable[Example],
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
    *,
    sums: Sums = plain_sums,
    now: datetime,
) -> TrainedTeams:
    """The model of all, as ``train`` makes it, and one for each team where it is surely better.

    Args:
        examples: with the ``team_id`` of who had them; those without count for the model of all.
        settings: one for all teams; each needs as many records of its own as the whole does.
        sums: where the sums are done.
        now: when the training is.
    """
    training = Training.of(examples, settings, now)
    few = training.few()
    learnt: Learnt | None = None
    if few is None:
        found = training.learnt(sums)
        trained = training.told(found)
        learnt = found if trained.report.better else found.without_fields()
    else:
        trained = training.base_rate(few)
    own, reasons = [], []
    for team_id, rows in _teams(training.closed).items():
        model_, reason = _of_team(training, learnt, team_id, rows, sums)
        reasons.append(reason)
        own += [] if model_ is None else [model_]
    return TrainedTeams(TeamModels(pooled=trained.model, own=tuple(own)), trained.report, tuple(reasons))


def _teams(closed: Sequence[Example]) -> dict[TeamId, list[int]]:
    """The rows of each team."""
    teams: dict[TeamId, list[int]] = {}
    for row, each in enumerate(closed):
        if each.team_id is not None:
            teams.setdefault(each.team_id, []).append(row)
    return dict(sorted(teams.items()))


def _of_team(
    training: Training, learnt: Learnt | None, team_id: TeamId, rows: Sequence[int], sums: Sums
) -> tuple[PredictionModel | None, Reason]:
    closed = [training.closed[row] for row in rows]
    if learnt is None or too_few(closed, training.settings) is not None:
        return None, Reason.of("prediction.team_few", team=team_id, rows=len(rows))
    offsets = [learnt.logits[row] for row in rows]
    whole = fit_with_evidence(learnt.table.problem(rows, offsets=offsets, held=True), sums=sums)
    outcomes = [learnt.table.outcomes[row] for row in rows]
    with_own = log_losses(_apart(learnt, rows, whole.strength, sums), outcomes)
    with_all = log_losses(offsets, outcomes)
    told = {"own": f"{math.fsum(with_own) / len(rows):.3f}", "pooled": f"{math.fsum(with_all) / len(rows):.3f}"}
    if not surely_less(with_own, with_all, training.settings.sure):
        return None, Reason.of("prediction.team_pooled", team=team_id, **told)
    weights = list(map(add, learnt.weights, whole.weights))
    model_ = Training(closed, (), training.settings, training.now).of_team(learnt, weights, rows, team_id)
    return model_, Reason.of("prediction.team_own", team=team_id, **told)


def _apart(learnt: Learnt, rows: Sequence[int], strength: float, sums: Sums) -> list[float]:
    """The log-odds of the team's rows by weights of the other folds, of all and of the team."""
    table, logits = learnt.table, dict.fromkeys(rows, 0.0)
    for fold, weights in zip(learnt.folds, learnt.apart, strict=True):
        inside = set(fold)
        others = [row for row in rows if row not in inside]
        offsets = [table.logit(row, weights) for row in others]
        own = fit(table.problem(others, offsets=offsets, held=True), strength, sums=sums).weights
        both = list(map(add, weights, own))
        logits |= {row: table.logit(row, both) for row in rows if row in inside}
    return list(logits.values())
