"""What happened to a record, and the one question that a trigger answers about it."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.organization.calendar import WorkingCalendar

__all__ = ["BY_HAND", "SCHEDULE", "TIME", "Happened", "Trigger"]

BY_HAND = "by_hand"
TIME = "time"
SCHEDULE = "schedule"


@frozen(kw_only=True)
class Happened:
    """A save of a record, or that a time has come for it.

    ``types`` are the events that the save told; of one that told none ``"lead.created"`` or ``"lead.changed"``.
    Otherwise it is ``"time"``, ``"schedule"`` or ``"by_hand"``. ``before`` is the record before the save, ``None`` for
    a new one. ``source`` is the door the change came through.
    """

    types: tuple[str, ...]
    before: Record | None = None
    after: Record
    source: str = ""
    at: datetime
    calendar: WorkingCalendar | None = None
    """The one that the trigger names."""
    value: str = ""
    """Which of the trigger's times of day it is."""

    @property
    def is_save(self) -> bool:
        """Whether it is a save, and not that a time has come."""
        return not {BY_HAND, TIME, SCHEDULE}.intersection(self.types)


@runtime_checkable
class Trigger(Protocol):
    """A frozen ``@model`` class with these."""

    kind: ClassVar[str]

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:
        """Whether the rule is to look at what happened; ``holds`` is the rule's condition."""
        ...
