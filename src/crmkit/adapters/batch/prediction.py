"""The sums of logistic regression over bins, in arrays.

The same numbers as in plain Python but for the last digits, several times as fast.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crmkit.rules.prediction.training import FLAT
from crmkit.rules.prediction.training.regression import ZERO, Look, Problem, Step

__all__ = ["ArrayArithmetic"]

Floats = npt.NDArray[np.float64]
ROWS = 20_000
"""Rows that are spread out over the cells at once: memory stays flat however many there are."""


class ArrayArithmetic:
    """``ports.Arithmetic`` with numpy.

    >>> from crmkit.rules.prediction.training import Tie
    >>> rows, ties = [[0, 1]] * 3 + [[0, 2]] * 3, [Tie(1, ZERO, 1.0), Tie(2, ZERO, 1.0)]
    >>> problem = Problem(rows, [1.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0.0] * 6, cells=3, ties=ties)
    >>> step = ArrayArithmetic().over(problem)([0.0, 0.0, 0.0], 1.0)
    >>> round(step.loss, 3), [round(move, 3) for move in step.move[1:]]
    (4.159, [-0.286, 0.286])
    """

    def over(self, problem: Problem) -> Look:
        """Documented at the port."""
        return _Sums(problem).look


class _Sums:
    def __init__(self, problem: Problem) -> None:
        self.cells = problem.cells
        self.lengths = np.array([len(row) for row in problem.rows], np.int64)
        self.flat = np.fromiter((cell for row in problem.rows for cell in row), np.int64, int(self.lengths.sum()))
        self.starts = np.concatenate(([0], np.cumsum(self.lengths)))
        self.outcomes = np.asarray(problem.outcomes, np.float64)
        self.offsets = np.asarray(problem.offsets, np.float64)
        self.penalty = np.zeros((self.cells, self.cells))
        for tie in problem.ties:
            self.penalty[tie.first, tie.first] += tie.weight
            if tie.second != ZERO:
                self.penalty[tie.second, tie.second] += tie.weight
                self.penalty[tie.first, tie.second] -= tie.weight
                self.penalty[tie.second, tie.first] -= tie.weight

    def look(self, weights: Sequence[float], strength: float) -> Step:
        given = np.asarray(weights, np.float64)
        pull = strength * (self.penalty @ given)
        loss, slope, curves = float(given @ pull) / 2, pull, strength * self.penalty
        for start in range(0, len(self.outcomes), ROWS):
            more, slopes, curved = self.rows(given, slice(start, start + ROWS))
            loss, slope, curves = loss + more, slope + slopes, curves + curved
        lower = np.linalg.cholesky(curves)
        move = np.linalg.solve(curves, slope)
        return Step(
            loss=loss,
            move=move.tolist(),
            gain=float(slope @ move),
            log_determinant=2 * float(np.log(np.diagonal(lower)).sum()),
        )

    def rows(self, weights: Floats, of: slice) -> tuple[float, Floats, Floats]:
        """What a part of the rows adds to the loss, the slope and the curvature."""
        lengths, outcomes = self.lengths[of], self.outcomes[of]
        spread = np.zeros((len(lengths), self.cells))
        first, last = self.starts[of.start], self.starts[of.start + len(lengths)]
        spread[np.repeat(np.arange(len(lengths)), lengths), self.flat[first:last]] = 1
        logit = self.offsets[of] + spread @ weights
        small = np.exp(-np.abs(logit))
        share = np.where(logit >= 0, 1 / (1 + small), small / (1 + small))
        loss = float((np.maximum(logit, 0) - outcomes * logit + np.log1p(small)).sum())
        curve = np.maximum(share * (1 - share), FLAT)
        return loss, spread.T @ (share - outcomes), spread.T @ (spread * curve[:, None])
