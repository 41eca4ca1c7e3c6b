"""The training report: what the model is worth on records it was not trained on, and what to look at."""

from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.prediction.report.quality import Quality

__all__ = ["FieldNote", "TrainingReport"]


@model
class FieldNote:
    """A field in the model: how many bins it has, and how far it moves log-odds from the mean on average.

    ``alone`` is its area under the ROC curve by itself.
    """

    name: Line
    bins: int
    moves: float
    alone: float


@model
class TrainingReport:
    """What was learnt from how much, and how good it is.

    Args:
        outcome: what is predicted.
        rows: closed records that were trained on.
        positives: those of them with the outcome.
        better: whether the fields say more than the base rate; only then the model uses them.
        quality: of the fields' probabilities, each told by a model of the other folds; ``None`` where there was too
            little to train on.
        strength: of the ties that hold weights together.
        slope: what log-odds were multiplied by after the training, 1 for as they were.
        shift: what was then added.
        fields: those of the model, the weightiest first.
        reasons: the verdict, then everything else there is to say.
        leaks: fields that may know the outcome from afterwards.
    """

    outcome: Line = ""
    rows: int
    positives: int
    better: bool = False
    quality: Quality | None = None
    strength: float | None = None
    slope: float = 1.0
    shift: float = 0.0
    fields: tuple[FieldNote, ...] = ()
    reasons: tuple[Reason, ...]
    leaks: tuple[Reason, ...] = ()

    @property
    def base_rate(self) -> float:
        """The share of the records with the outcome, half where there are none."""
        return self.positives / self.rows if self.rows else 0.5

    def table(self, language: str = "en") -> str:
        """The report as text, in English or Chinese (``zh``)."""
        from crmkit.rules.prediction.report.table import table

        return table(self, language)

    def __str__(self) -> str:
        return self.table()
