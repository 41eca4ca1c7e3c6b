"""A definition made ready for deciding: what can be asked for where, its guards compiled, its reasons written out.

Worked out once, when the definition is made, so that a decision is a few look-ups.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import RequestOutcome
from crmkit.rules.policy import PolicyRef
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.decision import Hop, RoutingOutcome
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Transition, Trigger, Who

__all__ = ["Place", "Plan", "Step", "plan_of"]

_ALWAYS = "always()"
Test = Callable[[object, datetime], bool]


@frozen(kw_only=True)
class Step:
    """A transition, with what is told of it when it is taken.

    Args:
        test: its guard, where it has one.
        anyone: whether everybody may ask for it.
        plain: whether nothing but its guard can speak against it.
        settled: the whole decision but for its instant, where the next state asks for nothing more.
    """

    transition: Transition
    test: Test | None
    anyone: bool
    plain: bool
    moved: Reason
    hop: Hop
    settled: Mapping[str, object] | None


@frozen(kw_only=True)
class Place:
    """A state with the steps that leave it.

    Args:
        asked: those that somebody may ask for, by name, in order.
        by_itself: those that go off by themselves, in order.
        resting: what is told of an arrival, in a state that has no taker, deadline, timer or branch.
        ended: how a request that arrives here has ended.
    """

    state: State
    asked: Mapping[str, Sequence[Step]]
    by_itself: Sequence[Step]
    resting: Reason | None
    ended: RequestOutcome | None


@frozen(kw_only=True)
class Plan:
    """The states of a definition by name."""

    ref: PolicyRef
    places: Mapping[str, Place]


def plan_of(definition: ProcessDefinition) -> Plan:
    """The plan of a definition that has no faults."""
    ref = definition.ref
    return Plan(ref=ref, places={state.name: _place(definition, state, ref) for state in definition.states})


def _place(definition: ProcessDefinition, state: State, ref: PolicyRef) -> Place:
    asked: dict[str, list[Step]] = {}
    by_itself: list[Step] = []
    for transition in definition.leaving(state.name):
        step = _step(definition, transition, ref)
        if transition.trigger is Trigger.MANUAL:
            asked.setdefault(transition.name, []).append(step)
        else:
            by_itself.append(step)
    return Place(
        state=state, asked=asked, by_itself=by_itself, resting=_resting(definition, state), ended=_ended(state)
    )


def _step(definition: ProcessDefinition, transition: Transition, ref: PolicyRef) -> Step:
    name, begin, end = transition.name, transition.from_state, transition.to_state
    moved = Reason.of("routing.moved", transition=name, from_state=begin, to_state=end)
    hop = Hop(transition=name, from_state=begin, to_state=end)
    target = definition.state(end)
    resting = _resting(definition, target)
    goes_on = any(step.trigger is not Trigger.MANUAL for step in definition.leaving(end))
    settled = {
        "policy": ref,
        "outcome": RoutingOutcome.MOVED,
        "reasons": (moved, resting),
        "transition": name,
        "from_state": begin,
        "to_state": end,
        "hops": (hop,),
        "assignee_id": None,
        "team_id": None,
        "due_at": None,
        "timer_at": None,
        "ended": _ended(target),
        "branches": (),
    }
    return Step(
        transition=transition,
        test=None if transition.guard == _ALWAYS else about_request(transition.guard, definition.custom_fields),
        anyone=any(permit.who is Who.ANYONE for permit in transition.may),
        plain=not (transition.checks or transition.required or transition.checklist),
        moved=moved,
        hop=hop,
        settled=settled if resting is not None and not goes_on else None,
    )


def _resting(definition: ProcessDefinition, state: State) -> Reason | None:
    timed = any(step.trigger is Trigger.TIMED for step in definition.leaving(state.name))
    if state.routes or state.deadline or state.branches or timed:
        return None
    return Reason.of("routing.to_nobody", state=state.name)


def _ended(state: State) -> RequestOutcome | None:
    if not state.final:
        return None
    return RequestOutcome.FAILED if state.failed else RequestOutcome.SUCCEEDED
