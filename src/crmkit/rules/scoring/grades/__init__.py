"""From points to a grade: one ladder over the score, or a matrix of fit and engagement."""

from crmkit.rules.scoring.grades.grade_by_score import GradeByScore
from crmkit.rules.scoring.grades.grade_matrix import GradeMatrix
from crmkit.rules.scoring.grades.grading import Grading
from crmkit.rules.scoring.grades.ladder import Ladder, Rung

__all__ = ["GradeByScore", "GradeMatrix", "Grading", "Ladder", "Rung"]
