"""Conditions of score rules: compiled once, and able to tell when their answer changes by itself.

>>> from datetime import UTC, datetime
>>> from types import SimpleNamespace
>>> from crmkit.domain.conditions import FieldSpec
>>> fields = FieldCatalogue([FieldSpec(name="at", kind=Kind.INSTANT)])
>>> recent = Question.of("within(at, days=30)", fields)
>>> call = SimpleNamespace(at=datetime(2026, 1, 1, tzinfo=UTC))
>>> recent.next_flip([call], datetime(2026, 1, 20, tzinfo=UTC))
datetime.datetime(2026, 1, 31, 0, 0, tzinfo=datetime.timezone.utc)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

from attrs import frozen

from crmkit.domain.conditions import (
    Between,
    BoundCondition,
    Compare,
    Condition,
    FieldCatalogue,
    Kind,
    Within,
    any_of,
    bind,
    compile_filter,
    compile_read,
    compile_test,
    parse,
)
from crmkit.domain.conditions.periods import today

__all__ = ["Question"]

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


@frozen
class _Window:
    """One ``within`` relative to now: the place of its field among those read, and its bounds counted from now."""

    place: int
    start: timedelta
    end: timedelta
    unit: timedelta

    def edges(self, value: date) -> Iterator[date]:
        """The first moment at which the window has reached ``value``, and the first at which it has passed it."""
        # now + start <= value < now + end, solved for now
        for bound in (self.end, self.start):
            try:
                yield value - bound + self.unit
            except OverflowError:  # a far-off value such as 9999-12-31 is never passed
                continue


@frozen
class Question:
    """A condition over one kind of row."""

    bound: BoundCondition
    holds: Callable[[object, datetime], bool]
    select: Callable[[Iterable[Any], datetime], list[Any]]
    """The rows for which it holds, in one generated loop."""
    _read: Callable[[object], tuple[object, ...]]
    _windows: tuple[_Window, ...]

    @classmethod
    def of(cls, text: str, fields: FieldCatalogue) -> "Question":
        """The condition that ``text`` says about rows with ``fields``.

        Raises:
            InvalidCondition: it cannot be read, or does not fit the fields.
        """
        bound = bind(parse(text), fields)
        return cls(
            bound, compile_test(bound), compile_filter(bound), compile_read(bound.fields), tuple(_windows(bound))
        )

    @property
    def moves(self) -> bool:
        """Whether the answer may change as time passes."""
        return bool(self._windows)

    def next_flip(self, rows: Iterable[object], now: datetime) -> datetime | None:
        """The first instant after ``now`` at which the answer for one of the unchanged ``rows`` is another, if ever."""
        if not self._windows:
            return None
        if isinstance(self.bound.condition, Within):
            # a window alone is entered once and left once: nothing needs to be asked again
            return min([edge for row in rows for edge in self._edges(row, now) if edge > now], default=None)
        edges = [(edge, row) for row in rows for edge in self._edges(row, now) if edge > now]
        edges.sort(key=itemgetter(0))
        return next((edge for edge, row in edges if self.holds(row, edge) is not self.holds(row, now)), None)

    def ahead(self, now: datetime) -> Condition:
        """The condition of those rows whose answer may still change as time passes."""
        begins = [(window, now if window.unit is TICK else today(now)) for window in self._windows]
        return any_of(
            [Compare(self.bound.fields[window.place].name, ">=", base + window.start) for window, base in begins]
        )

    def _edges(self, row: object, now: datetime) -> Iterator[datetime]:
        values = self._read(row)
        for window in self._windows:
            value = values[window.place]
            for edge in window.edges(value) if isinstance(value, date) else ():
                yield edge if isinstance(edge, datetime) else datetime.combine(edge, time(0), now.tzinfo)


def _windows(bound: BoundCondition) -> Iterator[_Window]:
    places = {spec.name: place for place, spec in enumerate(bound.fields)}
    for leaf in bound.condition.leaves():
        if isinstance(leaf, Within) and not isinstance(leaf.period, Between):
            place = places[leaf.field]
            unit = DAY if bound.fields[place].kind is Kind.DATE else TICK
            start, end = leaf.period.offsets(unit)
            yield _Window(place, start, end, unit)
