"""What is to be expected of customers, by the model that a back-test has chosen; and who is about to leave."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.domain.values.currencies import digits_of
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.back_test import FITS, BackTest, Fit, back_test
from crmkit.rules.lifetime.models import GammaGamma, MeanRate, PurchaseModel, SameRate, fit_gamma_gamma, mean_rate
from crmkit.rules.lifetime.purchases import MOST_DAYS, History, Purchase, histories
from crmkit.rules.lifetime.value import lifetime_value

__all__ = ["CustomerOutlook", "Outlook", "SpendFit", "churn_list", "learn"]


class SpendFit(Protocol):
    """From histories to a model of what is spent."""

    def __call__(self, histories: Iterable[History], /, *, currency: str) -> GammaGamma:
        """The model; ``InvalidInput`` where too few bought again and paid."""
        ...


@model
class Outlook:
    """What was learnt up to ``as_of``: the model that did best in the back-test, fitted to all that is known.

    ``days`` is how far forecasts look, and how long the back-test looked. ``spend`` is ``None`` where purchases
    have no amounts or too few customers came back.
    """

    as_of: date
    days: int
    back_test: BackTest
    model: PurchaseModel
    spend: GammaGamma | None = None

    def of(self, customer_id: str, history: History) -> "CustomerOutlook":
        """The outlook on one customer, with the reasons."""
        value = None if self.spend is None else lifetime_value(self.model, self.spend, history, days=self.days)
        once, now = (self.model.expected(each, days=self.days) for each in (history.at_last, history))
        alive = self.model.alive(history)
        silence = self.model.silence(history, days=self.days)
        return CustomerOutlook(
            customer_id=customer_id,
            history=history,
            alive=alive,
            expected=now,
            silence=silence,
            value=value,
            lost=max(0.0, once - now),
            reasons=tuple(_reasons(self, history, alive, silence, value)),
        )


@model
class CustomerOutlook:
    """One customer: probabilities from 0 to 1, and purchases within the days of the outlook.

    ``lost`` is how many fewer are expected than would have been on the day of the last purchase.
    """

    customer_id: Key
    history: History
    alive: float
    expected: float
    silence: float
    """The probability of no purchase."""
    value: Money | None
    """Of the purchases expected, discounted."""
    lost: float
    reasons: tuple[Reason, ...]


def learn(
    purchases: Iterable[Purchase],
    *,
    days: int = 90,
    currency: str = "",
    fits: Mapping[str, Fit] = FITS,
    fit_spend: SpendFit = fit_gamma_gamma,
    as_of: date,
) -> Outlook:
    """The outlook at ``as_of``: models are tried on the last ``days``, and the best is fitted to everything.

    Args:
        purchases: of all customers; later ones than ``as_of`` are left out.
        days: how far to look ahead, and so how far back to try.
        currency: of all amounts; without one nothing is said of value.
        fits: how the models of each kind are fitted; the naive forecasts are always tried.
        fit_spend: how the model of spending is fitted.
        as_of: the last day that is known.

    Raises:
        InvalidInput: ``days`` is less than 1, nobody bought before the days that are tried, or no such currency.
    """
    if days < 1:
        raise InvalidInput("must be at least 1.", field="days", hint="90 or 365 are usual.")
    given = [each for each in purchases if each.on <= as_of]
    tried = back_test(given, split=as_of - timedelta(days=days), fits=fits, as_of=as_of)
    known = list(histories(given, as_of=as_of).values())
    chosen = _refitted(tried.chosen.kind, known, fits)
    spend = _spend(known, currency, fit_spend) if currency else None
    return Outlook(as_of=as_of, days=days, back_test=tried, model=chosen, spend=spend)


def churn_list(
    outlook: Outlook, known: Mapping[str, History], *, least_risk: float = 0.5, most_silent: int = MOST_DAYS
) -> list[CustomerOutlook]:
    """The customers who will buy nothing in the days of ``outlook`` with that probability or more.

    Those come first with whom most is lost: in value where it is known, otherwise in purchases.

    Args:
        outlook: what was learnt.
        known: the history of each customer, as of the day of ``outlook``.
        least_risk: a probability.
        most_silent: days; who bought nothing for longer is past talking to, and left out.

    Raises:
        InvalidInput: ``least_risk`` is no probability.
    """
    if not 0 <= least_risk <= 1:
        raise InvalidInput("must lie between 0 and 1.", field="least_risk", hint="0.5 is usual.")
    found = [outlook.of(customer, history) for customer, history in known.items() if history.silent <= most_silent]
    risky = [each for each in found if each.silence >= least_risk]
    spend = outlook.spend
    risky.sort(
        key=lambda each: (-each.lost * (1.0 if spend is None else spend.expected(each.history)), each.customer_id)
    )
    return risky


def _refitted(kind: str, known: Sequence[History], fits: Mapping[str, Fit]) -> PurchaseModel:
    if kind == SameRate.kind:
        return SameRate()
    if kind == MeanRate.kind:
        return mean_rate(known)
    return fits[kind](known)


def _spend(known: Sequence[History], currency: str, fit: SpendFit) -> GammaGamma | None:
    digits_of(currency)
    try:
        return fit(known, currency=currency)
    except InvalidInput:
        return None


def _reasons(outlook: Outlook, history: History, alive: float, silence: float, value: Money | None) -> Iterator[Reason]:
    yield Reason.of("lifetime.risk", percent=_percent(silence), days=outlook.days)
    if history.frequency:
        gap = f"{history.recency / history.frequency:.0f}"
        yield Reason.of("lifetime.silent", days=history.silent, gap=gap)
    else:
        yield Reason.of("lifetime.once", days=history.age)
    if outlook.back_test.better_than_naive:
        yield Reason.of("lifetime.alive", percent=_percent(alive))
    if value is not None:
        yield Reason.of("lifetime.worth", value=str(value), days=outlook.days)


def _percent(share: float) -> int:
    return round(100 * share)
