"""Calendars of countries: weekends, holidays and make-up days as they are announced, and until when."""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from crmkit.adapters.country_holidays import country_calendar
from crmkit.domain.organization.hours import Hours
from crmkit.errors import InvalidInput, MissingExtra
from crmkit.testing import NOW

OFFICE = tuple(Hours(weekday=day, begins=9 * 60, ends=17 * 60) for day in range(1, 6))


def made(country="CN", *, zone="Asia/Shanghai", years=(2025, 2026), **more):
    return country_calendar(country, zone=zone, years=years, now=NOW, **more)


def test_a_make_up_saturday_is_worked_and_the_holiday_that_it_makes_up_for_is_not():
    calendar = made(hours=OFFICE)
    assert calendar.is_workday(date(2026, 2, 28))
    assert not calendar.is_workday(date(2026, 2, 20))
    friday = datetime(2026, 2, 13, 8, tzinfo=UTC)  # 16 o'clock in Shanghai, the day before a make-up Saturday
    assert calendar.business_time().add(friday, timedelta(hours=2)) == datetime(2026, 2, 14, 2, tzinfo=UTC)


def test_what_is_not_announced_yet_is_not_known():
    calendar = made(years=range(2025, 2040))
    assert calendar.known_until < date(2039, 1, 1)
    assert not calendar.is_known(datetime(2039, 6, 1, tzinfo=UTC))
    assert made("DE", zone="Europe/Berlin", years=[2039]).known_until == date(2039, 12, 31)


def test_weekends_and_holidays_are_those_of_the_place():
    assert made("AE", zone="Asia/Dubai").weekdays == (1, 2, 3, 4, 5)
    assert made("SA", zone="Asia/Riyadh").weekdays == (1, 2, 3, 4, 7)
    epiphany = date(2026, 1, 6)
    assert not made("DE", zone="Europe/Berlin", subdivision="BY").is_workday(epiphany)
    assert made("DE", zone="Europe/Berlin").is_workday(epiphany)


def test_calendars_are_named_after_their_place_unless_they_get_a_name():
    assert made("DE", zone="Europe/Berlin", subdivision="BY").id == "DE-BY"
    assert made(id="factory").id == "factory"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"subdivision": "QQ"}, "subdivision"),
        ({"years": ()}, "years"),
        ({"zone": "Asia/Atlantis"}, "WorkingCalendar.zone"),
    ],
)
def test_what_does_not_exist_is_named(given, field):
    with pytest.raises(InvalidInput) as refused:
        made(**given)
    assert refused.value.field == field


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtra, match=r"crmkit\[calendar\]"):
        made()
