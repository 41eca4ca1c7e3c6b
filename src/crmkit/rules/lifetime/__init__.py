"""Lifetime value: who is still a customer, what will be bought, what that is worth, and who is about to leave.

``learn`` fits models to purchases, tries them on days that have passed already against naive forecasts, and keeps
the best. Nothing here knows today's date: it enters as ``as_of``.
"""

from crmkit.rules.lifetime.back_test import FITS, BackTest, Contender, back_test
from crmkit.rules.lifetime.cohorts import Cohort, cohorts
from crmkit.rules.lifetime.models import (
    BgNbd,
    GammaGamma,
    MeanRate,
    ParetoNbd,
    PurchaseModel,
    SameRate,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_pareto_nbd,
    mean_rate,
)
from crmkit.rules.lifetime.outlook import CustomerOutlook, Outlook, churn_list, learn
from crmkit.rules.lifetime.purchases import History, Purchase, bought_after, histories
from crmkit.rules.lifetime.rhythm import MissedPurchase, Rhythm, missed_purchases, rhythm
from crmkit.rules.lifetime.texts import TEXTS
from crmkit.rules.lifetime.value import discounted_purchases, lifetime_value

__all__ = [
    "FITS",
    "KINDS",
    "TEXTS",
    "BackTest",
    "BgNbd",
    "Cohort",
    "Contender",
    "CustomerOutlook",
    "GammaGamma",
    "History",
    "MeanRate",
    "MissedPurchase",
    "Outlook",
    "ParetoNbd",
    "Purchase",
    "PurchaseModel",
    "Rhythm",
    "SameRate",
    "back_test",
    "bought_after",
    "churn_list",
    "cohorts",
    "discounted_purchases",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_pareto_nbd",
    "histories",
    "learn",
    "lifetime_value",
    "mean_rate",
    "missed_purchases",
    "rhythm",
]

KINDS: tuple[type, ...] = (BgNbd, ParetoNbd, SameRate, MeanRate)
"""Model classes that are decoded by their kind."""
