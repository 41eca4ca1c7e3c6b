"""From examples to a model, and the report that says what it is worth.

>>> from datetime import UTC
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> rows = [({"source": "fair" if number % 3 else "web", "no": number}, number % 3 > 0) for number in range(120)]
>>> examples = [Example(row=row, outcome=won if row["no"] % 5 else not won) for row, won in rows]
>>> trained = train(examples, TrainingSettings(outcome="won", leave_out=("no",)), now=monday)
>>> trained.report.better, trained.model.fields[0].choices
(True, ('fair', 'web'))
>>> train(examples[:9], now=monday).model.why.code
'prediction.few'
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.ids import TeamId
from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.rules.prediction.example import Example
from crmkit.rules.prediction.field import FieldModel
from crmkit.rules.prediction.policy import PredictionModel, log_odds, share_of
from crmkit.rules.prediction.report import FieldNote, Quality, TrainingReport, auc, leaks, quality
from crmkit.rules.prediction.training.calibration import AS_IT_IS, Stretch
from crmkit.rules.prediction.training.learning import Learnt, learn
from crmkit.rules.prediction.training.plain import plain_sums
from crmkit.rules.prediction.training.regression import Sums
from crmkit.rules.prediction.training.settings import TrainingSettings
from crmkit.rules.prediction.training.table import Table, names_of, weighted

__all__ = ["Trained", "Training", "too_few", "train"]


@frozen
class Trained:
    """A model with the report on it; give the report to people, the model to ``decide``."""

    model: PredictionModel
    report: TrainingReport


def train(
    examples: Iterable[Example],
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
    *,
    sums: Sums = plain_sums,
    now: datetime,
) -> Trained:
    """The model of the closed examples whose persons have not opted out.

    Where there are too few of them, or the fields say nothing that the base rate does not, the model is the base
    rate and says so. Same examples, same model: nothing is drawn by lot.

    Args:
        examples: in any order that has nothing to do with the outcome.
        settings: one for all data.
        sums: where the sums are done; ``ArrayArithmetic().over`` is several times as fast as the default.
        now: when the training is.
    """
    training = Training.of(examples, settings, now)
    few = training.few()
    return training.told(training.learnt(sums)) if few is None else training.base_rate(few)


def too_few(closed: Sequence[Example], settings: TrainingSettings) -> Reason | None:
    """Why there is nothing to train on, if so."""
    positive = sum(each.outcome is True for each in closed)
    negative = len(closed) - positive
    if len(closed) >= settings.least_rows and min(positive, negative) >= settings.least_each:
        return None
    return Reason.of(
        "prediction.few",
        rows=len(closed),
        positive=positive,
        negative=negative,
        least=settings.least_rows,
        each=settings.least_each,
    )


@frozen
class Training:
    """What a training began with."""

    closed: Sequence[Example]
    opened: Sequence[Example]
    settings: TrainingSettings
    now: datetime

    @classmethod
    def of(cls, examples: Iterable[Example], settings: TrainingSettings, now: datetime) -> "Training":
        """With the examples that may be trained on."""
        allowed = [each for each in examples if not each.opted_out]
        closed = [each for each in allowed if each.outcome is not None]
        return cls(closed, [each for each in allowed if each.outcome is None], settings, now)

    def few(self) -> Reason | None:
        """Why there is nothing to train on, if so."""
        return too_few(self.closed, self.settings)

    def learnt(self, sums: Sums) -> Learnt:
        """What the closed examples teach."""
        return learn(Table.of(self.closed, self.settings), folds=self.settings.folds, sums=sums)

    def base_rate(self, why: Reason) -> Trained:
        """The base rate alone."""
        report = TrainingReport(
            outcome=self.settings.outcome, rows=len(self.closed), positives=self.positives, reasons=(why,)
        )
        return Trained(self.model(None, (), why), report)

    def told(self, learnt: Learnt) -> Trained:
        """The model with the weights that were learnt, or the base rate where that is as good."""
        table, outcomes = learnt.table, learnt.table.outcomes
        shares = [share_of(logit) for logit in learnt.stretched()]
        found = quality(shares, outcomes)
        better = _better(found, self.positives, self.settings)
        verdict = _verdict(found, better=better)
        intercept, fields = weighted(table, learnt.weights, learnt.stretch)
        model = self.model(intercept, fields, None) if better else self.model(None, (), verdict)
        return Trained(model, self.report(learnt, fields, found, verdict, better=better))

    def of_team(
        self, learnt: Learnt, weights: Sequence[float], rows: Sequence[int], team_id: TeamId
    ) -> PredictionModel:
        """The own model of a team, whose closed examples these are and stand in ``rows`` of what was learnt."""
        intercept, fields = weighted(learnt.table, weights, learnt.stretch)
        shares = learnt.table.shares(rows)
        fields = tuple([revise(field, shares=own) for field, own in zip(fields, shares, strict=True)])
        return revise(self.model(intercept, fields, None), team_id=team_id)

    @property
    def positives(self) -> int:
        """Those with the outcome."""
        return sum(each.outcome is True for each in self.closed)

    def model(self, intercept: float | None, fields: tuple[FieldModel, ...], why: Reason | None) -> PredictionModel:
        """The model as data."""
        # half a record of each kind is added: even where there was one kind only, nothing is certain
        # (R. Krichevsky, V. Trofimov, "The performance of universal encoding", 1981)
        base = (self.positives + 0.5) / (len(self.closed) + 1)
        return PredictionModel(
            id=self.settings.id,
            version=self.settings.version,
            outcome=self.settings.outcome,
            trained_at=self.now,
            rows=len(self.closed),
            base_rate=base,
            intercept=log_odds(base) if intercept is None else intercept,
            fields=fields,
            grades=self.settings.grades,
            why=why,
        )

    def report(
        self, learnt: Learnt, fields: Sequence[FieldModel], found: Quality, verdict: Reason, *, better: bool
    ) -> TrainingReport:
        """What there is to say."""
        table = learnt.table
        alone = {field.name: _alone(table, place) for place, field in enumerate(table.fields)}
        notes = [
            FieldNote(name=field.name, bins=sum(map(bool, field.shares)), moves=_moves(field), alone=alone[field.name])
            for field in fields
        ]
        unused = [name for name in names_of(self.closed, self.settings) if name not in alone]
        return TrainingReport(
            outcome=self.settings.outcome,
            rows=found.rows,
            positives=self.positives,
            better=better,
            quality=found,
            strength=learnt.strength,
            slope=learnt.stretch.slope,
            shift=learnt.stretch.shift,
            fields=tuple(sorted(notes, key=lambda note: (-note.moves, note.name))) if better else (),
            reasons=(verdict, *_remarks(learnt.stretch, unused)),
            leaks=tuple(
                reason
                for name in names_of([*self.closed, *self.opened], self.settings)
                for reason in leaks(name, self.closed, self.opened, alone.get(name, 0.5))
            ),
        )


def _better(found: Quality, positives: int, settings: TrainingSettings) -> bool:
    """Whether probabilities surely rank records better than chance does, and say enough more than the base rate.

    By chance the area under the ROC curve is 0.5 with the variance of the rank sum test (H. Mann, D. Whitney,
    "On a test of whether one of two random variables is stochastically larger than the other", 1947, section 3).
    """
    chance = math.sqrt((found.rows + 1) / (12 * positives * (found.rows - positives)))
    return found.skill >= settings.worth and found.auc - 0.5 > settings.sure * chance


def _verdict(found: Quality, *, better: bool) -> Reason:
    told = {"brier": f"{found.brier:.4f}", "base": f"{found.base_brier:.4f}"}
    if better:
        return Reason.of("prediction.better", auc=f"{found.auc:.3f}", **told)
    return Reason.of("prediction.no_better", **told)


def _remarks(stretch: Stretch, unused: Iterable[str]) -> Iterator[Reason]:
    if stretch != AS_IT_IS:
        yield Reason.of("prediction.calibrated", slope=f"{stretch.slope:.2f}", shift=f"{stretch.shift:+.2f}")
    for name in unused:
        yield Reason.of("prediction.left_out", field=name)


def _alone(table: Table, place: int) -> float:
    """The area under the ROC curve of the field's bins by their share of the outcome."""
    # cell 0 is for rows whose value is one of too many rare ones
    cells = {0: [0.0, 0.0]} | {number: [0.0, 0.0] for (of, _), number in table.cell.items() if of == place}
    base = sum(table.outcomes) / len(table.outcomes)
    own = [next((cell for cell in row[1:] if cell in cells), 0) for row in table.rows]
    for cell, outcome in zip(own, table.outcomes, strict=True):
        cells[cell][0] += outcome
        cells[cell][1] += 1
    # few rows are taken for as good as all are
    shares = {cell: (hits + 5 * base) / (rows + 5) for cell, (hits, rows) in cells.items()}
    return auc([shares[cell] for cell in own], table.outcomes)


def _moves(field: FieldModel) -> float:
    return sum(share * abs(weight) for share, weight in zip(field.shares, field.weights, strict=True))
