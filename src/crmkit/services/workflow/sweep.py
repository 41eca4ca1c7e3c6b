"""Requests whose time has come go on by themselves, found by an index."""

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request
from crmkit.errors import CrmError, InvalidInput, StorageFailed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import RoutingOutcome
from crmkit.services.context import Context
from crmkit.services.workflow.family import Family

__all__ = ["RequestProblem", "RequestsSwept", "sweep_requests"]

MOST_PROBLEMS = 100


@model
class RequestProblem:
    """A request that could not go on, and why."""

    request: Ref
    reasons: tuple[Reason, ...]


@model
class RequestsSwept:
    """How many requests moved, how many stayed where they are, and what went wrong.

    A request that nobody could take in the next state is among the problems, and tries again in an hour.
    ``complete`` is false when the run ended before it had looked at everything that is due.
    """

    moved: int = 0
    stayed: int = 0
    problems: tuple[RequestProblem, ...] = ()
    complete: bool = True


def sweep_requests(ctx: Context, *, limit: int = 1_000) -> RequestsSwept:
    """Up to ``limit`` requests whose timers are due went on by themselves; call it every minute or so.

    Each is a transaction of its own: any number of workers share the work, and one that cannot go on is
    reported and stops nobody.

    Raises:
        InvalidInput: ``limit`` is not positive.
    """
    if limit < 1:
        raise InvalidInput("must be positive.", field="limit", hint="1000 is usual.")
    now = ctx.clock.now()
    moved, stayed, problems = 0, 0, dict[str, RequestProblem]()
    for _ in range(limit):
        if len(problems) >= MOST_PROBLEMS:
            break
        found = _next(ctx, list(problems), now)
        if found is None:
            return RequestsSwept(moved=moved, stayed=stayed, problems=tuple(problems.values()))
        request_id, outcome, reasons = found
        moved += outcome is RoutingOutcome.MOVED
        stayed += outcome is RoutingOutcome.STAYED
        if outcome in {None, RoutingOutcome.REFUSED}:
            problems[request_id] = RequestProblem(request=Ref(entity="request", id=request_id), reasons=reasons)
    return RequestsSwept(moved=moved, stayed=stayed, problems=tuple(problems.values()), complete=False)


Looked = tuple[str, RoutingOutcome | None, tuple[Reason, ...]]
"""Which request, what was decided (nothing, where that failed), and why."""


def _next(ctx: Context, failed: Sequence[str], now: datetime) -> Looked | None:
    """The next request that is due has gone on; ``None`` when none is."""
    taken: list[str] = []

    def work(uow: UnitOfWork) -> Looked | None:
        taken.clear()
        due = (F.timer_at <= now) & ~F.id.in_(failed) if failed else F.timer_at <= now
        # the whole family is locked before it is read to be changed, so that two workers cannot wait for each other
        found: Sequence[Request] = uow.requests.find(due, order=["timer_at"], limit=1)
        if not found:
            return None
        taken.append(found[0].id)
        family = Family(ctx, uow, now=now)
        request = family.locked(found[0].id)
        if request.timer_at is None or request.timer_at > now:
            return request.id, RoutingOutcome.OPENED, ()
        decision = family.go_on(request, {})
        family.save()
        return request.id, decision.outcome, decision.reasons

    try:
        return ctx.store.run(work, ctx.acting)
    except StorageFailed:
        raise
    except Exception as error:
        if not taken:
            raise
        code = error.code if isinstance(error, CrmError) else type(error).__name__
        return taken[0], None, (Reason.of("routing.failed", part=taken[0], error=code),)
