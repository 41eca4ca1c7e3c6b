"""Processes made ready to be run often: every state with its ways out, each guard compiled once."""

from collections.abc import Callable
from datetime import datetime

from attrs import define, field

from crmkit.domain.stewardship.request import Request
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.simulation.plan import SimulationPlan, Station
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["Guard", "Place", "Step", "fits", "places_of"]

Guard = Callable[[object, datetime], bool] | None


@define(eq=False)
class Step:
    """A transition; ``guard`` is ``None`` where it always holds."""

    transition: Transition
    to: "Place"
    guard: Guard


@define(eq=False)
class Place:
    """A state of a process. ``number`` tells it from all others, ``steps`` are its ways out by what sets them off.

    ``timers`` are those of them that are timed, ``ways`` those that are asked for, by weight.
    """

    number: int
    definition: ProcessDefinition
    state: State
    station: Station | None
    steps: dict[Trigger, list[Step]] = field(factory=dict)
    branches: list[tuple[str, Guard]] = field(factory=list)
    timers: list[tuple[float, Step]] = field(factory=list)
    ways: list[tuple[float, list[Step]]] = field(factory=list)
    waits: list[float] = field(factory=list)
    stays: list[float] = field(factory=list)
    breaches: int = 0


def fits(guard: Guard, request: Request | None, now: datetime) -> bool:
    """Whether the guard holds; of a request without particulars it is taken to."""
    return guard is None or request is None or guard(request, now)


def places_of(plan: SimulationPlan) -> dict[tuple[str, str], Place]:
    """The places, by process and state."""
    stations = {(station.process, station.state): station for station in plan.stations}
    found: dict[tuple[str, str], Place] = {}
    for definition in plan.definitions:
        for state in definition.states:
            key = (definition.id, state.name)
            found[key] = Place(len(found), definition, state, stations.get(key))
    for place in found.values():
        _connect(place, found)
    return found


def _connect(place: Place, places: dict[tuple[str, str], Place]) -> None:
    definition = place.definition
    for transition in definition.leaving(place.state.name):
        step = Step(transition, places[definition.id, transition.to_state], _guard(transition.guard, definition))
        place.steps.setdefault(transition.trigger, []).append(step)
        if transition.after is not None:
            place.timers.append((transition.after.total_seconds(), step))
    place.branches = [(branch.name, _guard(branch.when, definition)) for branch in place.state.branches]
    manual = place.steps.get(Trigger.MANUAL, [])
    if place.station is not None and place.station.ways:
        for way in place.station.ways:
            meant = [step for step in manual if step.transition.name == way.transition]
            # the one that was named is taken whatever its guard says
            named = [Step(step.transition, step.to, None) for step in meant if step.transition.to_state == way.to_state]
            place.ways.append((way.weight, named or meant))
        return
    for name in dict.fromkeys(step.transition.name for step in manual):
        place.ways.append((1.0, [step for step in manual if step.transition.name == name]))


def _guard(text: str, definition: ProcessDefinition) -> Guard:
    return None if text == "always()" else about_request(text, definition.custom_fields)
