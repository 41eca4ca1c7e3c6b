"""Which events, activities and gateways a process definition becomes.

A state in which somebody acts is a user task, followed by a gateway where there is something to decide. One
with branches is a sub-process of call activities. What goes off by itself is an event on the border of
these: a timer, a condition, the error that a failed branch ends with. A state where nothing is done but
to wait is an event that is waited for.
"""

from collections.abc import Sequence
from datetime import timedelta

from crmkit.rules.routing.diagrams.bpmn.parts import Node, Plan, ncname
from crmkit.rules.routing.diagrams.words import ALWAYS, arrow, join, within
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["FAILED", "plan_of", "process_id"]

FAILED = "failed"
"""The error that a process ends with, and that what it is a branch of catches."""
_CONDITION = {
    Trigger.TIMED: "timerEventDefinition",
    Trigger.AUTOMATIC: "conditionalEventDefinition",
    Trigger.BROKEN: "errorEventDefinition",
    Trigger.MANUAL: "messageEventDefinition",
}


def process_id(process: str) -> str:
    """What the process is called in its own document, and where others call it."""
    return f"process_{ncname(process)}"


def plan_of(definition: ProcessDefinition) -> Plan:
    """The nodes and flows of ``definition``."""
    plan = Plan()
    plan.add(Node(id="start", tag="startEvent"))
    ids = {state.name: _way_in(definition, state, place) for place, state in enumerate(definition.states)}
    plan.connect("start", ids[definition.initial])
    for place, state in enumerate(definition.states):
        if state.final:
            event, says = ("errorEventDefinition", FAILED) if state.failed else ("", "")
            label = state.label or state.name
            plan.add(Node(id=ids[state.name], tag="endEvent", name=label, event=event, says=says))
        elif _waits(definition, state):
            _waiting(plan, definition, state, place, ids)
        else:
            _activity(plan, definition, state, place, ids)
    return plan


def _waits(definition: ProcessDefinition, state: State) -> bool:
    """Whether nobody does anything in the state."""
    asked = any(step.trigger is Trigger.MANUAL for step in definition.leaving(state.name))
    return not (state.final or state.routes or state.branches or asked)


def _way_in(definition: ProcessDefinition, state: State, place: int) -> str:
    """The id of the node that a request in this state comes to."""
    if _waits(definition, state) and len(definition.leaving(state.name)) == 1:
        return f"state_{place}_event_0"
    return f"state_{place}"


def _waiting(plan: Plan, definition: ProcessDefinition, state: State, place: int, ids: dict[str, str]) -> None:
    steps = definition.leaving(state.name)
    label = state.label or state.name
    if len(steps) > 1:
        plan.add(Node(id=ids[state.name], tag="eventBasedGateway", name=label))
    for number, step in enumerate(steps):
        name = arrow(step) if len(steps) > 1 else f"{label}: {arrow(step)}"
        node = plan.add(_event(plan, step, f"state_{place}_event_{number}", "intermediateCatchEvent", name=name))
        if len(steps) > 1:
            plan.connect(ids[state.name], node)
        plan.connect(node, ids[step.to_state])


def _activity(plan: Plan, definition: ProcessDefinition, state: State, place: int, ids: dict[str, str]) -> None:
    here, label, done = ids[state.name], state.label or state.name, Trigger.MANUAL
    if state.branches:
        _branches(plan, state, here, label)
        done = Trigger.JOINED
    else:
        owners = tuple(_owner(route) for route in state.routes)
        plan.add(Node(id=here, tag="userTask", name=label, told=within(state), owners=owners))
    steps = definition.leaving(state.name)
    _decided(plan, [step for step in steps if step.trigger is done], here, ids)
    for number, step in enumerate(steps):
        if step.trigger is not done:
            node = _event(plan, step, f"state_{place}_event_{number}", "boundaryEvent", name=arrow(step), on=here)
            plan.connect(plan.add(node), ids[step.to_state], told=_asks(step))


def _decided(plan: Plan, steps: Sequence[Transition], source: str, ids: dict[str, str]) -> None:
    """What follows when the activity is done: one arrow, or a gateway with one for each transition."""
    if len(steps) == 1 and steps[0].guard == ALWAYS:
        plan.connect(source, ids[steps[0].to_state], name=steps[0].name, told=_asks(steps[0]))
        return
    if steps:
        gateway = plan.add(Node(id=f"{source}_decided", tag="exclusiveGateway"))
        plan.connect(source, gateway)
        for step in steps:
            condition = _condition(step)
            plan.connect(gateway, ids[step.to_state], name=arrow(step), condition=condition, told=_asks(step))


def _condition(step: Transition) -> str:
    named = f"transition == {step.name!r}" if step.trigger is Trigger.MANUAL else ""
    guard = "" if step.guard == ALWAYS else f"({step.guard})"
    return " and ".join(part for part in (named, guard) if part)


def _asks(step: Transition) -> str:
    """Who may ask for the transition, and what it asks of them, in words."""
    parts = []
    if step.trigger is Trigger.MANUAL:
        parts.append(f"For: {', '.join(str(permit) for permit in step.may)}.")
    if step.required:
        parts.append(f"Filled in: {', '.join(step.required)}.")
    if step.checklist:
        parts.append(f"Ticked: {', '.join(step.checklist)}.")
    if step.checks:
        parts.append(f"Checked: {', '.join(check.kind for check in step.checks)}.")
    return " ".join(parts)


def _event(plan: Plan, step: Transition, id: str, tag: str, *, name: str, on: str | None = None) -> Node:
    """What a transition that nobody decides on waits for; a message where somebody asks beside the branches."""
    says = step.guard
    if step.after is not None:
        says = _iso(step.after)
    elif step.trigger is Trigger.BROKEN:
        says = FAILED
    elif step.trigger is Trigger.MANUAL:
        says = plan.message(step.name)
    return Node(id=id, tag=tag, name=name, on=on, event=_CONDITION[step.trigger], says=says)


def _iso(time: timedelta) -> str:
    """The duration by ISO 8601, section 4.4.3."""
    return f"P{time.days}DT{time.seconds}S"


def _owner(route: Route) -> str:
    whom = next((str(value) for name, value in vars(route.to).items() if name.endswith("_id")), "")
    told = f"{route.to.kind} {whom}".rstrip()
    return told if route.when == ALWAYS else f"{told} [{route.when}]"


def _branches(plan: Plan, state: State, here: str, label: str) -> None:
    """A sub-process: a gateway that begins the branches, a call of each, and one that joins them."""
    plan.add(Node(id=here, tag="subProcess", name=label, told=within(state)))
    begin = plan.add(Node(id=f"{here}_begin", tag="startEvent", inside=here))
    end = plan.add(Node(id=f"{here}_end", tag="endEvent", inside=here))
    if len(state.branches) > 1:
        free = any(branch.when != ALWAYS for branch in state.branches)
        fork = Node(id=f"{here}_fork", tag="inclusiveGateway" if free else "parallelGateway", inside=here)
        plan.connect(begin, plan.add(fork), inside=here)
        begin = fork.id
        joined = plan.add(_join(state, here, fork.tag))
        plan.connect(joined, end, inside=here)
        end = joined
    for number, branch in enumerate(state.branches):
        called = {"calledElement": process_id(branch.process)} if branch.process else {}
        tag = "callActivity" if branch.process else "userTask"
        call = Node(id=f"{here}_branch_{number}", tag=tag, name=branch.name, inside=here, attributes=called)
        condition = "" if branch.when == ALWAYS else branch.when
        plan.connect(begin, plan.add(call), name=condition, condition=condition, inside=here)
        plan.connect(call.id, end, inside=here)


def _join(state: State, here: str, tag: str) -> Node:
    id = f"{here}_join"
    if state.at_least is None:
        return Node(id=id, tag=tag, inside=here)
    name = f"{join(state)} {len(state.branches)}"
    says = f"succeeded >= {state.at_least}"
    return Node(id=id, tag="complexGateway", name=name, inside=here, says=says)
