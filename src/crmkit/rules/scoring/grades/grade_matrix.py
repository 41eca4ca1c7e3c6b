"""Fit × engagement: a letter for who they are, a number for what they do (HubSpot's A1 … C3)."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.scoring.grades.ladder import Ladder

__all__ = ["GradeMatrix"]


@model
class GradeMatrix:
    """The label of the fit points followed by the label of the engagement points.

    >>> matrix = GradeMatrix(
    ...     fit=Ladder.of({"A": 40, "B": 20}, below="C"), engagement=Ladder.of({"1": 30, "2": 10}, below="3")
    ... )
    >>> matrix.grade(fit=45, engagement=5, score=50)
    'A3'
    """

    kind: ClassVar[str] = "grade_matrix"

    fit: Ladder
    engagement: Ladder

    def grade(self, *, fit: int, engagement: int, score: int) -> str:  # noqa: ARG002 - the Protocol's shape
        """Letter and number."""
        return self.fit.label(fit) + self.engagement.label(engagement)
