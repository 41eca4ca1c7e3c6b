"""A simulation of 100,000 requests over six steps: its time beside SimPy's, and its waits beside Erlang's formula.

The peer does less: six stations in a row, without guards, timers, deadlines or spreads. Both are given the same
arrivals, as many people, and times of the same distribution.
"""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from time import process_time
from typing import Any

from crmkit.rules.routing import ProcessDefinition, Route, State, ToTeam, Transition
from crmkit.rules.routing.simulation import (
    Crew,
    Exponential,
    Incoming,
    SimulationPlan,
    SimulationReport,
    Station,
    mean_wait,
    simulate,
)
from harness import Bench, Line, at_least, at_most

COUNT = 100_000
STEPS = tuple(f"step-{number}" for number in range(1, 7))
PEOPLE, RATE = 3, 2.1
"""People a step, and requests an hour; each of them is an hour's work."""
START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _definition() -> ProcessDefinition:
    following = (*STEPS[1:], "done")
    return ProcessDefinition(
        id="six-steps",
        initial=STEPS[0],
        states=(
            *(State(name=name, routes=(Route(to=ToTeam(team_id=name)),), deadline=8 * HOUR) for name in STEPS),
            State(name="done", final=True),
        ),
        transitions=tuple(
            Transition(name="on", from_state=name, to_state=to) for name, to in zip(STEPS, following, strict=True)
        ),
    )


def _arrivals() -> list[float]:
    """Hours since the start, as a Poisson process."""
    chance = Random(20260105)
    return list(accumulate(chance.expovariate(RATE) for _ in range(COUNT)))


def _ours() -> SimulationReport:
    work = Exponential(mean=HOUR)
    plan = SimulationPlan(
        definitions=(_definition(),),
        stations=tuple(Station(process="six-steps", state=name, crew=name, time=work) for name in STEPS),
        crews=tuple(Crew(name=name, size=PEOPLE) for name in STEPS),
    )
    return simulate(plan, [Incoming(at=START + at * HOUR) for at in _arrivals()], seed=6)


def _theirs() -> float:
    """The mean wait a step, in hours."""
    import simpy

    chance, waits = Random(6), [0.0]
    world = simpy.Environment()
    desks = [simpy.Resource(world, capacity=PEOPLE) for _ in STEPS]

    def request(at: float) -> Generator[Any, Any, None]:
        yield world.timeout(at)
        for desk in desks:
            came = world.now
            with desk.request() as turn:
                yield turn
                waits[0] += world.now - came
                yield world.timeout(chance.expovariate(1.0))

    for at in _arrivals():
        world.process(request(at))
    world.run()
    return waits[0] / (COUNT * len(STEPS))


def _beside_simpy(_bench: Bench) -> float:
    begun = process_time()
    report = _ours()
    between = process_time()
    theirs = _theirs()
    assert abs(report.crews[0].wait.mean / HOUR / theirs - 1) < 0.2
    return (process_time() - between) / (between - begun)


def _seconds(_bench: Bench) -> float:
    begun = process_time()
    report = _ours()
    assert report.succeeded == COUNT
    return process_time() - begun


def _mean_wait(_bench: Bench) -> float:
    """Of all steps: what leaves M/M/c is a Poisson process again (Burke, 1956), so each is a station by itself."""
    crews = _ours().crews
    waited = sum(crew.wait.mean / HOUR for crew in crews) / len(crews)
    return 100 * abs(waited / mean_wait(rate=RATE, mean=1.0, servers=PEOPLE) - 1)


LINES = [
    Line("simulate 100,000 requests, 6 steps", "seconds", at_most(60), _seconds),
    Line("simulate: beside SimPy", "× faster", at_least(0.7), _beside_simpy),
    Line("simulate: mean wait off Erlang C", "%", at_most(5), _mean_wait),
]
