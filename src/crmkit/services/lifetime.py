"""Lifetime value over what is stored: learn once a day or so, and see who is about to leave."""

from collections.abc import Iterable, Mapping

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.ports.lifetime import LifetimeFitter
from crmkit.rules.lifetime import (
    FITS,
    BgNbd,
    CustomerOutlook,
    Outlook,
    ParetoNbd,
    Purchase,
    churn_list,
    fit_gamma_gamma,
    histories,
    learn,
)
from crmkit.rules.lifetime.back_test import Fit
from crmkit.rules.lifetime.outlook import SpendFit
from crmkit.rules.lifetime.purchases import MOST_DAYS
from crmkit.services.context import Context
from crmkit.services.purchases import every_day, held, reaching_back, today

__all__ = ["ChurnRisks", "churn_risks", "learn_lifetime"]


@model
class ChurnRisks:
    """Customers who will probably not come back, with the reasons; those come first with whom most is lost.

    Args:
        customers: the list, or its begin.
        more: how many follow.
    """

    customers: tuple[CustomerOutlook, ...]
    more: int = 0


def learn_lifetime(
    ctx: Context,
    *,
    days: int = 90,
    currency: str = "",
    zone: str = "UTC",
    purchases: Iterable[Purchase] | None = None,
    fitter: LifetimeFitter | None = None,
) -> Outlook:
    """The model of customers who may be profiled, with its back-test on the last ``days``. Nothing is written.

    Args:
        ctx: the ports.
        days: how far to look ahead.
        currency: of all amounts; without one nothing is said of value.
        zone: whose calendar days count, by its IANA name.
        purchases: the host's own, by account; the won deals, if not given.
        fitter: fits the models, for instance over columns.

    Raises:
        InvalidInput: nobody bought before the last ``days``, a deal is in another currency, no such currency or zone.
    """
    now, given = ctx.clock.now(), held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        bought = every_day(uow, given, currency=currency, zone=zone, now=now)
    as_of = today(now, zone)
    reaching_back(bought, days=days, as_of=as_of)
    fits, fit_spend = _fits(fitter)
    return learn(bought, days=days, currency=currency, fits=fits, fit_spend=fit_spend, as_of=as_of)


def churn_risks(
    ctx: Context,
    outlook: Outlook,
    *,
    zone: str = "UTC",
    purchases: Iterable[Purchase] | None = None,
    least_risk: float = 0.5,
    most_silent: int = MOST_DAYS,
    limit: int | None = None,
) -> ChurnRisks:
    """The accounts that will buy nothing in the days of ``outlook`` with that probability or more. Nothing is written.

    Whoever opted out is left out, also since the outlook was learnt.

    Args:
        ctx: the ports.
        outlook: what ``learn_lifetime`` said; purchases after its day are left out.
        zone: as for ``learn_lifetime``, and so are ``purchases``.
        purchases: the host's own, by account; the won deals, if not given.
        least_risk: a probability.
        most_silent: days; whoever bought nothing for longer is past talking to.
        limit: how many to tell at most.

    Raises:
        InvalidInput: ``least_risk`` is no probability, ``limit`` is below 1, or a deal is in another currency.
    """
    if limit is not None and limit < 1:
        raise InvalidInput("must be at least 1.", field="limit", hint="Leave it out for all.")
    currency = "" if outlook.spend is None else outlook.spend.currency
    now, given = ctx.clock.now(), held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        bought = every_day(uow, given, currency=currency, zone=zone, now=now)
    known = histories(bought, as_of=outlook.as_of)
    found = churn_list(outlook, known, least_risk=least_risk, most_silent=most_silent)
    shown = tuple(found if limit is None else found[:limit])
    return ChurnRisks(customers=shown, more=len(found) - len(shown))


def _fits(fitter: LifetimeFitter | None) -> tuple[Mapping[str, Fit], SpendFit]:
    if fitter is None:
        return FITS, fit_gamma_gamma
    return {BgNbd.kind: fitter.fit_bg_nbd, ParetoNbd.kind: fitter.fit_pareto_nbd}, fitter.fit_gamma_gamma
