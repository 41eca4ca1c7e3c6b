"""What the engine decides: whether the data may go, and whether the person counts."""

from enum import StrEnum

from crmkit.domain.model import model
from crmkit.rules.policy import Decision

__all__ = ["ResidencyDecision", "ResidencyOutcome"]


class ResidencyOutcome(StrEnum):
    """Whether it may go."""

    HOME = "home"
    """It does not cross a border that counts."""
    ALLOWED = "allowed"
    """It crosses one, and the person counts."""
    REFUSED = "refused"


@model
class ResidencyDecision(Decision):
    """Whether the data may go; ``instrument`` is what the law asks for so many people, empty for nothing."""

    outcome: ResidencyOutcome
    instrument: str = ""
