"""How much within which time: nothing is rounded, and every boundary is stated."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.organization.limits import Limit, Span
from crmkit.errors import InvalidInput
from crmkit.testing import a_calendar


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


SHANGHAI = a_calendar(zone="Asia/Shanghai")
instants = st.integers(0, 30_000 * 86_400).map(lambda seconds: at(2000, 1, 1) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("span", "begins"), [("day", at(2026, 3, 4)), ("week", at(2026, 3, 2)), ("month", at(2026, 3, 1))]
)
def test_a_piece_of_the_calendar_begins_at_midnight(span, begins):
    assert Limit(most=1, per=span).begins(at(2026, 3, 4, 15, 30)) == begins
    assert Limit(most=1, per=span).begins(begins) == begins


def test_midnight_is_that_of_the_calendars_zone():
    """In Shanghai it is Sunday 1 March already when it is Saturday evening in UTC."""
    evening = at(2026, 2, 28, 16, 30)
    assert Limit(most=1, per="day").begins(evening, SHANGHAI) == at(2026, 2, 28, 16)
    assert Limit(most=1, per="month").begins(evening, SHANGHAI) == at(2026, 2, 28, 16)
    assert Limit(most=1, per="week").begins(evening, SHANGHAI) == at(2026, 2, 22, 16)


@given(now=instants, days=st.integers(1, 400))
def test_what_was_received_exactly_so_many_days_ago_counts_no_more(now, days):
    begins = Limit(most=1, days=days).begins(now)
    ago = now - timedelta(days=days)
    assert ago < begins <= ago + timedelta(microseconds=1)


@given(now=instants, span=st.sampled_from(Span), zone=st.sampled_from([None, SHANGHAI]))
def test_now_is_part_of_what_is_counted(now, span, zone):
    limit = Limit(most=1, per=span)
    begins = limit.begins(now, zone)
    assert begins <= now < begins + timedelta(days=32)
    assert limit.begins(begins, zone) == begins


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"most": -1, "days": 1}, "most"),
        ({"most": 1}, "per"),
        ({"most": 1, "per": "day", "days": 1}, "per"),
        ({"most": 1, "days": 0}, "days"),
        ({"most": 1, "per": "year"}, "per"),
    ],
)
def test_what_cannot_be_counted_is_refused(wrong, field):
    with pytest.raises(InvalidInput, match=field):
        Limit(**wrong)
