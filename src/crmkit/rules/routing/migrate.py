"""Taking a running request over to another version of its process."""

from datetime import UTC, datetime

from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.routing.arrival import arrive, begun_in, next_timer, when_due
from crmkit.rules.routing.decision import RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.policy import ProcessDefinition, State

__all__ = ["migrate"]


def migrate(definition: ProcessDefinition, facts: RoutingFacts, to_state: str, *, now: datetime) -> RoutingDecision:
    """``facts.request`` in ``to_state`` of ``definition``, another version of its process, or why that cannot be.

    Time that it has spent in its state counts: the new deadline and timers begin with its arrival there.
    Whoever has it keeps it, unless the new state gives it to somebody, or nobody has it.

    Raises:
        InvalidInput: it is a request of another process, or of this very version, or ``now`` has no time zone.
    """
    request = facts.request
    if request.process != definition.id or request.process_version == definition.version:
        raise InvalidInput(
            f"runs by {request.process} v{request.process_version}.",
            field="RoutingFacts.request",
            hint=f"Pass a request of another version of {definition.id}.",
        )
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    now = now.astimezone(UTC)
    states = {state.name: state for state in definition.states}
    against = _against(definition, states.get(to_state), to_state, facts, now)
    if against is not None:
        return _refused(definition, facts, against, now=now)
    return _taken_over(definition, states[to_state], facts, now)


def _against(
    definition: ProcessDefinition, state: State | None, to_state: str, facts: RoutingFacts, now: datetime
) -> Reason | None:
    if facts.request.closed_at is not None:
        return Reason.of("routing.closed", state=facts.request.state)
    if state is None:
        return Reason.of("routing.no_state", state=to_state, policy=str(definition.ref))
    if state.final:
        return Reason.of("routing.would_end", state=to_state)
    if len(facts.branches) != len(begun_in(definition, state, facts, now=now)):
        return Reason.of("routing.other_branches", state=to_state)
    return None


def _taken_over(definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime) -> RoutingDecision:
    request = facts.request
    since = request.arrived_at
    holder = facts.member(request.assignee_id)
    kept = state.name == request.state and holder is not None and holder.status is MemberStatus.ACTIVE
    arrival = arrive(definition, state, facts, now=now)
    if not kept and not arrival.taken:
        return _refused(definition, facts, *arrival.reasons, now=now)
    told = Reason.of("routing.migrated", from_state=request.state, to_state=state.name, version=definition.version)
    keeps = (Reason.of("routing.keeps", member_id=request.assignee_id),)
    due_at = state.deadline and when_due(since, state.deadline, facts.calendar if state.working else None)
    return RoutingDecision(
        policy=definition.ref,
        at=now,
        outcome=RoutingOutcome.MIGRATED,
        reasons=(told, *(keeps if kept else arrival.reasons)),
        from_state=request.state,
        to_state=state.name,
        assignee_id=request.assignee_id if kept else arrival.assignee_id,
        team_id=request.team_id if kept else arrival.team_id,
        due_at=due_at,
        timer_at=next_timer(definition, state, facts, since=since, after=since),
    )


def _refused(definition: ProcessDefinition, facts: RoutingFacts, *reasons: Reason, now: datetime) -> RoutingDecision:
    state = facts.request.state
    return RoutingDecision(
        policy=definition.ref,
        at=now,
        outcome=RoutingOutcome.REFUSED,
        reasons=reasons,
        from_state=state,
        to_state=state,
    )
