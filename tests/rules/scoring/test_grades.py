"""From points to labels."""

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.scoring import GradeByScore, GradeMatrix, Ladder

MATRIX = GradeMatrix(fit=Ladder.of({"A": 40, "B": 20}, below="C"), engagement=Ladder.of({"1": 30, "2": 10}, below="3"))


@pytest.mark.parametrize(
    ("fit", "engagement", "grade"),
    [
        (40, 30, "A1"),
        (39, 30, "B1"),
        (40, 29, "A2"),
        (20, 10, "B2"),
        (19, 10, "C2"),
        (20, 9, "B3"),
        (-5, -5, "C3"),
    ],
)
def test_a_matrix_grades_both_axes(fit, engagement, grade):
    assert MATRIX.grade(fit=fit, engagement=engagement, score=0) == grade


def test_one_ladder_grades_the_score():
    grading = GradeByScore(ladder=Ladder.of({"hot": 70}, below="cold"))
    assert [grading.grade(fit=0, engagement=0, score=score) for score in (70, 69)] == ["hot", "cold"]


@pytest.mark.parametrize(
    ("rungs", "below"), [({"B": 20, "A": 40}, "C"), ({"A": 20, "B": 20}, "C"), ({"A": 40, "B": 20}, "A")]
)
def test_a_ladder_falls_and_has_no_label_twice(rungs, below):
    with pytest.raises(InvalidInput, match=r"Ladder\.rungs"):
        Ladder.of(rungs, below=below)
