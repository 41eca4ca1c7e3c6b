"""What would have come of past requests with other people: load, waits, missed deadlines, the bottleneck."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import Factory, define

from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import revise
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.stewardship.approval import ApprovalState
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import Branch, Permit, ProcessDefinition, State, Transition, Trigger, Who
from crmkit.rules.routing.simulation import (
    Crew,
    Duration,
    Empirical,
    Fixed,
    Incoming,
    SimulationPlan,
    SimulationReport,
    Station,
    Way,
    simulate,
)
from crmkit.services.context import Context
from crmkit.services.custody import calendar_of

__all__ = ["simulate_process"]

MOST_IDS = 500
"""Members that one condition lists."""


def simulate_process(
    ctx: Context,
    process: str,
    since: datetime,
    until: datetime,
    *,
    sizes: Mapping[str, int] | None = None,
    times: Mapping[str, Duration] | None = None,
    seed: int = 0,
) -> SimulationReport:
    """The requests that came in from ``since`` up to, but without, ``until``, run through the process in force again.

    Each state is worked in by the team that had most of its past stays, in the working time of the process's
    calendar, for as long as a member had requests in hand there; what lay in a queue is no work. How often each
    transition follows is as it was. Branches run beside it as their own past requests did; an approval takes as long,
    and is refused as often, as approvals by its policy did, and waits for nobody.

    Args:
        ctx: the ports.
        process: the id of the definition.
        since: the first instant that counts.
        until: the first instant that no longer does.
        sizes: by team, how many people there are; as many as are active in it, unless given.
        times: by state, how long the work takes; needed where no member has had a request in hand. States of
            branches are named ``process.state``, approvals ``approval policy.pending``.
        seed: any whole number.

    Raises:
        NotFound: no such process is in force, one of its branches is not, or a calendar is gone.
        InvalidInput: the period is empty or nothing came in, or it is not known how long something takes.
    """
    if since >= until:
        raise InvalidInput("must lie after since.", field="until", hint="Give a later instant.")
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        definition = uow.policies.in_force(ProcessDefinition, now, id=process)
        if definition is None:
            raise NotFound(f"No process {process!r} is in force.", hint="Store it with uow.policies.put(...).")
        came = (F.created_at >= since) & (F.created_at < until)
        replayed = [_Replayed(definition, _past_of(uow, definition, came))]
        replayed += [_Replayed(branch, _past_of(uow, branch, came)) for branch in _branches(uow, definition, now)]
        replayed += [_awaited(uow, policy, came) for policy in _approvals([each.definition for each in replayed])]
        plan = _plan(uow, replayed, sizes or {}, times or {})
    return simulate(plan, replayed[0].past.incoming, seed=seed)


@define
class _Past:
    """What happened to requests, added up by state."""

    incoming: list[Incoming] = Factory(list)
    worked: dict[str, list[timedelta]] = Factory(dict)
    had: Counter[tuple[str, MemberId | None, TeamId | None]] = Factory(Counter)
    ways: Counter[tuple[str, str, str]] = Factory(Counter)

    def add(self, request: Request) -> None:
        """One request more; its history is left behind, its particulars are kept for the guards."""
        self.incoming.append(Incoming(at=request.created_at, request=revise(request, steps=())))
        for step in request.steps:
            if not step.stays:
                self.ways[step.from_state, step.transition, step.to_state] += 1
        for stay in request.stays():
            self.had[stay.state, stay.assignee_id, stay.team_id] += 1
            if stay.assignee_id is not None and stay.until is not None:
                self.worked.setdefault(stay.state, []).append(stay.until - stay.since)

    def members(self) -> list[MemberId]:
        """Who had something in hand."""
        return sorted({member for _, member, _ in self.had if member is not None})

    def teams(self, team_of: Mapping[MemberId, TeamId | None]) -> dict[str, TeamId]:
        """By state, the team that had most of what was there; of equal ones the first by letter."""
        counts: Counter[tuple[str, TeamId]] = Counter()
        for (state, member, team), count in self.had.items():
            of = team if member is None else team_of.get(member)
            if of is not None:
                counts[state, of] += count
        found: dict[str, TeamId] = {}
        for (state, team), _ in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            found.setdefault(state, team)
        return found


def _teams_of(uow: UnitOfWork, members: list[MemberId]) -> dict[MemberId, TeamId | None]:
    found: dict[MemberId, TeamId | None] = {}
    for start in range(0, len(members), MOST_IDS):
        some = uow.members.get_many(members[start : start + MOST_IDS])
        found |= {member.id: member.team_id for member in some.values()}
    return found


@define
class _Replayed:
    """A process with what happened to its requests."""

    definition: ProcessDefinition
    past: _Past


def _past_of(uow: UnitOfWork, definition: ProcessDefinition, came: Condition) -> _Past:
    past = _Past()
    for request in uow.requests.scan((F.process == definition.id) & came):
        past.add(request)
    return past


def _branches(uow: UnitOfWork, definition: ProcessDefinition, now: datetime) -> list[ProcessDefinition]:
    """The processes that run as branches of it, and as branches of these."""
    found, pending = {definition.id: definition}, [definition]
    while pending:
        for state in pending.pop().states:
            for branch in state.branches:
                if branch.process and branch.process not in found:
                    other = uow.policies.in_force(ProcessDefinition, now, id=branch.process)
                    if other is None:
                        raise NotFound(f"No process {branch.process!r} is in force.", hint="Adopt it first.")
                    found[other.id] = other
                    pending.append(other)
    return [other for other in found.values() if other is not definition]


def _approvals(definitions: Iterable[ProcessDefinition]) -> list[Branch]:
    """The approvals that their states wait for, each policy once."""
    waited = (branch for definition in definitions for state in definition.states for branch in state.branches)
    return list({branch.approval: branch for branch in waited if branch.approval}.values())


def _awaited(uow: UnitOfWork, branch: Branch, came: Condition) -> _Replayed:
    """An approval as a process of one state: how long it took, and how it ended."""
    pending, agreed, refused = "pending", "agreed", "refused"
    definition = ProcessDefinition(
        id=branch.name,
        initial=pending,
        states=(State(name=pending), State(name=agreed, final=True), State(name=refused, final=True, failed=True)),
        transitions=tuple(
            Transition(name=end, from_state=pending, to_state=end, may=(Permit(who=Who.ANYONE),))
            for end in (agreed, refused)
        ),
    )
    past = _Past()
    mine = (F.subject_entity == Request.entity) & (F.policy == branch.approval) & came
    for approval in uow.approvals.scan(mine & ~F.settled_at.missing()):
        end = agreed if approval.state is ApprovalState.APPROVED else refused
        past.ways[pending, end, end] += 1
        past.worked.setdefault(pending, []).append((approval.settled_at or approval.created_at) - approval.created_at)
    past.had[pending, None, None] += uow.approvals.count(mine)
    return _Replayed(definition, past)


def _plan(
    uow: UnitOfWork, replayed: Sequence[_Replayed], sizes: Mapping[str, int], times: Mapping[str, Duration]
) -> SimulationPlan:
    teams = [each.past.teams(_teams_of(uow, each.past.members())) for each in replayed]
    used = sorted({team for each in teams for team in each.values()})
    active = uow.members.count_by("team_id", F.team_id.in_(used) & (F.status == MemberStatus.ACTIVE)) if used else {}
    calendar = calendar_of(uow, replayed[0].definition.calendar_id)
    own = [times, *(_of_branch(each.definition.id, times) for each in replayed[1:])]
    return SimulationPlan(
        definitions=tuple(each.definition for each in replayed),
        stations=tuple(
            station
            for each, team, given in zip(replayed, teams, own, strict=True)
            for station in _stations(each.definition, each.past, team, given)
        ),
        crews=tuple(
            Crew(name=team, size=sizes.get(team, max(1, active.get(team, 0))), calendar=calendar) for team in used
        ),
        calendar=calendar,
    )


def _of_branch(process: str, times: Mapping[str, Duration]) -> dict[str, Duration]:
    prefix = f"{process}."
    return {name.removeprefix(prefix): time for name, time in times.items() if name.startswith(prefix)}


def _stations(
    definition: ProcessDefinition, past: _Past, teams: Mapping[str, TeamId], times: Mapping[str, Duration]
) -> Iterable[Station]:
    for state in definition.states:
        asked = [step for step in definition.leaving(state.name) if step.trigger is Trigger.MANUAL]
        if not asked:
            continue
        taken = ((step, past.ways[state.name, step.name, step.to_state]) for step in asked)
        ways = tuple(
            Way(transition=step.name, to_state=step.to_state, weight=float(count)) for step, count in taken if count
        )
        worked, reached = past.worked.get(state.name), any(has[0] == state.name for has in past.had)
        if state.name not in times and not worked and reached:
            hint = f"Pass times={{{state.name!r}: ...}}, of a branch {f'{definition.id}.{state.name}'!r}."
            raise InvalidInput(f"nobody had a request in hand in {state.name}.", field="times", hint=hint)
        measured = Empirical(times=tuple(worked)) if worked else Fixed(time=timedelta(0))
        yield Station(
            process=definition.id,
            state=state.name,
            crew=teams.get(state.name),
            time=times.get(state.name, measured),
            ways=ways,
        )
