"""What the gate decides: whether the message goes, goes later, or does not go."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.model import model
from crmkit.rules.policy import Decision

__all__ = ["OutreachDecision", "OutreachOutcome"]


class OutreachOutcome(StrEnum):
    """Whether the message goes."""

    ALLOWED = "allowed"
    LATER = "later"
    REFUSED = "refused"


@model
class OutreachDecision(Decision):
    """Whether the message goes, with every reason; ``not_before`` is when to ask again."""

    outcome: OutreachOutcome
    not_before: datetime | None = None
