"""What a score is counted from: the record as it is, and what happened with it."""

from datetime import datetime

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.change import Record
from crmkit.domain.model import Code, Line, model

__all__ = ["ScoreEvent", "ScoreFacts"]


@model
class ScoreEvent:
    """One thing that happened: an interaction, or an event of the host's own, such as ``"web_visit"``.

    >>> from datetime import UTC
    >>> ScoreEvent(kind="call", direction="inbound", at=datetime(2026, 1, 2, tzinfo=UTC)).minutes
    0
    """

    kind: Code
    at: datetime
    direction: Line = ""
    outcome: Line = ""
    minutes: int = 0

    @classmethod
    def of(cls, interaction: Interaction) -> "ScoreEvent":
        """What matters of ``interaction`` for a score."""
        return cls(
            kind=interaction.kind.value,
            at=interaction.at,
            direction=interaction.direction.value,
            outcome=interaction.outcome,
            minutes=interaction.minutes,
        )


@model
class ScoreFacts:
    """A record with its events, in any order; events later than the asked instant do not count yet."""

    record: Record
    events: tuple[ScoreEvent, ...] = ()
