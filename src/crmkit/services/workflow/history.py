"""What became of requests: where they were, how long, in whose hands, and which ones a customer has."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref, RequestId, TeamId
from crmkit.domain.model import Code, model
from crmkit.domain.stewardship.request import Request, RequestOutcome, RequestStep
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context
from crmkit.services.workflow.family import definition_of

__all__ = ["RequestHistory", "TimeIn", "request_history", "requests_of"]

MOST = 1_000


@model
class TimeIn:
    """How long a request was in one state and one hand; ``until`` is ``None`` while it lasts.

    ``working`` counts the working time of the process's calendar, and all of it where there is none.
    """

    state: Code
    since: datetime
    until: datetime | None = None
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    elapsed: timedelta
    working: timedelta


@frozen(kw_only=True)
class RequestHistory:
    """A request from its opening on: every step, the time between them, and the same of its branches."""

    request_id: RequestId
    process: Code
    state: Code
    outcome: RequestOutcome | None = None
    steps: tuple[RequestStep, ...]
    times: tuple[TimeIn, ...]
    branches: "tuple[RequestHistory, ...]" = ()

    def elapsed_in(self, state: str) -> timedelta:
        """All the time it was in ``state``, how often it may have come there."""
        return sum((each.elapsed for each in self.times if each.state == state), timedelta(0))


def request_history(ctx: Context, request_id: RequestId) -> RequestHistory:
    """Who moved the request, when and why, and how long it was where and with whom, up to now.

    Raises:
        NotFound: there is no such request, or the version of its process is gone.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return _history(uow, uow.requests.get(request_id), ctx.clock.now())


def requests_of(ctx: Context, ref: Ref, *, open_only: bool = False, limit: int = MOST) -> tuple[Request, ...]:
    """Requests about the record, the newest first; of an account those about its leads, contacts and deals too.

    Branches are left out: they are in the history of what they are branches of.

    Raises:
        InvalidInput: ``limit`` is not within 1 and 1000.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"must lie within 1 and {MOST}.", field="limit", hint="100 is usual.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        found: list[Request] = []
        for entity, ids in _subjects(uow, ref).items():
            asked = (F.subject_entity == entity) & F.subject_id.in_(ids) & F.parent_id.missing()
            condition = asked & F.closed_at.missing() if open_only else asked
            found += uow.requests.find(condition, order=["-created_at"], limit=limit)
    return tuple(sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[:limit])


def _subjects(uow: UnitOfWork, ref: Ref) -> dict[str, Sequence[str]]:
    subjects: dict[str, Sequence[str]] = {ref.entity: [ref.id]}
    if ref.entity == "account":
        of_account = F.account_id == ref.id
        related = (uow.leads, uow.contacts, uow.opportunities)
        for entity, repository in zip(("lead", "contact", "opportunity"), related, strict=True):
            ids = [record.id for record in repository.find(of_account, limit=MOST)]
            if ids:
                subjects[entity] = ids
    return subjects


def _history(uow: UnitOfWork, request: Request, now: datetime) -> RequestHistory:
    calendar_id = definition_of(uow, request).calendar_id
    calendar = None if calendar_id is None else uow.calendars.get_many([calendar_id]).get(calendar_id)
    times = []
    for stay in request.stays():
        until = stay.until or now
        times.append(
            TimeIn(
                state=stay.state,
                since=stay.since,
                until=stay.until,
                assignee_id=stay.assignee_id,
                team_id=stay.team_id,
                elapsed=until - stay.since,
                working=until - stay.since if calendar is None else calendar.business_time().between(stay.since, until),
            )
        )
    branches = uow.requests.find(F.parent_id == request.id, order=["created_at"])
    return RequestHistory(
        request_id=request.id,
        process=request.process,
        state=request.state,
        outcome=request.outcome,
        steps=request.steps,
        times=tuple(times),
        branches=tuple(_history(uow, branch, now) for branch in branches),
    )
