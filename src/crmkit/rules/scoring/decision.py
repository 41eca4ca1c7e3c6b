"""What was scored, and every point of it."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.policy import Decision

__all__ = ["Axis", "Contribution", "Rating", "ScoreDecision", "ScoreOutcome"]

Rating: TypeAlias = tuple[int, str, datetime | None]
"""Score, grade, and the instant at which they next change by themselves."""


class Axis(StrEnum):
    """What points speak of."""

    FIT = "fit"
    """Who they are."""
    ENGAGEMENT = "engagement"
    """What they do."""


class ScoreOutcome(StrEnum):
    """Whether every rule could be asked."""

    SCORED = "scored"
    PARTIAL = "partial"
    """A rule failed and counted as no points; the reasons say which."""
    OPTED_OUT = "opted_out"
    """The record is not to be scored: its points are the policy's neutral ones."""


@frozen(kw_only=True)
class Contribution:
    """Points that went into the score: of one signal, or what a limit took away or added.

    A limit of the whole score belongs to no ``group`` and no ``axis``.
    """

    points: int
    reason: Reason
    group: str = ""
    axis: Axis | None = None


@model
class ScoreDecision(Decision):
    """The score with its grade; ``contributions`` sum to ``score`` exactly.

    Unless the facts change, nothing about the score changes before ``next_change_at`` (``None``: ever).
    """

    outcome: ScoreOutcome
    score: int
    grade: Line
    fit: int
    engagement: int
    contributions: tuple[Contribution, ...]
    next_change_at: datetime | None = None

    @property
    def rating(self) -> Rating:
        """What of it is written on the record."""
        return self.score, self.grade, self.next_change_at

    def top_positive(self, most: int = 3) -> tuple[Contribution, ...]:
        """What speaks for the record, the weightiest first."""
        ranked = sorted(self.contributions, key=lambda given: -given.points)
        return tuple(given for given in ranked[:most] if given.points > 0)

    def top_negative(self, most: int = 3) -> tuple[Contribution, ...]:
        """What speaks against the record, and what limits took away, the weightiest first."""
        ranked = sorted(self.contributions, key=lambda given: given.points)
        return tuple(given for given in ranked[:most] if given.points < 0)
