"""What the engine decides: whether a filing, its approval or its extension is granted, and until when it holds."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.ids import FilingId, MemberId
from crmkit.domain.model import model
from crmkit.rules.policy import Decision

__all__ = ["FilingDecision", "FilingOutcome"]


class FilingOutcome(StrEnum):
    """Whether it is granted."""

    GRANTED = "granted"
    REFUSED = "refused"


@model
class FilingDecision(Decision):
    """Whether it is granted, with every reason against it; until when it protects, and by when to act.

    ``filing_id`` is the filing, where there is one.
    """

    outcome: FilingOutcome
    member_id: MemberId
    filing_id: FilingId | None = None
    expires_at: datetime | None = None
    must_act_by: datetime | None = None

    @property
    def granted(self) -> bool:
        """Whether it is granted."""
        return self.outcome is FilingOutcome.GRANTED
