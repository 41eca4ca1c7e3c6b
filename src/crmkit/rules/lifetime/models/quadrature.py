"""Integrals of smooth functions by the rule of Gauss and Legendre, and sums of what is known by its logarithm."""

from functools import cache
from math import cos, exp, log1p, pi

__all__ = ["NODES", "log_sum", "nodes"]

NODES = 32
"""Exact for polynomials up to degree 63."""


@cache
def nodes(count: int = NODES) -> tuple[tuple[float, float], ...]:
    """Places between 0 and 1, and the weight of each; the weights sum to 1.

    Places are the roots of the Legendre polynomial, by Newton's method (M. Abramowitz, I. Stegun, "Handbook of
    Mathematical Functions", 1964, 25.4.29).

    >>> places = nodes(3)
    >>> [round(place, 6) for place, _ in places], round(sum(weight * place**5 for place, weight in places), 12)
    ([0.112702, 0.5, 0.887298], 0.166666666667)
    """
    found = []
    for number in range(count):
        root = -cos(pi * (number + 0.75) / (count + 0.5))
        for _ in range(8):
            value, slope = _legendre(count, root)
            root -= value / slope
        _, slope = _legendre(count, root)
        found.append(((1 + root) / 2, 1 / ((1 - root * root) * slope * slope)))
    return tuple(found)


def log_sum(one: float, other: float) -> float:
    """ln(e^one + e^other), without an overflow.

    >>> log_sum(1_000.0, 0.0), round(log_sum(0.0, 0.0), 6)
    (1000.0, 0.693147)
    """
    high, low = (one, other) if one > other else (other, one)
    return high + log1p(exp(low - high))


def _legendre(degree: int, at: float) -> tuple[float, float]:
    """The Legendre polynomial and its derivative."""
    before, value = 1.0, at
    for number in range(2, degree + 1):
        before, value = value, ((2 * number - 1) * at * value - (number - 1) * before) / number
    return value, degree * (at * value - before) / (at * at - 1)
