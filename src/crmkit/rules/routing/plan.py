"""A definition made ready for deciding: what can be asked for where, its guards compiled, its reasons written out.

Worked out once, when the definition is made, so that a decision is a few look-ups.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.reasons import Reason
from crmkit.rules.policy import PolicyRef
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.decision import Hop
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Transition, Trigger, Who

__all__ = ["Plan", "Step", "plan_of"]

_ALWAYS = "always()"
Test = Callable[[object, datetime], bool]


@frozen(kw_only=True)
class Step:
    """A transition, with what is told of it when it is taken.

    Args:
        test: its guard, where it has one.
        anyone: whether everybody may ask for it.
        plain: whether nothing but its guard can speak against it.
    """

    transition: Transition
    test: Test | None
    anyone: bool
    plain: bool
    moved: Reason
    hop: Hop


@frozen(kw_only=True)
class Plan:
    """The steps by state and name, those that go off by themselves, and states in which nothing is to be done.

    Args:
        asked: the steps that somebody may ask for, by state and name, in order.
        by_itself: those that nobody asks for, by state.
        resting: what is told of an arrival in a state that has no taker, deadline, timer or branch.
    """

    ref: PolicyRef
    asked: Mapping[tuple[str, str], Sequence[Step]]
    by_itself: Mapping[str, Sequence[Step]]
    resting: Mapping[str, Reason]


def plan_of(definition: ProcessDefinition) -> Plan:
    """The plan of a definition that has no faults."""
    asked: dict[tuple[str, str], list[Step]] = {}
    by_itself: dict[str, list[Step]] = {}
    for transition in definition.transitions:
        step = _step(definition, transition)
        if transition.trigger is Trigger.MANUAL:
            asked.setdefault((transition.from_state, transition.name), []).append(step)
        else:
            by_itself.setdefault(transition.from_state, []).append(step)
    resting = {
        state.name: Reason.of("routing.to_nobody", state=state.name)
        for state in definition.states
        if _rests(definition, state)
    }
    return Plan(ref=definition.ref, asked=asked, by_itself=by_itself, resting=resting)


def _step(definition: ProcessDefinition, transition: Transition) -> Step:
    name, begin, end = transition.name, transition.from_state, transition.to_state
    return Step(
        transition=transition,
        test=None if transition.guard == _ALWAYS else about_request(transition.guard, definition.custom_fields),
        anyone=any(permit.who is Who.ANYONE for permit in transition.may),
        plain=not (transition.checks or transition.required or transition.checklist),
        moved=Reason.of("routing.moved", transition=name, from_state=begin, to_state=end),
        hop=Hop(transition=name, from_state=begin, to_state=end),
    )


def _rests(definition: ProcessDefinition, state: State) -> bool:
    timed = any(step.trigger is Trigger.TIMED for step in definition.leaving(state.name))
    return not (state.routes or state.deadline or state.branches or timed)
