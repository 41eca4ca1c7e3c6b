"""Working hours of a calendar: shifts, nights, holidays, make-up days, and hours that come twice or never."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.member import Leave
from crmkit.errors import InvalidInput
from crmkit.testing import NOW, a_calendar, a_member
from crmkit.testing.strategies import models

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
OFFICE = tuple(
    Hours(weekday=day, begins=begins, ends=ends)
    for day in range(1, 6)
    for begins, ends in ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))
)
MINUTE = timedelta(minutes=1)


def local(zone, *parts):
    return datetime(*parts, tzinfo=zone)


class TestOffice:
    CALENDAR = a_calendar(hours=OFFICE, holidays=(date(2026, 1, 1),), workdays=(date(2026, 1, 4),))

    @pytest.mark.parametrize(
        ("at", "open_"),
        [
            ((2026, 1, 5, 8, 59), False),
            ((2026, 1, 5, 9), True),
            ((2026, 1, 5, 12), False),
            ((2026, 1, 5, 13, 30), True),
            ((2026, 1, 5, 18), False),
            ((2026, 1, 3, 10), False),
            ((2026, 1, 1, 10), False),
            ((2026, 1, 4, 10), True),
        ],
    )
    def test_it_is_open_at_its_hours_in_its_own_zone(self, at, open_):
        assert self.CALENDAR.is_open(local(SHANGHAI, *at)) is open_

    @pytest.mark.parametrize(
        ("at", "opens"),
        [
            ((2026, 1, 5, 10, 7), (2026, 1, 5, 10, 7)),
            ((2026, 1, 5, 12), (2026, 1, 5, 13, 30)),
            ((2025, 12, 31, 18), (2026, 1, 2, 9)),
            ((2026, 1, 2, 20), (2026, 1, 4, 9)),
        ],
    )
    def test_it_opens_next_after_breaks_holidays_and_weekends(self, at, opens):
        assert self.CALENDAR.next_open(local(SHANGHAI, *at)) == local(SHANGHAI, *opens)

    def test_without_hours_worked_days_are_open_from_midnight_to_midnight(self):
        plain = a_calendar()
        assert plain.is_open(local(SHANGHAI, 2026, 1, 5, 0))
        assert plain.is_open(local(SHANGHAI, 2026, 1, 5, 23, 59))
        assert not plain.is_open(local(SHANGHAI, 2026, 1, 10, 0))

    def test_a_make_up_day_has_its_own_hours_where_there_are_some(self):
        sunday = Hours(weekday=7, begins=600, ends=660)
        calendar = a_calendar(hours=(*OFFICE, sunday), workdays=(date(2026, 1, 4),))
        assert calendar.next_open(local(SHANGHAI, 2026, 1, 4, 0)) == local(SHANGHAI, 2026, 1, 4, 10)
        # an ordinary Sunday is still no working day
        assert not calendar.is_open(local(SHANGHAI, 2026, 1, 11, 10, 30))

    def test_a_calendar_that_never_opens_says_so(self):
        assert a_calendar(weekdays=(1,), hours=(Hours(weekday=2, begins=0, ends=60),)).next_open(NOW) is None


class TestNights:
    NIGHT = a_calendar(hours=(Hours(weekday=5, begins=22 * 60, ends=6 * 60),), holidays=(date(2026, 1, 9),))

    def test_a_shift_over_midnight_belongs_to_the_day_it_begins(self):
        assert self.NIGHT.is_open(local(SHANGHAI, 2026, 1, 3, 5, 59))
        assert not self.NIGHT.is_open(local(SHANGHAI, 2026, 1, 3, 6))
        assert not self.NIGHT.is_open(local(SHANGHAI, 2026, 1, 10, 3)), "Friday was a holiday"

    def test_24_hours_are_a_shift_that_ends_when_it_begins(self):
        calendar = a_calendar(hours=(Hours(weekday=5, begins=480, ends=480),))
        assert calendar.is_open(local(SHANGHAI, 2026, 1, 3, 7, 59))
        assert not calendar.is_open(local(SHANGHAI, 2026, 1, 3, 8))


class TestSummerTime:
    """Berlin leaves out 2:00 to 3:00 on 29 March 2026 and has it twice on 25 October."""

    def calendar(self, begins, ends):
        return a_calendar(
            zone="Europe/Berlin", weekdays=tuple(range(1, 8)), hours=(Hours(weekday=7, begins=begins, ends=ends),)
        )

    @pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 7), ((2026, 10, 25), 9), ((2026, 1, 4), 8)])
    def test_a_shift_keeps_to_the_clock_on_the_wall(self, day, hours):
        begins, ends = Hours(weekday=7, begins=0, ends=480).on(date(*day), BERLIN)
        assert ends - begins == timedelta(hours=hours)

    def test_it_opens_at_local_nine_on_both_sides_of_the_change(self):
        calendar = a_calendar(zone="Europe/Berlin", hours=OFFICE)
        assert calendar.next_open(local(UTC, 2026, 3, 27, 20)) == local(UTC, 2026, 3, 30, 7)
        assert calendar.next_open(local(UTC, 2026, 3, 20, 20)) == local(UTC, 2026, 3, 23, 8)

    def test_a_shift_in_the_hour_that_does_not_exist_is_moved_by_it(self):
        calendar = self.calendar(120, 150)
        assert calendar.is_open(local(UTC, 2026, 3, 29, 1, 29))
        assert not calendar.is_open(local(UTC, 2026, 3, 29, 1, 30))

    def test_what_the_missing_hour_swallows_opens_a_week_later(self):
        assert self.calendar(150, 180).next_open(local(UTC, 2026, 3, 29, 0)) == local(UTC, 2026, 4, 5, 0, 30)


@given(calendar=st.lists(models(Hours), max_size=4).map(lambda hours: a_calendar(zone="Europe/Berlin", hours=hours)))
def test_it_is_open_when_it_opens_and_closed_before(calendar):
    opens = calendar.next_open(NOW)
    if opens is not None:
        assert opens >= NOW
        assert calendar.is_open(opens)
        assert opens == NOW or not calendar.is_open(opens - MINUTE / 60)


@pytest.mark.parametrize(
    "wrong", [{"weekday": 0}, {"weekday": 8}, {"begins": -1}, {"begins": 1_440}, {"ends": -1}, {"ends": 1_441}]
)
def test_hours_exist(wrong):
    with pytest.raises(InvalidInput):
        Hours(**{"weekday": 1, "begins": 540, "ends": 1_080, **wrong})


def test_a_member_is_back_when_the_last_of_adjoining_leaves_ends():
    day = timedelta(days=1)
    leaves = ((3, 5), (0, 2), (2, 3), (7, 9), (-9, -8))
    member = a_member(leaves=tuple(Leave(begins=NOW + a * day, ends=NOW + b * day) for a, b in leaves))
    assert member.back_at(NOW) == NOW + 5 * day
    assert member.back_at(NOW + 5 * day) is None
    assert member.back_at(NOW + 8 * day) == NOW + 9 * day
