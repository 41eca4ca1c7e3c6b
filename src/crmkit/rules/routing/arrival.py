"""Arriving in a state: who takes the request, until when, which branches begin, and when it goes on by itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import frozen

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.rules.routing.conditions import about_request
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.objections import failed
from crmkit.rules.routing.policy import Branch, ProcessDefinition, Route, State
from crmkit.rules.routing.transition import Trigger

__all__ = ["Arrival", "arrive", "begun_in", "next_timer", "when_due"]

_ALWAYS = "always()"


@frozen(kw_only=True)
class Arrival:
    """How a request begins in a state; ``taken`` tells whether there is somebody to take it."""

    taken: bool
    reasons: tuple[Reason, ...]
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    due_at: datetime | None = None
    timer_at: datetime | None = None
    branches: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()


def arrive(definition: ProcessDefinition, state: State, facts: RoutingFacts, *, now: datetime) -> Arrival:
    """``facts.request`` in ``state`` from ``now`` on."""
    passed: list[Reason] = []
    taker = _taker(definition, state, facts, now, passed)
    if taker is None:
        return Arrival(taken=False, reasons=(Reason.of("routing.nobody", state=state.name), *passed))
    reason, assignee_id, team_id = taker
    reasons = [reason, *passed]
    due_at = None
    if state.deadline is not None:
        due_at = when_due(now, state.deadline, facts.calendar if state.working else None)
        reasons.append(Reason.of("routing.due", due_at=due_at))
        reasons += _doubts(definition, facts, due_at, working=state.working)
    timer_at = next_timer(definition, state, facts, since=now, after=now)
    if timer_at is not None:
        reasons.append(Reason.of("routing.timer", timer_at=timer_at))
    branches = begun_in(definition, state, facts, now=now) if state.branches else ()
    reasons += [Reason.of("routing.branch", process=branch.process) for branch in branches if branch.process]
    reasons += [Reason.of("routing.approval", policy=branch.approval) for branch in branches if branch.approval]
    return Arrival(
        taken=True,
        reasons=tuple(reasons),
        assignee_id=assignee_id,
        team_id=team_id,
        due_at=due_at,
        timer_at=timer_at,
        branches=tuple(branch.process for branch in branches if branch.process),
        approvals=tuple(branch.approval for branch in branches if branch.approval),
    )


def begun_in(definition: ProcessDefinition, state: State, facts: RoutingFacts, *, now: datetime) -> tuple[Branch, ...]:
    """The branches that begin with an arrival in ``state``.

    One whose condition cannot be asked begins: a branch too many is seen, one too few is missed.
    """

    def begins(when: str) -> bool:
        try:
            return about_request(when, definition.custom_fields)(facts.request, now)
        except Exception:  # noqa: BLE001 - see above
            return True

    return tuple(branch for branch in state.branches if begins(branch.when))


def next_timer(
    definition: ProcessDefinition, state: State, facts: RoutingFacts, *, since: datetime, after: datetime
) -> datetime | None:
    """When the first timed transition of ``state`` is due that is so after ``after``; in the state ``since`` then."""
    dues = (
        when_due(since, step.after, facts.calendar if step.working else None)
        for step in definition.leaving(state.name)
        if step.trigger is Trigger.TIMED and step.after is not None
    )
    return min((due for due in dues if due > after), default=None)


def when_due(start: datetime, span: timedelta, calendar: WorkingCalendar | None) -> datetime:
    """``span`` after ``start``: in the calendar's working time, or without one in every hour."""
    return start + span if calendar is None else calendar.business_time().add(start, span)


def _doubts(definition: ProcessDefinition, facts: RoutingFacts, due_at: datetime, *, working: bool) -> Iterator[Reason]:
    if not working:
        return
    if facts.calendar is None:
        yield Reason.of("routing.no_calendar", calendar_id=definition.calendar_id)
    elif not facts.calendar.is_known(due_at):
        yield Reason.of("routing.provisional", calendar_id=facts.calendar.id)


def _taker(
    definition: ProcessDefinition, state: State, facts: RoutingFacts, now: datetime, passed: list[Reason]
) -> tuple[Reason, MemberId | None, TeamId | None] | None:
    """The first that a route finds; ``passed`` collects who was passed over, and why."""
    if not state.routes:
        return Reason.of("routing.to_nobody", state=state.name), None, None
    for route in state.routes:
        try:
            if route.when != _ALWAYS and not about_request(route.when, definition.custom_fields)(facts.request, now):
                continue
            taker = _at_the_end_of(route, facts, passed)
        except Exception as error:  # noqa: BLE001 - one bad route must not keep the others from being tried
            passed.append(failed(route.to.kind, error))
            continue
        if taker is not None:
            return taker
    return None


def _at_the_end_of(
    route: Route, facts: RoutingFacts, passed: list[Reason]
) -> tuple[Reason, MemberId | None, TeamId | None] | None:
    offer, target = route.to.find(facts), route.to.kind
    passed += offer.reasons
    for member_id in offer.members:
        against = _against(member_id, facts, own=offer.own)
        if against is None:
            return Reason.of("routing.to_member", member_id=member_id, target=target), member_id, None
        passed.append(against)
    if offer.team_id is not None:
        return Reason.of("routing.to_team", team_id=offer.team_id), None, offer.team_id
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
