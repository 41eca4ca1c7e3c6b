"""The lowest point of a smooth function of a few positive numbers.

BFGS over the logarithms, so that nothing becomes negative and units do not matter (J. Nocedal, S. Wright,
"Numerical Optimization", 2006, algorithm 6.1 with the initial scaling 6.20 and a backtracking line search).
"""

from collections.abc import Callable, Sequence
from math import exp, inf, log

from attrs import frozen

__all__ = ["Found", "Slope", "lowest"]

Slope = tuple[float, Sequence[float]]
"""A value, and its derivatives by each number."""
Vector = list[float]

STEEP = 1e-8
"""Whose steepest derivative by a logarithm is less is the lowest point."""
STEPS = 300
FURTHEST = 12.0
"""No number becomes e^12 times as large or small as at the start: where data say nothing of it, there is no end."""
_ENOUGH = 1e-4
_ROUNDING = 1e-13
_HALVINGS = 40


@frozen
class Found:
    """The lowest point, its value, and how often the function was asked."""

    point: tuple[float, ...]
    value: float
    asked: int


def lowest(function: Callable[..., Slope], start: Sequence[float]) -> Found:
    """The numbers, all positive, at which ``function`` is lowest near ``start``.

    Args:
        function: takes the numbers one by one; gives its value, of a size of about 1, and its derivatives.
        start: where to begin.

    >>> found = lowest(lambda x, y: (x + 1 / x + y * y - 4 * y, (1 - 1 / x**2, 2 * y - 4)), (9, 9))
    >>> [round(number, 6) for number in found.point]
    [1.0, 2.0]
    """
    asked, begin = 0, [log(number) for number in start]

    def ask(place: Vector) -> tuple[float, Vector]:
        nonlocal asked
        asked += 1
        if max(abs(each - first) for each, first in zip(place, begin, strict=True)) > FURTHEST:
            return inf, []
        numbers = [exp(each) for each in place]
        value, slope = function(*numbers)
        # d f / d log x = x · d f / d x
        return value, [by * number for by, number in zip(slope, numbers, strict=True)]

    place = begin
    value, slope = ask(place)
    bent = _Bend(len(place))
    while max(map(abs, slope)) > STEEP and asked < STEPS:
        way = bent.down(slope)
        stepped = _step(ask, place, value, slope, way)
        if stepped is None and bent.straight:
            break
        if stepped is None:
            bent = _Bend(len(place))
            continue
        length, lower, slope_there = stepped
        moved = [length * each for each in way]
        bent.learn(moved, [after - before for after, before in zip(slope_there, slope, strict=True)])
        place = [each + by for each, by in zip(place, moved, strict=True)]
        value, slope = lower, slope_there
    return Found(tuple(exp(each) for each in place), value, asked)


def _step(
    ask: Callable[[Vector], tuple[float, Vector]], place: Vector, value: float, slope: Vector, way: Vector
) -> tuple[float, float, Vector] | None:
    """How far to go that ``way`` and what is there; ``None`` where even the smallest step leads up."""
    falls = _dot(slope, way)
    # no step multiplies or divides a number by more than e²
    length = min(1.0, 2.0 / max(map(abs, way)))
    for _ in range(_HALVINGS):
        there, slope_there = ask([each + length * by for each, by in zip(place, way, strict=True)])
        if there <= value + _ENOUGH * length * falls + _ROUNDING * abs(value):
            return length, there, slope_there
        length /= 2
    return None


class _Bend:
    """The inverse of the second derivatives, as far as steps have shown it."""

    def __init__(self, size: int) -> None:
        self.rows = [[float(row == column) for column in range(size)] for row in range(size)]
        self.straight = True

    def down(self, slope: Vector) -> Vector:
        return [-_dot(row, slope) for row in self.rows]

    def learn(self, moved: Vector, turned: Vector) -> None:
        bend = _dot(moved, turned)
        if bend <= 0:
            return
        if self.straight:
            scale = bend / _dot(turned, turned)
            self.rows = [[scale * each for each in row] for row in self.rows]
            self.straight = False
        # (6.17): H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, multiplied out
        through = [_dot(row, turned) for row in self.rows]
        grown = (1 + _dot(turned, through) / bend) / bend
        for row, at, by in zip(self.rows, moved, through, strict=True):
            row[:] = [
                each + grown * at * other - (by * other + at * across) / bend
                for each, other, across in zip(row, moved, through, strict=True)
            ]


def _dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
