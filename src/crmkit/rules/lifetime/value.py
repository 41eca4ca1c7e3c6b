"""What a customer is worth from today on: purchases to come, times what is spent at each, discounted."""

from crmkit.domain.values.currencies import digits_of
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.models.gamma_gamma import GammaGamma
from crmkit.rules.lifetime.models.purchase_model import PurchaseModel, checked_days
from crmkit.rules.lifetime.purchases import History

__all__ = ["discounted_purchases", "lifetime_value"]

YEAR = 365
STEP = 30
"""Days after which what was bought meanwhile counts as paid."""


def discounted_purchases(model: PurchaseModel, history: History, *, days: int, yearly_percent: float) -> float:
    """Purchases to be expected in the next ``days``, each worth less by ``yearly_percent`` a year until it is paid.

    Raises:
        InvalidInput: ``days`` is no horizon, or ``yearly_percent`` is negative.

    >>> from crmkit.rules.lifetime.models.naive import MeanRate
    >>> customer = History(frequency=0, recency=0, age=100)
    >>> round(discounted_purchases(MeanRate(per_week=7.0), customer, days=60, yearly_percent=10), 2)
    59.3
    """
    checked_days(days)
    # written so that NaN is refused as well
    if not 0 <= yearly_percent <= 1_000:
        raise InvalidInput("must lie between 0 and 1000.", field="yearly_percent", hint="10 is usual.")
    total = before = 0.0
    for start in range(0, days, STEP):
        paid = min(days, start + STEP)
        until = model.expected(history, days=paid)
        total += (until - before) * (1 + yearly_percent / 100) ** (-paid / YEAR)
        before = until
    return total


def lifetime_value(
    model: PurchaseModel,
    spend: GammaGamma,
    history: History,
    *,
    days: int = YEAR,
    yearly_percent: float = 10.0,
    margin_percent: float = 100.0,
) -> Money:
    """The present value of the purchases in the next ``days`` (customer lifetime value).

    That is the sum over steps of ``STEP`` days of the purchases expected in each, times the customer's mean
    spend, discounted from the end of the step (P. Fader, B. Hardie, K. L. Lee, "RFM and CLV: Using Iso-Value Curves
    for Customer Base Analysis", Journal of Marketing Research 42, 2005).

    Args:
        model: of purchases.
        spend: of what they cost; its currency is that of the value.
        history: the customer's.
        days: how far to look.
        yearly_percent: what money costs a year.
        margin_percent: what is left of a purchase.

    Raises:
        InvalidInput: ``days`` is no horizon, or a percentage is out of bounds.

    >>> from crmkit.rules.lifetime.models.naive import SameRate
    >>> spend = GammaGamma(p=6.25, q=3.74, gamma=15.44, currency="USD")
    >>> customer = History(frequency=2, recency=213, age=272, spent=44_00)
    >>> str(lifetime_value(SameRate(), spend, customer, days=360))
    '61.35 USD'
    """
    if not 0 <= margin_percent <= 100:
        raise InvalidInput("must lie between 0 and 100.", field="margin_percent", hint="100 values the revenue.")
    purchases = discounted_purchases(model, history, days=days, yearly_percent=yearly_percent)
    amount = purchases * spend.expected(history) * margin_percent / 100
    # an estimate, rounded to the unit that can be paid
    return Money(minor=round(amount * 10 ** digits_of(spend.currency)), currency=spend.currency)
