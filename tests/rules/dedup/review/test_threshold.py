"""Which threshold to take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.dedup.review import Labelled, advise, curve_of, curve_of_labels

SCORED = [(0.99, True), (0.95, True), (0.9, False), (0.8, True), (0.8, True), (0.3, False)]
CURVE = curve_of_labels(Labelled(probability=probability, same=same) for probability, same in SCORED)


def test_equal_probabilities_are_one_point():
    assert [(point.threshold, point.pairs, point.matches, point.missed) for point in CURVE] == [
        (0.99, 1, 1, 3),
        (0.95, 2, 2, 2),
        (0.9, 3, 2, 2),
        (0.8, 5, 4, 0),
        (0.3, 6, 4, 0),
    ]
    assert (CURVE[3].precision, CURVE[3].recall, CURVE[3].f1) == (0.8, 1.0, pytest.approx(8 / 9))


def test_the_wanted_precision_is_had_with_the_most_recall():
    assert advise(CURVE, precision=0.99).point.threshold == 0.95
    # below 0.9 it comes back: the way there does not count
    assert advise(CURVE, precision=0.75).point.threshold == 0.8


def test_a_precision_out_of_reach_is_said_to_be_so():
    curve = curve_of([0.6, 0.5])
    advice = advise(curve, precision=0.9)
    assert advice.point.threshold == 0.6
    assert [reason.code for reason in advice.reasons] == ["threshold.out_of_reach", "threshold.expect"]


@pytest.mark.parametrize(
    ("wrong_merge", "missed_match", "threshold"), [(1, 1, 0.8), (10, 1, 0.95), (1, 0, 0.99), (0, 1, 0.8)]
)
def test_the_threshold_follows_what_the_errors_cost(wrong_merge, missed_match, threshold):
    advice = advise(CURVE, wrong_merge=wrong_merge, missed_match=missed_match)
    assert advice.point.threshold == threshold
    assert advice.reasons[0].code == "threshold.cost"


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=60), st.floats(0.1, 10), st.floats(0.1, 10))
def test_right_probabilities_put_the_threshold_where_the_odds_are_the_costs(probabilities, wrong_merge, missed_match):
    """C. Elkan, "The Foundations of Cost-Sensitive Learning", 2001, equation 2."""
    point = advise(curve_of(probabilities), wrong_merge=wrong_merge, missed_match=missed_match).point
    best = wrong_merge / (wrong_merge + missed_match)
    kept = [each for each in probabilities if each > best + 1e-9]
    assert all(each >= point.threshold for each in kept)
    # the likeliest pair alone is the shortest list there is
    assert point.threshold >= best - 1e-9 or not kept


@pytest.mark.parametrize("wrong", [{}, {"precision": 0.9, "wrong_merge": 1.0}, {"precision": 0.9, "missed_match": 1.0}])
def test_one_wish_at_a_time(wrong):
    with pytest.raises(InvalidInput, match="one of them"):
        advise(CURVE, **wrong)


def test_no_pairs_no_advice():
    assert curve_of([]) == ()
    with pytest.raises(InvalidInput, match="empty"):
        advise((), precision=0.9)


def test_a_curve_stays_small_and_keeps_its_ends():
    curve = curve_of([place / 5_000 for place in range(1, 5_001)])
    assert len(curve) == 200
    assert (curve[0].threshold, curve[-1].threshold) == (1.0, 1 / 5_000)
    assert curve[-1].recall == 1


def test_a_curve_of_what_is_never_the_same_is_no_error():
    [point] = curve_of_labels([Labelled(probability=0.5, same=False)])
    assert (point.precision, point.recall, point.f1) == (0, 1, 0)
    nothing = type(point)(threshold=1.0, pairs=0, matches=0, missed=0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 1, 1)
