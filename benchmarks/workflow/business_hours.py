"""Eight business hours over a holiday, beside businesstimedelta; and what a longer horizon costs.

Both count in the same office, with a lunch break and the same holidays, and both have been asked before.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.hours import Hours
from harness import Bench, Line, at_least, at_most, every_round, ratio

ZONE = "Asia/Shanghai"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
HOLIDAYS = tuple(date(year, month, 1) for year in range(2020, 2040) for month in (1, 5, 10))
OFFICE = WorkingCalendar(
    id="office",
    name="Office",
    zone=ZONE,
    holidays=HOLIDAYS,
    hours=tuple(
        Hours(weekday=day, begins=60 * begins, ends=60 * ends)
        for day in range(1, 6)
        for begins, ends in ((9, 12), (13, 18))
    ),
    created_at=MADE,
    updated_at=MADE,
)
START = datetime(2026, 4, 30, 15, 30, tzinfo=ZoneInfo(ZONE))
EIGHT = timedelta(hours=8)
TIMES = 1_000


def _peer() -> Callable[[], datetime]:
    import businesstimedelta
    import pytz

    zone = pytz.timezone(ZONE)
    days = {"working_days": [0, 1, 2, 3, 4], "tz": zone}
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(start_time=time(9), end_time=time(18), **days),
            businesstimedelta.LunchTimeRule(start_time=time(12), end_time=time(13), **days),
            businesstimedelta.HolidayRule(list(HOLIDAYS), tz=zone),
        ]
    )
    added = businesstimedelta.BusinessTimeDelta(rules, hours=8)
    return lambda: START + added


def _over_a_holiday(_bench: Bench) -> float:
    theirs, time = _peer(), OFFICE.business_time()
    assert theirs() == time.add(START, EIGHT)

    def ours() -> None:
        for _ in range(TIMES):
            time.add(START, EIGHT)

    return ratio(every_round(theirs), every_round(ours, items=TIMES))


def _horizon(days: int) -> Callable[[Bench], float]:
    """Adding as much as is worked in ``days`` and counting it back, beside the same for one day."""

    def measure(_bench: Bench) -> float:
        time = OFFICE.business_time()
        sides = []
        for far in (days, 1):
            duration = time.between(START, START + timedelta(days=far))

            def run(duration: timedelta = duration) -> None:
                for _ in range(TIMES):
                    time.between(START, time.add(START, duration))

            sides.append(every_round(run))
        return ratio(*sides)

    return measure


LINES = [
    Line("8 business hours over a holiday", "× faster than businesstimedelta", at_least(100), _over_a_holiday),
    Line("add and count back: a year", "× a day", at_most(2), _horizon(365)),
    Line("add and count back: ten years", "× a day", at_most(2), _horizon(3_650)),
]
