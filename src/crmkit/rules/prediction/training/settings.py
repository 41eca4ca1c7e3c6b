"""How a model is trained; one setting for all data."""

from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.prediction.grades import Grades
from crmkit.rules.prediction.policy import GRADES

__all__ = ["TrainingSettings"]


@model
class TrainingSettings:
    """What the model is called, how finely it looks, and how much it must have seen.

    Args:
        id: of the model.
        version: of the model; count it up with each training.
        outcome: what is predicted, as people read it.
        grades: from which probability on a record is called what.
        leave_out: fields that are not to be used, as those that are filled in after the outcome.
        bins: at most so many for a number.
        bin_rows: at least so many rows in each of them.
        choices: at most so many bins for a text; those of its other values share one.
        rare: so do those of fewer rows.
        least_rows: fewer closed records give the base rate.
        least_each: so do fewer of either outcome.
        folds: parts of the records, each of which is predicted by a model of the others for the report.
        sure: standard errors by which a model must be better than chance, and a team's better than that of all.
        worth: the share of the base rate's surprise that the model must take away; less is not worth a model.
    """

    id: Code = "standard"
    version: int = 1
    outcome: Line = ""
    grades: Grades = GRADES
    leave_out: tuple[Line, ...] = ()
    bins: int = 30
    bin_rows: int = 15
    choices: int = 50
    rare: int = 10
    least_rows: int = 50
    least_each: int = 10
    folds: int = 5
    sure: float = 2.5
    worth: float = 0.02

    def check(self) -> None:
        """There are bins and folds, and each fold can hold either outcome."""
        for name, least in {"bins": 2, "bin_rows": 1, "choices": 1, "rare": 1, "folds": 2, "least_rows": 1}.items():
            if getattr(self, name) < least:
                raise InvalidInput(f"must be {least} or more.", field=f"TrainingSettings.{name}", hint="Raise it.")
        if self.least_each < self.folds:
            raise InvalidInput(
                "must not be below the folds.", field="TrainingSettings.least_each", hint="Raise it, or fold less."
            )
