"""How often a customer of the BG/NBD model buys who is there for certain.

Somebody who leaves after each purchase with probability p and buys at a rate distributed as gamma(k, β) is expected to
make (1 − (1 + p t/β)^−k) / p purchases in a time t, and p is distributed as beta(a, b). The mean of the one over the
other is equation 10 of P. Fader, B. Hardie, K. L. Lee (2005) without its denominator.
"""

from math import cosh, exp, expm1, log, log1p, sinh, sqrt

from crmkit.rules.lifetime.models.quadrature import log_sum

__all__ = ["ALIKE", "FAR", "averaged", "summed"]

ALIKE = 20.0
"""Customers are nearly alike where r or a is more: the series would lose its digits, and the average is taken."""
FAR = 100.0
"""For times beyond so many β the series would need thousands of terms, and the average is taken too."""
_PRECISION = 1e-16
_STEP = 0.05
_STEPS = 240


def summed(shape: float, a: float, b: float, time: float) -> float:
    """The mean as a hypergeometric series; ``time`` is t/β.

    Equation 10 divides by a − 1. By the transformation of Euler, F(A, B; C; z) = (1 − z)^(C−A−B) F(C−A, C−B; C; z),
    the series begins with 1 and goes on with a factor a − 1 in each term, which is divided out here: a = 1 is a
    number like any other.

    >>> round(summed(2.243, 0.793, 4.426, 0.9), 6)
    1.685435
    """
    top, power, near = a + b - 1, a - 1, log1p(time)
    upper, z = top - shape, time / (1 + time)
    # C times the sum over k ≥ 1 of (A)_k (a)_(k−1) / ((C)_k k!) z^k
    term = rest = upper * z
    k = 1
    while abs(term) > _PRECISION * abs(rest) or upper + k <= 0:
        term *= (upper + k) * (a + k - 1) / ((top + k) * (k + 1)) * z
        rest += term
        k += 1
    first = -expm1(-near * power) / power if power else near
    # for a horizon of next to nothing rounding may leave a little less
    return max(0.0, top * first - exp(-near * power) * rest)


def averaged(shape: float, a: float, b: float, time: float) -> float:
    """The mean as an integral over ln(p / (1 − p)), by the rule of H. Takahasi and M. Mori (1974).

    Slower than the series, and as good for a million as for one.

    >>> round(averaged(2.243, 0.793, 4.426, 0.9), 6)
    1.685435
    """
    centre, width = log(a / b), min(1.0, sqrt((a + b) / (a * b)))
    highest = _density(centre, a, b)
    total = weights = 0.0
    for step in range(-_STEPS, _STEPS + 1):
        at = step * _STEP
        odds = centre + width * sinh(at)
        weight = cosh(at) * exp(_density(odds, a, b) - highest)
        weights += weight
        # e^-600 is nothing to a probability, and can still be divided by
        chance = 1 / (1 + exp(min(600.0, -odds)))
        total += weight * -expm1(-shape * log1p(chance * time)) / chance
    return total / weights


def _density(odds: float, a: float, b: float) -> float:
    """The logarithm of p^a (1 − p)^b at the logarithm of the odds of p."""
    return a * odds - (a + b) * log_sum(0.0, odds)
