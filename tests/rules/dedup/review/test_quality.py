"""Precision, recall and F1 on labelled pairs, by bands, and without any label."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.dedup.review import Band, Labelled, curve_of, expected, measured, stratified, wilson


def pairs(*scored):
    return [Labelled(probability=probability, same=same) for probability, same in scored]


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_literature(successes, total, low, high):
    found = wilson(successes, total)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nothing_anything_is_possible():
    assert (wilson(0, 0).value, wilson(0, 0).low, wilson(0, 0).high) == (0.0, 0.0, 1.0)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share(successes, more):
    found = wilson(successes, successes + more)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_errors_are_counted_on_both_sides():
    labelled = pairs((0.9, True), (0.8, True), (0.7, False), (0.4, True), (0.3, False))
    found = measured(labelled, threshold=0.5)
    assert (found.true_positives, found.false_positives, found.false_negatives) == (2, 1, 1)
    assert (found.precision.value, found.recall.value, found.f1.value) == (2 / 3, 2 / 3, 2 / 3)


def test_numbers_of_an_array_library_are_plain_ones_afterwards():
    likely = np.array([0.9, 0.6])
    labelled = [Labelled(probability=each, same=True) for each in likely]
    assert {type(each.probability) for each in labelled} == {float}
    assert type(curve_of(likely)[0].threshold) is float
    assert expected(likely, threshold=0.5).precision.value == pytest.approx(0.75)


def test_without_labels_nothing_is_claimed():
    found = measured([], threshold=0.5)
    assert (found.precision.low, found.precision.high, found.f1.low, found.f1.high) == (0, 1, 0, 1)


def test_one_band_is_the_same_as_no_bands():
    labelled = pairs((0.9, True), (0.8, True), (0.7, False), (0.4, True), (0.3, False))
    plain = measured(labelled, threshold=0.5)
    banded = stratified([Band(pairs=5, labelled=tuple(labelled))], threshold=0.5)
    for name in ("precision", "recall", "f1"):
        one, other = getattr(plain, name), getattr(banded, name)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_labels_chosen_by_band_count_for_their_band():
    sure = Band(pairs=900, labelled=tuple(pairs(*[(0.99, True)] * 9, (0.98, False))))
    doubtful = Band(pairs=100, labelled=tuple(pairs((0.6, True), (0.6, False), (0.4, True), (0.4, False))))
    found = stratified([sure, doubtful], threshold=0.5)
    # 810 + 25 of 900 + 50 found are right, and 25 of 860 are missed
    assert found.precision.value == pytest.approx(835 / 950)
    assert found.recall.value == pytest.approx(835 / 860)
    assert found.f1.value == pytest.approx(2 * 835 / (950 + 860))
    assert found.precision.low < found.precision.value < found.precision.high


def test_bands_without_a_match_say_nothing_of_recall():
    found = stratified([Band(pairs=10, labelled=tuple(pairs((0.2, False))))], threshold=0.5)
    assert (found.recall.value, found.recall.low, found.recall.high) == (0, 0, 1)


@pytest.mark.parametrize(
    "wrong", [{"pairs": 1, "labelled": pairs((0.1, True), (0.2, True))}, {"pairs": 3, "labelled": ()}]
)
def test_a_band_without_labels_or_with_more_than_pairs_is_refused(wrong):
    with pytest.raises(InvalidInput):
        Band(**wrong)


def test_without_labels_the_probabilities_say_what_to_expect():
    found = expected([1.0, 0.9, 0.6, 0.5], threshold=0.6)
    assert found.true_positives == pytest.approx(2.5)
    assert found.precision.value == pytest.approx(2.5 / 3)
    assert found.recall.value == pytest.approx(2.5 / 3)
    assert expected([], threshold=0.5).precision.value == 0


def test_what_is_expected_comes_true_when_the_probabilities_are_right():
    draw = random.Random(7)
    probabilities = [draw.betavariate(0.4, 0.6) for _ in range(20_000)]
    labelled = pairs(*((each, draw.random() < each) for each in probabilities))
    promised, found = expected(probabilities, threshold=0.7), measured(labelled, threshold=0.7)
    for name in ("precision", "recall", "f1"):
        assert getattr(found, name).low <= getattr(promised, name).value <= getattr(found, name).high


def test_nineteen_of_twenty_intervals_by_band_hold_the_truth():
    draw = random.Random(3)
    everything = {low: [draw.random() < low + 0.05 for _ in range(2_000)] for low in (0.1, 0.5, 0.9)}
    right = sum(sum(same) for low, same in everything.items() if low >= 0.5)
    truth = right / 4_000
    held = 0
    for _ in range(200):
        bands = [
            Band(pairs=2_000, labelled=tuple(pairs(*((low + 0.05, same) for same in draw.sample(known, 40)))))
            for low, known in everything.items()
        ]
        precision = stratified(bands, threshold=0.5).precision
        held += precision.low <= truth <= precision.high
    assert held >= 185
