"""The sums of logistic regression with the standard library alone."""

import math
from collections.abc import Sequence
from operator import mul

from crmkit.rules.prediction.training.regression import ZERO, Look, Problem, Step

__all__ = ["FLAT", "plain_sums"]

FLAT = 1e-10
"""The least curvature of a row: where a row is certain, the curve must not be quite flat."""


def plain_sums(problem: Problem) -> Look:
    """The function that looks at ``problem``: some seconds for a training on some thousand rows of twenty fields."""
    return lambda weights, strength: _look(problem, weights, strength)


def _look(problem: Problem, weights: Sequence[float], strength: float) -> Step:
    slope = [0.0] * problem.cells
    # below the diagonal only
    curves = [[0.0] * (cell + 1) for cell in range(problem.cells)]
    loss = _add_rows(problem, weights, slope, curves)
    loss += _add_ties(problem, weights, strength, slope, curves)
    lower = _cholesky(curves)
    move = _solve(lower, slope)
    return Step(
        loss=loss,
        move=move,
        gain=sum(map(mul, slope, move)),
        log_determinant=2 * sum(math.log(row[-1]) for row in lower),
    )


def _add_rows(problem: Problem, weights: Sequence[float], slope: list[float], curves: list[list[float]]) -> float:
    losses = []
    for cells, outcome, offset in zip(problem.rows, problem.outcomes, problem.offsets, strict=True):
        logit = offset + sum([weights[cell] for cell in cells])
        small = math.exp(-abs(logit))
        share = 1 / (1 + small) if logit >= 0 else small / (1 + small)
        losses.append(max(logit, 0.0) - outcome * logit + math.log1p(small))
        error = share - outcome
        curve = max(share * (1 - share), FLAT)
        for place, cell in enumerate(cells, 1):
            slope[cell] += error
            row = curves[cell]
            for other in cells[:place]:
                row[other] += curve
    return math.fsum(losses)


def _add_ties(
    problem: Problem, weights: Sequence[float], strength: float, slope: list[float], curves: list[list[float]]
) -> float:
    loss = 0.0
    for tie in problem.ties:
        pull, first, second = strength * tie.weight, tie.first, tie.second
        apart = weights[first] - (0.0 if second == ZERO else weights[second])
        loss += pull * apart * apart / 2
        slope[first] += pull * apart
        curves[first][first] += pull
        if second != ZERO:
            slope[second] -= pull * apart
            curves[second][second] += pull
            curves[max(first, second)][min(first, second)] -= pull
    return loss


def _cholesky(curves: list[list[float]]) -> list[list[float]]:
    """The lower triangle whose product with itself is ``curves``, in place."""
    for place, row in enumerate(curves):
        for column in range(place):
            other = curves[column]
            row[column] = (row[column] - sum(map(mul, row[:column], other))) / other[column]
        row[place] = math.sqrt(row[place] - sum(map(mul, row[:place], row[:place])))
    return curves


def _solve(lower: list[list[float]], right: Sequence[float]) -> list[float]:
    forward: list[float] = []
    for row, value in zip(lower, right, strict=True):
        forward.append((value - sum(map(mul, row, forward))) / row[-1])
    solved = [0.0] * len(lower)
    for place in range(len(lower) - 1, -1, -1):
        solved[place] = forward[place] / lower[place][place]
        row, value = lower[place], solved[place]
        for column in range(place):
            forward[column] -= row[column] * value
    return solved
