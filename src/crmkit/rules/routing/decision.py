"""Where a request goes, or why it does not."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Code, Line, model
from crmkit.rules.policy import Decision

__all__ = ["RoutingDecision", "RoutingOutcome"]


class RoutingOutcome(StrEnum):
    """What was decided."""

    OPENED = "opened"
    MOVED = "moved"
    REFUSED = "refused"


@model
class RoutingDecision(Decision):
    """The state the request is in afterwards, who has it, and until when; the reasons tell who was passed over.

    A refusal leaves the request in ``from_state``: ``to_state`` is the same, nobody is named.
    """

    outcome: RoutingOutcome
    transition: Line = ""
    from_state: Code
    to_state: Code
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    due_at: datetime | None = None
    final: bool = False
