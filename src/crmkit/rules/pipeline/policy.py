"""How much history it takes before it is believed."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["OutlookPolicy"]


@model
class OutlookPolicy(Policy):
    """When history is told instead of what the pipeline declares, and how much that still weighs.

    Args:
        least_closed: closed deals that were in the stage as long as the deal; with fewer the declared probability
            is told.
        declared_weight: deals for which the declared probability counts beside those of history.
    """

    kind: ClassVar[str] = "deal_outlook"

    least_closed: int = 10
    declared_weight: int = 10

    def check(self) -> None:
        """There is some history, and no negative weight."""
        if self.least_closed < 1:
            raise InvalidInput("must be positive.", field="OutlookPolicy.least_closed", hint="10 is usual.")
        if self.declared_weight < 0:
            raise InvalidInput("must not be negative.", field="OutlookPolicy.declared_weight", hint="10 is usual.")
