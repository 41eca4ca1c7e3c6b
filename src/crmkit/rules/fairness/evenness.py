"""How evenly something was shared out, given what each was entitled to: Gini, deviations, differences, the top.

Whole numbers are multiplied out before anything is divided, so equal shares are exactly equal.
"""

from collections.abc import Sequence
from fractions import Fraction

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.rules.fairness.share import Measure, Share

__all__ = ["Evenness", "evenness", "gini"]


@model
class Evenness:
    """One measure over all members who were there.

    Args:
        by: what is compared.
        total: what all of them received.
        gini: 0 where everybody has exactly their share, near 1 where one has all.
        max_deviation: the largest difference of a member from their share, in what is measured.
        deviates: that member.
        spread: the largest difference between any two, each counted up to a full share: weight 100, there all the time.
        one_step: what the largest single item makes for the smallest share, counted up in the same way.
            Records cannot be split, so a spread up to this cannot be avoided.
        within_one_step: whether the spread is that small.
        top_percent: what went to the tenth of the members who received most for their share.
        top_share_percent: what that tenth was entitled to.
    """

    by: Measure
    total: int
    gini: float
    max_deviation: float
    deviates: MemberId
    spread: float
    one_step: float
    within_one_step: bool
    top_percent: float
    top_share_percent: float


def gini(received: Sequence[int], entitled: Sequence[int]) -> float:
    """The Gini coefficient of ``received`` over what each was ``entitled`` to (positive).

    Brown's formula over the Lorenz curve of shares against entitlements, in order of received per entitlement:
    ``1 - sum(e[i] * (C[i] + C[i-1])) / (E * C)`` with ``C`` cumulated, as M. C. Brown, Using Gini-style indices to
    evaluate the spatial patterns of health practitioners, Social Science & Medicine 38 (1994), has it. With equal
    entitlements it is the mean absolute difference over twice the mean (C. Gini, Variabilità e mutabilità, 1912).

    >>> gini([10, 10, 20], [1, 1, 2]), gini([0, 0, 0, 12], [1, 1, 1, 1])
    (0.0, 0.75)
    """
    ranked = sorted(zip(received, entitled, strict=True), key=lambda each: Fraction(*each))
    total, whole = sum(received), sum(entitled)
    if not total:
        return 0.0
    area = cumulated = 0
    for amount, entitlement in ranked:
        area += entitlement * (2 * cumulated + amount)
        cumulated += amount
    return 1 - area / (total * whole) if area < total * whole else 0.0


def evenness(shares: Sequence[Share], by: Measure, *, largest: int = 1) -> Evenness:
    """``by`` compared over ``shares``, all of whom were there; ``largest`` is the largest single item.

    >>> eva, wei = Share(member_id="eva", available=20, count=9), Share(member_id="wei", available=10, count=6)
    >>> found = evenness([eva, wei], Measure.COUNT)
    >>> found.max_deviation, found.deviates, found.spread, found.one_step, found.within_one_step
    (1.0, 'eva', 3.0, 2.0, False)
    """
    received = [share.received(by) for share in shares]
    entitled = [share.entitlement for share in shares]
    total, whole = sum(received), sum(entitled)
    full = 100 * max(share.available for share in shares)
    levels = [Fraction(amount * full, entitlement) for amount, entitlement in zip(received, entitled, strict=True)]
    deviations = [
        abs(Fraction(total * entitlement, whole) - amount)
        for amount, entitlement in zip(received, entitled, strict=True)
    ]
    most = max(range(len(shares)), key=lambda place: (deviations[place], -place))
    spread, step = max(levels) - min(levels), Fraction(largest * full, min(entitled))
    # a tenth of the members, rounded up
    top = sorted(range(len(shares)), key=lambda place: (-levels[place], shares[place].member_id))[
        : -(-len(shares) // 10)
    ]
    return Evenness(
        by=by,
        total=total,
        gini=gini(received, entitled),
        max_deviation=float(deviations[most]),
        deviates=shares[most].member_id,
        spread=float(spread),
        one_step=float(step),
        within_one_step=spread <= step,
        top_percent=100 * sum(received[place] for place in top) / total if total else 0.0,
        top_share_percent=100 * sum(entitled[place] for place in top) / whole,
    )
