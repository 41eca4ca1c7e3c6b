"""A task: something to do for a record, by somebody, until a time."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import AccountId, MemberId, TaskId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Line, Note, model

__all__ = ["TASK", "Priority", "PurchaseMissed", "Task", "TaskMoved", "TaskPlanned", "TaskStatus"]


class TaskStatus(StrEnum):
    """Where the task stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


TASK = Lifecycle(
    "task",
    {
        TaskStatus.OPEN: {"finish": TaskStatus.DONE, "cancel": TaskStatus.CANCELLED},
        TaskStatus.DONE: {"reopen": TaskStatus.OPEN},
        TaskStatus.CANCELLED: {"reopen": TaskStatus.OPEN},
    },
)


class Priority(StrEnum):
    """How urgent it is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@model
class TaskPlanned(Event):
    """A task was planned; its owner is told."""

    type: ClassVar[str] = "task.planned"
    title: Line
    due_at: datetime | None = None


@model
class TaskMoved(Event):
    """A task was finished, cancelled or reopened."""

    type: ClassVar[str] = "task.moved"
    to_status: TaskStatus


@model
class PurchaseMissed(Event):
    """A regular customer has not come though a purchase was due; ``silent`` are the days since the last one."""

    type: ClassVar[str] = "task.purchase_missed"
    account_id: AccountId
    due_on: date
    silent: int


@model
class Task(Record):
    """What to do, for which record, by whom, until when."""

    entity: ClassVar[str] = "task"

    id: TaskId
    title: Line
    details: Note = ""
    subject_entity: Line = ""
    subject_id: Line = ""
    owner_id: MemberId | None = None
    due_at: datetime | None = None
    priority: Priority = Priority.NORMAL
    status: TaskStatus = TaskStatus.OPEN
    done_at: datetime | None = None

    def plan(self) -> "Change[Task]":
        """The task as a new record."""
        recipients = (self.owner_id,) if self.owner_id is not None else ()
        event = TaskPlanned(at=self.created_at, title=self.title, due_at=self.due_at, recipients=recipients)
        return created(self, event)

    def move(self, verb: str, *, now: datetime) -> "Change[Task]":
        """The status that ``verb`` leads to: ``finish``, ``cancel``, ``reopen``.

        Raises:
            NotAllowed: the verb does not fit the status.
        """
        to = TASK.next(self.status, verb)
        done_at = now if to is TaskStatus.DONE else None
        return changed(self, TaskMoved(at=now, to_status=to), now=now, status=to, done_at=done_at)

    def overdue(self, *, now: datetime) -> bool:
        """Whether it is open and its time has passed."""
        return self.status is TaskStatus.OPEN and self.due_at is not None and self.due_at < now
