"""Business time: how much working time lies between two instants, and when so much of it will have passed.

What is worked becomes a table of windows in UTC with the time worked before each of them, so that a question is
two searches however far apart the instants are. The table grows by whole years as it is asked about them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from attrs import frozen

from crmkit.errors import InvalidInput

__all__ = ["MOST_YEARS", "BusinessTime", "Spans"]

MOST_YEARS = 50
"""How far apart the instants of one question may lie."""
Spans = Callable[[date], Iterable[tuple[datetime, datetime]]]
"""When the working hours that begin on a day begin and end."""

FIRST_YEAR, LAST_YEAR = 2, 9_998
"""Before and after them nothing is worked, so that every local time of these years can be written."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class BusinessTime:
    """The working hours of a calendar, without the time that somebody is away.

    Durations are exact, over changes to summer time too. Of the instants that answer a question the one nearest to
    where it began is given: eight hours from nine o'clock end at five, and not at nine the next morning.

    Args:
        spans: the working hours of each day; they may reach into the next one and overlap.
        away: absences, from and until, half-open.

    >>> def office(day):
    ...     nine = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    ...     return [(nine, nine + timedelta(hours=8))] if day.isoweekday() < 6 else []
    >>> time, friday = BusinessTime(office), datetime(2026, 1, 2, 15, tzinfo=UTC)
    >>> due = time.add(friday, timedelta(hours=4))
    >>> due.isoformat(), time.between(friday, due), time.add(due, timedelta(hours=-4)) == friday
    ('2026-01-05T11:00:00+00:00', datetime.timedelta(seconds=14400), True)
    """

    def __init__(self, spans: Spans, away: Iterable[tuple[datetime, datetime]] = ()) -> None:
        self._spans = spans
        self._away = _merged((_ticks(begins), _ticks(ends)) for begins, ends in away)
        self._table = _Table.of([], range(2000, 2000))

    def is_open(self, at: datetime) -> bool:
        """Whether ``at`` is a working hour."""
        year = _year_of(at)
        return self._known(year, year).open(_ticks(at))

    def next_open(self, at: datetime) -> datetime | None:
        """``at`` if it is a working hour, else when the next one begins, in UTC; ``None`` if none does in 50 years."""
        tick = _ticks(at)
        for table in self._tables(at):
            found = table.next_open(tick)
            if found is not None:
                return _instant(found)
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from ``start`` until ``end``; negative where ``end`` comes first.

        Raises:
            InvalidInput: they lie more than 50 years apart, or have no time zone.
        """
        first, last = sorted((_year_of(start), _year_of(end)))
        table = self._known(first, last)
        return timedelta(microseconds=table.worked(_ticks(end)) - table.worked(_ticks(start)))

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which ``duration`` of working time has passed since ``start``, in UTC.

        A negative duration counts back, none at all gives ``start``.

        Raises:
            InvalidInput: there is not so much working time within 50 years, or ``start`` has no time zone.
        """
        tick, ticks = _ticks(start), duration // _TICK
        if not ticks:
            return start.astimezone(UTC)
        for table in self._tables(start, back=ticks < 0):
            target = table.worked(tick) + ticks
            found = table.first_at(target) if ticks > 0 else table.last_at(target)
            if found is not None:
                return _instant(found)
        raise InvalidInput(
            f"is more working time than there is in {MOST_YEARS} years.",
            field="duration",
            hint="Give the calendar working hours, or a shorter duration.",
        )

    def _tables(self, at: datetime, *, back: bool = False) -> "Iterator[_Table]":
        """Tables that begin at the year of ``at`` and reach further and further."""
        year, reach = _year_of(at), 0
        while reach < MOST_YEARS:
            yield self._known(year - reach, year) if back else self._known(year, year + reach)
            reach = min(2 * reach + 1, MOST_YEARS)
        yield self._known(year - reach, year) if back else self._known(year, year + reach)

    def _known(self, first: int, last: int) -> "_Table":
        """The table, grown to the years of UTC from ``first`` to ``last``."""
        if last - first > MOST_YEARS:
            raise InvalidInput(f"lies more than {MOST_YEARS} years away.", field="end", hint="Ask for less time.")
        table, first, last = self._table, max(first, FIRST_YEAR), min(last, LAST_YEAR)
        years = table.years or range(first, last + 1)
        if not table.years or first < years.start or last >= years.stop:
            grown = range(min(first, years.start), max(last + 1, years.stop))
            if len(grown) > 2 * MOST_YEARS:
                grown = range(first, last + 1)
            # another thread may grow it at the same time: either table is right
            self._table = table = _Table.of([window for year in grown for window in self._year(year)], grown)
        return table

    def _year(self, year: int) -> Iterator[tuple[int, int]]:
        """The windows within a year of UTC."""
        begin, end = (_ticks(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
        # a local day begins up to a day before or after that of UTC, and a night shift ends on the next
        day, last = date(year, 1, 1) - 2 * _DAY, date(year, 12, 31) + 2 * _DAY
        days = (day + step * _DAY for step in range((last - day).days + 1))
        spans = ((_ticks(begins), _ticks(ends)) for each in days for begins, ends in self._spans(each))
        for begins, ends in _without(_merged(spans), self._away):
            if begins < end and ends > begin:
                yield max(begins, begin), min(ends, end)


@frozen
class _Table:
    """Windows in order, none overlapping; ``before`` holds the time worked before each, and at last that of all."""

    years: range
    begins: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]

    @classmethod
    def of(cls, windows: Sequence[tuple[int, int]], years: range) -> "_Table":
        lengths = accumulate((ends - begins for begins, ends in windows), initial=0)
        return cls(years, [each[0] for each in windows], [each[1] for each in windows], list(lengths))

    def open(self, tick: int) -> bool:
        place = bisect_right(self.begins, tick)
        return place > 0 and tick < self.ends[place - 1]

    def next_open(self, tick: int) -> int | None:
        place = bisect_right(self.ends, tick)
        return max(tick, self.begins[place]) if place < len(self.begins) else None

    def worked(self, tick: int) -> int:
        """The time worked up to ``tick``."""
        place = bisect_right(self.begins, tick) - 1
        return self.before[place] + min(tick, self.ends[place]) - self.begins[place] if place >= 0 else 0

    def first_at(self, worked: int) -> int | None:
        """The first instant by which so much was worked, ``None`` beyond the table; ``worked`` is positive."""
        place = bisect_left(self.before, worked) - 1
        return self.begins[place] + worked - self.before[place] if place < len(self.begins) else None

    def last_at(self, worked: int) -> int | None:
        """The last instant by which no more was worked, ``None`` before the table."""
        place = bisect_right(self.before, worked) - 1
        return self.begins[place] + worked - self.before[place] if place >= 0 else None


def _merged(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time as windows in order, none touching another."""
    merged: list[tuple[int, int]] = []
    for begins, ends in sorted(windows):
        if begins >= ends:
            continue
        if merged and begins <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(ends, merged[-1][1])
        else:
            merged.append((begins, ends))
    return merged


def _without(windows: Iterable[tuple[int, int]], away: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for window_begins, ends in windows:
        begins = window_begins
        for gone, back in away:
            if gone < ends and back > begins:
                if begins < gone:
                    yield begins, gone
                begins = back
        if begins < ends:
            yield begins, ends


def _year_of(at: datetime) -> int:
    return at.astimezone(UTC).year


def _ticks(at: datetime) -> int:
    if at.tzinfo is None:
        raise InvalidInput("has no time zone.", field="at", hint="Pass an aware datetime.")
    return (at - _EPOCH) // _TICK


def _instant(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)
