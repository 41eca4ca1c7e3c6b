"""Business time agrees with somebody who walks minute by minute, whatever the zone does to its clocks."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.organization.business_time import MOST_YEARS, BusinessTime
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.member import Leave
from crmkit.errors import InvalidInput
from crmkit.testing import a_calendar
from crmkit.testing.strategies import records

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca")
OFFICE = tuple(
    Hours(weekday=day, begins=begins, ends=ends)
    for day in range(1, 6)
    for begins, ends in ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
)
# around the changes of the clocks in each of the zones
BEGINS = (date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 20), date(2026, 9, 20), date(2026, 10, 18))
DAYS, CASES = 40, 20_000


def random_calendar(random, zone, first):
    def shift():
        begins = random.randrange(0, 1_440, 5)
        length = random.choice((60, 240, 480, 600, 1_440))
        return Hours(weekday=random.randint(1, 7), begins=begins, ends=(begins + length) % 1_440)

    days = [first + timedelta(days=number) for number in range(-2, DAYS + 2)]
    return a_calendar(
        zone=zone,
        weekdays=tuple(sorted(random.sample(range(1, 8), random.randint(3, 7)))),
        hours=random.choice((OFFICE, (), tuple(shift() for _ in range(random.randint(3, 9))))),
        holidays=tuple(random.sample(days, 4)),
        workdays=tuple(random.sample(days, 3)),
    )


def utc_of(naive, zone):
    """The first instant at which the clock on the wall shows ``naive``; where it is skipped, as before the change."""
    before, after = ((naive.replace(tzinfo=UTC) + side).astimezone(zone).utcoffset() for side in (-DAY, DAY))
    tried = sorted(naive.replace(tzinfo=UTC) - offset for offset in (before, after))
    shown = [at for at in tried if at.astimezone(zone).replace(tzinfo=None) == naive]
    return shown[0] if shown else naive.replace(tzinfo=UTC) - before


def hours_of(calendar, day):
    """What is worked on ``day``, by the words of the calendar."""
    made_up = day in calendar.workdays
    if not made_up and (day.isoweekday() not in calendar.weekdays or day in calendar.holidays):
        return []
    if not calendar.hours:
        return [(0, 1_440)]
    own = [(each.begins, each.ends) for each in calendar.hours if each.weekday == day.isoweekday()]
    if own or day.isoweekday() in calendar.weekdays:
        return own
    first = calendar.hours[0].weekday
    return [(each.begins, each.ends) for each in calendar.hours if each.weekday == first]


class Walker:
    """Every minute of some weeks, marked as worked or not."""

    def __init__(self, calendar, first, leaves):
        zone = ZoneInfo(calendar.zone)
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.open = [False] * (DAYS * 1_440)
        for number in range(-3, DAYS + 3):
            day = first + timedelta(days=number)
            for begins, ends in hours_of(calendar, day):
                midnight = datetime.combine(day, time(0))
                until = ends if ends > begins else ends + 1_440
                at, end = (utc_of(midnight + each * MINUTE, zone) for each in (begins, until))
                while at < end:
                    place = (at - self.start) // MINUTE
                    if 0 <= place < len(self.open) and not any(each.begins <= at < each.ends for each in leaves):
                        self.open[place] = True
                    at += MINUTE
        # how much is worked before each minute
        self.before = list(accumulate(self.open, initial=0))

    def at(self, place):
        return self.start + place * MINUTE

    def add(self, place, minutes):
        """The first minute by which so many more were worked, ``None`` where the weeks are over."""
        found = bisect_left(self.before, self.before[place] + minutes)
        return self.at(found) if found < len(self.before) else None

    def next_open(self, place):
        return next((self.at(each) for each in range(place, len(self.open)) if self.open[each]), None)


@pytest.mark.parametrize("zone", ZONES)
def test_it_agrees_with_walking_minute_by_minute(zone):
    random, asked = Random(zone), 0
    each = CASES // len(ZONES) // 20
    for number in range(20):
        first = BEGINS[number % len(BEGINS)]
        calendar = random_calendar(random, zone, first)
        gone = datetime(first.year, first.month, first.day, tzinfo=UTC) + random.randrange(900) * HOUR
        leaves = [Leave(begins=gone, ends=gone + random.randrange(1, 72) * HOUR)] if number % 3 else []
        walker, office = Walker(calendar, first, leaves), calendar.business_time(leaves)
        for _ in range(each):
            place, other = random.randrange(len(walker.open)), random.randrange(len(walker.open))
            start, end = walker.at(place), walker.at(other)
            assert office.is_open(start) is walker.open[place]
            assert office.between(start, end) == (walker.before[other] - walker.before[place]) * MINUTE
            minutes = random.choice((1, 30, 240, 480, 2_400))
            due, opens = walker.add(place, minutes), walker.next_open(place)
            assert due is None or office.add(start, minutes * MINUTE) == due
            assert opens is None or office.next_open(start) == opens
            asked += 1
    assert asked * len(ZONES) == CASES


@given(records(WorkingCalendar), st.integers(0, 3_650 * 1_440), st.integers(-(10**12), 10**12))
def test_what_was_added_lies_between(calendar, minutes, microseconds):
    start, duration = datetime(2020, 1, 1, tzinfo=UTC) + minutes * MINUTE, timedelta(microseconds=microseconds)
    office = calendar.business_time()
    try:
        end = office.add(start, duration)
    except InvalidInput:
        far = start + (MOST_YEARS - 1) * 365 * DAY * (1 if microseconds > 0 else -1)
        assert abs(office.between(start, far)) < abs(duration)
        return
    assert office.between(start, end) == duration
    assert office.between(end, start) == -duration


OPEN = a_calendar(hours=OFFICE, holidays=(date(2026, 1, 1),), workdays=(date(2026, 1, 4),))


def at(*parts, zone="Asia/Shanghai"):
    return datetime(*parts, tzinfo=ZoneInfo(zone))


def test_eight_hours_end_at_the_end_of_the_day_and_lunch_does_not_count():
    assert OPEN.business_time().add(at(2026, 1, 5, 9), 7 * HOUR) == at(2026, 1, 5, 17)
    assert OPEN.business_time().between(at(2026, 1, 5, 9), at(2026, 1, 6, 9)) == 7 * HOUR


def test_holidays_are_skipped_and_make_up_days_worked():
    # New Year's Eve is a Wednesday, the holiday a Thursday, and the Sunday makes up for it
    assert OPEN.business_time().add(at(2025, 12, 31, 16), 2 * HOUR) == at(2026, 1, 2, 10)
    assert OPEN.business_time().add(at(2026, 1, 2, 16), 2 * HOUR) == at(2026, 1, 4, 10)


def test_counting_back_gives_the_last_instant_from_which_it_is_so_long():
    assert OPEN.business_time().add(at(2026, 1, 5, 9), -HOUR) == at(2026, 1, 4, 16)
    assert OPEN.business_time().add(at(2026, 1, 5, 10), -HOUR) == at(2026, 1, 5, 9)
    assert OPEN.business_time().add(at(2026, 1, 3, 10), timedelta()) == at(2026, 1, 3, 10)


def test_a_leave_takes_its_part_of_a_day():
    away = [
        Leave(begins=at(2026, 1, 5, 10), ends=at(2026, 1, 5, 16)),
        Leave(begins=at(2026, 1, 5, 8), ends=at(2026, 1, 5, 11)),
    ]
    office = OPEN.business_time(away)
    assert office.add(at(2026, 1, 5, 9), 2 * HOUR) == at(2026, 1, 6, 10)
    assert not office.is_open(at(2026, 1, 5, 15, 59))
    assert OPEN.business_time().is_open(at(2026, 1, 5, 15, 59))


def test_a_night_with_a_change_of_clocks_is_as_long_as_it_is():
    night = a_calendar(zone="Europe/Berlin", hours=(Hours(weekday=6, begins=22 * 60, ends=6 * 60),), weekdays=(6,))
    office = night.business_time()
    nights = {
        day: office.between(at(2026, *day, 12, zone="UTC"), at(2026, *day, 12, zone="UTC") + DAY)
        for day in ((3, 21), (3, 28), (10, 24))
    }
    assert nights == {(3, 21): 8 * HOUR, (3, 28): 7 * HOUR, (10, 24): 9 * HOUR}


@pytest.mark.parametrize("duration", [HOUR, -HOUR])
def test_a_calendar_that_never_opens_is_an_error_and_no_loop(duration):
    closed = a_calendar(weekdays=(1,), hours=(Hours(weekday=2, begins=0, ends=60),))
    with pytest.raises(InvalidInput, match="working time") as refused:
        closed.business_time().add(at(2026, 1, 5), duration)
    assert refused.value.field == "duration"
    assert closed.business_time().next_open(at(2026, 1, 5)) is None
    assert closed.business_time().between(at(2026, 1, 5), at(2036, 1, 5)) == timedelta()


def test_who_is_away_for_ever_never_has_the_time():
    gone = Leave(begins=at(2026, 1, 5), ends=at(2099, 1, 1))
    with pytest.raises(InvalidInput, match="50 years"):
        OPEN.business_time([gone]).add(at(2026, 1, 5, 9), HOUR)


@pytest.mark.parametrize(
    "ask",
    [
        lambda office, naive: office.is_open(naive),
        lambda office, naive: office.next_open(naive),
        lambda office, naive: office.add(naive, HOUR),
        lambda office, naive: office.between(naive, at(2026, 1, 5)),
    ],
)
def test_an_instant_without_a_zone_is_refused(ask):
    with pytest.raises(InvalidInput, match="no time zone"):
        ask(OPEN.business_time(), at(2026, 1, 5).replace(tzinfo=None))


def test_instants_that_lie_too_far_apart_are_refused():
    with pytest.raises(InvalidInput, match="50 years"):
        OPEN.business_time().between(at(1960, 1, 1), at(2026, 1, 1))


def test_the_ends_of_the_calendar_are_no_trap():
    office = OPEN.business_time()
    assert not office.is_open(datetime.max.replace(tzinfo=UTC))
    assert not office.is_open(datetime.min.replace(tzinfo=UTC))
    assert office.next_open(datetime.max.replace(tzinfo=UTC)) is None
    assert office.is_open(at(2026, 1, 5, 10))


def test_equal_calendars_share_what_is_worked_out():
    assert (
        OPEN.business_time()
        is a_calendar(hours=OFFICE, holidays=(date(2026, 1, 1),), workdays=(date(2026, 1, 4),)).business_time()
    )


def test_threads_that_make_it_grow_at_once_get_the_same_answers():
    for _ in range(4):
        office, found = BusinessTime(OPEN.spans), {}

        def ask(year, office=office, found=found):
            found[year] = office.add(at(year, 6, 1), 100 * HOUR)

        threads = [Thread(target=ask, args=(year,)) for year in range(2020, 2032)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {year: BusinessTime(OPEN.spans).add(at(year, 6, 1), 100 * HOUR) for year in range(2020, 2032)}
