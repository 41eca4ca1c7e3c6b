"""Performing actions: each through the use case that a person would call, inside the transaction of the run's step.

What an action writes and the mark that it is done are committed together, so that it has happened exactly when it
is marked. Actions of the host leave the transaction: they are called at least once, always with the same key.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import evolve, frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Event, Record
from crmkit.domain.conditions import F, any_of
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import MemberId, Ref, TaskId
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.automation_run import AutomationNotified, AutomationRun
from crmkit.domain.stewardship.collaboration import Level
from crmkit.errors import NotAllowed, NotFound
from crmkit.ports.outbox import Outbox
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import (
    Action,
    Assign,
    AssignTo,
    CreateTask,
    Notify,
    OpenRequest,
    ReturnToPool,
    SetField,
    fill,
)
from crmkit.rules.automation import SYSTEM
from crmkit.services.assign import assign, assign_to
from crmkit.services.context import Context
from crmkit.services.pools import give_back
from crmkit.services.sharing import who_may
from crmkit.services.workflow import RequestForm, open_request

__all__ = ["Performing", "Refused", "is_of_host", "perform"]

T = TypeVar("T")
MOST_TOLD = 500
_OURS = (Notify, SetField, CreateTask, OpenRequest, Assign, AssignTo, ReturnToPool)


class Refused(Exception):
    """The rule may not do this; the run stops, and trying again would change nothing."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def is_of_host(action: Action) -> bool:
    """Whether the host performs it."""
    return not isinstance(action, _OURS)


@frozen(kw_only=True)
class Performing:
    """One step of one run, inside the unit of work that marks it as done."""

    ctx: Context
    uow: UnitOfWork
    run: AutomationRun
    rule: str
    run_as: MemberId
    custom: tuple[CustomField, ...]
    now: datetime

    @classmethod
    def within(cls, ctx: Context, uow: UnitOfWork, **fields: object) -> "Performing":
        """The step, whose use cases all work in ``uow``."""
        inner = evolve(ctx, store=_Within(uow), acting=uow.acting)
        return cls(ctx=inner, uow=uow, **fields)  # type: ignore[arg-type]

    def refuse_what_is_not_allowed(self, action: Action, record: Record) -> None:
        """The system grants such actions to rules, and the rule's member may do it to this record.

        Raises:
            Refused: one of the two does not.
        """
        if not self.ctx.host.grants(action.kind):
            raise Refused(Reason.of("automation.not_granted", action=action.kind))
        if self.run_as == SYSTEM:
            return
        ways = who_may(self.ctx, _reached_by(record), member_id=self.run_as)
        if not any(isinstance(action, Notify) or way.level is Level.WRITE for way in ways):
            said = {"rule": self.rule, "member": self.run_as, "action": action.kind}
            raise Refused(Reason.of("automation.not_allowed", **said))

    def text(self, template: str, record: Record) -> str:
        """The template with the record's fields."""
        return fill(template, record, record.entity, self.custom)


def perform(step: Performing, action: Action, record: Record) -> tuple[Event, ...]:
    """``action`` is done to ``record``; the events that the run itself is to tell.

    Raises:
        CrmError: it cannot be done; nothing of it stays.
    """
    match action:
        case Notify():
            return _notified(step, action, record)
        case SetField():
            change = action.change(record, step.custom, now=step.now)
            if change is not None:
                step.uow.save(change)
        case CreateTask():
            step.uow.save(_task(step, action, record).plan())
        case OpenRequest():
            _open(step, action, record)
        case Assign():
            assign(step.ctx, record.ref)
        case AssignTo() if getattr(record, "owner_id", None) != action.member_id:
            assign_to(step.ctx, record.ref, action.member_id)
        case ReturnToPool():
            owner_id = getattr(record, "owner_id", None)
            if owner_id is not None:
                give_back(step.ctx, record.ref, owner_id, pool_id=action.pool_id, reason=action.reason)
        case _:
            pass  # it is this member's already
    return ()


def _notified(step: Performing, action: Notify, record: Record) -> tuple[Event, ...]:
    uow, holder = step.uow, _holder(record)
    ids = list(action.members)
    if holder is not None and (action.owner or action.manager):
        owner = uow.members.get_many([holder]).get(holder)
        ids += [holder] if action.owner else []
        ids += [owner.manager_id] if action.manager and owner is not None and owner.manager_id is not None else []
    known = dict(uow.members.get_many(sorted(set(ids))))
    if action.role_ids:
        having = uow.members.find(any_of(F.role_ids.contains(id) for id in action.role_ids), limit=MOST_TOLD)
        known |= {member.id: member for member in having}
        ids += [member.id for member in having]
    told = tuple(id for id in dict.fromkeys(ids) if id in known and known[id].status is not MemberStatus.LEFT)
    text = step.text(action.text, record)
    return (AutomationNotified(at=step.now, text=text, rule=step.rule, subject=str(record.ref), recipients=told),)


def _task(step: Performing, action: CreateTask, record: Record) -> Task:
    return Task(
        id=TaskId(step.ctx.ids.new()),
        created_at=step.now,
        updated_at=step.now,
        title=step.text(action.title, record)[:500],
        details=step.text(action.details, record),
        subject_entity=record.entity,
        subject_id=record.id,
        owner_id=action.member_id or _holder(record),
        due_at=None if action.due_in is None else _due(step, action, action.due_in),
        priority=action.priority,
    )


def _due(step: Performing, action: CreateTask, due_in: timedelta) -> datetime:
    if action.calendar_id is None:
        return step.now + due_in
    return step.uow.calendars.get(action.calendar_id).business_time().add(step.now, due_in)


def _open(step: Performing, action: OpenRequest, record: Record) -> None:
    by = None if step.run_as == SYSTEM else step.run_as
    title = step.text(action.title, record)[:500]
    form = RequestForm(process=action.process, subject=record.ref, requested_by=by, title=title, percent=action.percent)
    opened = open_request(step.ctx, form)
    if opened.request_id is None:
        said = step.ctx.book.texts.say_all(opened.decision.reasons)
        raise NotAllowed(f"The process {action.process} took no request.", hint=said, id=record.id)


def _holder(record: Record) -> MemberId | None:
    """Whoever owns the record, or has it on the desk."""
    for name in ("owner_id", "assignee_id", "member_id"):
        held: MemberId | None = getattr(record, name, None)
        if held is not None:
            return held
    return None


def _reached_by(record: Record) -> Ref:
    """The record by whose ways it is reached: an interaction by those of what it is about."""
    if isinstance(record, Interaction):
        return Ref(entity=record.subject_entity, id=record.subject_id)
    return record.ref


@frozen
class _Within:
    """Documented at ``ports.Store``: every unit of work is the one that is under way."""

    uow: UnitOfWork

    @property
    def outbox(self) -> Outbox:
        """Nobody tells anything before the commit."""
        raise NotFound("There is no outbox inside a unit of work.", hint="Relay outside of it.")

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:  # noqa: ARG002
        """The same unit of work; whoever began it ends it."""
        yield self.uow

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:  # noqa: ARG002
        """``work`` in it, once."""
        return work(self.uow)

    def close(self) -> None:
        """There is nothing to give back."""
