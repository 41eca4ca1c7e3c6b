"""An SLA clock: how much working time a record has used up of what a milestone allows, and when it is due."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import Ref, SlaClockId, derived_id
from crmkit.domain.model import Code, Key, model

__all__ = ["ClockStatus", "SlaBreached", "SlaClock", "SlaMarkReached", "SlaMet"]


class ClockStatus(StrEnum):
    """What the clock does."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"


@model
class SlaMarkReached(Event):
    """So much of the time that a milestone allows has passed."""

    type: ClassVar[str] = "sla.mark_reached"
    record_entity: Code
    record_id: Key
    milestone: Code
    percent: int
    due_at: datetime


@model
class SlaBreached(Event):
    """All of it has passed."""

    type: ClassVar[str] = "sla.breached"
    record_entity: Code
    record_id: Key
    milestone: Code
    due_at: datetime


@model
class SlaMet(Event):
    """The milestone was reached, in time or late."""

    type: ClassVar[str] = "sla.met"
    record_entity: Code
    record_id: Key
    milestone: Code
    late: bool


@model
class SlaClock(Record):
    """The clock of one milestone of one record.

    Args:
        policy_version: of the SLA policy by which it was started, and by which it goes on.
        worked: microseconds of working time up to ``running_since``, or up to when it stopped.
        target: how many are allowed.
        marks: how many marks were told of, the breach among them.
        next_at: when a mark or the breach comes next; nothing while it does not run.
    """

    entity: ClassVar[str] = "sla_clock"

    id: SlaClockId
    record_entity: Code
    record_id: Key
    milestone: Code
    policy: Code
    policy_version: int
    status: ClockStatus
    started_at: datetime
    running_since: datetime | None = None
    worked: int = 0
    target: int
    marks: int = 0
    due_at: datetime | None = None
    next_at: datetime | None = None
    breached_at: datetime | None = None
    met_at: datetime | None = None

    @staticmethod
    def id_of(record: Ref, milestone: str) -> SlaClockId:
        """There is one for each milestone of a record."""
        return SlaClockId(derived_id(record, milestone))

    @property
    def record(self) -> Ref:
        """What it runs for."""
        return Ref(entity=self.record_entity, id=self.record_id)

    def start(self, *events: Event) -> "Change[SlaClock]":
        """The clock as a new record."""
        return created(self, *events)

    def become(self, after: "SlaClock", *events: Event, now: datetime) -> "Change[SlaClock] | None":
        """The clock stands as ``after`` does; ``None`` where it does already."""
        moved = {name: getattr(after, name) for name in _MOVING if getattr(after, name) != getattr(self, name)}
        return changed(self, *events, now=now, **moved) if moved or events else None


_MOVING = (
    *("status", "started_at", "running_since", "worked", "target", "marks", "due_at", "next_at"),
    *("breached_at", "met_at", "policy", "policy_version"),
)
