"""The integral of the Pareto/NBD model over the time at which a customer may have left, for columns of customers."""

import numpy as np
from attrs import frozen

from crmkit.adapters.batch.lifetime.customers import Floats
from crmkit.rules.lifetime.models.pareto_nbd import FAINT
from crmkit.rules.lifetime.models.quadrature import nodes

__all__ = ["Departures", "departures"]


@frozen(eq=False)
class Departures:
    """The logarithm of having left, and the means of ln(α + t), ln(β + t), 1 / (α + t) and 1 / (β + t)."""

    log: Floats
    log_alpha: Floats
    log_beta: Floats
    per_alpha: Floats
    per_beta: Floats


def departures(shape: Floats, alpha: float, s: float, beta: float, last: Floats, age: Floats) -> Departures:
    """What ``ParetoNbd`` says of having left between ``last`` and ``age`` (weeks), for all rows at once.

    It goes over one place of the quadrature after the other, so that no table of rows by places is made.
    """
    least = min(alpha, beta)
    faded = (alpha + last) * np.exp(np.minimum(FAINT / shape, FAINT)) - alpha
    ends = np.minimum(age, np.minimum(faded, (beta + last) * np.exp(FAINT / (s + 1)) - beta))
    span = np.log((least + ends) / (least + last))
    peak = -shape * np.log(alpha + last) - (s + 1) * np.log(beta + last)
    sums = np.zeros((5, len(shape)))
    for place, weight in nodes():
        at = (least + last) * np.exp(place * span)
        to_alpha, to_beta = at + (alpha - least), at + (beta - least)
        log_alpha, log_beta = np.log(to_alpha), np.log(to_beta)
        share = weight * at * np.exp(-shape * log_alpha - (s + 1) * log_beta - peak)
        sums += share, share * log_alpha, share * log_beta, share / to_alpha, share / to_beta
    # nobody can have left after a purchase on the last day
    some = span > 0
    log = np.full(len(shape), -np.inf)
    log[some] = np.log(s * sums[0, some] * span[some]) + peak[some]
    return Departures(log, *(sums[1:] / sums[0]))
