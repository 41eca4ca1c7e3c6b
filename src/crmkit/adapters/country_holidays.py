"""Working calendars of countries: the one door to the tables of ``holidays``, opened when they are first needed.

Needs the extra ``calendar``. What comes out is an ordinary calendar: change it as your company differs, and keep it.

>>> from datetime import UTC
>>> china = country_calendar("CN", zone="Asia/Shanghai", years=[2026, 2027], now=datetime(2026, 1, 1, tzinfo=UTC))
>>> china.is_workday(date(2026, 2, 14)), china.is_workday(date(2026, 2, 16)), china.known_until
(True, False, datetime.date(2026, 12, 31))
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from crmkit.domain.ids import CalendarId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.hours import Hours
from crmkit.errors import InvalidInput, MissingExtra

__all__ = ["country_calendar"]


def country_calendar(
    country: str,
    *,
    zone: str,
    years: Iterable[int],
    subdivision: str = "",
    hours: Sequence[Hours] = (),
    id: str = "",
    now: datetime,
) -> WorkingCalendar:
    """The calendar of a country: its weekend, public holidays, and the make-up workdays that are announced.

    Where make-up workdays are announced year by year, as in China, holidays after the last announced year may still
    move: the calendar is known until the end of that year, else until that of the last of ``years``.

    Args:
        country: by ISO 3166, such as ``"CN"``.
        zone: the time zone in which its days begin.
        years: those to look up.
        subdivision: a state or province that has holidays of its own, such as ``"BY"`` in ``"DE"``.
        hours: working hours; none for whole days.
        id: of the calendar, else its country and subdivision.
        now: when it is made.

    Raises:
        InvalidInput: no such country, subdivision or zone, or no years.
        MissingExtra: ``holidays`` is not installed.
    """
    try:
        from holidays import country_holidays
    except ImportError as error:
        raise MissingExtra.named("calendar", package="holidays") from error
    wanted = sorted(set(years))
    if not wanted:
        raise InvalidInput("must not be empty.", field="years", hint="Name the years that deadlines fall into.")
    try:
        table = country_holidays(country, subdiv=subdivision or None, years=wanted)
    except NotImplementedError as error:
        field = "subdivision" if subdivision else "country"
        raise InvalidInput("is not in the tables.", field=field, hint="Write codes of ISO 3166: CN, DE, BY.") from error
    made_up = sorted(day for day in table.weekend_workdays if day.year in wanted)
    announced = max((day.year for day in made_up), default=wanted[-1])
    code = "-".join(filter(None, (country, subdivision)))
    return WorkingCalendar(
        id=CalendarId(id or code),
        name=code,
        zone=zone,
        weekdays=tuple(day + 1 for day in range(7) if day not in table.weekend),
        holidays=tuple(sorted(table)),
        workdays=tuple(made_up),
        known_until=date(announced, 12, 31),
        hours=tuple(hours),
        created_at=now,
        updated_at=now,
    )
