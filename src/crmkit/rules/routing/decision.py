"""Where a request goes, or why it does not."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Code, Line, maker, model, revise
from crmkit.domain.stewardship.request import RequestOutcome, RequestStep
from crmkit.rules.policy import Decision

__all__ = ["Hop", "RoutingDecision", "RoutingOutcome"]

_step = maker(RequestStep)


class RoutingOutcome(StrEnum):
    """What was decided."""

    OPENED = "opened"
    MOVED = "moved"
    STAYED = "stayed"
    """Nothing that goes off by itself goes off now."""
    MIGRATED = "migrated"
    """Taken over to another version of its process."""
    REFUSED = "refused"


@model
class Hop:
    """One transition that is taken."""

    transition: Code
    from_state: Code
    to_state: Code


@model
class RoutingDecision(Decision):
    """The state the request is in afterwards, who has it, and until when; the reasons tell who was passed over.

    ``hops`` are all transitions that are taken, for one may set off others. ``branches`` are processes and
    ``approvals`` policies that begin with the arrival, and ``timer_at`` is when the request goes on by itself. A refusal leaves the
    request in ``from_state``: ``to_state`` is the same, nobody is named.
    """

    outcome: RoutingOutcome
    transition: Line = ""
    from_state: Code
    to_state: Code
    hops: tuple[Hop, ...] = ()
    assignee_id: MemberId | None = None
    team_id: TeamId | None = None
    due_at: datetime | None = None
    timer_at: datetime | None = None
    ended: RequestOutcome | None = None
    branches: tuple[Code, ...] = ()
    approvals: tuple[Code, ...] = ()

    def steps(
        self, *, by: MemberId | None = None, comment: str = "", checked: tuple[str, ...] = ()
    ) -> tuple[RequestStep, ...]:
        """What the history keeps of it; ``by``, the id of a member, ``comment`` and ``checked`` stand in the first line.

        Raises:
            InvalidInput: the comment or an item is too long.
        """
        steps: list[RequestStep] = []
        for hop in self.hops:
            line = {
                "at": self.at,
                "from_state": hop.from_state,
                "to_state": hop.to_state,
                "transition": hop.transition,
                "by": None if steps else by,
                "comment": "",
                "assignee_id": self.assignee_id,
                "team_id": self.team_id,
                "stays": False,
                "checked": (),
            }
            steps.append(_step(line))
        if comment or checked:
            steps[0] = revise(steps[0], comment=comment, checked=checked)
        return tuple(steps)

    @property
    def final(self) -> bool:
        """Whether the request is closed."""
        return self.ended is not None
