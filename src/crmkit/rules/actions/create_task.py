"""Planning a task about the record."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.activities.task import Priority
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId, MemberId
from crmkit.domain.model import Line, Note, model
from crmkit.errors import InvalidInput, Problem
from crmkit.rules.actions.action import Effect
from crmkit.rules.actions.template import placeholders, problems_in

__all__ = ["CreateTask"]

MOST_DAYS = 3_660


@model
class CreateTask:
    """There is a task about the record, for ``member_id`` or else for whoever has the record.

    Args:
        title: with places for the record's fields, as are ``details``.
        due_in: how long after the action it is due; of working time where ``calendar_id`` names a calendar.

    >>> CreateTask(title="Call {name.given}", due_in=timedelta(hours=4)).due_in
    datetime.timedelta(seconds=14400)
    """

    kind: ClassVar[str] = "create_task"

    title: Line
    details: Note = ""
    member_id: MemberId | None = None
    due_in: timedelta | None = None
    calendar_id: CalendarId | None = None
    priority: Priority = Priority.NORMAL

    def check(self) -> None:
        """It is due later on, and its texts have places only."""
        if self.due_in is not None and not timedelta(0) < self.due_in <= timedelta(days=MOST_DAYS):
            raise InvalidInput("must lie ahead.", field="CreateTask.due_in", hint="Give up to ten years.")
        for name in ("title", "details"):
            placeholders(getattr(self, name), field=f"CreateTask.{name}")

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        """Places for fields that such records do not have."""
        yield from problems_in(self.title, entity, custom, field="title")
        yield from problems_in(self.details, entity, custom, field="details")

    def effects(self, entity: str) -> tuple[Effect, ...]:  # noqa: ARG002 - the same whatever it is about
        """A new task."""
        return (Effect(entity="task", events=("task.planned",)),)
