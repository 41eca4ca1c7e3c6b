"""What a signal is asked, and what it answers."""

from datetime import datetime
from typing import ClassVar, Protocol

from attrs import frozen

from crmkit.domain.reasons import Reason
from crmkit.rules.scoring.facts import ScoreFacts

__all__ = ["MOST_POINTS", "Measure", "Signal"]

MOST_POINTS = 1_000
"""Points, for or against, that one rule may give."""


@frozen
class Measure:
    """Points with their reason; unless the facts change they stay the same until ``next_change_at``."""

    points: int
    reason: Reason
    next_change_at: datetime | None = None


class Signal(Protocol):
    """One rule of a score. A host's own is a frozen class with a ``kind``, a ``label``, a ``when`` and this method."""

    kind: ClassVar[str]

    @property
    def label(self) -> str:
        """What people call it; every contribution names it."""
        ...

    @property
    def when(self) -> str:
        """The condition on the record under which the signal is asked at all."""
        ...

    def measure(self, facts: ScoreFacts, *, now: datetime) -> Measure:
        """The points at ``now``, of facts without events later than that; what it raises is reported in the decision and counts as no points."""
        ...
