"""What a member received in a time, and what their share of it was."""

from datetime import datetime
from enum import StrEnum

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Line, model
from crmkit.errors import InvalidInput

__all__ = ["Measure", "Share"]


class Measure(StrEnum):
    """What is compared."""

    COUNT = "count"
    """How many records."""
    VALUE = "value"
    """What they might bring, in minor units of one currency."""
    QUALITY = "quality"
    """Their scores, added up."""


@model
class Share:
    """One member: what was received, and how much of the time the member was there for how large a share.

    ``available`` is in working days; ``idle`` is how many of them have passed since anything was received,
    ``None`` where nobody looked.
    """

    member_id: MemberId
    name: Line = ""
    team_id: TeamId | None = None
    weight: int = 100
    available: int
    count: int = 0
    value: int = 0
    quality: int = 0
    idle: int | None = None
    last_at: datetime | None = None

    def check(self) -> None:
        """A weight is positive, and nothing else negative."""
        if self.weight <= 0:
            raise InvalidInput("must be positive.", field="Share.weight", hint="100 is one full share.")
        for name in ("available", "count", "value", "quality"):
            if getattr(self, name) < 0:
                raise InvalidInput("must not be negative.", field=f"Share.{name}", hint="0 means none.")

    @property
    def entitlement(self) -> int:
        """Weight times working days: shares are in proportion to it."""
        return self.weight * self.available

    def received(self, by: Measure) -> int:
        """What was received, by that measure."""
        amount: int = getattr(self, by)
        return amount
