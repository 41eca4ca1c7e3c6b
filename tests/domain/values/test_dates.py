"""What people write becomes an instant or a typed error, and calendars are counted on the wall clock."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.values.dates import (
    DateOrder,
    add_days,
    add_months,
    add_years,
    in_zone,
    parse_date,
    parse_instant,
    start_of_day,
)
from crmkit.errors import InvalidInput

law = settings(deadline=None, max_examples=200)
SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
some_days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
some_instants = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def naive(*parts):
    return utc(*parts).replace(tzinfo=None)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-05 14:30",
        "2026-01-05T14:30:00",
        "2026-1-5 14:30:00.000",
        "2026/1/5 14:30",
        "2026.01.05 14:30",
        "2026年1月5日14:30",
        "2026年1月5日 14时30分",
        "2026年1月5号 14点30分00秒",
        "2026年1月5日 下午2:30",
        "2026年1月5日 下午14:30",
        "2026年1月5日 星期一 下午2点30分",
        "２０２６年０１月０５日　１４：３０",
        "5 Jan 2026 14:30",
        "5 January, 2026 2:30 PM",
        "5-Jan-2026 02:30 p.m.",
        "Mon, 05 Jan 2026 14:30:00",
        "Monday 5th Jan 2026, 2:30pm",
        "Jan 5, 2026, 2:30 PM",
        "January 5th 2026 14:30",
        "20260105T1430",
        "20260105T143000",
        "2026-005T14:30",
        "2026-W02-1T14:30",
        "2026-01-05T06:30Z",
        "2026-01-05 06:30 UTC",
        "2026-01-05T07:30:00+01:00",
        "2026-01-05 01:30 -0500",
        "Mon, 05 Jan 2026 06:30:00 GMT",
        "Mon, 05 Jan 2026 14:30:00 GMT+0800",
        "20260105T063000Z",
        naive(2026, 1, 5, 14, 30),
        datetime(2026, 1, 5, 7, 30, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_common_ways_to_write_a_time_mean_the_same_instant(written):
    assert parse_instant(written, zone=SHANGHAI) == utc(2026, 1, 5, 6, 30)


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-31",
        "2026/12/31",
        "2026年12月31日",
        "20261231",
        "31/12/2026",
        "12/31/2026",
        "31.12.2026",
        "31 Dec 2026",
        "Dec 31, 2026",
        "December 31 2026",
        "31 Dec. 2026",
        "46387",
        46387,
        46387.0,
        20261231,
        date(2026, 12, 31),
        naive(2026, 12, 31, 23, 59),
    ],
)
def test_common_ways_to_write_a_date_mean_the_same_day(written):
    assert parse_date(written) == date(2026, 12, 31)


def test_a_date_alone_means_its_first_moment_in_the_zone():
    assert parse_instant("2026-01-05", zone=SHANGHAI) == utc(2026, 1, 4, 16)
    assert parse_instant(date(2026, 1, 5), zone=SHANGHAI) == start_of_day(date(2026, 1, 5), zone=SHANGHAI)


def test_the_example_from_a_web_form():
    assert parse_instant("15 Apr, 2021 00:03:00", zone="UTC") == utc(2021, 4, 15, 0, 3)


def test_what_comes_out_is_plain_utc():
    for written in ("2026-01-05 14:30", "20260105T063000Z", 45292.5):
        instant = parse_instant(written, zone=SHANGHAI)
        assert type(instant) is datetime
        assert instant.tzinfo is UTC


@pytest.mark.parametrize("written", ["1/5/2026", "01-05-2026", "1.5.2026"])
def test_day_and_month_that_could_be_swapped_need_a_named_order(written):
    with pytest.raises(InvalidInput, match="two ways"):
        parse_date(written)
    assert parse_date(written, order=DateOrder.DAY_FIRST) == date(2026, 5, 1)
    assert parse_date(written, order="month_first") == date(2026, 1, 5)


def test_a_date_with_one_reading_needs_no_order():
    assert parse_date("5/5/2026") == date(2026, 5, 5)
    assert parse_date("13/1/2026") == parse_date("1/13/2026") == date(2026, 1, 13)


def test_a_named_order_is_never_swapped_silently():
    with pytest.raises(InvalidInput, match="calendar"):
        parse_date("13/1/2026", order=DateOrder.MONTH_FIRST)
    with pytest.raises(InvalidInput, match="calendar"):
        parse_date("1/13/2026", order=DateOrder.DAY_FIRST)


def test_an_unknown_order_is_refused():
    with pytest.raises(InvalidInput, match="day_first"):
        parse_date("1/5/2026", order="dmy")


@pytest.mark.parametrize(
    ("written", "hour", "minute"),
    [
        ("2026-01-05 12:05 AM", 0, 5),
        ("2026-01-05 12:05 pm", 12, 5),
        ("2026-01-05 上午9点", 9, 0),
        ("2026-01-05 9点5分", 9, 5),
        ("2026-01-05 3pm", 15, 0),
    ],
)
def test_half_days_are_understood(written, hour, minute):
    assert parse_instant(written, zone="UTC") == utc(2026, 1, 5, hour, minute)


def test_fractions_are_kept_to_the_microsecond():
    assert parse_instant("2026-01-05 00:00:00.123456789", zone="UTC").microsecond == 123456
    assert parse_instant("2026-01-05 00:00:00,5", zone="UTC").microsecond == 500_000


@pytest.mark.parametrize(
    ("serial", "instant"),
    [
        (45292, utc(2024, 1, 1)),
        ("45292.604166666664", utc(2024, 1, 1, 14, 30)),
        (45292.25, utc(2024, 1, 1, 6)),
        (10000, utc(1927, 5, 18)),
        (99999, utc(2173, 10, 13)),
    ],
)
def test_excel_serial_numbers_are_days_and_their_fractions(serial, instant):
    assert parse_instant(serial, zone="UTC") == instant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "soon",
        "now",
        "2026",
        "2026-01",
        "12:30",
        "P1D",
        "2026-W02",
        "2026-01-05/2026-02-01",
        "1/5/26",
        "2026-02-30",
        "2026-13-01",
        "31 Foo 2026",
        "Foo 31, 2026",
        "2026-01-05 25:00",
        "2026-01-05 13:00 AM",
        "2026-01-05 0:30 pm",
        "2026-01-05 10:99",
        "2026-01-05 10:00 CST",
        "2026-01-05 10:00 +99:99",
        "2026-01-05 gibberish",
        "20260199",
        "99999999",
        "2026-W99-1",
        "2026-000",
        "123",
        "1234567",
        "13800138000",
        "2026-01-05 " + "0" * 200,
        "1" * 100_000,
        "\0",
        "\ud800",
        None,
        True,
        b"2026-01-05",
        float("nan"),
        float("inf"),
        -5,
        10**30,
    ],
)
def test_what_cannot_be_read_is_a_typed_error(written):
    with pytest.raises(InvalidInput, match=r"date"):
        parse_instant(written, zone="UTC")
    with pytest.raises(InvalidInput, match=r"date"):
        parse_date(written)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "Asia", "CST8", "\0", "x" * 300, None, 8, []])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(InvalidInput, match="zone"):
        parse_instant("2026-01-05", zone=zone)


def test_a_wall_clock_time_that_happens_twice_means_the_first():
    assert parse_instant("2026-10-25 02:30", zone=BERLIN) == utc(2026, 10, 25, 0, 30)


def test_a_wall_clock_time_that_is_skipped_moves_on_by_the_gap():
    assert parse_instant("2026-03-29 02:30", zone=BERLIN) == utc(2026, 3, 29, 1, 30)
    assert in_zone(utc(2026, 3, 29, 1, 30), BERLIN).hour == 3


def test_instants_at_the_ends_of_the_calendar_are_refused():
    with pytest.raises(InvalidInput, match="calendar"):
        parse_instant("0001-01-01", zone=SHANGHAI)
    with pytest.raises(InvalidInput, match="calendar"):
        in_zone(datetime.max.replace(tzinfo=UTC), SHANGHAI)


def test_in_zone_shows_the_clock_of_that_zone():
    local = in_zone(utc(2026, 7, 1, 12), BERLIN)
    assert (local.hour, local.utcoffset()) == (14, timedelta(hours=2))
    assert local == utc(2026, 7, 1, 12)


@pytest.mark.parametrize("move", [add_days, add_months, add_years])
def test_naive_datetimes_and_unknown_amounts_are_refused(move):
    with pytest.raises(InvalidInput, match="time zone"):
        move(naive(2026, 1, 1), 1, zone="UTC")
    with pytest.raises(InvalidInput, match="whole number"):
        move(utc(2026, 1, 1), 1.5, zone="UTC")
    with pytest.raises(InvalidInput, match="calendar"):
        move(utc(2026, 1, 1), 10**7, zone="UTC")
    with pytest.raises(InvalidInput, match="calendar"):
        move(utc(2026, 1, 1), -(10**12), zone="UTC")


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (utc(2026, 1, 31), 1, utc(2026, 2, 28)),
        (utc(2024, 1, 31), 1, utc(2024, 2, 29)),
        (utc(2026, 3, 31), -1, utc(2026, 2, 28)),
        (utc(2026, 11, 30), 3, utc(2027, 2, 28)),
        (utc(2026, 1, 15), 0, utc(2026, 1, 15)),
    ],
)
def test_months_end_on_the_last_day_when_they_are_shorter(start, months, end):
    assert add_months(start, months, zone="UTC") == end


def test_leap_day_plus_a_year_is_the_28th():
    assert add_years(utc(2024, 2, 29), 1, zone="UTC") == utc(2025, 2, 28)
    assert add_years(utc(2024, 2, 29), 4, zone="UTC") == utc(2028, 2, 29)


def test_a_day_later_is_the_same_time_on_the_clock_also_when_clocks_change():
    noon = utc(2026, 3, 28, 11)  # 12:00 in Berlin, the day before summer time
    assert add_days(noon, 1, zone=BERLIN) - noon == timedelta(hours=23)
    assert add_days(noon, 1, zone=SHANGHAI) - noon == timedelta(hours=24)


def test_the_month_is_that_of_the_zone():
    late = utc(2026, 1, 30, 20)  # the 31st in Shanghai
    assert add_months(late, 1, zone=SHANGHAI) == utc(2026, 2, 27, 20)
    assert add_months(late, 1, zone="UTC") == utc(2026, 2, 28, 20)


def test_nothing_added_is_the_same_instant_also_in_the_second_of_two_equal_hours():
    second = utc(2026, 10, 25, 1, 30)
    assert add_days(second, 0, zone=BERLIN) == second


@law
@given(some_days, st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%d %b %Y", "%B %d, %Y", "%Y%m%d"]))
def test_every_day_is_read_back_from_every_shape(day, shape):
    assert parse_date(day.strftime(shape)) == day


@law
@given(some_instants, st.sampled_from(["UTC", SHANGHAI, BERLIN, "America/New_York", "Asia/Kolkata"]))
def test_every_instant_is_read_back_from_iso_text(at, zone):
    assert parse_instant(in_zone(at, zone).isoformat(), zone="UTC") == at


@law
@given(some_instants, st.integers(-500, 500))
def test_months_there_and_back_stay_within_the_clamping(at, months):
    back = add_months(add_months(at, months, zone="UTC"), -months, zone="UTC")
    assert timedelta(0) <= at - back <= timedelta(days=3)


@law
@given(st.text(max_size=40))
def test_any_text_is_a_date_or_a_typed_error(text):
    with suppress(InvalidInput):
        assert parse_instant(text, zone=SHANGHAI, order=DateOrder.DAY_FIRST).tzinfo is UTC
