"""Gamma–Gamma: what customers spend at a purchase, each around a mean of their own.

P. Fader, B. Hardie, "The Gamma-Gamma Model of Monetary Value" (2013); equations by their numbers there. It holds
that how much somebody spends has nothing to do with how often. Amounts are in major units (dollars, yuan), and
never negative.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import exp, lgamma, log

from attrs import frozen

from crmkit.domain.model import Code, model
from crmkit.domain.values.currencies import digits_of
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.models.search import Slope, lowest
from crmkit.rules.lifetime.models.tally import LEAST_REPEATERS
from crmkit.rules.lifetime.purchases import History

__all__ = ["GammaGamma", "Spending", "SpendingRows", "digamma", "fit_gamma_gamma", "likeliest_gamma_gamma"]

SpendingRows = Callable[[float, float, float], tuple[float, float, float, float]]
"""From p, q, γ: over customers who spent z in x purchases, the sums of (px + q) ln(γ + z), x ln(γ + z), ln(γ + z)
and (px + q) / (γ + z)."""


@model
class GammaGamma:
    """A fitted model; ``gamma`` is in major units of ``currency``.

    >>> cdnow = GammaGamma(p=6.25, q=3.74, gamma=15.44, currency="USD")
    >>> round(cdnow.expected(History(frequency=2, recency=213, age=272, spent=44_00)), 2)
    24.38
    >>> round(cdnow.mean, 2)
    35.22
    """

    p: float
    q: float
    gamma: float
    currency: Code
    log_likelihood: float = 0.0

    def check(self) -> None:
        """A mean exists: q is more than 1."""
        if self.p <= 0 or self.gamma <= 0 or self.q <= 1:
            message = "do not make a mean."
            raise InvalidInput(message, field="GammaGamma.p", hint="p and gamma are positive, q is more than 1.")
        digits_of(self.currency)

    @property
    def mean(self) -> float:
        """What a customer spends at a purchase of whom nothing is known, in major units."""
        return self.p * self.gamma / (self.q - 1)

    def expected(self, history: History) -> float:
        """The customer's own mean at a purchase, in major units (equation 5).

        Between what was spent so far and the mean of all: the more purchases there were, the nearer to the former.
        """
        spent = history.spent / float(10 ** digits_of(self.currency))
        return self.p * (self.gamma + spent) / (self.p * history.frequency + self.q - 1)


@frozen
class Spending:
    """What the likelihood needs of all customers together."""

    frequencies: Mapping[int, int]
    """How many have each number of purchases."""
    logs: Mapping[int, float]
    """The sum of ln z over those who have that number."""

    @property
    def customers(self) -> int:
        """Those who bought again, and paid."""
        return sum(self.frequencies.values())


def fit_gamma_gamma(histories: Iterable[History], *, currency: str) -> GammaGamma:
    """The model under which the repeat purchases of ``histories`` are likeliest to have cost what they did.

    Customers who bought once or paid nothing are left out, as in the paper.

    Raises:
        InvalidInput: fewer than ``LEAST_REPEATERS`` are left, all of them spent the same, or no such currency.
    """
    unit = 10 ** digits_of(currency)
    same = Counter((each.frequency, each.spent / unit) for each in histories if each.frequency and each.spent)
    frequencies: Counter[int] = Counter()
    logs: dict[int, float] = {}
    for (x, spent), count in same.items():
        frequencies[x] += count
        logs[x] = logs.get(x, 0.0) + count * log(spent)
    rows = [(x, spent, count) for (x, spent), count in same.items()]
    means = {spent / x for x, spent, _ in rows}
    return likeliest_gamma_gamma(
        Spending(frequencies, logs),
        lambda p, q, gamma: _summed(rows, p, q, gamma),
        apart=len(means) > 1,
        currency=currency,
    )


def likeliest_gamma_gamma(spending: Spending, rows: SpendingRows, *, apart: bool, currency: str) -> GammaGamma:
    """The model at which the likelihood is highest; ``rows`` may be summed in any way, also over columns.

    Raises:
        InvalidInput: there are too few customers, or none spends more than another (not ``apart``).
    """
    customers = spending.customers
    if customers < LEAST_REPEATERS or not apart:
        message = f"have {customers} who bought again and paid, with {'different' if apart else 'the same'} means."
        hint = f"Give at least {LEAST_REPEATERS} who did not all spend the same."
        raise InvalidInput(message, field="histories", hint=hint)
    typical = _typical(spending)
    found = lowest(lambda p, over, gamma: _unlikely(spending, rows, p, 1 + over, gamma), (2.0, 2.0, typical))
    p, over, gamma = found.point
    return GammaGamma(p=p, q=1 + over, gamma=gamma, currency=currency, log_likelihood=-found.value * customers)


def _typical(spending: Spending) -> float:
    """What is usually spent at a purchase (the geometric mean)."""
    sums = sum(total - spending.frequencies[x] * log(x) for x, total in spending.logs.items())
    return exp(sums / spending.customers)


def _unlikely(spending: Spending, rows: SpendingRows, p: float, q: float, gamma: float) -> Slope:
    """Equation 1a, its sign changed, a customer on average; and its derivatives by p, q and γ."""
    customers = spending.customers
    whole, by_count, by_one, inverse = rows(p, q, gamma)
    value = customers * (q * log(gamma) - lgamma(q)) - whole
    by_p, by_q = -by_count, customers * (log(gamma) - digamma(q)) - by_one
    for x, count in spending.frequencies.items():
        logs = spending.logs[x]
        value += count * (lgamma(p * x + q) - lgamma(p * x) + log(x)) + (p * x - 1) * logs
        both = digamma(p * x + q)
        by_p += x * (count * (both - digamma(p * x)) + logs)
        by_q += count * both
    by_gamma = customers * q / gamma - inverse
    return -value / customers, tuple(-each / customers for each in (by_p, by_q, by_gamma))


def _summed(
    rows: Iterable[tuple[int, float, int]], p: float, q: float, gamma: float
) -> tuple[float, float, float, float]:
    whole = by_count = by_one = inverse = 0.0
    for x, spent, count in rows:
        shape, wide = p * x + q, count * log(gamma + spent)
        whole += shape * wide
        by_count += x * wide
        by_one += wide
        inverse += count * shape / (gamma + spent)
    return whole, by_count, by_one, inverse


def digamma(x: float) -> float:
    """The derivative of ln Γ, for x > 0 (M. Abramowitz, I. Stegun, 6.3.5 and 6.3.18).

    >>> round(digamma(1), 12), round(digamma(10.5), 12)
    (-0.577215664902, 2.303001034298)
    """
    below = 0.0
    while x < 10:
        below += 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return log(x) - 0.5 / x - series - below
