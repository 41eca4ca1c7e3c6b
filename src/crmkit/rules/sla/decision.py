"""How the clocks of a record stand, and what is to be told."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.sla_clock import SlaClock
from crmkit.rules.policy import Decision
from crmkit.rules.sla.policy import Tell

__all__ = ["Happened", "Notice", "SlaDecision", "SlaFacts", "SlaOutcome"]


class SlaOutcome(StrEnum):
    """The worst of the clocks."""

    NONE = "none"
    """The record has no clock."""
    MET = "met"
    """All that were started are met, in time or late."""
    PAUSED = "paused"
    ON_TRACK = "on_track"
    BREACHED = "breached"
    """Some time is over, and what was owed is not there."""


@model
class Happened:
    """An event that milestones may speak of, and the state that the record is in after it."""

    kind: Code
    state: Line = ""
    at: datetime


@model
class SlaFacts:
    """A record with its clocks, and what has just happened, if anything.

    ``calendars`` are those that the policy's milestones name.
    """

    record: Record
    happened: Happened | None = None
    state: Line = ""
    """The state that the record is in, where nothing happened."""
    clocks: tuple[SlaClock, ...] = ()
    calendars: tuple[WorkingCalendar, ...] = ()


@model
class Notice:
    """A mark that was reached, or a milestone that was met; ``percent`` is 100 for the breach."""

    milestone: Code
    percent: int | None = None
    late: bool = False
    due_at: datetime | None = None
    tell: tuple[Tell, ...] = ()


@model
class SlaDecision(Decision):
    """The clocks as they are to be kept, what is told, and when there is something to do next."""

    outcome: SlaOutcome
    record: Ref
    clocks: tuple[SlaClock, ...] = ()
    notices: tuple[Notice, ...] = ()
    next_at: datetime | None = None
