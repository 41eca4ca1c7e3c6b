"""How long things last and how they end, when some of them are not over yet."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.rules.pipeline import Survival, ends, survival

DAY = timedelta(days=1)
TIMES = st.integers(1, 30).map(lambda days: days * DAY)
PASSED = st.lists(st.tuples(TIMES, st.sampled_from([True, False, None])), max_size=60)

# weeks in remission under 6-MP, and of those still in remission: E. J. Freireich and others, 1963, as it is worked out
# in D. R. Cox, D. Oakes, Analysis of Survival Data, 1984, table 1.1 and chapter 4
OVER = (6, 6, 6, 7, 10, 13, 16, 22, 23)
STILL = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def test_the_curve_of_a_published_example_is_met():
    curve = survival([*((weeks * DAY, True) for weeks in OVER), *((weeks * DAY, False) for weeks in STILL)])
    assert {time.days: round(share, 3) for time, share in zip(curve.times, curve.shares, strict=True)} == PUBLISHED
    assert curve.when(0.5) == 23 * DAY
    assert (curve.left(5 * DAY), curve.left(6 * DAY)) == (1.0, curve.shares[0])


def test_nothing_seen_is_nothing_told():
    assert survival([]) == Survival((), ())
    assert survival([]).when(0.5) is None
    assert (ends([]).won, ends([]).open) == (0.0, 1.0)


def test_what_is_still_going_on_is_neither_left_out_nor_taken_for_over():
    over = [(9 * DAY, True)] * 4
    going = [(30 * DAY, False)] * 6
    assert survival(over).when(0.5) == 9 * DAY
    assert survival([*over, *going]).when(0.5) is None


def test_without_anything_open_shares_are_counted():
    found = ends([(DAY, True), (2 * DAY, False), (3 * DAY, True), (3 * DAY, False), (4 * DAY, False)])
    assert (found.won, found.lost, found.open) == pytest.approx((0.4, 0.6, 0.0))


def test_an_end_that_comes_late_does_not_vanish_behind_what_is_young():
    """Wins come after 30 days, losses at once; of 100 that began, 60 are too young to have been won."""
    old = [(30 * DAY, True)] * 20 + [(DAY, False)] * 20
    young = [(DAY, False)] * 30 + [(10 * DAY, None)] * 30
    naive = 20 / 70
    assert naive < 0.3 < ends([*old, *young]).won == pytest.approx(0.5)


@given(PASSED)
def test_shares_of_all_ends_sum_to_one(passed):
    found = ends(passed)
    assert found.won + found.lost + found.open == pytest.approx(1)
    assert min(found.won, found.lost, found.open) >= -1e-12


@given(PASSED)
def test_what_is_open_in_the_end_is_what_the_curve_has_left(passed):
    curve = survival((time, end is not None) for time, end in passed)
    assert ends(passed).open == pytest.approx(curve.left(31 * DAY))
    assert list(curve.shares) == sorted(curve.shares, reverse=True)
