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

from crmkit.domain.model import maker
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request, RequestOutcome
from crmkit.errors import InvalidInput
from crmkit.rules.policy import PolicyRef
from crmkit.rules.routing.arrival import arrive, begun_in, next_timer, when_due
from crmkit.rules.routing.decision import RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.objections import against, fits
from crmkit.rules.routing.plan import Place, Step
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Trigger

__all__ = ["MOST_HOPS", "decide"]

MOST_HOPS = 100
"""Transitions that one of them may set off."""
_decided = maker(RoutingDecision)


def decide(definition: ProcessDefinition, facts: RoutingFacts, *, now: datetime) -> RoutingDecision:
    """Where the request goes at ``now``: opened, moved, left where it is, or refused with every reason.

    A request is never moved to where nobody could act on it: when all routes of the next state lead
    to somebody who is away, unknown, or the requester, the transition is refused and says so.

    Raises:
        InvalidInput: the request runs by another process or version, is in a state that the definition
            does not have, or ``now`` has no time zone.
    """
    plan, request = definition.plan, facts.request
    if request.process != plan.ref.id or request.process_version != plan.ref.version or now.tzinfo is not UTC:
        _expect(plan.ref, request, now)
        now = now.astimezone(UTC)
    if not facts.transition and not facts.going_on:
        return _went(definition, facts, plan.places[definition.initial], None, now)
    place = plan.places.get(request.state) or _unplaced(definition, request)
    if request.closed_at is not None or place.state.final:
        closed = [Reason.of("routing.closed", state=request.state)]
        if facts.going_on:
            return _stayed(definition, facts, closed, None, now)
        return _refused(definition, facts, closed, now)
    if facts.going_on:
        return _going_on(definition, place, facts, now)
    for step in place.asked.get(facts.transition, ()):
        if fits(step, facts, now, asked=True):
            if step.settled is not None:
                return _decided({**step.settled, "at": now})
            return _went(definition, facts, plan.places[step.transition.to_state], step, now)
    return _refused(definition, facts, _refusals(place, facts, now), now)


def _expect(ref: PolicyRef, request: Request, now: datetime) -> None:
    if request.process != ref.id or request.process_version != ref.version:
        raise InvalidInput(
            f"runs by {request.process} v{request.process_version}.",
            field="RoutingFacts.request",
            hint=f"Decide by that version, not by {ref}.",
        )
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")


def _unplaced(definition: ProcessDefinition, request: Request) -> Place:
    """Says that the definition has no such state."""
    return definition.plan.places[definition.state(request.state).name]


def _refusals(place: Place, facts: RoutingFacts, now: datetime) -> list[Reason]:
    """All that speaks against every transition of the asked name."""
    steps = place.asked.get(facts.transition)
    if steps is None:
        possible = ", ".join(place.asked)
        state = place.state.name
        return [Reason.of("routing.unknown_transition", transition=facts.transition, state=state, possible=possible)]
    return list(dict.fromkeys(reason for step in steps for reason in against(step, facts, now, asked=True)))


def _going_on(definition: ProcessDefinition, place: Place, facts: RoutingFacts, now: datetime) -> RoutingDecision:
    """What time, branches or a change of the request have set off."""
    objections: list[Reason] = []
    for step in _ready(place, facts, now):
        found = against(step, facts, now, asked=False)
        if not found:
            return _went(definition, facts, definition.plan.places[step.transition.to_state], step, now)
        objections += found
    timer_at = next_timer(definition, place.state, facts, since=facts.request.arrived_at, after=now)
    return _stayed(definition, facts, objections, timer_at, now)


def _ready(place: Place, facts: RoutingFacts, now: datetime) -> Iterator[Step]:
    """Steps that may go off now: of branches, then those whose time has come, the first due first, then the rest."""
    leaving = place.by_itself
    if place.state.branches:
        joined = _joined(place.state, facts.branches)
        yield from (step for step in leaving if step.transition.trigger is joined)
    since = facts.request.arrived_at
    dues = []
    for order, step in enumerate(leaving):
        after, calendar = step.transition.after, facts.calendar if step.transition.working else None
        due = None if after is None else when_due(since, after, calendar)
        if due is not None and due <= now:
            dues.append((due, order))
    yield from (leaving[order] for _, order in sorted(dues))
    yield from (step for step in leaving if step.transition.trigger is Trigger.AUTOMATIC)


def _joined(state: State, branches: tuple[RequestOutcome | None, ...]) -> Trigger | None:
    """Whether the branches are joined, cannot be any more, or neither yet."""
    needed = len(branches) if state.at_least is None else min(state.at_least, len(branches))
    if branches.count(RequestOutcome.SUCCEEDED) >= needed:
        return Trigger.JOINED
    possible = branches.count(RequestOutcome.SUCCEEDED) + branches.count(None)
    return None if possible >= needed else Trigger.BROKEN


def _went(
    definition: ProcessDefinition, facts: RoutingFacts, place: Place, first: Step | None, now: datetime
) -> RoutingDecision:
    """The request in that state, or where it leads by itself; refused when nobody could take it there."""
    steps = [first] if first is not None else []
    following = _at_once(definition, place, facts, now)
    while following is not None:
        steps.append(following)
        if len(steps) > MOST_HOPS:
            endless = Reason.of("routing.loop", state=place.state.name, most=MOST_HOPS)
            return _refused(definition, facts, [endless], now)
        place = definition.plan.places[following.transition.to_state]
        following = _at_once(definition, place, facts, now)
    arrival = arrive(definition, place.state, facts, now=now)
    if not arrival.taken:
        return _refused(definition, facts, list(arrival.reasons), now)
    opened = [] if first is not None else [Reason.of("routing.opened", state=definition.initial)]
    return _decided(
        {
            "policy": definition.plan.ref,
            "at": now,
            "outcome": RoutingOutcome.OPENED if first is None else RoutingOutcome.MOVED,
            "reasons": (*opened, *(step.moved for step in steps), *arrival.reasons),
            "transition": "" if first is None else first.transition.name,
            "from_state": definition.initial if first is None else first.transition.from_state,
            "to_state": place.state.name,
            "hops": tuple(step.hop for step in steps),
            "assignee_id": arrival.assignee_id,
            "team_id": arrival.team_id,
            "due_at": arrival.due_at,
            "timer_at": arrival.timer_at,
            "ended": place.ended,
            "branches": arrival.branches,
            "approvals": arrival.approvals,
        }
    )


def _at_once(definition: ProcessDefinition, place: Place, facts: RoutingFacts, now: datetime) -> Step | None:
    """What is taken as soon as the request arrives in that state."""
    for step in place.by_itself:
        trigger = step.transition.trigger
        ready = trigger is Trigger.AUTOMATIC or (
            trigger is Trigger.JOINED and not begun_in(definition, place.state, facts, now=now)
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
