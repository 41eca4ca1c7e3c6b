"""Requests opened, moved from state to state, closed: each with its branches, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.change import NOTHING, CustomValue
from crmkit.domain.ids import MemberId, Ref, RequestId
from crmkit.domain.model import Code, Line, Note, model, revise
from crmkit.domain.stewardship.request import Request
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import REPOSITORIES, UnitOfWork
from crmkit.rules.routing import ProcessDefinition, RoutingDecision, RoutingOutcome
from crmkit.services.context import Context
from crmkit.services.workflow.family import Family

__all__ = ["OpenedRequest", "RequestForm", "advance", "open_request", "update_request"]

PARTICULARS = ("title", "details", "amount", "percent", "custom")
"""What can be filled in on the way."""


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

    Its branches, if that state has some, have begun too. Refused, with nothing written, when nobody can
    take it or one of them.

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
        family = Family(ctx, uow, now=now)
        decision = family.begin(draft, definition)
        if decision.outcome is RoutingOutcome.REFUSED:
            return OpenedRequest(decision=decision)
        family.save()
        return OpenedRequest(request_id=draft.id, decision=decision)

    return ctx.command(work, OpenedRequest, idempotency_key=idempotency_key)


def advance(
    ctx: Context,
    request_id: RequestId,
    transition: str,
    *,
    by: MemberId | None = None,
    comment: str = "",
    fields: Mapping[str, object] = NOTHING,
    checked: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> RoutingDecision:
    """The request is where ``transition`` leads, by the version of its process that it began with.

    ``by`` is the member who asks, ``None`` for the system. ``fields`` are filled in with it: ``title``,
    ``details``, ``amount``, ``percent``, ``custom`` (added to what is there); ``checked`` are ticked items of its
    checklist. Refused, with nothing written, when the transition does not fit the state, the member or the
    request, or nobody could take it then. Branches of the state it leaves that still run are cancelled.

    Raises:
        NotFound: there is no such request or member, or the version of its process is gone.
        InvalidInput: a field cannot be filled in, or its value does not fit.
    """

    def decide(family: Family, request: Request) -> RoutingDecision:
        acting = None if by is None else family.uow.members.get(by)
        filled = _filled_in(request, fields)
        return family.ask(request, transition, acting, filled, comment=comment, checked=tuple(checked))

    return ctx.command(_on(ctx, request_id, decide), RoutingDecision, idempotency_key=idempotency_key)


def update_request(
    ctx: Context, request_id: RequestId, fields: Mapping[str, object], *, idempotency_key: str | None = None
) -> RoutingDecision:
    """``fields`` of an open request are filled in, and it goes on by itself if they set something off.

    Raises:
        NotFound: there is no such request, or the version of its process is gone.
        InvalidInput: a field cannot be filled in, its value does not fit, or the request is closed.
    """

    def decide(family: Family, request: Request) -> RoutingDecision:
        if request.closed_at is not None:
            raise InvalidInput("is closed.", field="request_id", hint="Open another one.")
        return family.go_on(request, _filled_in(request, fields))

    return ctx.command(_on(ctx, request_id, decide), RoutingDecision, idempotency_key=idempotency_key)


def _on(
    ctx: Context, request_id: RequestId, decide: Callable[[Family, Request], RoutingDecision]
) -> Callable[[UnitOfWork, datetime], RoutingDecision]:
    """A command on one request: decided with its family locked, and saved unless it was refused."""

    def work(uow: UnitOfWork, now: datetime) -> RoutingDecision:
        family = Family(ctx, uow, now=now)
        decision = decide(family, family.locked(request_id))
        if decision.outcome is not RoutingOutcome.REFUSED:
            family.save()
        return decision

    return work


def _filled_in(request: Request, fields: Mapping[str, object]) -> dict[str, Any]:
    """``fields`` as they are to be written: checked by name here, and by value when the request is revised."""
    for name in fields:
        if name not in PARTICULARS:
            hint = f"Choose from: {', '.join(PARTICULARS)}."
            raise InvalidInput(f"{name!r} cannot be filled in.", field=f"fields.{name}", hint=hint)
    filled = dict(fields)
    if "custom" in filled:
        if not isinstance(filled["custom"], Mapping):
            raise InvalidInput("must be a mapping.", field="fields.custom", hint="Give fields by name.")
        filled["custom"] = {**request.custom, **filled["custom"]}
    revise(request, **filled)
    return filled


def _expect_subject(uow: UnitOfWork, subject: Ref) -> None:
    """The record is there: a request about nothing could never be settled."""
    for cls in REPOSITORIES.values():
        if cls.entity == subject.entity:
            uow.repository(cls).get(subject.id)
            return
    known = ", ".join(cls.entity for cls in REPOSITORIES.values())
    raise InvalidInput(f"{subject.entity!r} is not an entity.", field="subject.entity", hint=f"Choose from: {known}.")
