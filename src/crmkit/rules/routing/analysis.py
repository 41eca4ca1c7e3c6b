"""The static check of a process definition: what is wrong before a single request runs through it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

import attrs

from crmkit.errors import InvalidCondition, Problem
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.policy import ProcessDefinition, State, Transition, Who

__all__ = ["faults"]


def faults(definition: ProcessDefinition) -> Iterator[Problem]:
    """Every fault; of a definition that speaks of unknown states, only what can be told in spite of that."""
    named = list(_names(definition))
    yield from named
    for state in definition.states:
        yield from _of_state(definition, state)
    for place, transition in enumerate(definition.transitions):
        yield from _of_transition(definition, transition, earlier=definition.transitions[:place])
    if not named:
        yield from _ways(definition)


def _names(definition: ProcessDefinition) -> Iterator[Problem]:
    """States stand once, and whatever names a state names one of them."""
    counts = Counter(state.name for state in definition.states)
    known = f"Choose from: {', '.join(counts)}."
    for name, count in counts.items():
        if count > 1:
            yield Problem("ProcessDefinition.states", "state.twice", f"{name!r} stands {count} times.", "Rename one.")
    if definition.initial not in counts:
        yield Problem("ProcessDefinition.initial", "state.unknown", f"{definition.initial!r} is not a state.", known)
    for step in definition.transitions:
        for end, name in (("from_state", step.from_state), ("to_state", step.to_state)):
            if name not in counts:
                yield Problem(f"{_at(step)}.{end}", "state.unknown", f"{name!r} is not a state.", known)


def _of_state(definition: ProcessDefinition, state: State) -> Iterator[Problem]:
    where = f"ProcessDefinition.states[{state.name}]"
    if state.deadline is not None and state.deadline <= timedelta(0):
        yield Problem(f"{where}.deadline", "deadline.past", "must be positive.", "Give for example 8 hours.")
    if state.final and (state.routes or state.deadline is not None):
        yield Problem(where, "state.final", "is final, so nobody has to act in it.", "Drop its routes and deadline.")
    for place, route in enumerate(state.routes):
        if not (hasattr(route.to, "kind") and hasattr(route.to, "find")):
            message = f"{type(route.to).__name__} cannot find anybody."
            yield Problem(f"{where}.routes[{place}].to", "part.wrong", message, "Use for example ToTeam.")
        yield from _unfit(f"{where}.routes[{place}].when", route.when, definition)
    acting = [permit.who for step in definition.leaving(state.name) for permit in step.may]
    if acting and set(acting) == {Who.ASSIGNEE} and not state.routes:
        hint = "Give it a route, or let somebody else act."
        yield Problem(where, "state.nobody", "only the assignee may act, and nobody is assigned.", hint)


def _of_transition(
    definition: ProcessDefinition, step: Transition, *, earlier: Iterable[Transition]
) -> Iterator[Problem]:
    if not step.may:
        yield Problem(f"{_at(step)}.may", "transition.nobody", "nobody may ask for it.", "Add a Permit.")
    yield from _unfit(f"{_at(step)}.guard", step.guard, definition)
    for other in earlier:
        same = (other.name, other.from_state) == (step.name, step.from_state)
        if same and other.guard == "always()" and set(step.may) <= set(other.may):
            hint = f"Guard the one to {other.to_state}, or put this one before it."
            yield Problem(_at(step), "transition.shadowed", "is never taken: another of that name always is.", hint)


def _unfit(where: str, text: str, definition: ProcessDefinition) -> Iterator[Problem]:
    try:
        about_request(text, definition.custom_fields)
    except InvalidCondition as error:
        for problem in error.problems:
            yield attrs.evolve(problem, field=f"{where} {problem.field}".rstrip())


def _ways(definition: ProcessDefinition) -> Iterator[Problem]:
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


def _at(step: Transition) -> str:
    return f"ProcessDefinition.transitions[{step.name} from {step.from_state}]"
