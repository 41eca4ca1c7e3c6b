"""What was predicted, and every part of it."""

from enum import StrEnum

from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.policy import Decision
from crmkit.rules.prediction.facts import Override

__all__ = ["Part", "PredictionDecision", "PredictionOutcome"]


class PredictionOutcome(StrEnum):
    """What the probability rests on."""

    PREDICTED = "predicted"
    """The record's fields."""
    BASE_RATE = "base_rate"
    """The base rate alone: the model has nothing better."""
    OPTED_OUT = "opted_out"
    """The base rate alone: the person does not want to be profiled."""


@model
class Part:
    """What one field adds to the log-odds."""

    field: Line
    logit: float
    reason: Reason


@model
class PredictionDecision(Decision):
    """How likely the outcome is; ``start`` and the log-odds of ``parts`` sum to ``logit``.

    Args:
        probability: what the model says, between 0 and 1, whoever has said otherwise.
        grade: of that probability.
        logit: the same as ``probability``, in log-odds.
        start: the log-odds before any field was looked at.
        parts: what each field adds, in the model's order.
        override: what somebody has said instead; it never enters the training or the report.
    """

    outcome: PredictionOutcome
    probability: float
    grade: Code
    logit: float
    start: float
    parts: tuple[Part, ...] = ()
    override: Override | None = None

    @property
    def shown(self) -> float:
        """The probability to work with: somebody's word where there is one, or else the model's."""
        return self.probability if self.override is None else self.override.probability

    def top_positive(self, most: int = 3) -> tuple[Part, ...]:
        """What speaks for the outcome, the weightiest first."""
        ranked = sorted(self.parts, key=lambda part: -part.logit)
        return tuple(part for part in ranked[:most] if part.logit > 0)

    def top_negative(self, most: int = 3) -> tuple[Part, ...]:
        """What speaks against the outcome, the weightiest first."""
        ranked = sorted(self.parts, key=lambda part: part.logit)
        return tuple(part for part in ranked[:most] if part.logit < 0)
