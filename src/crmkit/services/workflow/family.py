"""A request with the requests that are its branches: what is decided for one of them, and what follows for the others.

Changes are kept until ``save``, so that a branch that cannot begin leaves nothing behind. The families of
requests that have branches are locked by the name of the one at the top. An approval that a state waits for
is a branch too: it begins with the arrival, and its end lets the request go on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref, RequestId, TeamId
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import Approval
from crmkit.domain.stewardship.request import OPEN, Request, RequestMoved, RequestOpened, RequestOutcome, RequestStep
from crmkit.domain.stewardship.turn import Turn
from crmkit.errors import NotFound
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import (
    Hop,
    ProcessDefinition,
    RoutingDecision,
    RoutingFacts,
    RoutingOutcome,
    State,
    Trigger,
    decide,
)
from crmkit.services.approval_acts import lock_of
from crmkit.services.automation_desk import start_run
from crmkit.services.context import Context
from crmkit.services.sla import moved_by
from crmkit.services.workflow.awaited import Awaited
from crmkit.services.workflow.people import Gathered, Question, arrivals, gathered

__all__ = ["RETRY", "Family", "approval_settled", "awaited_in", "definition_of", "locks_of"]

MOST_LEVELS = 5
"""How deep branches may have branches."""
RETRY = timedelta(hours=1)
"""When a request that would go on by itself, if somebody could take it, tries again."""


def definition_of(uow: UnitOfWork, request: Request) -> ProcessDefinition:
    """The version of the process that the request runs by.

    Raises:
        NotFound: it is gone.
    """
    for definition in uow.policies.versions(ProcessDefinition, request.process):
        if definition.version == request.process_version:
            return definition
    raise NotFound(
        f"Process {request.process!r} has no version {request.process_version}.",
        hint="Store it again with uow.policies.put(...).",
        id=request.id,
    )


def locks_of(uow: UnitOfWork, ref: Ref) -> tuple[str, ...]:
    """The name that the family of the request is locked by; none for other records, and for one without branches."""
    if ref.entity != Request.entity:
        return ()
    root_id = uow.requests.get(ref.id).root_id
    return () if root_id is None else (f"request:{root_id}",)


def approval_settled(ctx: Context, uow: UnitOfWork, changes: Iterable[Change[Approval]], *, now: datetime) -> None:
    """Requests that waited for one of these approvals, which are saved, have gone on.

    Raises:
        NotFound: the version of the process that a request runs by is gone.
    """
    for change in changes:
        subject = change.after.subject
        meant = change.after.settled_at is not None and subject.entity == Request.entity
        if not meant or not uow.requests.get_many([subject.id]):
            continue
        family = Family(ctx, uow, now=now)
        request = family.locked(RequestId(subject.id))
        if request.root_id is None or request.closed_at is not None:
            continue
        if change.after.policy in awaited_in(definition_of(uow, request).state(request.state)):
            family.go_on(request, {})
            family.save()


def awaited_in(state: State) -> tuple[str, ...]:
    """The policies of the approvals that requests in the state may wait for."""
    return tuple(branch.approval for branch in state.branches if branch.approval)


class Family:
    """The requests of one family in one unit of work, as they will be."""

    def __init__(self, ctx: Context, uow: UnitOfWork, *, now: datetime) -> None:
        self.ctx = ctx
        self.uow = uow
        self.now = now
        self._changes: dict[str, Change[Request]] = {}
        self._awaited = Awaited(ctx, uow, now=now)
        self._told: list[tuple[RequestId, str]] = []
        self._turns: list[Change[Turn]] = []
        self._taken: list[tuple[ProcessDefinition, RequestId, Hop]] = []
        self._opening: set[str] = set()
        """Requests whose branches are just beginning."""

    def locked(self, request_id: RequestId) -> Request:
        """The request, which nobody else changes until the unit of work ends.

        Raises:
            NotFound: there is none.
        """
        request = self.uow.requests.get(request_id)
        if request.root_id is not None:
            self.uow.lock(lock_of(request.ref), f"request:{request.root_id}")
            request = self.uow.requests.get(request_id, locking="wait")
        return request

    def save(self) -> None:
        """Everything decided is written; clocks of what is owed have moved with it, and actions wait to be done."""
        self.uow.save(*self._changes.values(), *self._turns, *self._awaited.changes)
        for definition, request_id, hop in self._taken:
            place = f"{hop.from_state}/{hop.transition}/{hop.to_state}"
            if definition.actions_at(place):
                after = self._changes[request_id].after
                start_run(self.uow, definition.ref, place, after, cause=RequestMoved.type, now=self.now)
        for request_id, kind in self._told:
            _, clocks = moved_by(self.uow, self._changes[request_id].after, kind, now=self.now)
            self.uow.save(*clocks)

    def begin(self, draft: Request, definition: ProcessDefinition) -> RoutingDecision:
        """``draft`` in the first state of its process, with its branches."""
        gathering = self._gathered(definition, draft, Question(states=arrivals(definition, None)))
        decision = decide(definition, gathering.facts, now=self.now)
        if decision.outcome is RoutingOutcome.REFUSED:
            return decision
        first = RequestStep(
            at=self.now,
            transition=OPEN,
            from_state=definition.initial,
            to_state=definition.initial,
            by=draft.requested_by,
            assignee_id=decision.assignee_id,
            team_id=decision.team_id,
        )
        ended = {} if decision.ended is None else {"closed_at": self.now, "outcome": decision.ended}
        request = revise(
            draft,
            state=decision.to_state,
            root_id=draft.root_id or (draft.id if decision.branches or decision.approvals else None),
            assignee_id=decision.assignee_id,
            team_id=decision.team_id,
            due_at=decision.due_at,
            timer_at=decision.timer_at,
            steps=(first, *decision.steps()),
            **ended,
        )
        told = RequestOpened(
            at=self.now,
            process=draft.process,
            state=request.state,
            recipients=_takers(decision.assignee_id, decision.team_id, gathering.facts),
        )
        self._keep(created(request, told), gathering.taken(decision.assignee_id))
        self._told += [(draft.id, "opened"), *((draft.id, hop.transition) for hop in decision.hops)]
        self._taken += [(definition, draft.id, hop) for hop in decision.hops]
        return self._branched(request, decision)

    def ask(
        self,
        request: Request,
        transition: str,
        acting: Member | None,
        filled: Mapping[str, Any],
        *,
        comment: str,
        checked: tuple[str, ...],
    ) -> RoutingDecision:
        """Somebody asks for ``transition``."""
        definition = definition_of(self.uow, request)
        seen = revise(request, **filled)
        steps = [step for step in definition.leaving(request.state) if step.name == transition]
        asked = Question(states=arrivals(definition, steps), transition=transition, acting=acting, checked=checked)
        gathering = self._gathered(definition, seen, asked)
        decision = decide(definition, gathering.facts, now=self.now)
        if decision.outcome is RoutingOutcome.REFUSED:
            return decision
        by = None if acting is None else acting.id
        return self._moved(
            request, decision, gathering, filled, decision.steps(by=by, comment=comment, checked=checked)
        )

    def go_on(self, request: Request, filled: Mapping[str, Any]) -> RoutingDecision:
        """Time has passed, a branch has ended, or ``filled`` was filled in: what that has set off."""
        definition = definition_of(self.uow, request)
        seen = revise(request, **filled)
        leaving = definition.leaving(request.state)
        asked = Question(
            states=arrivals(definition, [step for step in leaving if step.trigger is not Trigger.MANUAL]),
            going_on=True,
            branches=self.outcomes(request, definition.state(request.state)),
        )
        gathering = self._gathered(definition, seen, asked)
        decision = decide(definition, gathering.facts, now=self.now)
        if decision.outcome is RoutingOutcome.MOVED:
            return self._moved(request, decision, gathering, filled, decision.steps())
        timer_at = decision.timer_at
        if decision.outcome is RoutingOutcome.REFUSED:  # what set it off stands, and it is tried again
            timer_at = min(self.now + RETRY, request.timer_at or self.now + RETRY)
            timer_at = self.now + RETRY if timer_at <= self.now else timer_at
        if not filled and timer_at == request.timer_at:
            return decision
        change = request.fill_in(filled, timer_at=timer_at, now=self.now)
        against = self._awaited.edited(change.after) if filled else ()
        if against:
            return _refused(decision, against)
        self._keep(change, ())
        return decision

    # --- branches -----------------------------------------------------------------------------------

    def _branched(self, request: Request, decision: RoutingDecision) -> RoutingDecision:
        """The branches of the state in which the request has arrived begin; one that cannot refuses it all."""
        self._opening.add(request.id)
        for policy in decision.approvals:
            against = self._awaited.begin(request, policy)
            if against:
                return _refused(decision, (Reason.of("routing.approval_refused", policy=policy), *against))
        for process in decision.branches:
            against = self._branch(request, process)
            if against:
                return _refused(decision, (Reason.of("routing.branch_refused", process=process), *against))
        self._opening.discard(request.id)
        # branches that ended where they began, or were not needed, may have joined already
        if decision.branches or decision.approvals:
            begun = self._now(request)
            outcomes = self.outcomes(begun, definition_of(self.uow, begun).state(begun.state))
            if not outcomes or any(outcome is not None for outcome in outcomes):
                self.go_on(begun, {})
        elif decision.ended is not None:
            self._ended(request)
        return decision

    def _branch(self, parent: Request, process: str) -> Sequence[Reason]:
        """The branch has begun; or why it cannot."""
        definition = self.uow.policies.in_force(ProcessDefinition, self.now, id=process)
        if definition is None:
            return (Reason.of("routing.no_process", process=process),)
        if self._depth(parent) >= MOST_LEVELS:
            return (Reason.of("routing.too_deep", process=process, most=MOST_LEVELS),)
        draft = Request(
            id=RequestId(self.ctx.ids.new()),
            created_at=self.now,
            updated_at=self.now,
            process=definition.id,
            process_version=definition.version,
            state=definition.initial,
            subject_entity=parent.subject_entity,
            subject_id=parent.subject_id,
            title=parent.title,
            details=parent.details,
            amount=parent.amount,
            percent=parent.percent,
            requested_by=parent.requested_by,
            custom=parent.custom,
            parent_id=parent.id,
            root_id=parent.root_id or parent.id,
            parent_arrival=parent.arrivals,
        )
        decision = self.begin(draft, definition)
        return decision.reasons if decision.outcome is RoutingOutcome.REFUSED else ()

    def outcomes(self, request: Request, state: State) -> tuple[RequestOutcome | None, ...]:
        """How the branches of ``state``, in which the request is, stand: approvals that it waits for among them."""
        return self.running(request, awaited_in(state)) if state.branches else ()

    def running(self, request: Request, policies: Sequence[str]) -> tuple[RequestOutcome | None, ...]:
        """How all that began with the arrival stands: requests, and approvals by these policies."""
        awaited = self._awaited.outcomes(request, policies)
        return (*(each.outcome for each in self._branches(request)), *awaited)

    def _depth(self, request: Request) -> int:
        depth = 1
        while request.parent_id is not None:
            request, depth = self._by_id(request.parent_id), depth + 1
        return depth

    def _ended(self, request: Request) -> None:
        """What the request is a branch of goes on, if it still waits for it."""
        if request.parent_id is None:
            return
        parent = self._by_id(request.parent_id)
        waits = parent.closed_at is None and parent.arrivals == request.parent_arrival
        # while its branches begin they are looked at together, when all have begun
        if waits and parent.id not in self._opening:
            self.go_on(parent, {})

    def _branches(self, request: Request) -> list[Request]:
        """Those that began with the arrival in its present state, as they will be."""
        mine = {
            each.id: each
            for each in self.uow.requests.find((F.parent_id == request.id) & (F.parent_arrival == request.arrivals))
        }
        changed = (change.after for change in self._changes.values())
        mine |= {
            each.id: each
            for each in changed
            if each.parent_id == request.id and each.parent_arrival == request.arrivals
        }
        return [mine[id] for id in sorted(mine)]

    def _cancel(self, request: Request) -> None:
        """Branches that still run are cancelled, with theirs, and approvals withdrawn."""
        self._awaited.withdraw(request, awaited_in(definition_of(self.uow, request).state(request.state)))
        for branch in self._branches(request):
            if branch.closed_at is None:
                if branch.root_id is not None:
                    self._cancel(branch)
                self._keep(branch.cancel(comment=str(request.ref), now=self.now), ())
                self._told.append((branch.id, "cancel"))

    # --- one request --------------------------------------------------------------------------------

    def _moved(
        self,
        request: Request,
        decision: RoutingDecision,
        gathering: Gathered,
        filled: Mapping[str, Any],
        steps: Sequence[RequestStep],
    ) -> RoutingDecision:
        if request.root_id is not None:
            self._cancel(request)
        elif decision.branches or decision.approvals:
            filled = {**filled, "root_id": request.id}
        change = request.move(
            steps,
            due_at=decision.due_at,
            timer_at=decision.timer_at,
            outcome=decision.ended,
            now=self.now,
            **filled,
        )
        self._keep(change, gathering.taken(decision.assignee_id))
        self._told += [(request.id, hop.transition) for hop in decision.hops]
        self._taken += [(gathering.definition, request.id, hop) for hop in decision.hops]
        return self._branched(self._now(request), decision)

    def _gathered(self, definition: ProcessDefinition, request: Request, asked: Question) -> Gathered:
        return gathered(self.ctx, self.uow, definition, request, asked, now=self.now)

    def _keep(self, change: Change[Request], turns: Sequence[Change[Turn]]) -> None:
        known = self._changes.get(change.record.id)
        self._changes[change.record.id] = change if known is None else known.then(lambda _: change)
        self._turns += turns

    def _by_id(self, request_id: str) -> Request:
        known = self._changes.get(request_id)
        return self.uow.requests.get(request_id, locking="wait") if known is None else known.after

    def _now(self, request: Request) -> Request:
        return self._by_id(request.id)


def _refused(decision: RoutingDecision, reasons: Sequence[Reason]) -> RoutingDecision:
    """``decision``, which cannot be: nothing of it is written."""
    return revise(
        decision,
        outcome=RoutingOutcome.REFUSED,
        to_state=decision.from_state,
        hops=(),
        reasons=tuple(reasons),
        assignee_id=None,
        team_id=None,
        due_at=None,
        timer_at=None,
        ended=None,
        branches=(),
        approvals=(),
    )


def _takers(assignee_id: MemberId | None, team_id: TeamId | None, facts: RoutingFacts) -> tuple[MemberId, ...]:
    """Who is told of a new request: the assignee, or everybody who may take it out of the team's queue."""
    if assignee_id is not None:
        return (assignee_id,)
    return tuple(sorted(member.id for member in facts.queue(team_id)))
