"""Which states can be reached, from which an end can, and where a request would run in circles."""

from collections.abc import Iterable, Iterator

from crmkit.domain.conditions import all_of, bind, parse
from crmkit.domain.conditions.reach import can_hold
from crmkit.errors import Problem
from crmkit.rules.routing.conditions import fields_of_requests
from crmkit.rules.routing.policy import ProcessDefinition
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["circles", "ways"]


def ways(definition: ProcessDefinition) -> Iterator[Problem]:
    """Every state can be reached from the start, and from every state an end can be reached."""
    forward = [(step.from_state, step.to_state) for step in definition.transitions]
    backward = [(end, begin) for begin, end in forward]
    reached = _reach([definition.initial], forward)
    ending = _reach([state.name for state in definition.states if state.final], backward)
    leaving = {begin for begin, _ in forward}
    for state in definition.states:
        where = f"ProcessDefinition.states[{state.name}]"
        if state.name not in reached:
            yield Problem(where, "state.unreachable", "cannot be reached.", "Add a transition to it, or drop it.")
        if state.final and state.name in leaving:
            yield Problem(where, "state.final", "is final, but a transition leaves it.", "Drop one of the two.")
        elif state.name not in leaving and not state.final:
            yield Problem(where, "state.dead_end", "no transition leaves it.", "Add one, or make it final.")
        elif state.name not in ending:
            yield Problem(where, "state.endless", "no final state can be reached from it.", "Add a way to an end.")


def circles(definition: ProcessDefinition) -> Iterator[Problem]:
    """Automatic transitions lead back to where they began, and one request may fit all their guards."""
    automatic: dict[str, list[Transition]] = {}
    for step in definition.transitions:
        if step.trigger is Trigger.AUTOMATIC:
            automatic.setdefault(step.from_state, []).append(step)
    for start in automatic:
        found = _circle(definition, automatic, start, [])
        if found:
            names = " → ".join([*(step.from_state for step in found), start])
            yield Problem(
                f"ProcessDefinition.states[{start}]",
                "state.circle",
                f"a request would go round and round: {names}.",
                "Let somebody ask for one of them, or give it a time.",
            )
            return


def _circle(
    definition: ProcessDefinition, automatic: dict[str, list[Transition]], start: str, taken: list[Transition]
) -> list[Transition]:
    """The transitions of a circle through ``start``, if there is one; no state is passed twice."""
    place = taken[-1].to_state if taken else start
    passed = {step.from_state for step in taken}
    for step in automatic.get(place, ()):
        way = [*taken, step]
        if step.to_state in passed - {start} or not _together(definition, way):
            continue
        found = way if step.to_state == start else _circle(definition, automatic, start, way)
        if found:
            return found
    return []


def _together(definition: ProcessDefinition, steps: list[Transition]) -> bool:
    fields = fields_of_requests(definition.custom_fields)
    return can_hold(bind(all_of(parse(step.guard) for step in steps), fields))


def _reach(begin: Iterable[str], arrows: Iterable[tuple[str, str]]) -> set[str]:
    """Every state that the arrows lead to from those in ``begin``, those included."""
    ways: dict[str, list[str]] = {}
    for tail, head in arrows:
        ways.setdefault(tail, []).append(head)
    reached, pending = set(begin), list(begin)
    while pending:
        for head in ways.get(pending.pop(), ()):
            if head not in reached:
                reached.add(head)
                pending.append(head)
    return reached
