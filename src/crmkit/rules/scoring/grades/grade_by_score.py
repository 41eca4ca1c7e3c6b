"""One ladder over the whole score."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.scoring.grades.ladder import Ladder

__all__ = ["GradeByScore"]


@model
class GradeByScore:
    """The label of the score on one ladder.

    >>> GradeByScore(ladder=Ladder.of({"hot": 70, "warm": 40}, below="cold")).grade(fit=50, engagement=0, score=50)
    'warm'
    """

    kind: ClassVar[str] = "grade_by_score"

    ladder: Ladder

    def grade(self, *, fit: int, engagement: int, score: int) -> str:  # noqa: ARG002 - the Protocol's shape
        """The label of ``score``."""
        return self.ladder.label(score)
