"""The models of lifetime value over columns: millions of customers at once, with the engine's own answers.

The engine searches for the likeliest model; what is summed up over all rows at each step is summed up here.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from attrs import frozen

from crmkit.adapters.batch.lifetime.customers import Customers, Floats
from crmkit.adapters.batch.lifetime.departures import departures
from crmkit.domain.values.currencies import digits_of
from crmkit.rules.lifetime import BgNbd, GammaGamma, History, ParetoNbd
from crmkit.rules.lifetime.models.bg_nbd import likeliest_bg_nbd
from crmkit.rules.lifetime.models.gamma_gamma import Spending, likeliest_gamma_gamma
from crmkit.rules.lifetime.models.pareto_nbd import likeliest_pareto_nbd
from crmkit.rules.lifetime.models.purchase_model import WEEK

__all__ = ["ColumnFitter", "bg_nbd_of", "gamma_gamma_of", "pareto_nbd_of"]

Five = tuple[float, float, float, float, float]


class ColumnFitter:
    """``ports.LifetimeFitter`` over columns.

    >>> regular = [History(frequency=n, recency=7 * n + 30, age=200) for n in range(1, 13)]
    >>> found = ColumnFitter().fit_bg_nbd([*regular, *[History(frequency=0, recency=0, age=200)] * 20])
    >>> round(found.r, 3)
    0.141
    """

    def fit_bg_nbd(self, histories: Iterable[History]) -> BgNbd:
        """Documented at the port."""
        return bg_nbd_of(Customers.of_histories(histories))

    def fit_pareto_nbd(self, histories: Iterable[History]) -> ParetoNbd:
        """Documented at the port."""
        return pareto_nbd_of(Customers.of_histories(histories))

    def fit_gamma_gamma(self, histories: Iterable[History], *, currency: str) -> GammaGamma:
        """Documented at the port."""
        given = [(each.frequency, each.spent) for each in histories if each.frequency and each.spent]
        frequency, spent = np.array(given, np.int64).reshape(-1, 2).T
        return gamma_gamma_of(frequency, spent=spent, currency=currency)


def bg_nbd_of(customers: Customers) -> BgNbd:
    """The likeliest BG/NBD model.

    Raises:
        InvalidInput: too few bought again.
    """
    tally, again = customers.tally(), customers.frequency > 0
    x, count = customers.frequency[again].astype(np.float64), customers.count[again].astype(np.float64)
    recency, age = customers.recency[again] / WEEK, customers.age[again] / WEEK
    return likeliest_bg_nbd(tally, _BgNbdSums(x, recency, age, count))


@frozen(eq=False)
class _BgNbdSums:
    x: Floats
    recency: Floats
    age: Floats
    count: Floats

    def __call__(self, r: float, alpha: float, a: float, b: float) -> Five:
        shape, last, now, leaves = r + self.x, alpha + self.recency, alpha + self.age, b - 1 + self.x
        log_last, log_now = np.log(last), np.log(now)
        odds = np.log(a / leaves) + shape * (log_now - log_last)
        stays = 1 / (1 + np.exp(np.minimum(odds, 700.0)))
        value = np.logaddexp(0, odds) - shape * log_now
        # each row as often as there are customers of it
        stay, go = self.count * stays, self.count * (1 - stays)
        return (
            float(self.count @ value),
            -float(stay @ log_now + go @ log_last),
            -float(stay @ (shape / now) + go @ (shape / last)),
            float(go.sum()) / a,
            -float(go @ (1 / leaves)),
        )


def pareto_nbd_of(customers: Customers) -> ParetoNbd:
    """The likeliest Pareto/NBD model.

    Raises:
        InvalidInput: too few bought again.
    """
    x, count = customers.frequency.astype(np.float64), customers.count.astype(np.float64)
    return likeliest_pareto_nbd(
        customers.tally(), _ParetoNbdSums(x, customers.recency / WEEK, customers.age / WEEK, count)
    )


@frozen(eq=False)
class _ParetoNbdSums:
    x: Floats
    recency: Floats
    age: Floats
    count: Floats

    def __call__(self, r: float, alpha: float, s: float, beta: float) -> Five:
        shape, now_alpha, now_beta = r + self.x, alpha + self.age, beta + self.age
        log_alpha, log_beta = np.log(now_alpha), np.log(now_beta)
        there = -shape * log_alpha - s * log_beta
        left = departures(shape, alpha, s, beta, self.recency, self.age)
        whole = np.logaddexp(there, left.log)
        stay, go = self.count * np.exp(there - whole), self.count * np.exp(left.log - whole)
        return (
            float(self.count @ whole),
            -float(stay @ log_alpha + go @ left.log_alpha),
            -float(stay @ (shape / now_alpha) + go @ (shape * left.per_alpha)),
            float(go.sum()) / s - float(stay @ log_beta + go @ left.log_beta),
            -s * float(stay @ (1 / now_beta)) - (s + 1) * float(go @ left.per_beta),
        )


def gamma_gamma_of(frequency: npt.ArrayLike, *, spent: npt.ArrayLike, currency: str) -> GammaGamma:
    """The likeliest Gamma–Gamma model of customers who bought again: purchases, and minor units spent at them.

    Raises:
        InvalidInput: fewer than ten paid, all of them spent the same, or no such currency.
    """
    x, minor = np.asarray(frequency, np.int64), np.asarray(spent, np.int64)
    paid = (x > 0) & (minor > 0)
    x, total = x[paid], minor[paid] / 10 ** digits_of(currency)
    counts, logs = np.bincount(x), np.bincount(x, np.log(total))
    there = np.flatnonzero(counts).tolist()
    spending = Spending({x: int(counts[x]) for x in there}, {x: float(logs[x]) for x in there})
    means = total / x
    apart = bool(means.size and means.max() > means.min())
    return likeliest_gamma_gamma(spending, _SpendingSums(x.astype(np.float64), total), apart=apart, currency=currency)


@frozen(eq=False)
class _SpendingSums:
    x: Floats
    spent: Floats

    def __call__(self, p: float, q: float, gamma: float) -> tuple[float, float, float, float]:
        wide, shape = np.log(gamma + self.spent), p * self.x + q
        return (
            float(shape @ wide),
            float(self.x @ wide),
            float(wide.sum()),
            float((shape / (gamma + self.spent)).sum()),
        )
