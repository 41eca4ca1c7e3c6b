"""How points wear off, exactly at the boundaries and nowhere upwards."""

from bisect import bisect_right
from datetime import timedelta
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.conditions import MAX_PERIOD
from crmkit.errors import InvalidInput
from crmkit.rules.scoring import HalfLife, LinearDecay, NoDecay

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LINEAR = LinearDecay(over=60 * DAY)
HALVING = HalfLife(every=30 * DAY)

spans = st.timedeltas(min_value=TICK, max_value=MAX_PERIOD)
points_ = st.integers(1, 1_000)


def left(decay, points, age):
    return points - bisect_right(decay.losses(points), age)


@pytest.mark.parametrize(
    ("decay", "age", "rest"),
    [
        (LINEAR, 0 * DAY, 10),
        (LINEAR, 3 * DAY, 10),  # 9.5, rounded half up
        (LINEAR, 3 * DAY + TICK, 9),
        (LINEAR, 30 * DAY, 5),  # half the points at half the time
        (LINEAR, 57 * DAY, 1),  # 0.5, rounded half up
        (LINEAR, 57 * DAY + TICK, 0),
        (LINEAR, 60 * DAY, 0),
        (LINEAR, 999 * DAY, 0),
        (HALVING, 0 * DAY, 10),
        (HALVING, 30 * DAY, 5),
        (HALVING, 60 * DAY, 3),  # 2.5, rounded half up
        (HALVING, 60 * DAY + TICK, 2),
        (HALVING, 999 * DAY, 0),
        (NoDecay(), 99_999 * DAY, 10),
    ],
)
def test_of_ten_points_so_many_are_left(decay, age, rest):
    assert left(decay, 10, age) == rest


def test_powers_of_two_stay_exact_for_as_long_as_they_last():
    ages = [30 * DAY * n for n in range(12)]
    assert [left(HALVING, 512, age) for age in ages] == [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1, 0]
    assert left(HALVING, 512, 300 * DAY + TICK) == 0  # an exact half is rounded up, for one instant


@given(spans, points_, st.data())
def test_linear_decay_is_the_rounded_fraction_at_every_age(over, points, data):
    age = data.draw(st.timedeltas(min_value=timedelta(0), max_value=over + DAY))
    exact = max(Fraction(points * ((over - age) // TICK), over // TICK), Fraction(0))
    assert left(LinearDecay(over=over), points, age) == int(exact + Fraction(1, 2))


@given(spans, points_, st.integers(0, 10))
def test_half_life_is_the_rounded_fraction_after_whole_half_lives(every, points, lives):
    exact = Fraction(points, 2**lives)
    assert left(HalfLife(every=every), points, every * lives) == int(exact + Fraction(1, 2))


@given(spans, st.integers(1, 40))
def test_half_life_loses_each_point_in_the_very_microsecond_in_which_the_curve_passes_a_half(every, points):
    precise = Context(prec=60)

    def rest(age):
        return precise.multiply(points, precise.power(2, precise.divide(-(age // TICK), every // TICK)))

    for place, age in enumerate(HalfLife(every=every).losses(points)):
        half = Decimal(2 * (points - place) - 1) / 2
        # at a whole number of half-lives the power itself is inexact in the last places
        assert rest(age) < half <= rest(age - TICK) + Decimal("1e-50")


@given(st.sampled_from([LinearDecay, HalfLife]), spans, points_)
def test_every_point_is_lost_in_the_end_and_none_before_the_one_before_it(cls, span, points):
    losses = cls(**{"over" if cls is LinearDecay else "every": span}).losses(points)
    assert len(losses) == points
    assert list(losses) == sorted(losses)
    assert losses[0] > timedelta(0)


@pytest.mark.parametrize("span", [timedelta(0), -DAY, MAX_PERIOD + TICK])
def test_a_decay_takes_a_time_that_people_live_to_see(span):
    with pytest.raises(InvalidInput, match=r"LinearDecay\.over"):
        LinearDecay(over=span)
    with pytest.raises(InvalidInput, match=r"HalfLife\.every"):
        HalfLife(every=span)
