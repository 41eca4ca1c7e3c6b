"""What an area of benchmarks is made of: lines with goals, and a fair way to time one thing against another.

Machines differ and are busy, so nothing here is told in seconds: two sides take turns in many short rounds of
one process, and what counts is the median of the rounds' ratios. Where all the work is done in this process, its
computing time is compared, which knows no waiting for a busy machine; otherwise it is the time on the wall.
"""

import gc
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Literal, Self

from attrs import frozen

from crmkit.testing.postgres import PostgresServer, drop_schema, fresh_schema, running_postgres

__all__ = [
    "COMPUTING",
    "WALL",
    "Bench",
    "Clock",
    "Goal",
    "Line",
    "Result",
    "Side",
    "at_least",
    "at_most",
    "every_round",
    "measured",
    "ratio",
]

WARM_UP = 3
"""Rounds that are run and not counted: caches fill, statements are prepared, CPython specialises its code."""
Clock = Callable[[], int]
COMPUTING: Clock = process_time_ns
"""The processor time of this process. On the wall the longer side of a pair would be interrupted more often."""
WALL: Clock = perf_counter_ns
"""For work that is shared with a server."""

FEWEST_ROUNDS = 15
SECONDS = 2.0
"""How long sides go on that can do so: longer than most bursts of load."""


@frozen
class Goal:
    """What a value must keep to."""

    sign: Literal["<=", ">="]
    bound: float

    def met(self, value: float) -> bool:
        """Whether ``value`` keeps to it."""
        return value <= self.bound if self.sign == "<=" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


def at_most(bound: float) -> Goal:
    """Small is good."""
    return Goal("<=", bound)


def at_least(bound: float) -> Goal:
    """Large is good."""
    return Goal(">=", bound)


@frozen
class Line:
    """One measured line. Without a goal it is there to be read; it fails only if it cannot be measured."""

    name: str
    unit: str
    goal: Goal | None
    measure: "Callable[[Bench], float]"


@frozen
class Result:
    """A line after its measurement, as it stands in ``results/NAME.json``; ``value`` is ``None`` if it failed."""

    name: str
    value: float | None
    unit: str
    goal: str | None
    ok: bool


def measured(line: Line, bench: "Bench") -> tuple[Result, Exception | None]:
    """The result of ``line``, with what went wrong if it could not be measured: no line vanishes."""
    goal = None if line.goal is None else str(line.goal)
    try:
        value = line.measure(bench)
    except Exception as error:  # noqa: BLE001 - a missing peer or a broken line must not hide the others
        return Result(line.name, None, line.unit, goal, ok=False), error
    finally:
        bench.tidy_up()
    # judged as it is shown, so that a table never reads "2.5, at most 2.5, missed"
    value = float(f"{value:.3g}")
    return Result(line.name, value, line.unit, goal, ok=line.goal is None or line.goal.met(value)), None


class Bench:
    """What lines are given: databases of their own. A context manager, at whose end all of it is gone."""

    def __init__(self) -> None:
        self._whole = ExitStack()
        self._line = ExitStack()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tidy_up()
        self._whole.close()

    def until_the_line_ends(self, close: Callable[[], object]) -> None:
        """``close`` is called when the line has been measured."""
        self._line.callback(close)

    def tidy_up(self) -> None:
        """What the line opened is closed."""
        self._line.close()

    def sqlite_url(self) -> str:
        """A database file that is not there yet."""
        return f"sqlite:///{self._directory / f'{next(self._numbers)}.db'}"

    def postgres_url(self) -> str:
        """An empty schema on a server that runs as long as this run."""
        url = fresh_schema(self._server.url)
        if not self._server.ours:
            self._line.callback(drop_schema, url)
        return url

    @cached_property
    def _directory(self) -> Path:
        return Path(self._whole.enter_context(tempfile.TemporaryDirectory(prefix="crmkit-bench-")))

    @cached_property
    def _server(self) -> PostgresServer:
        return self._whole.enter_context(running_postgres())


@frozen
class Side:
    """One side of a comparison.

    ``prepare(round)`` does what is not to be timed and returns what is; rounds count from 0 and include the
    warm-up. ``items`` is how many things one round does: what is compared is the time per item.
    """

    prepare: Callable[[int], Callable[[], object]]
    items: int = 1


def every_round(run: Callable[[], object], *, items: int = 1) -> Side:
    """A side that does the same in every round and leaves nothing behind."""
    return Side(lambda _round: run, items)


def ratio(over: Side, under: Side, *, rounds: int | None = None, clock: Clock = COMPUTING) -> float:
    """How many times as long an item of ``over`` takes as one of ``under``: the median of the rounds' ratios.

    Sides that have something prepared for each round say how many ``rounds`` there are beside the warm-up;
    the others go on for a while.
    """
    with _no_chance_collections():
        ratios = [_one_round(over, under, number, clock) for number in _numbers(rounds)]
    return statistics.median(ratios[WARM_UP:])


def _numbers(rounds: int | None) -> Iterator[int]:
    if rounds is not None:
        yield from range(WARM_UP + rounds)
        return
    ends = perf_counter_ns() + SECONDS * 1e9
    for number in itertools.count():
        if number >= WARM_UP + FEWEST_ROUNDS and perf_counter_ns() > ends:
            return
        yield number


def _one_round(over: Side, under: Side, number: int, clock: Clock) -> float:
    # each side goes first every other time, so that neither finds the caches warmer than the other
    if number % 2:
        taken = _time(over, number, clock)
        return taken / _time(under, number, clock)
    taken = _time(under, number, clock)
    return _time(over, number, clock) / taken


def _time(side: Side, number: int, clock: Clock) -> float:
    """Nanoseconds an item; what was made is given back to the heap after the clock has stopped."""
    run = side.prepare(number)
    # between rounds, not in them: a peer that leaves cycles behind must not run in a heap that grows and grows
    gc.collect()
    started = clock()
    kept = run()
    taken = clock() - started
    del kept
    return taken / side.items


@contextmanager
def _no_chance_collections() -> Iterator[None]:
    """The garbage collector does nothing by itself: whom it interrupts is chance."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
