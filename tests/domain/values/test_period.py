"""Periods: the start belongs, the end does not."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.period import Period
from crmkit.errors import InvalidInput

START = datetime(2026, 1, 1, tzinfo=UTC)


def hours(first, last):
    return Period(start=START + timedelta(hours=first), end=START + timedelta(hours=last))


some_periods = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda pair: hours(pair[0], pair[0] + pair[1]))


def test_start_belongs_to_it_and_end_does_not():
    day = hours(0, 24)
    assert day.contains(START)
    assert START + timedelta(hours=23, minutes=59) in day
    assert START + timedelta(hours=24) not in day
    assert START - timedelta(microseconds=1) not in day


def test_other_zones_mean_the_same_instant():
    assert datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))) in hours(0, 1)


def test_duration_is_the_time_between():
    assert hours(3, 5).duration == timedelta(hours=2)


def test_periods_that_only_touch_do_not_overlap():
    assert not hours(0, 1).overlaps(hours(1, 2))
    assert hours(0, 1).intersection(hours(1, 2)) is None
    assert hours(0, 2).intersection(hours(1, 3)) == hours(1, 2)


@pytest.mark.parametrize("last", [0, -1])
def test_a_period_without_instants_is_refused(last):
    with pytest.raises(InvalidInput, match="after the start"):
        hours(0, last)


def test_naive_datetimes_are_refused():
    naive = START.replace(tzinfo=None)
    with pytest.raises(InvalidInput, match="time zone"):
        Period(start=naive, end=START)
    with pytest.raises(InvalidInput, match="time zone"):
        hours(0, 1).contains(naive)


@given(some_periods, some_periods)
def test_overlap_is_symmetric_and_means_a_common_instant(one, other):
    assert one.overlaps(other) == other.overlaps(one)
    common = one.intersection(other)
    assert common == other.intersection(one)
    assert (common is not None) == one.overlaps(other)
    if common:
        assert common.start in one
        assert common.start in other
        assert common.duration <= min(one.duration, other.duration)
