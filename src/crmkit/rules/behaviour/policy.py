"""Behaviour policies: over what time is counted, how the indices are made, and how much evidence a preference needs."""

from typing import ClassVar

from crmkit.domain.model import Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["BehaviourPolicy"]


@model
class BehaviourPolicy(Policy):
    """How behaviour is read from interactions.

    Args:
        window_days: what is older does not count, except for how long the customer is known.
        half_life_days: an interaction counts half for activity after so many days.
        inbound_weight: one that the customer began counts as so many that we began.
        half_active_at: so many fresh interactions of our own make an activity index of 50.
        tenure_days: whoever is known for so long has all of the loyalty that comes by time.
        period_days: regularity is the share of periods of this length in which there was an interaction.
        unreached: outcomes of attempts that reached nobody; they say nothing of what the customer likes.
        least_evidence: interactions that reached the customer, before a preference is told.
        least_percent: the share of them that a preference must have.
        hours: how long the preferred span of the day is.

    Raises:
        InvalidInput: a number is not positive, a percentage above 100, or there are more than 23 hours.
    """

    kind: ClassVar[str] = "behaviour"

    window_days: int = 180
    half_life_days: int = 30
    inbound_weight: int = 2
    half_active_at: int = 4
    tenure_days: int = 365
    period_days: int = 30
    unreached: tuple[Line, ...] = ("no answer", "no_answer", "bounced", "unreachable", "未接通", "无人接听")
    least_evidence: int = 5
    least_percent: int = 40
    hours: int = 2

    def check(self) -> None:
        """Numbers are positive, and shares no more than all."""
        for name in (
            "window_days",
            "half_life_days",
            "inbound_weight",
            "half_active_at",
            "tenure_days",
            "period_days",
            "least_evidence",
            "least_percent",
            "hours",
        ):
            if getattr(self, name) < 1:
                raise InvalidInput("must be positive.", field=f"BehaviourPolicy.{name}", hint="Give 1 or more.")
        if self.least_percent > 100:
            raise InvalidInput("is above 100.", field="BehaviourPolicy.least_percent", hint="Give a percentage.")
        if self.hours > 23:
            raise InvalidInput("is the whole day.", field="BehaviourPolicy.hours", hint="Give 1 to 23 hours.")
