"""What the engine decides: for each record whether it is blanked, deleted or kept, and why."""

from enum import StrEnum

from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, model
from crmkit.rules.policy import Decision

__all__ = ["ErasureDecision", "ErasureItem", "ErasureOutcome", "Treatment"]


class ErasureOutcome(StrEnum):
    """How much of it may go."""

    ALL = "all"
    PARTLY = "partly"
    NOTHING = "nothing"


class Treatment(StrEnum):
    """What becomes of a record."""

    BLANK = "blank"
    """It stays without the person: its personal fields are blank."""
    DELETE = "delete"
    KEEP = "keep"


@model
class ErasureItem:
    """One record, what becomes of it, and the code of why."""

    ref: Ref
    treatment: Treatment
    why: Code


@model
class ErasureDecision(Decision):
    """What becomes of every record that was found."""

    outcome: ErasureOutcome
    items: tuple[ErasureItem, ...] = ()
