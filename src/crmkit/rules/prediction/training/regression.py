"""Logistic regression over bins: each row falls into some cells, and each cell has a weight in log-odds.

What is minimised is the log loss of the rows plus ``strength / 2 * sum(tie.weight * (w[first] - w[second])²)``: a
ridge where a tie holds a weight to 0 (A. Hoerl, R. Kennard, "Ridge regression", 1970), and a smooth curve where it
holds the weights of neighbouring bins together (P. Eilers, B. Marx, "Flexible smoothing with B-splines and
penalties", 1996, eq. 7, with first differences of constant pieces).

Newton's steps (iteratively reweighted least squares; P. McCullagh, J. Nelder, Generalized Linear Models, 1989,
section 2.5) end where no step gains anything. The strength is the one that makes the outcomes likeliest when all
weights it allows are averaged over (D. MacKay, "The evidence framework applied to classification networks", 1992,
eq. 8, by Laplace's approximation), so nothing has to be kept back for choosing it.
"""

import math
from collections.abc import Callable, Sequence

from attrs import frozen

__all__ = ["ZERO", "Fit", "Look", "Problem", "Step", "Sums", "Tie", "descend", "fit", "fit_with_evidence"]

ZERO = -1
"""The second end of a tie that holds a weight to 0."""
GAIN = 1e-13
"""A Newton step that promises less, for each unit of loss, is the last."""
LAST = 60
ROUNDING = 1e-12
FIRST_STRENGTH = 4.0
STRENGTHS = 12
"""Doublings, or halvings, of the strength that are tried at most."""


@frozen
class Tie:
    """What holds the weight of cell ``first`` to that of ``second``, or to 0."""

    first: int
    second: int
    weight: float


@frozen
class Problem:
    """Rows with their outcomes.

    Args:
        rows: the cells of each row, ascending; cell 0 is the intercept, and every row is in it.
        outcomes: 1.0 or 0.0.
        offsets: log-odds that each row has anyhow.
        cells: how many there are.
        ties: what holds their weights.
    """

    rows: Sequence[Sequence[int]]
    outcomes: Sequence[float]
    offsets: Sequence[float]
    cells: int
    ties: Sequence[Tie]


@frozen
class Step:
    """What is seen from one set of weights.

    Args:
        loss: what is minimised.
        move: Newton's step, to be subtracted.
        gain: the slope times the step: twice what it promises to take off the loss.
        log_determinant: of the second derivatives.
    """

    loss: float
    move: Sequence[float]
    gain: float
    log_determinant: float


Look = Callable[[Sequence[float], float], Step]
"""From weights and a strength to what is seen there."""
Sums = Callable[[Problem], Look]
"""Where the sums over a problem are done: in plain Python or, behind ``ports.Arithmetic``, in arrays."""


@frozen
class Fit:
    """The weights found, and how likely they make the outcomes in all (log evidence, without what never changes)."""

    weights: Sequence[float]
    strength: float
    evidence: float


def fit(problem: Problem, strength: float, *, sums: Sums, start: Sequence[float] = ()) -> Fit:
    """The weights of least loss at that ``strength``.

    >>> from crmkit.rules.prediction.training.plain import plain_sums
    >>> rows, ties = [[0, 1]] * 4 + [[0, 2]] * 4, [Tie(1, ZERO, 1.0), Tie(2, ZERO, 1.0)]
    >>> outcomes = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    >>> problem = Problem(rows, outcomes, [0.0] * 8, cells=3, ties=ties)
    >>> [round(weight, 2) for weight in fit(problem, 0.001, sums=plain_sums).weights[1:]]
    [1.1, -1.1]
    """
    return _fit(sums(problem), problem, strength, start)


def fit_with_evidence(problem: Problem, *, sums: Sums) -> Fit:
    """The weights at the strength with the most evidence, to a factor of two."""
    look = sums(problem)
    best = _fit(look, problem, FIRST_STRENGTH, ())
    for factor in (2.0, 0.5):
        began = best
        for _ in range(STRENGTHS):
            ahead = _fit(look, problem, best.strength * factor, best.weights)
            if ahead.evidence <= best.evidence:
                break
            best = ahead
        if best is not began:
            break
    return best


def _fit(look: Look, problem: Problem, strength: float, start: Sequence[float]) -> Fit:
    weights, step = descend(look, list(start) or [0.0] * problem.cells, strength)
    held = len({tie.first for tie in problem.ties} | {tie.second for tie in problem.ties} - {ZERO})
    return Fit(weights, strength, -step.loss + held / 2 * math.log(strength) - step.log_determinant / 2)


def descend(look: Look, weights: Sequence[float], strength: float) -> tuple[Sequence[float], Step]:
    """The weights from which no Newton step gains anything, and what is seen there."""
    step = look(weights, strength)
    for _ in range(LAST):
        if step.gain <= GAIN * (1 + step.loss):
            break
        length = 1.0
        ahead = [weight - move for weight, move in zip(weights, step.move, strict=True)]
        seen = look(ahead, strength)
        while seen.loss > step.loss * (1 + ROUNDING):
            # too far: where curves are flat, Newton's step overshoots
            length /= 2
            ahead = [weight - length * move for weight, move in zip(weights, step.move, strict=True)]
            seen = look(ahead, strength)
        weights, step = ahead, seen
    return weights, step
