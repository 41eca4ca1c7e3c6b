"""The sums in arrays are those of plain Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.batch import prediction
from crmkit.adapters.batch.prediction import ArrayArithmetic
from crmkit.rules.prediction import Example, train
from crmkit.rules.prediction.training import ZERO, Problem, Tie, fit, fit_with_evidence, plain_sums
from crmkit.testing import NOW

CELLS = 6
outcomes = st.sampled_from([0.0, 1.0])
cells = st.sets(st.integers(1, CELLS - 1), max_size=4).map(lambda some: (0, *sorted(some)))
lines = st.lists(st.tuples(cells, outcomes, st.floats(-3, 3)), min_size=1, max_size=40)
weights = st.lists(st.floats(-3, 3), min_size=CELLS, max_size=CELLS)
TIES = (*(Tie(cell, ZERO, 0.5) for cell in range(CELLS)), Tie(2, 3, 1.5), Tie(4, 3, 2.0))
IN_ARRAYS = ArrayArithmetic().over


def problem_of(some):
    rows, told, offsets = zip(*some, strict=True)
    return Problem(rows, told, offsets, cells=CELLS, ties=TIES)


@given(lines, weights, st.floats(0.01, 100))
def test_every_look_sees_the_same(some, at, strength):
    problem = problem_of(some)
    plain, array = plain_sums(problem)(at, strength), IN_ARRAYS(problem)(at, strength)
    assert array.loss == pytest.approx(plain.loss, rel=1e-9)
    assert list(array.move) == pytest.approx(list(plain.move), rel=1e-6, abs=1e-9)
    assert array.gain == pytest.approx(plain.gain, rel=1e-6, abs=1e-9)
    assert array.log_determinant == pytest.approx(plain.log_determinant, rel=1e-9, abs=1e-9)


@given(lines)
def test_the_same_weights_are_found_at_the_same_strength(some):
    problem = problem_of(some)
    plain, array = fit_with_evidence(problem, sums=plain_sums), fit_with_evidence(problem, sums=IN_ARRAYS)
    assert array.strength == plain.strength
    assert list(array.weights) == pytest.approx(list(plain.weights), abs=1e-5)


def test_many_rows_are_summed_in_parts(monkeypatch):
    some = [((0, 1 + place % 4), float(place % 3 == 0), 0.1 * (place % 7)) for place in range(50)]
    whole = fit(problem_of(some), 1.0, sums=IN_ARRAYS).weights
    monkeypatch.setattr(prediction, "ROWS", 7)
    assert list(fit(problem_of(some), 1.0, sums=IN_ARRAYS).weights) == pytest.approx(list(whole), abs=1e-9)


def test_a_model_trained_in_arrays_is_the_one_trained_in_plain_python():
    rows = [{"hours": place * 7 % 40, "source": "fair" if place % 3 else "web"} for place in range(240)]
    examples = [Example(row=row, outcome=(row["hours"] + place % 11) > 22) for place, row in enumerate(rows)]
    plain, array = train(examples, now=NOW), train(examples, sums=IN_ARRAYS, now=NOW)
    assert array.report.strength == plain.report.strength
    assert array.report.quality.auc == pytest.approx(plain.report.quality.auc, abs=1e-9)
    for one, other in zip(array.model.fields, plain.model.fields, strict=True):
        assert list(one.weights) == pytest.approx(list(other.weights), abs=1e-5)
