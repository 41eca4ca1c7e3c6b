"""Whether a model still fits the records."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.review import TEXTS, Drift, Profile, drift, stability_index

THEN = Profile(levels={"name": (800, 150, 50), "town": (900, 100)}, pairs=1_000, likely=200)
COUNTS = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)


def test_the_index_is_the_formula():
    index = stability_index([80, 20], [60, 40])
    assert index == pytest.approx((0.6 - 0.8) * math.log(0.6 / 0.8) + (0.4 - 0.2) * math.log(0.4 / 0.2))


@given(COUNTS, COUNTS)
def test_the_index_is_finite_and_the_same_both_ways(one, other):
    assert 0 <= stability_index(one, other) < 100
    assert stability_index(one, other) == pytest.approx(stability_index(other, one))


def test_where_nothing_was_counted_nothing_moved():
    assert stability_index([0, 0], [5, 5]) == stability_index([5, 5], [0, 0]) == 0


def test_the_same_records_are_stable():
    report = drift(THEN, THEN)
    assert report.outcome is Drift.STABLE
    assert [reason.code for reason in report.reasons] == ["drift.stable"]
    assert (report.likely_then, report.likely_now) == (0.2, 0.2)


def test_the_furthest_column_comes_first_and_is_named():
    now = Profile(levels={"name": (800, 150, 50), "town": (500, 500)}, pairs=1_000, likely=190)
    report = drift(THEN, now)
    assert report.outcome is Drift.RETRAIN
    assert [(each.column, each.outcome) for each in report.columns] == [("town", "retrain"), ("name", "stable")]
    texts = Catalogue.of(TEXTS)
    assert texts.say_all(report.reasons).endswith("The column town has moved by 0.88.")
    assert texts.say_all(report.reasons, "zh").endswith("字段 town 的变化指数为 0.88。")


def test_fewer_likely_pairs_are_a_sign_of_their_own():
    report = drift(THEN, Profile(levels=dict(THEN.levels), pairs=1_000, likely=90))
    assert report.outcome is Drift.WATCH
    said = Catalogue.of(TEXTS).say_all(report.reasons)
    assert "Likely pairs were 20.0 % of all compared, and are 9.0 % now." in said


def test_other_columns_cannot_be_compared():
    with pytest.raises(InvalidInput, match="those of the model"):
        drift(THEN, Profile(levels={"name": (800, 150, 50)}, pairs=1_000, likely=200))


def test_likely_pairs_are_pairs():
    with pytest.raises(InvalidInput, match="exceed"):
        Profile(levels={}, pairs=1, likely=2)


def test_a_run_without_pairs_has_moved_nothing():
    empty = Profile(levels={name: (0,) * len(each) for name, each in THEN.levels.items()}, pairs=0, likely=0)
    assert drift(THEN, empty).outcome is Drift.STABLE
