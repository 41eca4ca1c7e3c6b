"""Requests on their way through a process: opened, moved from state to state, closed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crmkit.domain.change import NOTHING, Change, CustomValue, created
from crmkit.domain.ids import MemberId, Ref, RequestId
from crmkit.domain.model import Code, Line, Note, model, revise
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.request import Request, RequestOpened, RequestStep
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import REPOSITORIES, UnitOfWork
from crmkit.rules.routing import ProcessDefinition, RoutingDecision, RoutingFacts, RoutingOutcome, Target, decide
from crmkit.services.context import Context
from crmkit.services.people_around import PeopleAround
from crmkit.services.sla import moved_by

__all__ = ["OpenedRequest", "RequestForm", "advance", "open_request"]


@model
class RequestForm:
    """What somebody asks for: by which process, about which record, and the particulars its guards speak of."""

    process: Code
    subject: Ref
    requested_by: MemberId | None = None
    title: Line = ""
    details: Note = ""
    amount: Money | None = None
    percent: int | None = None
    custom: Mapping[str, CustomValue] = NOTHING

    def draft(self, id: RequestId, definition: ProcessDefinition, *, now: datetime) -> Request:
        """The request as it begins."""
        return Request(
            id=id,
            created_at=now,
            updated_at=now,
            process=definition.id,
            process_version=definition.version,
            state=definition.initial,
            subject_entity=self.subject.entity,
            subject_id=self.subject.id,
            title=self.title,
            details=self.details,
            amount=self.amount,
            percent=self.percent,
            requested_by=self.requested_by,
            custom=self.custom,
        )


@model
class OpenedRequest:
    """The new request's id, and how it was decided; no id when it was refused."""

    request_id: RequestId | None = None
    decision: RoutingDecision


def open_request(ctx: Context, form: RequestForm, *, idempotency_key: str | None = None) -> OpenedRequest:
    """The request is in the first state of the process in force, with somebody who takes it.

    Refused, with nothing written, when nobody can take it.

    Raises:
        NotFound: there is no such process in force, or no such subject.
        InvalidInput: requests cannot be about an entity of that name.
    """

    def work(uow: UnitOfWork, now: datetime) -> OpenedRequest:
        definition = uow.policies.in_force(ProcessDefinition, now, id=form.process)
        if definition is None:
            raise NotFound(f"No process {form.process!r} is in force.", hint="Store it with uow.policies.put(...).")
        _expect_subject(uow, form.subject)
        draft = form.draft(RequestId(ctx.ids.new()), definition, now=now)
        facts = _facts(uow, definition, draft)
        decision = decide(definition, facts, now=now)
        if decision.outcome is RoutingOutcome.REFUSED:
            return OpenedRequest(decision=decision)
        opened = _opened(draft, decision, facts, now=now)
        uow.save(opened, *moved_by(uow, opened.after, "opened", now=now)[1])
        return OpenedRequest(request_id=draft.id, decision=decision)

    return ctx.command(work, OpenedRequest, idempotency_key=idempotency_key)


def advance(
    ctx: Context,
    request_id: RequestId,
    transition: str,
    *,
    by: MemberId | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
) -> RoutingDecision:
    """The request is where ``transition`` leads, by the version of its process that it began with.

    ``by`` is the member who asks, ``None`` for the system. Refused, with nothing written, when the
    transition does not fit the state, the member or the request, or nobody could take it then.

    Raises:
        NotFound: there is no such request or member, or the version of its process is gone.
    """

    def work(uow: UnitOfWork, now: datetime) -> RoutingDecision:
        request = uow.requests.get(request_id)
        definition = _definition_of(uow, request)
        acting = None if by is None else uow.members.get(by)
        decision = decide(definition, _facts(uow, definition, request, transition, acting), now=now)
        if decision.outcome is not RoutingOutcome.REFUSED:
            moved = _moved(request, decision, by=by, comment=comment, now=now)
            uow.save(moved, *moved_by(uow, moved.after, transition, now=now)[1])
        return decision

    return ctx.command(work, RoutingDecision, idempotency_key=idempotency_key)


def _expect_subject(uow: UnitOfWork, subject: Ref) -> None:
    """The record is there: a request about nothing could never be settled."""
    for cls in REPOSITORIES.values():
        if cls.entity == subject.entity:
            uow.repository(cls).get(subject.id)
            return
    known = ", ".join(cls.entity for cls in REPOSITORIES.values())
    raise InvalidInput(f"{subject.entity!r} is not an entity.", field="subject.entity", hint=f"Choose from: {known}.")


def _definition_of(uow: UnitOfWork, request: Request) -> ProcessDefinition:
    for definition in uow.policies.versions(ProcessDefinition, request.process):
        if definition.version == request.process_version:
            return definition
    raise NotFound(
        f"Process {request.process!r} has no version {request.process_version}.",
        hint="Store it again with uow.policies.put(...).",
        id=request.id,
    )


def _opened(draft: Request, decision: RoutingDecision, facts: RoutingFacts, *, now: datetime) -> Change[Request]:
    request = revise(draft, assignee_id=decision.assignee_id, team_id=decision.team_id, due_at=decision.due_at)
    told = RequestOpened(at=now, process=draft.process, state=draft.state, recipients=_takers(decision, facts))
    return created(request, told)


def _moved(
    request: Request, decision: RoutingDecision, *, by: MemberId | None, comment: str, now: datetime
) -> Change[Request]:
    step = RequestStep(
        at=now,
        from_state=decision.from_state,
        to_state=decision.to_state,
        transition=decision.transition,
        by=by,
        comment=comment,
    )
    return request.move(
        step,
        assignee_id=decision.assignee_id,
        team_id=decision.team_id,
        due_at=decision.due_at,
        final=decision.final,
        now=now,
    )


def _takers(decision: RoutingDecision, facts: RoutingFacts) -> tuple[MemberId, ...]:
    """Who is told of a new request: the assignee, or everybody who may take it out of the team's queue."""
    if decision.assignee_id is not None:
        return (decision.assignee_id,)
    return tuple(sorted(member.id for member in facts.queue(decision.team_id)))


def _facts(
    uow: UnitOfWork,
    definition: ProcessDefinition,
    request: Request,
    transition: str = "",
    acting: Member | None = None,
) -> RoutingFacts:
    """The request with the people that the states it may arrive in speak of, in a few queries."""
    steps = [step.to_state for step in definition.leaving(request.state) if step.name == transition]
    arrivals = dict.fromkeys(steps if transition else [definition.initial])
    targets = [route.to for name in arrivals for route in definition.state(name).routes]
    if not targets:
        return RoutingFacts(request=request, transition=transition, acting=acting)
    people = PeopleAround(uow)
    people.load([request.requested_by, *_named(targets, "member_id")])
    people.load_superiors(request.requested_by)
    people.load_leaders(request.requested_by)
    people.load_queues(_named(targets, "team_id"))
    people.load_holders(_named(targets, "role_id"))
    return RoutingFacts(
        request=request,
        transition=transition,
        acting=acting,
        members=tuple(people.members.values()),
        teams=tuple(people.teams.values()),
    )


def _named(targets: Iterable[Target], field: str) -> list[str]:
    """The ids that targets name in ``field``, each once, in order."""
    return list(dict.fromkeys(value for target in targets if (value := getattr(target, field, None)) is not None))
