"""The level of a customer, and what it was told from."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.model import Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Decision

__all__ = ["ImportanceDecision", "ImportanceFacts", "ImportanceOutcome"]


class ImportanceOutcome(StrEnum):
    """What came of it."""

    GRADED = "graded"
    UNKNOWN = "unknown"
    """Nothing is known to grade by; the level stays as it was."""
    NEUTRAL = "neutral"
    """The customer does not want to be profiled."""


@model
class ImportanceFacts:
    """What is known of a customer, each of 0 to 100, ``None`` where nobody knows.

    Args:
        contribution: what the customer brings, for example its percentile by amount.
        potential: what it could bring, for example a fit score.
        loyalty: how faithful it is, for example a loyalty index.
        level: where it stands so far, if anywhere.
        cared_at: when it was last cared for.
        opted_out: it does not want to be profiled.

    Raises:
        InvalidInput: a part is not of 0 to 100.
    """

    contribution: int | None = None
    potential: int | None = None
    loyalty: int | None = None
    level: Line = ""
    cared_at: datetime | None = None
    opted_out: bool = False

    def check(self) -> None:
        """Parts are of 0 to 100."""
        for name in ("contribution", "potential", "loyalty"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 100:
                raise InvalidInput("is out of range.", field=f"ImportanceFacts.{name}", hint="Give 0 to 100.")


@model
class ImportanceDecision(Decision):
    """The level with its score; ``care_days`` is the suggested cadence, ``care_at`` when care is due next."""

    outcome: ImportanceOutcome
    level: Line = ""
    score: int | None = None
    care_days: int | None = None
    care_at: datetime | None = None
