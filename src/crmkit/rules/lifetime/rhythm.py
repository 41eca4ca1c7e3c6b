"""A customer's own rhythm, and the purchase that should have come by now."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, sqrt

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.purchases import MOST_DAYS, Purchase, purchase_days

__all__ = ["LEAST_GAPS", "MissedPurchase", "Rhythm", "missed_purchases", "rhythm"]

LEAST_GAPS = 2
"""Fewer are no rhythm."""
_ONE_IN_TEN = 1.2816
"""The upper tenth of the normal distribution, in standard deviations; for the exponential one it is 1.303."""
_CHANCE = 2
"""As many gaps of pure chance are held to have been seen before the customer's own."""


@model
class Rhythm:
    """Days between purchases: the mean ``gap``, by how much they ``vary``, and until when the next is due.

    ``vary`` is the standard deviation over the mean: 0 for who comes by the calendar, 1 for pure chance.
    """

    purchases: int
    last: date
    gap: float
    vary: float
    due_on: date


@model
class MissedPurchase:
    """A customer who has not come though a purchase was due."""

    customer_id: Key
    rhythm: Rhythm
    silent: int
    """Days since the last purchase."""
    reasons: tuple[Reason, ...]


def rhythm(days: Sequence[date]) -> Rhythm | None:
    """The rhythm of a customer who bought on these different ``days``, in order; ``None`` where there is none yet.

    The purchase is due when nine of ten gaps would have ended: the mean plus 1.28 standard deviations, wider
    by a factor √(1 + 1/n) because n gaps do not tell the mean exactly. A few equal gaps are no proof of a
    regular customer, so the variation begins at that of pure chance and learns from each gap.

    >>> monthly = [date(2026, 1, 5) + timedelta(days=30 * number) for number in range(9)]
    >>> found = rhythm(monthly)
    >>> found.gap, found.last.isoformat(), found.due_on.isoformat()
    (30.0, '2026-09-02', '2026-10-22')
    """
    gaps = [(after - before).days for before, after in pairwise(days)]
    count = len(gaps)
    if count < LEAST_GAPS:
        return None
    mean = sum(gaps) / count
    squares = sum((gap - mean) ** 2 for gap in gaps) / (mean * mean)
    vary = sqrt((squares + _CHANCE) / (count - 1 + _CHANCE))
    within = ceil(mean * (1 + _ONE_IN_TEN * vary * sqrt(1 + 1 / count)))
    due = days[-1] + timedelta(days=min(within, MOST_DAYS))
    return Rhythm(purchases=count + 1, last=days[-1], gap=mean, vary=vary, due_on=due)


def missed_purchases(
    purchases: Iterable[Purchase], *, within_days: int = MOST_DAYS, as_of: date
) -> list[MissedPurchase]:
    """Customers whose next purchase was due before ``as_of`` by their own rhythm; the latest due first.

    Args:
        purchases: of all customers; later ones than ``as_of`` are left out.
        within_days: how long a missed purchase is told. 7 tells those of the last week.
        as_of: the day of the question.

    Raises:
        InvalidInput: ``within_days`` is less than 1.

    >>> weekly = [Purchase(customer_id="C-1", on=date(2026, 1, day)) for day in (1, 8, 15, 22, 29)]
    >>> [found] = missed_purchases(weekly, as_of=date(2026, 2, 20))
    >>> found.rhythm.due_on.isoformat(), found.silent, found.reasons[0].code
    ('2026-02-12', 22, 'lifetime.missed')
    >>> missed_purchases(weekly, as_of=date(2026, 2, 12))
    []
    """
    if within_days < 1:
        raise InvalidInput("must be at least 1.", field="within_days", hint="7 tells the last week's.")
    found = []
    for customer, days in purchase_days(each for each in purchases if each.on <= as_of).items():
        beat = rhythm([on for on, _ in days])
        if beat is not None and 0 < (as_of - beat.due_on).days <= within_days:
            found.append(_missed(customer, beat, as_of))
    found.sort(key=lambda each: (-each.rhythm.due_on.toordinal(), each.customer_id))
    return found


def _missed(customer: str, beat: Rhythm, as_of: date) -> MissedPurchase:
    silent = (as_of - beat.last).days
    usual = Reason.of("lifetime.rhythm", purchases=beat.purchases, gap=f"{beat.gap:.0f}")
    due = Reason.of("lifetime.missed", due=beat.due_on, silent=silent)
    return MissedPurchase(customer_id=customer, rhythm=beat, silent=silent, reasons=(due, usual))
