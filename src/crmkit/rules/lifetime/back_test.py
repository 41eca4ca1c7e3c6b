"""How well each model would have forecast what came, beside what anybody would have said."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from math import sqrt

from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.models import (
    BgNbd,
    MeanRate,
    ParetoNbd,
    PurchaseModel,
    SameRate,
    fit_bg_nbd,
    fit_pareto_nbd,
    mean_rate,
)
from crmkit.rules.lifetime.purchases import History, Purchase, bought_after, histories

__all__ = ["FITS", "BackTest", "Contender", "Fit", "back_test"]

Fit = Callable[[Sequence[History]], PurchaseModel]
"""From the histories of all customers to a model of them."""
FITS: Mapping[str, Fit] = {BgNbd.kind: fit_bg_nbd, ParetoNbd.kind: fit_pareto_nbd}
"""The models that are tried, by kind; the naive forecasts always are."""
NAIVE = frozenset({SameRate.kind, MeanRate.kind})


@model
class Contender:
    """How one model did: purchases ``forecast`` in sum, and how far off it was a customer.

    ``error`` is the root of the mean squared error, ``off`` the mean absolute one, both in purchases a customer;
    ``correlation`` is of forecasts and purchases, ``None`` where all forecasts are the same.
    """

    kind: Code
    forecast: float
    error: float
    off: float
    correlation: float | None = None


@model
class BackTest:
    """What models that knew purchases up to ``split`` said of those from then to ``as_of``, the best first.

    The best has the least ``error``; a naive forecast that is as good as a model goes before it.
    """

    split: date
    as_of: date
    customers: int
    purchases: int
    contenders: tuple[Contender, ...]
    reasons: tuple[Reason, ...]

    @property
    def chosen(self) -> Contender:
        """The one whose forecasts may be shown."""
        return self.contenders[0]

    @property
    def better_than_naive(self) -> bool:
        """Whether any model was."""
        return self.chosen.kind not in NAIVE

    def contender(self, kind: str) -> Contender | None:
        """That model, where it could be fitted."""
        return next((each for each in self.contenders if each.kind == kind), None)


def back_test(purchases: Iterable[Purchase], *, split: date, fits: Mapping[str, Fit] = FITS, as_of: date) -> BackTest:
    """What models fitted to purchases up to ``split`` forecast until ``as_of``, held against what was bought.

    A model that cannot be fitted, because too few customers came back, is left out and named in the reasons.

    Args:
        purchases: of all customers.
        split: the last day that the models know.
        fits: how the models of each kind are fitted.
        as_of: the last day that is forecast.

    Raises:
        InvalidInput: ``split`` is not before ``as_of``, or nobody bought before it.

    >>> from datetime import timedelta
    >>> shop = [
    ...     Purchase(customer_id=f"C-{number}", on=date(2026, 1, 1) + timedelta(days=number * step))
    ...     for number in range(1, 31)
    ...     for step in range(1 + number % 7)
    ... ]
    >>> found = back_test(shop, split=date(2026, 4, 1), as_of=date(2026, 6, 1))
    >>> sorted(each.kind for each in found.contenders), found.purchases
    (['bg_nbd', 'mean_rate', 'pareto_nbd', 'same_rate'], 8)
    """
    if split >= as_of:
        raise InvalidInput("is not before as_of.", field="split", hint="Leave some time to forecast.")
    given = list(purchases)
    known, bought = histories(given, as_of=split), bought_after(given, split=split, as_of=as_of)
    if not known:
        raise InvalidInput("has no purchase before it.", field="split", hint="Choose a later day.")
    came = [bought[customer] for customer in known]
    models, left_out = _fitted(list(known.values()), fits)
    days = (as_of - split).days
    contenders = [_contender(each, list(known.values()), came, days) for each in models]
    # the sort is stable, and the naive come first
    contenders.sort(key=lambda each: each.error)
    return BackTest(
        split=split,
        as_of=as_of,
        customers=len(known),
        purchases=sum(came),
        contenders=tuple(contenders),
        reasons=(*_verdict(contenders, sum(came)), *left_out),
    )


def _fitted(known: Sequence[History], fits: Mapping[str, Fit]) -> tuple[list[PurchaseModel], list[Reason]]:
    models: list[PurchaseModel] = [SameRate()]
    left_out = []
    for kind, fit in {MeanRate.kind: mean_rate, **fits}.items():
        try:
            models.append(fit(known))
        except InvalidInput:
            left_out.append(Reason.of("lifetime.not_fitted", model=kind))
    return models, left_out


def _contender(of: PurchaseModel, known: Sequence[History], came: Sequence[int], days: int) -> Contender:
    # same histories have the same future
    said: Mapping[History, float] = {history: of.expected(history, days=days) for history in set(known)}
    forecasts = [said[history] for history in known]
    misses = [forecast - count for forecast, count in zip(forecasts, came, strict=True)]
    return Contender(
        kind=of.kind,
        forecast=sum(forecasts),
        error=sqrt(sum(miss * miss for miss in misses) / len(misses)),
        off=sum(map(abs, misses)) / len(misses),
        correlation=_correlation(forecasts, came),
    )


def _correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Of Pearson; ``None`` where one side never changes."""
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    if max(left) == min(left) or max(right) == min(right):
        return None
    both = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    spread = sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right)
    return both / sqrt(spread) if spread else None


def _verdict(ranked: Sequence[Contender], actual: int) -> tuple[Reason, Reason]:
    best = ranked[0]
    naive = next(each for each in ranked if each.kind in NAIVE)
    total = Reason.of("lifetime.total", model=best.kind, forecast=f"{best.forecast:.0f}", actual=actual)
    if best is naive:
        return Reason.of("lifetime.naive", model=best.kind, error=f"{best.error:.2f}"), total
    told = {"model": best.kind, "error": f"{best.error:.2f}", "naive": naive.kind, "naive_error": f"{naive.error:.2f}"}
    return Reason.of("lifetime.better", **told), total
