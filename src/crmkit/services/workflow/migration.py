"""Taking running requests over to the version of their process that is in force: looked at first, then done."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crmkit.domain.change import NOTHING
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import RequestId
from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import MIGRATE, Request, RequestStep
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import ProcessDefinition, RoutingDecision, RoutingOutcome, migrate
from crmkit.services.context import Context
from crmkit.services.workflow.family import Family, awaited_in
from crmkit.services.workflow.people import Question, gathered

__all__ = ["Migrated", "NotMigrated", "migrate_requests", "plan_migration"]

CHUNK = 200
MOST_NAMED = 1_000


@model
class NotMigrated:
    """A request that stays on its version, and why."""

    request_id: RequestId
    state: Code
    reasons: tuple[Reason, ...]


@model
class Migrated:
    """How many requests went from which state to which (or would), and those that stay, the first thousand named."""

    version: int
    moves: Mapping[str, int] = {}
    staying: int = 0
    stayed: tuple[NotMigrated, ...] = ()


def plan_migration(ctx: Context, process: str, mapping: Mapping[str, str] | None = None) -> Migrated:
    """What ``migrate_requests`` would do now; nothing is written.

    Raises:
        NotFound: no such process is in force.
        InvalidInput: ``mapping`` leads to a state that the process does not have.
    """
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        definition = _target(uow, process, mapping or NOTHING, now)
        count = _Count(definition.version)
        for request in uow.requests.scan(_running(definition)):
            count.add(request, _decided(ctx, uow, definition, request, mapping or NOTHING, now))
    return count.result()


def migrate_requests(ctx: Context, process: str, mapping: Mapping[str, str] | None = None) -> Migrated:
    """Open requests of other versions run by the one in force, each in the state that ``mapping`` gives for its own.

    A state that ``mapping`` does not name is kept. A request that does not fit stays as it is, with the reason.
    Stopped in the middle it goes on where it was when called again: what is migrated is not come to again.

    Raises:
        NotFound: no such process is in force.
        InvalidInput: ``mapping`` leads to a state that the process does not have.
    """
    now, wanted = ctx.clock.now(), mapping or NOTHING
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        definition = _target(uow, process, wanted, now)
        ids = [request.id for request in uow.requests.scan(_running(definition))]
    count = _Count(definition.version)
    for start in range(0, len(ids), CHUNK):

        def work(uow: UnitOfWork, some: Sequence[str] = ids[start : start + CHUNK]) -> _Decisions:
            return [done for id in some if (done := _one(ctx, uow, definition, id, wanted, now)) is not None]

        for request, decision in ctx.store.run(work, ctx.acting):
            count.add(request, decision)
    return count.result()


_Decisions = list[tuple[Request, RoutingDecision]]


class _Count:
    """What became of some requests."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._moves: dict[str, int] = {}
        self._staying = 0
        self._stayed: list[NotMigrated] = []

    def add(self, request: Request, decision: RoutingDecision) -> None:
        """One more."""
        if decision.outcome is RoutingOutcome.MIGRATED:
            move = f"{decision.from_state} → {decision.to_state}"
            self._moves[move] = self._moves.get(move, 0) + 1
            return
        self._staying += 1
        if len(self._stayed) < MOST_NAMED:
            self._stayed.append(NotMigrated(request_id=request.id, state=request.state, reasons=decision.reasons))

    def result(self) -> Migrated:
        """All of it."""
        return Migrated(version=self._version, moves=self._moves, staying=self._staying, stayed=tuple(self._stayed))


def _target(uow: UnitOfWork, process: str, mapping: Mapping[str, str], now: datetime) -> ProcessDefinition:
    definition = uow.policies.in_force(ProcessDefinition, now, id=process)
    if definition is None:
        raise NotFound(f"No process {process!r} is in force.", hint="Store it with crm.adopt.")
    names = [state.name for state in definition.states]
    for begin, end in mapping.items():
        if end not in names:
            hint = f"Choose from: {', '.join(names)}."
            raise InvalidInput(f"{end!r} is not a state of {definition.ref}.", field=f"mapping.{begin}", hint=hint)
    return definition


def _running(definition: ProcessDefinition) -> Condition:
    return (F.process == definition.id) & (F.process_version != definition.version) & F.closed_at.missing()


def _one(
    ctx: Context,
    uow: UnitOfWork,
    definition: ProcessDefinition,
    request_id: str,
    mapping: Mapping[str, str],
    now: datetime,
) -> tuple[Request, RoutingDecision] | None:
    """The request is migrated, if it still has to be."""
    request = Family(ctx, uow, now=now).locked(RequestId(request_id))
    if request.closed_at is not None or request.process_version == definition.version:
        return None
    decision = _decided(ctx, uow, definition, request, mapping, now)
    if decision.outcome is RoutingOutcome.MIGRATED:
        step = RequestStep(
            at=now,
            from_state=request.state,
            to_state=decision.to_state,
            transition=MIGRATE,
            assignee_id=decision.assignee_id,
            team_id=decision.team_id,
            stays=True,
        )
        uow.save(
            request.migrate(
                step, version=definition.version, due_at=decision.due_at, timer_at=decision.timer_at, now=now
            )
        )
    return request, decision


def _decided(
    ctx: Context,
    uow: UnitOfWork,
    definition: ProcessDefinition,
    request: Request,
    mapping: Mapping[str, str],
    now: datetime,
) -> RoutingDecision:
    to_state = mapping.get(request.state, request.state)
    states = [state for state in definition.states if state.name == to_state]
    known = uow.policies.versions(ProcessDefinition, request.process)
    left = [state for each in known if each.version == request.process_version for state in each.states]
    places = (*states, *(state for state in left if state.name == request.state))
    awaited = sorted({policy for state in places for policy in awaited_in(state)})
    outcomes = Family(ctx, uow, now=now).running(request, awaited)
    asked = Question(states=states, branches=outcomes, also=(request.assignee_id,))
    gathering = gathered(ctx, uow, definition, request, asked, now=now)
    return migrate(definition, gathering.facts, to_state, now=now)
