"""``LifetimeFitter``: fits the models of lifetime value, for instance over columns."""

from collections.abc import Iterable
from typing import Protocol

from crmkit.rules.lifetime import BgNbd, GammaGamma, History, ParetoNbd

__all__ = ["LifetimeFitter"]


class LifetimeFitter(Protocol):
    """Optional: without one the engine fits by itself, slower and with the same answers.

    The order of histories does not matter beyond the last digits.
    """

    def fit_bg_nbd(self, histories: Iterable[History]) -> BgNbd:
        """The BG/NBD model under which ``histories`` are likeliest.

        Raises:
            InvalidInput: too few customers bought again.
        """
        ...

    def fit_pareto_nbd(self, histories: Iterable[History]) -> ParetoNbd:
        """The Pareto/NBD model under which ``histories`` are likeliest.

        Raises:
            InvalidInput: too few customers bought again.
        """
        ...

    def fit_gamma_gamma(self, histories: Iterable[History], *, currency: str) -> GammaGamma:
        """The Gamma–Gamma model under which ``histories`` are likeliest to have cost what they did.

        Raises:
            InvalidInput: too few customers bought again and paid, or all of them spent the same.
        """
        ...
