"""Grades of a probability: from which share on it is an A."""

from collections.abc import Mapping
from itertools import pairwise

from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput

__all__ = ["Grade", "Grades"]


@model
class Grade:
    """The label from the probability ``least`` on, between 0 and 1."""

    label: Code
    least: float


@model
class Grades:
    """Grades from the highest to the lowest; ``below`` is the label under all of them.

    >>> grades = Grades.of({"A": 0.6, "B": 0.3}, below="C")
    >>> [grades.label(probability) for probability in (0.6, 0.59, 0.3, 0.1)]
    ['A', 'B', 'B', 'C']
    """

    steps: tuple[Grade, ...] = ()
    below: Code

    @classmethod
    def of(cls, least: Mapping[str, float], *, below: str) -> "Grades":
        """The grades of label → least probability."""
        return cls(steps=tuple(Grade(label=label, least=share) for label, share in least.items()), below=below)

    def check(self) -> None:
        """Grades fall, lie between 0 and 1, and no label stands twice."""
        if any(higher.least <= lower.least for higher, lower in pairwise(self.steps)):
            raise InvalidInput("must fall.", field="Grades.steps", hint="Begin with the highest probability.")
        if any(not 0 < step.least < 1 for step in self.steps):
            raise InvalidInput("must lie between 0 and 1.", field="Grades.steps", hint="Write 0.6 for 60 %.")
        labels = [*(step.label for step in self.steps), self.below]
        if len(set(labels)) < len(labels):
            raise InvalidInput("has a label twice.", field="Grades.steps", hint="Rename one.")

    def label(self, probability: float) -> str:
        """The label of the highest step that ``probability`` reaches."""
        return next((step.label for step in self.steps if probability >= step.least), self.below)

    def least(self, label: str) -> float:
        """The probability from which on it is a ``label``; 0 for the lowest.

        Raises:
            InvalidInput: there is no such grade.
        """
        for step in self.steps:
            if step.label == label:
                return step.least
        if label == self.below:
            return 0.0
        known = ", ".join([*(step.label for step in self.steps), self.below])
        raise InvalidInput(f"{label!r} is no grade.", field="grade", hint=f"Choose from: {known}.")
