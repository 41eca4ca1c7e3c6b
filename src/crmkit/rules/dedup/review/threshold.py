"""Which threshold to take: for a precision that is wanted, or for what the two kinds of errors cost.

The curve comes from labels where there are any, and otherwise from the probabilities themselves, which are
meant as they are said.

>>> curve = curve_of([0.999, 0.98, 0.9, 0.6, 0.3])
>>> advice = advise(curve, precision=0.95)
>>> advice.point.threshold, round(advice.point.precision, 2), round(advice.point.recall, 2)
(0.9, 0.96, 0.76)
>>> advise(curve, wrong_merge=1, missed_match=1).point.threshold
0.6
"""

import math
from collections.abc import Iterable, Sequence

from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.review.quality import Labelled

__all__ = ["CurvePoint", "ThresholdAdvice", "advise", "curve_of", "curve_of_labels"]

MOST_POINTS = 200
"""Points of a curve; of more different probabilities, as many at even steps are taken."""


@model
class CurvePoint:
    """What comes of one threshold: ``pairs`` are at or above it, ``matches`` of them right, ``missed`` below it."""

    threshold: float
    pairs: float
    matches: float
    missed: float

    @property
    def precision(self) -> float:
        """The share of the pairs found that are right."""
        return self.matches / self.pairs if self.pairs else 1.0

    @property
    def recall(self) -> float:
        """The share of the matches that is found."""
        there = self.matches + self.missed
        return self.matches / there if there else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        whole = self.pairs + self.matches + self.missed
        return 2 * self.matches / whole if whole else 1.0


@model
class ThresholdAdvice:
    """The threshold to take, with what is to be expected of it."""

    point: CurvePoint
    reasons: tuple[Reason, ...]


def curve_of(probabilities: Iterable[float]) -> tuple[CurvePoint, ...]:
    """The curve that is expected when the probabilities are right, from the highest threshold to the lowest."""
    return _curve((float(each), float(each)) for each in probabilities)


def curve_of_labels(labelled: Iterable[Labelled]) -> tuple[CurvePoint, ...]:
    """The curve of labelled pairs, from the highest threshold to the lowest."""
    return _curve((pair.probability, 1.0 if pair.same else 0.0) for pair in labelled)


def advise(
    curve: Sequence[CurvePoint],
    *,
    precision: float | None = None,
    wrong_merge: float = 0.0,
    missed_match: float = 0.0,
) -> ThresholdAdvice:
    """The lowest threshold from which on ``precision`` is reached, or the one at which the errors cost least.

    ``wrong_merge`` and ``missed_match`` are costs of one error each, in any unit. Where the precision is not to
    be had, the advice is the threshold with the highest, and says so.

    Raises:
        InvalidInput: the curve is empty, or not exactly one of precision and costs is given.
    """
    costs = wrong_merge > 0 or missed_match > 0
    if not curve:
        raise InvalidInput("must not be empty.", field="curve", hint="Score some pairs first.")
    if costs == (precision is not None):
        raise InvalidInput("or costs: one of them.", field="precision", hint="Say what is wanted.")
    if precision is None:
        best = min(curve, key=lambda point: _cost(point, wrong_merge, missed_match))
        cost = round(_cost(best, wrong_merge, missed_match), 1)
        return _advice(best, Reason.of("threshold.cost", threshold=round(best.threshold, 4), cost=cost))
    reached = [point for point in curve if point.precision >= precision]
    best = max(reached, key=lambda point: point.recall) if reached else max(curve, key=lambda point: point.precision)
    code = "threshold.precision" if reached else "threshold.out_of_reach"
    wanted = round(100 * precision, 1)
    return _advice(best, Reason(code=code, params={"threshold": round(best.threshold, 4), "wanted": wanted}))


def _advice(best: CurvePoint, why: Reason) -> ThresholdAdvice:
    percent = {"precision": round(100 * best.precision, 1), "recall": round(100 * best.recall, 1)}
    return ThresholdAdvice(point=best, reasons=(why, Reason(code="threshold.expect", params=percent)))


def _cost(point: CurvePoint, wrong_merge: float, missed_match: float) -> float:
    return (point.pairs - point.matches) * wrong_merge + point.missed * missed_match


def _curve(scored: Iterable[tuple[float, float]]) -> tuple[CurvePoint, ...]:
    """One point for each different probability, equal ones together: nothing can be cut between them."""
    ranked = sorted(scored, reverse=True)
    there = math.fsum(matches for _, matches in ranked)
    points: list[CurvePoint] = []
    found = 0.0
    for place, (probability, matches) in enumerate(ranked):
        found += matches
        if place + 1 < len(ranked) and ranked[place + 1][0] == probability:
            continue
        missed = max(0.0, there - found)
        points.append(CurvePoint(threshold=probability, pairs=place + 1.0, matches=found, missed=missed))
    if len(points) <= MOST_POINTS:
        return tuple(points)
    return tuple(points[round(place * (len(points) - 1) / (MOST_POINTS - 1))] for place in range(MOST_POINTS))
