"""What a simulation is made from: processes, who works where and for how long, and what is decided how often."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from crmkit.domain.model import Code, model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput
from crmkit.rules.routing.policy import ProcessDefinition
from crmkit.rules.routing.simulation.durations import Duration
from crmkit.rules.routing.transition import Trigger

__all__ = ["Crew", "Incoming", "SimulationPlan", "Station", "Way"]


@model
class Crew:
    """People who take requests in the order in which they come; without a calendar they work every hour."""

    name: Code
    size: int
    calendar: WorkingCalendar | None = None

    def check(self) -> None:
        """Somebody is there."""
        if not 1 <= self.size <= 100_000:
            raise InvalidInput(
                "must be 1 to 100,000.", field="Crew.size", hint="Leave the crew away if all may start at once."
            )


@model
class Way:
    """How often a transition is asked for, beside the other ways out of the state.

    Args:
        transition: its name.
        weight: the share, in any unit.
        to_state: which one is meant where several share the name; by their guards, unless given.
    """

    transition: Code
    weight: float = 1.0
    to_state: Code | None = None

    def check(self) -> None:
        """The weight is a share."""
        if not 0 < self.weight < float("inf"):
            raise InvalidInput("must be positive.", field="Way.weight", hint="Leave away what never happens.")


@model
class Station:
    """The work in one state of one process.

    Args:
        time: how long somebody works on a request, in the working time of the crew.
        crew: whose people do it; without one nobody has to wait, as where a customer thinks.
        ways: what is decided then; every transition that can be asked for is as likely, unless given.
    """

    process: Code
    state: Code
    time: Duration
    crew: Code | None = None
    ways: tuple[Way, ...] = ()


@frozen(kw_only=True)
class Incoming:
    """A request that comes in; without particulars every guard is taken to hold."""

    at: datetime
    request: Request | None = None


@frozen(kw_only=True)
class SimulationPlan:
    """The first definition is run, the others are those that its branches name.

    Raises:
        InvalidInput: by ``expect``: a station, crew or process is missing or unknown.
    """

    definitions: tuple[ProcessDefinition, ...]
    stations: tuple[Station, ...]
    crews: tuple[Crew, ...] = ()
    calendar: WorkingCalendar | None = None

    def expect(self) -> None:
        """Every state that only work leads out of has a station, and whatever is named is there.

        Raises:
            InvalidInput: something is not.
        """
        known = {definition.id: definition for definition in self.definitions}
        crews = {crew.name for crew in self.crews}
        for station in self.stations:
            if station.process not in known:
                raise InvalidInput(
                    f"{station.process!r} is not simulated.", field="stations", hint="Add its definition."
                )
            known[station.process].state(station.state)
            if station.crew is not None and station.crew not in crews:
                raise InvalidInput(f"{station.crew!r} is not a crew.", field="stations", hint="Add a Crew.")
            _expect_ways(known[station.process], station)
        for definition in self.definitions:
            self._expect_work(definition, known)

    def _expect_work(self, definition: ProcessDefinition, known: Mapping[str, ProcessDefinition]) -> None:
        worked = {(station.process, station.state) for station in self.stations}
        for state in definition.states:
            for branch in state.branches:
                if branch.name not in known:
                    hint = "Add it, or a process that takes as long."
                    raise InvalidInput(f"{branch.name!r} is a branch.", field="definitions", hint=hint)
            asked = all(step.trigger is Trigger.MANUAL for step in definition.leaving(state.name))
            if asked and not state.final and (definition.id, state.name) not in worked:
                where = f"{definition.id}.{state.name}"
                raise InvalidInput(
                    f"nobody works in {where}.", field="stations", hint="Add a Station, without a crew if need be."
                )


def _expect_ways(definition: ProcessDefinition, station: Station) -> None:
    steps = [step for step in definition.leaving(station.state) if step.trigger is Trigger.MANUAL]
    for way in station.ways:
        if not any(step.name == way.transition and way.to_state in {None, step.to_state} for step in steps):
            names = ", ".join(dict.fromkeys(step.name for step in steps)) or "none"
            raise InvalidInput(
                f"{way.transition!r} is not possible in {station.state}.", field="ways", hint=f"Possible: {names}."
            )
