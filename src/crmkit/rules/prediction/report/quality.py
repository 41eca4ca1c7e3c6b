"""How good probabilities are, against what became of the records."""

import math
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from crmkit.domain.model import model

__all__ = ["Band", "Quality", "auc", "brier", "quality"]

BANDS = 10
IMPOSSIBLE = 1e-12
"""What was called impossible and happened anyhow surprises as this probability does, and not without end."""


@model
class Band:
    """A tenth of the records by probability, the likeliest last.

    Args:
        rows: how many.
        predicted: their mean probability.
        observed: the share that had the outcome.
        lift: how many times the share of all that is.
        gained: the share of all outcomes found in this tenth and the likelier ones.
    """

    rows: int
    predicted: float
    observed: float
    lift: float
    gained: float


@model
class Quality:
    """What probabilities are worth on records that they were not made from.

    Args:
        rows: how many.
        auc: how often a record with the outcome has the higher probability than one without; 0.5 is chance.
        brier: the mean squared error of the probabilities.
        base_brier: the same, had everybody got the share of the records with the outcome.
        skill: the share of the base rate's surprise (log loss) that the probabilities take away; below 0 they add to it.
        calibration_error: mean distance of predicted and observed shares over the bands.
        bands: tenths by probability: read ``predicted`` and ``observed`` for reliability, ``lift`` for use.
    """

    rows: int
    auc: float
    brier: float
    base_brier: float
    skill: float
    calibration_error: float
    bands: tuple[Band, ...]


def auc(scores: Sequence[float], outcomes: Sequence[float]) -> float:
    """The area under the ROC curve, by ranks (J. Hanley, B. McNeil, 1982); equal scores count half.

    0.5 where all outcomes are alike.

    >>> auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    positive = sum(outcomes)
    negative = len(outcomes) - positive
    if not positive or not negative:
        return 0.5
    ranked = sorted(zip(scores, outcomes, strict=True))
    won = below = 0.0
    for _, tied in groupby(ranked, key=itemgetter(0)):
        group = [outcome for _, outcome in tied]
        hits = sum(group)
        misses = len(group) - hits
        won += hits * (below + misses / 2)
        below += misses
    return won / (positive * negative)


def brier(probabilities: Sequence[float], outcomes: Sequence[float]) -> float:
    """The mean squared error (G. Brier, "Verification of forecasts expressed in terms of probability", 1950).

    >>> brier([0.5, 1.0], [0, 1])
    0.125
    """
    return math.fsum((share - outcome) ** 2 for share, outcome in zip(probabilities, outcomes, strict=True)) / len(
        outcomes
    )


def quality(probabilities: Sequence[float], outcomes: Sequence[float]) -> Quality:
    """Everything at once.

    The calibration error is the expected calibration error over equally large bands (M. Naeini, G. Cooper,
    M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015), the skill McFadden's
    (D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1974): unlike squared errors, it
    tells good from bad for rare outcomes too. Records with the same
    probability cannot be told apart, so each counts as their mean, in whichever band it comes to lie.

    >>> found = quality([0.2] * 5 + [0.8] * 5, [0, 0, 0, 0, 1, 0, 1, 1, 1, 1])
    >>> found.auc, round(found.brier, 2), round(found.base_brier, 2), round(found.calibration_error, 9)
    (0.8, 0.16, 0.25, 0.0)
    >>> found.bands[-1].lift, found.bands[0].gained
    (1.6, 1.0)
    """
    base = sum(outcomes) / len(outcomes)
    bands = _bands(probabilities, outcomes, base)
    return Quality(
        rows=len(outcomes),
        auc=auc(probabilities, outcomes),
        brier=brier(probabilities, outcomes),
        base_brier=base * (1 - base),
        skill=_skill(probabilities, outcomes, base),
        calibration_error=sum(band.rows * abs(band.predicted - band.observed) for band in bands) / len(outcomes),
        bands=bands,
    )


def _skill(probabilities: Sequence[float], outcomes: Sequence[float], base: float) -> float:
    if base in (0, 1):
        return 0.0
    surprise = math.fsum(
        -math.log(max(share if outcome else 1 - share, IMPOSSIBLE))
        for share, outcome in zip(probabilities, outcomes, strict=True)
    )
    return 1 + surprise / len(outcomes) / (base * math.log(base) + (1 - base) * math.log(1 - base))


def _bands(probabilities: Sequence[float], outcomes: Sequence[float], base: float) -> tuple[Band, ...]:
    ranked: list[tuple[float, float]] = []
    for share, tied in groupby(sorted(zip(probabilities, outcomes, strict=True)), key=itemgetter(0)):
        group = [outcome for _, outcome in tied]
        ranked += [(share, sum(group) / len(group))] * len(group)
    number = min(BANDS, len(ranked))
    cuts = [len(ranked) * place // number for place in range(number + 1)]
    total = sum(outcomes)
    bands: list[Band] = []
    gained = 0.0
    for place in range(number, 0, -1):
        part = ranked[cuts[place - 1] : cuts[place]]
        hits = sum(observed for _, observed in part)
        gained += hits
        bands.append(
            Band(
                rows=len(part),
                predicted=sum(share for share, _ in part) / len(part),
                observed=hits / len(part),
                lift=hits / len(part) / base if base else 0.0,
                gained=min(1.0, gained / total) if total else 0.0,
            )
        )
    return tuple(reversed(bands))
