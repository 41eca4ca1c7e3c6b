"""The models: who buys how often and until when, what is spent, and what anybody would have said without them."""

from crmkit.rules.lifetime.models.bg_nbd import BgNbd, fit_bg_nbd
from crmkit.rules.lifetime.models.gamma_gamma import GammaGamma, fit_gamma_gamma
from crmkit.rules.lifetime.models.naive import MeanRate, SameRate, mean_rate
from crmkit.rules.lifetime.models.pareto_nbd import ParetoNbd, fit_pareto_nbd
from crmkit.rules.lifetime.models.purchase_model import PurchaseModel

__all__ = [
    "BgNbd",
    "GammaGamma",
    "MeanRate",
    "ParetoNbd",
    "PurchaseModel",
    "SameRate",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_pareto_nbd",
    "mean_rate",
]
