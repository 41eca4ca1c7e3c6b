"""Weights from all records, and beside them what models of the other folds say of each: nobody judges themselves."""

import math
from collections.abc import Sequence

from attrs import evolve, frozen

from crmkit.rules.prediction.policy import log_odds
from crmkit.rules.prediction.training.calibration import AS_IT_IS, Stretch, stretch_of
from crmkit.rules.prediction.training.regression import Sums, fit, fit_with_evidence
from crmkit.rules.prediction.training.table import Table

__all__ = ["Learnt", "folds_of", "learn", "log_losses", "surely_less"]


@frozen
class Learnt:
    """What was learnt from a table.

    Args:
        folds: the rows in parts.
        weights: of all rows, before the stretch.
        apart: for each fold, the weights of the others.
        logits: of each row by the weights of the other folds, before the stretch.
        strength: of the ties.
        stretch: what log-odds need so that probabilities come true.
    """

    table: Table
    folds: Sequence[Sequence[int]]
    weights: Sequence[float]
    apart: Sequence[Sequence[float]]
    logits: Sequence[float]
    strength: float
    stretch: Stretch

    def stretched(self) -> list[float]:
        """The log-odds of each row after the stretch, that of each fold being asked of the others."""
        if self.stretch == AS_IT_IS:
            return list(self.logits)
        return _stretched(self.logits, self.table.outcomes, self.folds)

    def without_fields(self) -> "Learnt":
        """The base rate in the place of the weights, where these are worth no more."""
        base = log_odds(sum(self.table.outcomes) / len(self.table.outcomes))
        weights = [base, *[0.0] * len(self.table.cell)]
        apart = [weights] * len(self.folds)
        return evolve(self, weights=weights, apart=apart, logits=[base] * len(self.logits), stretch=AS_IT_IS)


def learn(table: Table, *, folds: int, sums: Sums) -> Learnt:
    """What the rows of ``table`` teach (M. Stone, "Cross-validatory choice and assessment", 1974)."""
    whole = fit_with_evidence(table.problem(range(len(table.rows))), sums=sums)
    parts = folds_of(table.outcomes, folds)
    apart = []
    logits = [0.0] * len(table.rows)
    for part in parts:
        inside = set(part)
        others = [row for row in range(len(table.rows)) if row not in inside]
        weights = fit(table.problem(others), whole.strength, sums=sums, start=whole.weights).weights
        apart.append(weights)
        for row in part:
            logits[row] = table.logit(row, weights)
    after = _stretched(logits, table.outcomes, parts)
    needed = math.fsum(log_losses(after, table.outcomes)) < math.fsum(log_losses(logits, table.outcomes))
    stretch = stretch_of(logits, table.outcomes) if needed else AS_IT_IS
    return Learnt(table, parts, whole.weights, apart, logits, whole.strength, stretch)


def folds_of(outcomes: Sequence[float], folds: int) -> list[list[int]]:
    """The rows in ``folds`` parts with the same share of outcomes, each spread over the whole.

    >>> folds_of([0, 0, 0, 1, 1, 0], 2)
    [[0, 2, 3], [1, 5, 4]]
    """
    parts: list[list[int]] = [[] for _ in range(folds)]
    for kind in (0.0, 1.0):
        rows = [row for row, outcome in enumerate(outcomes) if outcome == kind]
        for place, row in enumerate(rows):
            parts[place % folds].append(row)
    return parts


def _stretched(logits: Sequence[float], outcomes: Sequence[float], folds: Sequence[Sequence[int]]) -> list[float]:
    after = list(logits)
    for fold in folds:
        inside = set(fold)
        others = [row for row in range(len(logits)) if row not in inside]
        stretch = stretch_of([logits[row] for row in others], [outcomes[row] for row in others])
        for row in fold:
            after[row] = stretch.of(logits[row])
    return after


def log_losses(logits: Sequence[float], outcomes: Sequence[float]) -> list[float]:
    """How surprised these log-odds are by each outcome.

    >>> [round(loss, 3) for loss in log_losses([0.0, 4.0, 4.0], [1, 1, 0])]
    [0.693, 0.018, 4.018]
    """
    return [
        max(logit, 0.0) - outcome * logit + math.log1p(math.exp(-abs(logit)))
        for logit, outcome in zip(logits, outcomes, strict=True)
    ]


def surely_less(losses: Sequence[float], others: Sequence[float], sure: float) -> bool:
    """Whether ``losses`` are less on average by more than ``sure`` standard errors of the differences.

    >>> surely_less([1, 2, 1], [2, 3, 3], 2.0), surely_less([1, 2, 9], [2, 3, 3], 2.0)
    (True, False)
    """
    gains = [other - loss for loss, other in zip(losses, others, strict=True)]
    mean = math.fsum(gains) / len(gains)
    spread = math.sqrt(math.fsum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1))
    return mean > sure * spread / math.sqrt(len(gains))
