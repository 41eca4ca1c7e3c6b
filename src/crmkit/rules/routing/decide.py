"""Where a request goes when somebody asks for a transition.

>>> from crmkit.domain.organization.member import Member
>>> from crmkit.domain.stewardship.request import Request
>>> from crmkit.rules.routing.ready import discount_approval
>>> morning = datetime(2026, 3, 2, 8, tzinfo=UTC)
>>> dates = {"created_at": morning, "updated_at": morning}
>>> rep = Member(id="M-rep", name="Li Na", manager_id="M-head", **dates)
>>> head = Member(id="M-head", name="Wang Wei", **dates)
>>> request = Request(
...     id="R-1",
...     process="discount-approval",
...     state="leader_review",
...     subject_entity="opportunity",
...     subject_id="O-1",
...     percent=8,
...     requested_by="M-rep",
...     assignee_id="M-head",
...     **dates,
... )
>>> facts = RoutingFacts(request=request, transition="approve", acting=head, members=(rep, head))
>>> decision = decide(discount_approval(), facts, now=morning)
>>> decision.outcome.value, decision.to_state
('moved', 'approved')
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from crmkit.domain.model import made_of
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import RequestOutcome
from crmkit.errors import InvalidInput
from crmkit.rules.routing.arrival import arrive, begun_in, next_timer, when_due
from crmkit.rules.routing.decision import RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.objections import against, fits
from crmkit.rules.routing.plan import Step
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Trigger

__all__ = ["MOST_HOPS", "decide"]

MOST_HOPS = 100
"""Transitions that one of them may set off."""


def decide(definition: ProcessDefinition, facts: RoutingFacts, *, now: datetime) -> RoutingDecision:
    """Where the request goes at ``now``: opened, moved, left where it is, or refused with every reason.

    A request is never moved to where nobody could act on it: when all routes of the next state lead
    to somebody who is away, unknown, or the requester, the transition is refused and says so.

    Raises:
        InvalidInput: the request runs by another process or version, is in a state that the definition
            does not have, or ``now`` has no time zone.
    """
    _expect(definition, facts, now)
    now = now.astimezone(UTC)
    if not facts.transition and not facts.going_on:
        return _went(definition, facts, definition.state(definition.initial), None, now)
    state = definition.state(facts.request.state)
    if facts.request.closed_at is not None or state.final:
        closed = [Reason.of("routing.closed", state=state.name)]
        return (
            _stayed(definition, facts, closed, None, now)
            if facts.going_on
            else _refused(definition, facts, closed, now)
        )
    if facts.going_on:
        return _going_on(definition, state, facts, now)
    step, refusals = _asked(definition, state, facts, now)
    if step is None:
        return _refused(definition, facts, refusals, now)
    return _went(definition, facts, definition.state(step.transition.to_state), step, now)


def _expect(definition: ProcessDefinition, facts: RoutingFacts, now: datetime) -> None:
    request = facts.request
    if request.process != definition.id or request.process_version != definition.version:
        raise InvalidInput(
            f"runs by {request.process} v{request.process_version}.",
            field="RoutingFacts.request",
            hint=f"Decide by that version, not by {definition.ref}.",
        )
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")


def _asked(
    definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime
) -> tuple[Step | None, list[Reason]]:
    """The first transition of the asked name that nothing speaks against, or all that does."""
    steps = definition.plan.asked.get((state.name, facts.transition), ())
    for step in steps:
        if fits(step, facts, now, asked=True):
            return step, []
    if not steps:
        return None, [_unknown(definition, state, facts.transition)]
    refusals = [reason for step in steps for reason in against(step, facts, now, asked=True)]
    return None, list(dict.fromkeys(refusals))


def _unknown(definition: ProcessDefinition, state: State, transition: str) -> Reason:
    possible = ", ".join(name for begin, name in definition.plan.asked if begin == state.name)
    return Reason.of("routing.unknown_transition", transition=transition, state=state.name, possible=possible)


def _going_on(definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime) -> RoutingDecision:
    """What time, branches or a change of the request have set off."""
    objections: list[Reason] = []
    for step in _ready(definition, state, facts, now):
        found = against(step, facts, now, asked=False)
        if not found:
            return _went(definition, facts, definition.state(step.transition.to_state), step, now)
        objections += found
    timer_at = next_timer(definition, state, facts, since=facts.request.arrived_at, after=now)
    return _stayed(definition, facts, objections, timer_at, now)


def _ready(definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime) -> Iterator[Step]:
    """Steps that may go off now: of branches, then those whose time has come, the first due first, then the rest."""
    leaving = definition.plan.by_itself.get(state.name, ())
    if state.branches:
        joined = _joined(state, facts.branches)
        yield from (step for step in leaving if step.transition.trigger is joined)
    since = facts.request.arrived_at
    dues = []
    for place, step in enumerate(leaving):
        after, calendar = step.transition.after, facts.calendar if step.transition.working else None
        due = None if after is None else when_due(since, after, calendar)
        if due is not None and due <= now:
            dues.append((due, place))
    yield from (leaving[place] for _, place in sorted(dues))
    yield from (step for step in leaving if step.transition.trigger is Trigger.AUTOMATIC)


def _joined(state: State, branches: tuple[RequestOutcome | None, ...]) -> Trigger | None:
    """Whether the branches are joined, cannot be any more, or neither yet."""
    needed = len(branches) if state.at_least is None else min(state.at_least, len(branches))
    if branches.count(RequestOutcome.SUCCEEDED) >= needed:
        return Trigger.JOINED
    possible = branches.count(RequestOutcome.SUCCEEDED) + branches.count(None)
    return None if possible >= needed else Trigger.BROKEN


def _went(
    definition: ProcessDefinition, facts: RoutingFacts, state: State, first: Step | None, now: datetime
) -> RoutingDecision:
    """The request in ``state``, or where that leads by itself; refused when nobody could take it there."""
    steps = [first] if first is not None else []
    following = _at_once(definition, state, facts, now)
    while following is not None:
        steps.append(following)
        if len(steps) > MOST_HOPS:
            return _refused(definition, facts, [Reason.of("routing.loop", state=state.name, most=MOST_HOPS)], now)
        state = definition.state(following.transition.to_state)
        following = _at_once(definition, state, facts, now)
    told = [step.moved for step in steps]
    if first is None:
        told.insert(0, Reason.of("routing.opened", state=definition.initial))
    hops = tuple([step.hop for step in steps])
    made: dict[str, Any] = {
        "policy": definition.plan.ref,
        "at": now,
        "outcome": RoutingOutcome.OPENED if first is None else RoutingOutcome.MOVED,
        "transition": facts.transition if first is None else first.transition.name,
        "from_state": definition.initial if first is None else first.transition.from_state,
        "to_state": state.name,
        "hops": hops,
        "ended": _ended(state),
    }
    resting = definition.plan.resting.get(state.name)
    if resting is not None:
        return made_of(RoutingDecision, {**made, "reasons": (*told, resting)})
    arrival = arrive(definition, state, facts, now=now)
    if not arrival.taken:
        return _refused(definition, facts, list(arrival.reasons), now)
    return made_of(
        RoutingDecision,
        {
            **made,
            "reasons": (*told, *arrival.reasons),
            "assignee_id": arrival.assignee_id,
            "team_id": arrival.team_id,
            "due_at": arrival.due_at,
            "timer_at": arrival.timer_at,
            "branches": arrival.branches,
        },
    )


def _ended(state: State) -> RequestOutcome | None:
    if not state.final:
        return None
    return RequestOutcome.FAILED if state.failed else RequestOutcome.SUCCEEDED


def _at_once(definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime) -> Step | None:
    """What is taken as soon as the request arrives in ``state``."""
    for step in definition.plan.by_itself.get(state.name, ()):
        trigger = step.transition.trigger
        ready = trigger is Trigger.AUTOMATIC or (
            trigger is Trigger.JOINED and not begun_in(definition, state, facts, now=now)
        )
        if ready and fits(step, facts, now, asked=False):
            return step
    return None


def _refused(
    definition: ProcessDefinition, facts: RoutingFacts, reasons: list[Reason], now: datetime
) -> RoutingDecision:
    state = facts.request.state
    return RoutingDecision(
        policy=definition.ref,
        at=now,
        outcome=RoutingOutcome.REFUSED,
        reasons=tuple(reasons),
        transition=facts.transition,
        from_state=state,
        to_state=state,
    )


def _stayed(
    definition: ProcessDefinition,
    facts: RoutingFacts,
    objections: list[Reason],
    timer_at: datetime | None,
    now: datetime,
) -> RoutingDecision:
    request = facts.request
    reasons = [Reason.of("routing.stays", state=request.state), *objections]
    if timer_at is not None:
        reasons.append(Reason.of("routing.timer", timer_at=timer_at))
    return RoutingDecision(
        policy=definition.ref,
        at=now,
        outcome=RoutingOutcome.STAYED,
        reasons=tuple(reasons),
        from_state=request.state,
        to_state=request.state,
        assignee_id=request.assignee_id,
        team_id=request.team_id,
        due_at=request.due_at,
        timer_at=timer_at,
        ended=request.outcome,
    )
