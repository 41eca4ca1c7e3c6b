"""How good a matching is: precision, recall and F1, measured on labelled pairs or expected without any.

>>> labelled = [
...     Labelled(probability=p, same=same) for p, same in [(0.99, True), (0.9, True), (0.8, False), (0.2, True)]
... ]
>>> found = measured(labelled, threshold=0.5)
>>> found.true_positives, found.false_positives, found.false_negatives
(2.0, 1.0, 1.0)
>>> print(f"{found.precision.value:.2f} ({found.precision.low:.2f} to {found.precision.high:.2f})")
0.67 (0.21 to 0.94)
"""

import math
from collections.abc import Callable, Iterable, Sequence

from attrs import field

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["Band", "Estimate", "Labelled", "Quality", "expected", "measured", "stratified", "wilson"]

Z = 1.959964
"""Standard deviations of a normal distribution on each side of 95 % of it."""


@model
class Estimate:
    """A share with the interval in which it lies in 95 of 100 samples."""

    value: float
    low: float
    high: float


@model
class Labelled:
    """A pair of which it is known whether the two are the same, with the probability that the model gave it.

    Probabilities may come as the numbers of an array library; they become plain ones.
    """

    probability: float = field(converter=float)
    same: bool


@model
class Band:
    """Labelled pairs that were drawn from the ``pairs`` of one band of probabilities."""

    pairs: int
    labelled: tuple[Labelled, ...]

    def check(self) -> None:
        """There are as many pairs as labels at least, and one label at least."""
        if not 0 < len(self.labelled) <= self.pairs:
            raise InvalidInput("must not be empty.", field="Band.labelled", hint="Label a pair of each band.")


@model
class Quality:
    """Precision, recall and F1; counts are whole for labels, and shares of pairs where they are estimated.

    Recall counts the pairs that were compared: matches that no block brought together are not in it.
    """

    threshold: float
    true_positives: float
    false_positives: float
    false_negatives: float
    precision: Estimate
    recall: Estimate
    f1: Estimate


def wilson(successes: float, total: float, *, z: float = Z) -> Estimate:
    """The share ``successes / total`` with its score interval; of nothing, anything is possible.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927: unlike the
    usual interval it stays between 0 and 1 and is honest about few labels.
    """
    if total <= 0:
        return Estimate(value=0.0, low=0.0, high=1.0)
    share = successes / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(max(0.0, share * (1 - share)) / total + z * z / (4 * total * total))
    whole = 1 + z * z / total
    # of none and of all the interval begins where the share is, which rounding would miss
    low = 0.0 if successes <= 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if successes >= total else min(1.0, (middle + spread) / whole)
    return Estimate(value=share, low=low, high=high)


def measured(labelled: Iterable[Labelled], *, threshold: float) -> Quality:
    """The quality on labelled pairs that were drawn without regard to their probability."""
    both = said = there = 0
    for pair in labelled:
        found = pair.probability >= threshold
        both += found and pair.same
        said += found
        there += pair.same
    # F1 is the share of the true positives among them and half of the errors, so it has an interval of the same kind
    return _quality(
        threshold,
        both,
        said - both,
        there - both,
        precision=wilson(both, said),
        recall=wilson(both, there),
        f1=wilson(both, (said + there) / 2),
    )


def stratified(bands: Sequence[Band], *, threshold: float) -> Quality:
    """The quality when the labelled pairs were chosen by band of probability, as queues and learners choose them.

    Each label stands for as many pairs of its band as were there for one label (W. G. Cochran, "Sampling
    Techniques", 1977, chapter 5A). The intervals are those of as many independent labels as the weights are
    worth (L. Kish, "Survey Sampling", 1965).
    """
    weighed = [(band.pairs / len(band.labelled), pair) for band in bands for pair in band.labelled]

    def total(counts: Callable[[Labelled], bool]) -> tuple[float, float]:
        """The weights of the pairs that count, and how many labels they are worth."""
        weights = [weight for weight, pair in weighed if counts(pair)]
        squares = math.fsum(weight * weight for weight in weights)
        whole = math.fsum(weights)
        return whole, whole * whole / squares if squares else 0.0

    both, _ = total(lambda pair: pair.same and pair.probability >= threshold)
    said, worth_said = total(lambda pair: pair.probability >= threshold)
    there, worth_there = total(lambda pair: pair.same)
    errors, worth_errors = total(lambda pair: pair.same or pair.probability >= threshold)
    # pairs that are in F1: both sides' errors count half
    halves = (said + there) / 2
    return _quality(
        threshold,
        both,
        said - both,
        there - both,
        precision=_weighed(both, said, worth_said),
        recall=_weighed(both, there, worth_there),
        f1=_weighed(both, halves, worth_errors * (halves / errors if errors else 0.0)),
    )


def expected(probabilities: Sequence[float], *, threshold: float) -> Quality:
    """The quality to expect without any label, as far as the probabilities are right.

    The intervals are those of chance alone: a model that is wrong about itself is not seen in them.
    """
    found = [each for each in probabilities if each >= threshold]
    both, there = math.fsum(found), math.fsum(probabilities)
    halves = (len(found) + there) / 2
    return _quality(
        threshold,
        both,
        len(found) - both,
        max(0.0, there - both),
        precision=wilson(both, len(found)),
        recall=wilson(min(both, there), there),
        f1=wilson(min(both, halves), halves),
    )


def _weighed(counted: float, of: float, worth: float) -> Estimate:
    share = min(1.0, counted / of) if of else 0.0
    return wilson(share * worth, worth)


def _quality(
    threshold: float,
    both: float,
    wrong: float,
    missed: float,
    *,
    precision: Estimate,
    recall: Estimate,
    f1: Estimate,
) -> Quality:
    return Quality(
        threshold=threshold,
        true_positives=both,
        false_positives=wrong,
        false_negatives=missed,
        precision=precision,
        recall=recall,
        f1=f1,
    )
