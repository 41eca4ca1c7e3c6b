"""What a customer's behaviour is: counts, indices and preferences, with the reasons."""

from collections.abc import Mapping
from enum import StrEnum

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import model
from crmkit.rules.policy import Decision

__all__ = ["BehaviourDecision", "BehaviourOutcome", "Counts", "HourSpan"]


class BehaviourOutcome(StrEnum):
    """What came of it."""

    KNOWN = "known"
    SILENT = "silent"
    """There was no interaction in the time that counts."""
    NEUTRAL = "neutral"
    """The customer does not want to be profiled."""


@model
class Counts:
    """Interactions in the time that counts: all of them, by channel, by who began, and by outcome."""

    total: int = 0
    channels: Mapping[str, int] = FrozenDict()
    directions: Mapping[str, int] = FrozenDict()
    outcomes: Mapping[str, int] = FrozenDict()


@model
class HourSpan:
    """Hours of the customer's day, from ``begins`` up to, but without, ``ends``; both of 0 to 23."""

    begins: int
    ends: int

    def holds(self, hour: int) -> bool:
        """Whether ``hour`` lies within; a span may go over midnight.

        >>> [HourSpan(begins=23, ends=1).holds(hour) for hour in (22, 23, 0, 1)]
        [False, True, True, False]
        """
        return (hour - self.begins) % 24 < (self.ends - self.begins) % 24


@model
class BehaviourDecision(Decision):
    """The behaviour of one customer.

    Args:
        counts: what was counted.
        per_month: interactions in 30 days, on average over the time that counts.
        activity: 0 to 100, ``None`` where it is not to be told.
        loyalty: 0 to 100, ``None`` where it is not to be told.
        channel: the preferred channel, where there is enough evidence of one.
        hours: the preferred hours in the customer's zone, where there is enough evidence of some.
    """

    outcome: BehaviourOutcome
    counts: Counts = Counts()
    per_month: float = 0.0
    activity: int | None = None
    loyalty: int | None = None
    channel: InteractionKind | None = None
    hours: HourSpan | None = None
