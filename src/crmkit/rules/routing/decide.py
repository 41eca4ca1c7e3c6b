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
from typing import assert_never

from attrs import frozen

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.decision import RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.policy import Permit, ProcessDefinition, Route, State, Transition, Who

__all__ = ["decide"]


def decide(definition: ProcessDefinition, facts: RoutingFacts, *, now: datetime) -> RoutingDecision:
    """Where the request goes at ``now``: opened, moved, or refused with every reason.

    A request is never moved to where nobody could act on it: when all routes of the next state lead
    to somebody who is away, unknown, or the requester, the transition is refused and says so.

    Raises:
        InvalidInput: the request runs by another process or version, is in a state that the definition
            does not have, or ``now`` has no time zone.
    """
    _expect(definition, facts, now)
    now = now.astimezone(UTC)
    if not facts.transition:
        return _arrive(definition, facts, definition.state(definition.initial), None, now=now)
    state = definition.state(facts.request.state)
    step, refusals = _allowed(definition, state, facts, now)
    if step is None:
        return _refused(definition, facts, refusals, now)
    return _arrive(definition, facts, definition.state(step.to_state), step, now=now)


def _expect(definition: ProcessDefinition, facts: RoutingFacts, now: datetime) -> None:
    request = facts.request
    if (request.process, request.process_version) != (definition.id, definition.version):
        raise InvalidInput(
            f"runs by {request.process} v{request.process_version}.",
            field="RoutingFacts.request",
            hint=f"Decide by that version, not by {definition.ref}.",
        )
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")


def _allowed(
    definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime
) -> tuple[Transition | None, list[Reason]]:
    """The first transition of the asked name that the acting may take and whose guard holds, or why there is none."""
    if state.final:
        return None, [Reason.of("routing.closed", state=state.name)]
    steps = [step for step in definition.leaving(state.name) if step.name == facts.transition]
    if not steps:
        possible = ", ".join(dict.fromkeys(step.name for step in definition.leaving(state.name)))
        unknown = Reason.of(
            "routing.unknown_transition", transition=facts.transition, state=state.name, possible=possible
        )
        return None, [unknown]
    refusals: list[Reason] = []
    for step in steps:
        against = [*_not_permitted(step, facts), *_guarded(definition, step, facts, now)]
        if not against:
            return step, []
        refusals += against
    return None, list(dict.fromkeys(refusals))


def _not_permitted(step: Transition, facts: RoutingFacts) -> Iterator[Reason]:
    acting = facts.acting
    if acting is not None and acting.status is MemberStatus.LEFT:
        yield Reason.of("routing.left_company", member_id=acting.id)
    elif not any(_permits(permit, facts) for permit in step.may):
        may = ", ".join(str(permit) for permit in step.may)
        yield Reason.of("routing.not_permitted", transition=step.name, may=may)


def _permits(permit: Permit, facts: RoutingFacts) -> bool:
    acting, request = facts.acting, facts.request
    match permit.who:
        case Who.ANYONE:
            return True
        case Who.REQUESTER:
            return acting is not None and acting.id == request.requested_by
        case Who.ROLE:
            return acting is not None and permit.role_id in acting.role_ids
        case Who.ASSIGNEE:
            return acting is not None and _has(acting, request)
        case _:
            assert_never(permit.who)


def _has(member: Member, request: Request) -> bool:
    """Whether the request is the member's to act on: assigned, or in the queue of the member's team."""
    if request.assignee_id is not None:
        return member.id == request.assignee_id
    # nobody takes a request of their own out of the queue
    return member.team_id is not None and member.team_id == request.team_id and member.id != request.requested_by


def _guarded(definition: ProcessDefinition, step: Transition, facts: RoutingFacts, now: datetime) -> Iterator[Reason]:
    try:
        holds = about_request(step.guard, definition.custom_fields)(facts.request, now)
    except Exception as error:  # noqa: BLE001 - a guard that cannot be asked lets nobody through
        yield _failed(f"{step.name}.guard", error)
    else:
        if not holds:
            yield Reason.of("routing.guard", transition=step.name, to_state=step.to_state, guard=step.guard)


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


@frozen
class _Taker:
    """Who takes the request on arrival."""

    reason: Reason
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None


def _arrive(
    definition: ProcessDefinition, facts: RoutingFacts, state: State, step: Transition | None, *, now: datetime
) -> RoutingDecision:
    """The request in ``state``, with who takes it and until when; refused when nobody can."""
    passed: list[Reason] = []
    taker = _taker(definition, state, facts, now, passed)
    if taker is None:
        return _refused(definition, facts, [Reason.of("routing.nobody", state=state.name), *passed], now)
    reasons = [_told(state, step), taker.reason, *passed]
    due_at = None if state.deadline is None else now + state.deadline
    if due_at is not None:
        reasons.append(Reason.of("routing.due", due_at=due_at))
    return RoutingDecision(
        policy=definition.ref,
        at=now,
        outcome=RoutingOutcome.OPENED if step is None else RoutingOutcome.MOVED,
        reasons=tuple(reasons),
        transition=facts.transition,
        from_state=state.name if step is None else step.from_state,
        to_state=state.name,
        assignee_id=taker.assignee_id,
        team_id=taker.team_id,
        due_at=due_at,
        final=state.final,
    )


def _told(state: State, step: Transition | None) -> Reason:
    if step is None:
        return Reason.of("routing.opened", state=state.name)
    return Reason.of("routing.moved", transition=step.name, from_state=step.from_state, to_state=state.name)


def _taker(
    definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime, passed: list[Reason]
) -> _Taker | None:
    """The first that a route finds; ``passed`` collects who was passed over, and why."""
    if not state.routes:
        return _Taker(Reason.of("routing.to_nobody", state=state.name))
    for route in state.routes:
        try:
            if not about_request(route.when, definition.custom_fields)(facts.request, now):
                continue
            taker = _at_the_end_of(route, facts, passed)
        except Exception as error:  # noqa: BLE001 - one bad route must not keep the others from being tried
            passed.append(_failed(route.to.kind, error))
            continue
        if taker is not None:
            return taker
    return None


def _at_the_end_of(route: Route, facts: RoutingFacts, passed: list[Reason]) -> _Taker | None:
    offer, target = route.to.find(facts), route.to.kind
    for member_id in offer.members:
        against = _against(member_id, facts, own=offer.own)
        if against is None:
            return _Taker(Reason.of("routing.to_member", member_id=member_id, target=target), assignee_id=member_id)
        passed.append(against)
    if offer.team_id is not None:
        return _Taker(Reason.of("routing.to_team", team_id=offer.team_id), team_id=offer.team_id)
    passed.append(Reason.of("routing.nobody_found", target=target))
    return None


def _against(member_id: MemberId, facts: RoutingFacts, *, own: bool) -> Reason | None:
    """Why the member cannot take the request, if anything."""
    member: Member | None = facts.member(member_id)
    if member is None:
        return Reason.of("routing.unknown_member", member_id=member_id)
    if member.status is not MemberStatus.ACTIVE:
        return Reason.of("routing.away", member_id=member_id, status=member.status.value)
    if member_id == facts.request.requested_by and not own:
        return Reason.of("routing.own_request", member_id=member_id)
    return None


def _failed(part: str, error: Exception) -> Reason:
    # the error's class only: its text may speak of the request
    return Reason.of("routing.failed", part=part, error=type(error).__name__)
