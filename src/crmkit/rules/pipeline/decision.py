"""How likely a deal is won and when it closes, and what that rests on."""

from datetime import date
from enum import StrEnum

from crmkit.domain.model import model
from crmkit.rules.policy import Decision

__all__ = ["OutlookDecision", "OutlookOutcome"]


class OutlookOutcome(StrEnum):
    """What the outlook rests on."""

    LEARNT = "learnt"
    """Deals that were in the stage as long."""
    DECLARED = "declared"
    """What the pipeline declares: there is too little history."""
    CLOSED = "closed"
    """The deal is won or lost."""
    OPTED_OUT = "opted_out"
    """What the pipeline declares: whose deal it is does not want to be profiled."""


@model
class OutlookDecision(Decision):
    """The outlook of a deal.

    Args:
        probability: of being won, between 0 and 1.
        lowest: of the deals before it, the share won if all that are open are lost.
        highest: the same if all of them are won.
        closed: deals before it that were in the stage as long and are closed.
        open: those of them that are still open.
        expected_close: the day, in UTC; the one written on the deal, where history tells none.
    """

    outcome: OutlookOutcome
    probability: float
    lowest: float = 0.0
    highest: float = 1.0
    closed: int = 0
    open: int = 0
    expected_close: date | None = None
