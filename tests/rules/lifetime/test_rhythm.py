"""A purchase is missed by the customer's own rhythm, the sooner the more regular it was."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import Purchase, missed_purchases, rhythm

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
gaps = st.lists(st.integers(1, 120), min_size=2, max_size=30)


def days_of(steps):
    days = [FIRST]
    for step in steps:
        days.append(days[-1] + step * DAY)
    return days


def bought(customer, steps):
    return [Purchase(customer_id=customer, on=day) for day in days_of(steps)]


def test_the_more_often_a_customer_kept_to_the_rhythm_the_sooner_a_purchase_is_missed():
    waits = [(rhythm(days_of([30] * count)).due_on - days_of([30] * count)[-1]).days for count in (2, 5, 20, 200)]

    assert waits == sorted(waits, reverse=True)
    assert waits[0] > 60
    assert waits[-1] < 36


def test_who_comes_by_chance_is_given_more_time_than_who_comes_by_the_calendar():
    calendar, chance = rhythm(days_of([30] * 12)), rhythm(days_of([2, 58] * 6))

    assert calendar.gap == chance.gap == 30
    assert chance.vary > 2 * calendar.vary
    assert chance.due_on - chance.last > calendar.due_on - calendar.last


@given(gaps)
def test_a_purchase_is_never_due_before_the_mean_gap_has_passed(steps):
    found = rhythm(days_of(steps))

    assert found.purchases == len(steps) + 1
    assert found.gap == pytest.approx(sum(steps) / len(steps))
    assert (found.due_on - found.last).days > found.gap


@given(gaps, st.integers(0, 1_000))
def test_it_is_told_from_the_day_after_it_was_due(steps, silent):
    found = rhythm(days_of(steps))
    as_of = found.last + silent * DAY

    told = missed_purchases(bought("C-1", steps), as_of=as_of)

    assert bool(told) == (as_of > found.due_on)
    assert all((each.rhythm, each.silent) == (found, silent) for each in told)


def test_fewer_than_three_purchases_are_no_rhythm():
    assert rhythm(days_of([])) is None
    assert rhythm(days_of([30])) is None
    assert missed_purchases(bought("C-1", [30]), as_of=FIRST + 900 * DAY) == []


def test_the_latest_missed_comes_first_and_old_ones_can_be_left_out():
    weekly, monthly, gone = bought("weekly", [7] * 20), bought("monthly", [30] * 5), bought("gone", [7] * 3)
    as_of = FIRST + 230 * DAY

    told = missed_purchases([*gone, *monthly, *weekly], as_of=as_of)
    assert [each.customer_id for each in told] == ["monthly", "weekly", "gone"]
    recent = missed_purchases([*gone, *monthly, *weekly], within_days=90, as_of=as_of)
    assert [each.customer_id for each in recent] == ["monthly", "weekly"]


def test_a_purchase_that_comes_late_ends_the_alert_and_one_to_come_does_not():
    weekly = bought("C-1", [7] * 8)
    as_of = FIRST + 100 * DAY

    assert missed_purchases([*weekly, Purchase(customer_id="C-1", on=as_of + DAY)], as_of=as_of)
    assert not missed_purchases([*weekly, Purchase(customer_id="C-1", on=as_of)], as_of=as_of)


def test_it_says_since_when_and_what_was_usual():
    [told] = missed_purchases(bought("C-1", [7] * 8), as_of=FIRST + 100 * DAY)

    assert [reason.code for reason in told.reasons] == ["lifetime.missed", "lifetime.rhythm"]
    assert told.reasons[0].params == {"due": told.rhythm.due_on, "silent": 44}
    assert told.reasons[1].params == {"purchases": 9, "gap": "7"}


def test_about_one_in_ten_is_told_too_early_where_purchases_come_by_chance():
    """Exponential gaps by a fixed congruence: of the next gaps a tenth is longer than the day until due."""
    from math import log

    state, early, asked = 1, 0, 0
    for _ in range(400):
        steps = []
        for _ in range(13):
            state = state * 48271 % (2**31 - 1)
            steps.append(max(1, round(-60 * log(state / 2**31))))
        found = rhythm(days_of(steps[:-1]))
        early += steps[-1] > (found.due_on - found.last).days
        asked += 1

    assert 0.05 < early / asked < 0.15


def test_a_window_has_a_day_at_least():
    with pytest.raises(InvalidInput):
        missed_purchases([], within_days=0, as_of=FIRST)
