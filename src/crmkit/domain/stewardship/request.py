"""A request on its way through a process: a discount to approve, a question to answer, a complaint."""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed
from crmkit.domain.ids import MemberId, RequestId, TeamId
from crmkit.domain.model import Code, Key, Line, Note, model
from crmkit.domain.values.money import Money

__all__ = ["Request", "RequestMoved", "RequestOpened", "RequestStep"]


@model
class RequestStep:
    """One move: from which state to which, by what, who did it and when."""

    at: datetime
    from_state: Code
    to_state: Code
    transition: Code
    by: MemberId | None = None
    comment: Line = ""


@model
class RequestOpened(Event):
    """A request entered its process."""

    type: ClassVar[str] = "request.opened"
    process: Code
    state: Code


@model
class RequestMoved(Event):
    """A request went from one state to another."""

    type: ClassVar[str] = "request.moved"
    process: Code
    from_state: Code
    to_state: Code
    transition: Code


@model
class Request(Record):
    """An instance of a process definition; it stays on the ``process_version`` it began with."""

    entity: ClassVar[str] = "request"

    id: RequestId
    process: Code
    process_version: int = 1
    state: Code
    subject_entity: Code
    subject_id: Key
    title: Line = ""
    details: Note = ""
    amount: Money | None = None
    percent: int | None = None
    """Whole per cent asked for, where the process is about a rate."""
    requested_by: MemberId | None = None
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    steps: tuple[RequestStep, ...] = ()

    def move(
        self,
        step: RequestStep,
        *,
        assignee_id: MemberId | None,
        team_id: TeamId | None,
        due_at: datetime | None,
        final: bool,
        now: datetime,
    ) -> "Change[Request]":
        """The request is in ``step.to_state`` with its next assignee, who is told of it."""
        event = RequestMoved(
            at=now,
            process=self.process,
            from_state=step.from_state,
            to_state=step.to_state,
            transition=step.transition,
            recipients=tuple(member for member in (assignee_id, self.requested_by) if member is not None),
        )
        return changed(
            self,
            event,
            now=now,
            state=step.to_state,
            steps=(*self.steps, step),
            assignee_id=assignee_id,
            team_id=team_id,
            due_at=None if final else due_at,
            closed_at=now if final else None,
        )
