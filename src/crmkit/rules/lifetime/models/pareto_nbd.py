"""Pareto/NBD: customers buy at random, each at a rate of their own, and leave for good at any time.

D. Schmittlein, D. Morrison, R. Colombo, "Counting Your Customers: Who Are They and What Will They Do Next?",
Management Science 33 (1987); the likelihood after P. Fader, B. Hardie, "A Note on Deriving the Pareto/NBD Model
and Related Expressions" (2005). Rates of buying vary by a gamma distribution (shape r, rate α, per week), rates
of leaving by another (s, β).

A customer with rates λ and μ is still there at T, or left at some time t since the last purchase:
L = λ^x e^(−(λ+μ)T) + ∫ λ^x μ e^(−(λ+μ)t) dt. The note writes the integral over t, once λ and μ have been averaged
out, as hypergeometric functions that nearly cancel; here it is summed up as it stands, and always positive.
"""

from collections.abc import Callable, Iterable
from math import exp, expm1, inf, log, log1p
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.lifetime.models.purchase_model import WEEK, checked_days, checked_positive
from crmkit.rules.lifetime.models.quadrature import log_sum, nodes
from crmkit.rules.lifetime.models.search import Slope, lowest
from crmkit.rules.lifetime.models.tally import Row, Tally, counted
from crmkit.rules.lifetime.purchases import History

__all__ = ["FAINT", "ParetoNbd", "ParetoNbdRows", "fit_pareto_nbd", "likeliest_pareto_nbd"]

ParetoNbdRows = Callable[[float, float, float, float], tuple[float, float, float, float, float]]
"""From r, α, s, β: the sum of ln(there + left) over all customers, and its derivatives by the four."""
FAINT = 40.0
"""What is e^40 times less likely to have happened at t than right after the last purchase adds nothing."""


@model
class ParetoNbd:
    """A fitted model; ``alpha`` and ``beta`` are in weeks.

    >>> cdnow = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> customer = History(frequency=2, recency=213, age=272)
    >>> round(cdnow.alive(customer), 3), round(cdnow.expected(customer, days=273), 3)
    (0.869, 1.455)
    """

    kind: ClassVar[str] = "pareto_nbd"

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float = 0.0

    def check(self) -> None:
        """All four are positive."""
        checked_positive(self, "r", "alpha", "s", "beta")

    def alive(self, history: History) -> float:
        """The probability that the customer has not left yet."""
        there, left = self._ways(history, 0.0)
        return 1 / (1 + exp(min(700.0, left - there)))

    def expected(self, history: History, *, days: float) -> float:
        """Purchases to be expected in the next ``days`` (the note, equation 41)."""
        weeks = checked_days(days)
        age = history.age / WEEK
        near = log1p(weeks / (self.beta + age))
        power = self.s - 1
        # [1 − ((β + T) / (β + T + t))^(s−1)] / (s − 1), which is the logarithm where s is 1
        time = -expm1(-near * power) / power if power else near
        rate = (self.r + history.frequency) / (self.alpha + age)
        return rate * (self.beta + age) * time * self.alive(history)

    def silence(self, history: History, *, days: float) -> float:
        """The probability of no purchase in the next ``days``: how much likelier a history is than a longer silence."""
        now, later = self._ways(history, 0.0), self._ways(history, checked_days(days))
        return min(1.0, exp(log_sum(*later) - log_sum(*now)))

    def _ways(self, history: History, weeks: float) -> tuple[float, float]:
        """The logarithms of being there after more ``weeks`` of silence, and of having left before."""
        shape, age = self.r + history.frequency, history.age / WEEK + weeks
        there = -shape * log(self.alpha + age) - self.s * log(self.beta + age)
        left, *_ = _departures(shape, self.alpha, self.s, self.beta, history.recency / WEEK, age)
        return there, left


def fit_pareto_nbd(histories: Iterable[History]) -> ParetoNbd:
    """The model under which ``histories`` are likeliest; same histories are counted, not repeated.

    Raises:
        InvalidInput: fewer than ``LEAST_REPEATERS`` customers bought again.
    """
    tally, rows = counted(histories)
    return likeliest_pareto_nbd(tally, lambda r, alpha, s, beta: _summed(rows, r, alpha, s, beta))


def likeliest_pareto_nbd(tally: Tally, rows: ParetoNbdRows) -> ParetoNbd:
    """The model at which the likelihood is highest; ``rows`` may be summed in any way, also over columns."""
    wait = tally.usual_wait
    found = lowest(lambda r, alpha, s, beta: _unlikely(tally, rows, r, alpha, s, beta), (0.5, wait, 0.5, wait))
    r, alpha, s, beta = found.point
    return ParetoNbd(r=r, alpha=alpha, s=s, beta=beta, log_likelihood=-found.value * tally.customers)


def _unlikely(tally: Tally, rows: ParetoNbdRows, r: float, alpha: float, s: float, beta: float) -> Slope:
    """The log-likelihood, its sign changed, a customer on average; and its derivatives by the four numbers."""
    customers = tally.customers
    value, by_r, by_alpha, by_s, by_beta = rows(r, alpha, s, beta)
    bought, more = tally.rising(r)
    value += customers * (r * log(alpha) + s * log(beta)) + bought
    by_r += customers * log(alpha) + more
    by_alpha += customers * r / alpha
    by_s += customers * log(beta)
    by_beta += customers * s / beta
    return -value / customers, tuple(-each / customers for each in (by_r, by_alpha, by_s, by_beta))


def _summed(
    rows: Iterable[Row], r: float, alpha: float, s: float, beta: float
) -> tuple[float, float, float, float, float]:
    value = by_r = by_alpha = by_s = by_beta = 0.0
    for x, recency, age, count in rows:
        shape, log_alpha, log_beta = r + x, log(alpha + age), log(beta + age)
        there = -shape * log_alpha - s * log_beta
        left, when_alpha, when_beta, per_alpha, per_beta = _departures(shape, alpha, s, beta, recency, age)
        whole = log_sum(there, left)
        stays, goes = count * exp(there - whole), count * exp(left - whole)
        value += count * whole
        by_r -= stays * log_alpha + goes * when_alpha
        by_alpha -= shape * (stays / (alpha + age) + goes * per_alpha)
        by_s += goes / s - stays * log_beta - goes * when_beta
        by_beta -= s * stays / (beta + age) + (s + 1) * goes * per_beta
    return value, by_r, by_alpha, by_s, by_beta


def _departures(
    shape: float, alpha: float, s: float, beta: float, last: float, age: float
) -> tuple[float, float, float, float, float]:
    """The logarithm of s ∫ (α + t)^(−r−x) (β + t)^(−s−1) dt from the last purchase to ``age``, and four means over t.

    These are of ln(α + t), ln(β + t), 1 / (α + t) and 1 / (β + t). The integral runs over v = ln(m + t) with m the
    smaller of α and β: in v the function falls evenly, and its nearest pole is π away.
    """
    least = min(alpha, beta)
    ends = (
        age,
        (alpha + last) * exp(min(FAINT / shape, FAINT)) - alpha,
        (beta + last) * exp(FAINT / (s + 1)) - beta,
    )
    span = log((least + min(ends)) / (least + last))
    if span <= 0:
        return -inf, 0.0, 0.0, 0.0, 0.0
    peak = -shape * log(alpha + last) - (s + 1) * log(beta + last)
    total = when_alpha = when_beta = per_alpha = per_beta = 0.0
    for place, weight in nodes():
        at = (least + last) * exp(place * span)
        to_alpha, to_beta = at + (alpha - least), at + (beta - least)
        log_alpha, log_beta = log(to_alpha), log(to_beta)
        share = weight * at * exp(-shape * log_alpha - (s + 1) * log_beta - peak)
        total += share
        when_alpha += share * log_alpha
        when_beta += share * log_beta
        per_alpha += share / to_alpha
        per_beta += share / to_beta
    return (
        log(s * total * span) + peak,
        when_alpha / total,
        when_beta / total,
        per_alpha / total,
        per_beta / total,
    )
