"""The static check of a process definition: what is wrong before a single request runs through it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import attrs

from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidCondition, Problem
from crmkit.rules.actions import problems_of
from crmkit.rules.routing.analysis.joins import joins
from crmkit.rules.routing.analysis.ways import circles, ways
from crmkit.rules.routing.conditions import bound_to_request, fields_of_requests
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Transition, Trigger, Who

__all__ = ["faults"]


def faults(definition: ProcessDefinition) -> Iterator[Problem]:
    """Every fault; of a definition that speaks of unknown states or fields, only what can be told in spite of that."""
    named, unread = list(_names(definition)), list(_conditions(definition))
    yield from named
    for state in definition.states:
        yield from _of_state(definition, state)
        yield from joins(definition, state)
    for transition in definition.transitions:
        yield from _of_transition(definition, transition)
    yield from unread
    if not named:
        yield from ways(definition)
    if not named and not unread:
        yield from circles(definition)
        for place in range(len(definition.transitions)):
            yield from _overtaken(definition, place)


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


def _conditions(definition: ProcessDefinition) -> Iterator[Problem]:
    """Every condition can be read, fits the fields of requests, and can hold."""
    for where, text in _texts(definition):
        try:
            bound = bound_to_request(text, definition.custom_fields)
        except InvalidCondition as error:
            for problem in error.problems:
                yield attrs.evolve(problem, field=f"{where} {problem.field}".rstrip())
        else:
            if not can_hold(bound):
                yield Problem(where, "condition.never", f"{text} holds for no request.", "Correct it, or drop it.")


def _texts(definition: ProcessDefinition) -> Iterator[tuple[str, str]]:
    for state in definition.states:
        where = f"ProcessDefinition.states[{state.name}]"
        for place, route in enumerate(state.routes):
            yield f"{where}.routes[{place}].when", route.when
        for place, branch in enumerate(state.branches):
            yield f"{where}.branches[{place}].when", branch.when
    for step in definition.transitions:
        yield f"{_at(step)}.guard", step.guard


def _of_state(definition: ProcessDefinition, state: State) -> Iterator[Problem]:
    where = f"ProcessDefinition.states[{state.name}]"
    if state.deadline is not None and state.deadline <= timedelta(0):
        yield Problem(f"{where}.deadline", "deadline.past", "must be positive.", "Give for example 8 hours.")
    if state.final and (state.routes or state.deadline is not None or state.branches):
        hint = "Drop its routes, deadline and branches."
        yield Problem(where, "state.final", "is final, so nobody has to act in it.", hint)
    if state.failed and not state.final:
        yield Problem(where, "state.failed", "fails and goes on.", "Make it final, or drop failed.")
    if state.working and definition.calendar_id is None:
        yield Problem(f"{where}.working", "calendar.none", "the process has no calendar.", "Give it a calendar_id.")
    for place, route in enumerate(state.routes):
        if not (hasattr(route.to, "kind") and hasattr(route.to, "find")):
            message = f"{type(route.to).__name__} cannot find anybody."
            yield Problem(f"{where}.routes[{place}].to", "part.wrong", message, "Use for example ToTeam.")
    leaving = definition.leaving(state.name)
    acting = {permit.who for step in leaving for permit in step.may}
    asked_only = all(step.trigger is Trigger.MANUAL for step in leaving)
    if asked_only and acting == {Who.ASSIGNEE} and not state.routes:
        hint = "Give it a route, or let somebody else act."
        yield Problem(where, "state.nobody", "only the assignee may act, and nobody is assigned.", hint)


def _of_transition(definition: ProcessDefinition, step: Transition) -> Iterator[Problem]:
    if step.trigger is Trigger.MANUAL and not step.may:
        yield Problem(f"{_at(step)}.may", "transition.nobody", "nobody may ask for it.", "Add a Permit.")
    if step.working and definition.calendar_id is None:
        yield Problem(f"{_at(step)}.working", "calendar.none", "the process has no calendar.", "Give it a calendar_id.")
    known = {spec.name for spec in fields_of_requests(definition.custom_fields)}
    for name in step.required:
        if name not in known:
            hint = "Name a field of requests; your own are custom.… and must be declared."
            yield Problem(f"{_at(step)}.required", "field.unknown", f"{name!r} is not a field.", hint)
    where = f"{_at(step)}.actions"
    yield from problems_of(step.actions, Request.entity, definition.custom_fields, field=where)
    for item, count in Counter(step.checklist).items():
        if count > 1:
            yield Problem(f"{_at(step)}.checklist", "item.twice", f"{item!r} stands {count} times.", "Drop one.")
    for place, check in enumerate(step.checks):
        if not (hasattr(check, "kind") and hasattr(check, "objection")):
            message = f"{type(check).__name__} cannot object."
            yield Problem(f"{_at(step)}.checks[{place}]", "part.wrong", message, "Use for example FourEyes.")


def _overtaken(definition: ProcessDefinition, place: int) -> Iterator[Problem]:
    """Another transition is always taken where the one at ``place`` could be."""
    step = definition.transitions[place]
    for there, other in enumerate(definition.transitions):
        beside = there != place and other.from_state == step.from_state
        if beside and _comes_first(other, step, earlier=there < place) and _fits_whenever(definition, other, step):
            hint = f"Guard the one to {other.to_state}, or put this one before it."
            yield Problem(_at(step), "transition.shadowed", f"is never taken: {other.name} always is.", hint)
            return


def _comes_first(other: Transition, step: Transition, *, earlier: bool) -> bool:
    """Whether ``other`` is tried before ``step`` wherever that is possible."""
    if other.trigger is Trigger.AUTOMATIC and step.trigger is not Trigger.AUTOMATIC:
        return True
    if other.trigger is not step.trigger:
        return False
    if other.after is not None and step.after is not None:
        sooner = other.after < step.after or (other.after == step.after and earlier)
        return other.working == step.working and sooner
    if step.trigger is not Trigger.MANUAL:
        return earlier
    return earlier and other.name == step.name and set(step.may) <= set(other.may)


def _fits_whenever(definition: ProcessDefinition, other: Transition, step: Transition) -> bool:
    """Whether every request that ``step`` takes ``other`` takes too."""
    asks_more = set(other.required) - set(step.required) or set(other.checklist) - set(step.checklist)
    if asks_more or any(check not in step.checks for check in other.checks):
        return False
    custom = definition.custom_fields
    return covers([bound_to_request(other.guard, custom)], bound_to_request(step.guard, custom))


def _at(step: Transition) -> str:
    return f"ProcessDefinition.transitions[{step.name} from {step.from_state}]"
