"""What came of a simulation: who waited where and for how long, and where people were short."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from attrs import frozen

from crmkit.errors import InvalidInput

__all__ = ["CrewLoad", "Difference", "SimulationReport", "Spread", "StateLoad", "compare", "spread_of"]


@frozen(kw_only=True)
class Spread:
    """Times of ``count`` requests: their mean, and what half and nine tenths of them do not exceed."""

    count: int
    mean: timedelta
    p50: timedelta
    p90: timedelta


def spread_of(seconds: Sequence[float]) -> Spread:
    """The spread of these times; all zero where there are none. Percentiles are nearest ranks.

    >>> spread_of([1, 2, 3, 10]).p50.total_seconds(), spread_of([]).count
    (2.0, 0)
    """
    if not seconds:
        return Spread(count=0, mean=timedelta(0), p50=timedelta(0), p90=timedelta(0))
    ranked, count = sorted(seconds), len(seconds)
    half, most = (timedelta(seconds=ranked[-(-count * percent // 100) - 1]) for percent in (50, 90))
    return Spread(count=count, mean=timedelta(seconds=sum(ranked) / count), p50=half, p90=most)


@frozen(kw_only=True)
class StateLoad:
    """A state of a process: the wait for somebody to begin, the whole stay, and deadlines that passed."""

    process: str
    state: str
    wait: Spread
    stay: Spread
    breaches: int


@frozen(kw_only=True)
class CrewLoad:
    """A crew: the wait for its people in all their states, and the share of their working time that was worked."""

    crew: str
    size: int
    wait: Spread
    utilisation: float


@frozen(kw_only=True)
class SimulationReport:
    """The whole of it. ``succeeded``, ``failed`` and ``running`` count what came in, branches not among them."""

    states: tuple[StateLoad, ...]
    crews: tuple[CrewLoad, ...]
    through: Spread
    succeeded: int
    failed: int
    running: int

    @property
    def breaches(self) -> int:
        """Deadlines that passed."""
        return sum(state.breaches for state in self.states)

    @property
    def bottleneck(self) -> str | None:
        """The crew for which requests have waited longest altogether; ``None`` if they waited for nobody."""
        waited = [(crew.wait.mean * crew.wait.count, crew.crew) for crew in self.crews]
        longest = max(waited, default=(timedelta(0), ""), key=lambda each: each[0])
        return longest[1] if longest[0] else None

    def rows(self) -> Iterator[tuple[str, ...]]:
        """A table of the crews, its head first, times in hours.

        >>> nobody = spread_of([])
        >>> crew = CrewLoad(crew="desk", size=2, wait=nobody, utilisation=0.5)
        >>> report = SimulationReport(states=(), crews=(crew,), through=nobody, succeeded=0, failed=0, running=0)
        >>> list(report.rows())[1]
        ('desk', '2', '50 %', '0.0', '0.0', '0.0')
        """
        yield "crew", "people", "busy", "wait: mean", "half", "nine tenths"
        for crew in self.crews:
            wait = (f"{time / timedelta(hours=1):.1f}" for time in (crew.wait.mean, crew.wait.p50, crew.wait.p90))
            yield crew.crew, str(crew.size), f"{crew.utilisation:.0%}".replace("%", " %"), *wait


@frozen(kw_only=True)
class Difference:
    """One crew in two simulations."""

    crew: str
    one: CrewLoad
    other: CrewLoad

    @property
    def wait(self) -> timedelta:
        """By how much the mean wait is longer in the other; negative where it is shorter."""
        return self.other.wait.mean - self.one.wait.mean


def compare(one: SimulationReport, other: SimulationReport) -> tuple[Difference, ...]:
    """The crews of both, what waits less in ``other`` first.

    Raises:
        InvalidInput: they do not have the same crews.
    """
    loads = {crew.crew: crew for crew in other.crews}
    if loads.keys() != {crew.crew for crew in one.crews}:
        raise InvalidInput("has other crews.", field="other", hint="Change sizes and calendars, not names.")
    found = (Difference(crew=crew.crew, one=crew, other=loads[crew.crew]) for crew in one.crews)
    return tuple(sorted(found, key=lambda difference: difference.wait))
