"""A trained model as versioned data: it is the policy by which probabilities are told.

>>> from datetime import UTC
>>> from crmkit.rules.prediction.field import Scale
>>> source = FieldModel(name="source", scale=Scale.CHOICE, choices=("fair", "web"), weights=(0.8, -0.4, 0, 0))
>>> won = PredictionModel(
...     trained_at=datetime(2026, 1, 2, tzinfo=UTC),
...     rows=400,
...     base_rate=0.25,
...     intercept=log_odds(0.25),
...     fields=(source,),
... )
>>> str(won.ref), won.grades.label(0.25)
('prediction standard v1', 'C')
"""

import math
from datetime import datetime
from typing import ClassVar

from crmkit.domain.ids import TeamId
from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy
from crmkit.rules.prediction.field import FieldModel
from crmkit.rules.prediction.grades import Grades

__all__ = ["GRADES", "PredictionModel", "log_odds", "share_of"]

GRADES = Grades.of({"A": 0.6, "B": 0.3, "C": 0.1}, below="D")


def log_odds(share: float) -> float:
    """``share`` (above 0 and below 1) in log-odds."""
    return math.log(share / (1 - share))


def share_of(logit: float) -> float:
    """The probability that ``logit`` (log-odds) says.

    >>> share_of(0.0), share_of(-1_000.0), share_of(1_000.0)
    (0.5, 0.0, 1.0)
    """
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1 + odds)


@model
class PredictionModel(Policy):
    """How likely an outcome is: log-odds of the average record, plus what each field adds.

    Without fields it is the base rate, and ``why`` says why that is all there is to say.

    Args:
        outcome: what is predicted, as people read it: ``"won"``.
        trained_at: when, in UTC.
        rows: how many it was trained on.
        base_rate: the share of them with the outcome, strictly between 0 and 1.
        intercept: the log-odds of a record whose fields add nothing.
        grades: from which probability on a record is called what.
        team_id: the team whose own model it is.
        why: what kept the training from more than the base rate.
    """

    kind: ClassVar[str] = "prediction"

    outcome: Line = ""
    trained_at: datetime
    rows: int
    base_rate: float
    intercept: float
    fields: tuple[FieldModel, ...] = ()
    grades: Grades = GRADES
    team_id: TeamId | None = None
    why: Reason | None = None

    def check(self) -> None:
        """The base rate is a share, and no field stands twice."""
        if not 0 < self.base_rate < 1:
            raise InvalidInput("must lie between 0 and 1.", field="PredictionModel.base_rate", hint="Smooth it.")
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise InvalidInput("has a field twice.", field="PredictionModel.fields", hint="Keep one.")
