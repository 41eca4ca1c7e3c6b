"""What would come of a process: its requests run through it event by event, with the people there are."""

from crmkit.rules.routing.simulation.chance import drawn
from crmkit.rules.routing.simulation.durations import Duration, Empirical, Exponential, Fixed, LogNormal
from crmkit.rules.routing.simulation.plan import Crew, Incoming, SimulationPlan, Station, Way
from crmkit.rules.routing.simulation.queueing import mean_wait
from crmkit.rules.routing.simulation.report import CrewLoad, Difference, SimulationReport, Spread, StateLoad, compare
from crmkit.rules.routing.simulation.run import simulate

__all__ = [
    "Crew",
    "CrewLoad",
    "Difference",
    "Duration",
    "Empirical",
    "Exponential",
    "Fixed",
    "Incoming",
    "LogNormal",
    "SimulationPlan",
    "SimulationReport",
    "Spread",
    "StateLoad",
    "Station",
    "Way",
    "compare",
    "drawn",
    "mean_wait",
    "simulate",
]
