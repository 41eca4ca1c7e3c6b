"""A ladder of labels: who has that many points stands on that rung."""

from collections.abc import Mapping
from itertools import pairwise

from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput

__all__ = ["Ladder", "Rung"]


@model
class Rung:
    """The label from ``least`` points on."""

    label: Code
    least: int


@model
class Ladder:
    """Rungs from the highest to the lowest; ``below`` is the label under all of them.

    >>> grades = Ladder.of({"A": 60, "B": 30}, below="C")
    >>> [grades.label(points) for points in (60, 59, 30, 29)]
    ['A', 'B', 'B', 'C']
    """

    rungs: tuple[Rung, ...] = ()
    below: Code

    @classmethod
    def of(cls, least: Mapping[str, int], *, below: str) -> "Ladder":
        """The ladder of label → least points."""
        return cls(rungs=tuple(Rung(label=label, least=points) for label, points in least.items()), below=below)

    def check(self) -> None:
        """Rungs fall and no label stands twice."""
        if any(higher.least <= lower.least for higher, lower in pairwise(self.rungs)):
            raise InvalidInput("must fall.", field="Ladder.rungs", hint="Begin with the most points.")
        labels = [*(rung.label for rung in self.rungs), self.below]
        if len(set(labels)) < len(labels):
            raise InvalidInput("has a label twice.", field="Ladder.rungs", hint="Rename one.")

    def label(self, points: int) -> str:
        """The label of the highest rung that ``points`` reach."""
        for rung in self.rungs:
            if points >= rung.least:
                return rung.label
        return self.below
