"""A request on its way through a process: a discount to approve, a question to answer, a complaint."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from attrs import frozen

from crmkit.domain.change import Change, Event, Record, changed, moved
from crmkit.domain.ids import MemberId, RequestId, TeamId
from crmkit.domain.model import Code, Key, Line, Note, maker, model
from crmkit.domain.values.money import Money

__all__ = [
    "OPEN",
    "Request",
    "RequestCancelled",
    "RequestHandedOver",
    "RequestMoved",
    "RequestOpened",
    "RequestOutcome",
    "RequestStep",
    "Stay",
]


class RequestOutcome(StrEnum):
    """How a request ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Nobody waits for it any more: the request that it was a branch of went on without it."""


@model
class RequestStep:
    """One line of its history: from which state to which, by what, who did it and when, and who had it then.

    A step that ``stays`` in its state is a hand-over or the end of a branch that nobody waits for.
    ``checked`` are the items of the transition's checklist that were ticked.
    """

    at: datetime
    from_state: Code
    to_state: Code
    transition: Code
    by: MemberId | None = None
    comment: Line = ""
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    stays: bool = False
    checked: tuple[Line, ...] = ()


@frozen(kw_only=True)
class Stay:
    """A half-open time in one state and one hand; ``until`` is ``None`` while it lasts."""

    state: Code
    since: datetime
    until: datetime | None
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None


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


_moved = maker(RequestMoved)


@model
class RequestHandedOver(Event):
    """A request has another assignee or lies in another team's queue, in the same state."""

    type: ClassVar[str] = "request.handed_over"
    process: Code
    state: Code


@model
class RequestCancelled(Event):
    """Nobody waits for the request any more."""

    type: ClassVar[str] = "request.cancelled"
    process: Code
    state: Code


OPEN, HAND_OVER, CANCEL, MIGRATE = "open", "hand_over", "cancel", "migrate"
"""What steps are called that no transition makes."""


@model
class Request(Record):
    """An instance of a process definition; it stays on the ``process_version`` it began with.

    Args:
        due_at: until when whoever has it is to act.
        timer_at: when it goes on by itself, unless somebody acts before.
        parent_id: the request that it is a branch of.
        root_id: the one at the top of these, which its family is locked by.
        parent_arrival: which arrival of the parent in a state began it, counted from one.
    """

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
    timer_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: RequestOutcome | None = None
    parent_id: RequestId | None = None
    root_id: RequestId | None = None
    parent_arrival: int = 0
    steps: tuple[RequestStep, ...] = ()

    @property
    def arrivals(self) -> int:
        """How often it has arrived in a state, the first one included."""
        return sum(not step.stays for step in self.steps)

    @property
    def arrived_at(self) -> datetime:
        """When it arrived in the state that it is in."""
        return next((step.at for step in reversed(self.steps) if not step.stays), self.created_at)

    def stays(self) -> Iterator[Stay]:
        """Where it was and with whom, in order; the last one is open until the request is closed.

        States that it only passed through are left out.
        """
        for place, step in enumerate(self.steps, start=1):
            until = self.steps[place].at if place < len(self.steps) else self.closed_at
            if until != step.at:
                yield Stay(
                    state=step.to_state,
                    since=step.at,
                    until=until,
                    assignee_id=step.assignee_id,
                    team_id=step.team_id,
                )

    def move(
        self,
        steps: Sequence[RequestStep],
        *,
        due_at: datetime | None,
        timer_at: datetime | None,
        outcome: RequestOutcome | None,
        now: datetime,
        **particulars: Any,
    ) -> "Change[Request]":
        """The request is in the last step's state with its next assignee, who is told of it.

        Closed with ``outcome``. ``particulars`` are fields that were filled in on the way.

        Raises:
            InvalidInput: a particular does not fit its field.
        """
        last = steps[-1]
        told = () if last.assignee_id is None else (last.assignee_id,)
        if self.requested_by is not None:
            told = (*told, self.requested_by)
        events: list[RequestMoved] = []
        for step in steps:
            event = {
                "at": now,
                "recipients": told if step is last else (),
                "process": self.process,
                "from_state": step.from_state,
                "to_state": step.to_state,
                "transition": step.transition,
            }
            events.append(_moved(event))
        fields = {
            "state": last.to_state,
            "steps": (*self.steps, *steps),
            "assignee_id": last.assignee_id,
            "team_id": last.team_id,
            "due_at": None if outcome else due_at,
            "timer_at": None if outcome else timer_at,
            "closed_at": now if outcome else None,
            "outcome": outcome,
        }
        if particulars:
            return changed(self, *events, now=now, **fields, **particulars)
        # all of it was checked when the steps were made
        return moved(self, fields, tuple(events), now=now)

    def hand_over(
        self,
        *,
        assignee_id: MemberId | None,
        team_id: TeamId | None,
        by: MemberId | None,
        comment: str,
        recipients: tuple[MemberId, ...],
        now: datetime,
    ) -> "Change[Request]":
        """Somebody else has it, in the same state and by the same deadline; ``recipients`` are told."""
        step = self._staying(HAND_OVER, by, comment, now, assignee_id=assignee_id, team_id=team_id)
        event = RequestHandedOver(at=now, process=self.process, state=self.state, recipients=recipients)
        return changed(self, event, now=now, steps=(*self.steps, step), assignee_id=assignee_id, team_id=team_id)

    def migrate(
        self,
        step: RequestStep,
        *,
        version: int,
        due_at: datetime | None,
        timer_at: datetime | None,
        now: datetime,
    ) -> "Change[Request]":
        """The request runs by another version of its process; whoever has it and did not before is told."""
        new = step.assignee_id if step.assignee_id != self.assignee_id else None
        event = RequestMoved(
            at=now,
            process=self.process,
            from_state=step.from_state,
            to_state=step.to_state,
            transition=step.transition,
            recipients=() if new is None else (new,),
        )
        return changed(
            self,
            event,
            now=now,
            process_version=version,
            state=step.to_state,
            steps=(*self.steps, step),
            assignee_id=step.assignee_id,
            team_id=step.team_id,
            due_at=due_at,
            timer_at=timer_at,
        )

    def cancel(self, *, comment: str, now: datetime) -> "Change[Request]":
        """The request is closed where it stands; whoever had it is told."""
        step = self._staying(CANCEL, None, comment, now, assignee_id=None, team_id=None)
        told = (self.assignee_id,) if self.assignee_id is not None else ()
        event = RequestCancelled(at=now, process=self.process, state=self.state, recipients=told)
        return changed(
            self,
            event,
            now=now,
            steps=(*self.steps, step),
            assignee_id=None,
            team_id=None,
            due_at=None,
            timer_at=None,
            closed_at=now,
            outcome=RequestOutcome.CANCELLED,
        )

    def fill_in(self, filled: Mapping[str, Any], *, timer_at: datetime | None, now: datetime) -> "Change[Request]":
        """The request with these fields, in the same state; it goes on by itself at ``timer_at``.

        Raises:
            InvalidInput: a value does not fit its field.
        """
        return changed(self, now=now, timer_at=timer_at, **filled)

    def _staying(
        self,
        transition: str,
        by: MemberId | None,
        comment: str,
        now: datetime,
        *,
        assignee_id: MemberId | None,
        team_id: TeamId | None,
    ) -> RequestStep:
        return RequestStep(
            at=now,
            from_state=self.state,
            to_state=self.state,
            transition=transition,
            by=by,
            comment=comment,
            assignee_id=assignee_id,
            team_id=team_id,
            stays=True,
        )
