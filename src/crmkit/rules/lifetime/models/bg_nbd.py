"""BG/NBD: customers buy at random, each at a rate of their own, and may leave for good after any purchase.

P. Fader, B. Hardie, K. L. Lee, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model",
Marketing Science 24 (2005); equations by their numbers there. Rates vary among customers by a gamma
distribution (shape r, rate α, per week), the chance of leaving by a beta distribution (a, b).
"""

from collections.abc import Callable, Iterable
from math import exp, inf, log, log1p
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.lifetime.models.bg_nbd_ahead import ALIKE, FAR, averaged, summed
from crmkit.rules.lifetime.models.purchase_model import WEEK, checked_days, checked_positive
from crmkit.rules.lifetime.models.quadrature import log_sum
from crmkit.rules.lifetime.models.search import Slope, lowest
from crmkit.rules.lifetime.models.tally import Row, Tally, counted
from crmkit.rules.lifetime.purchases import History

__all__ = ["BgNbd", "BgNbdRows", "fit_bg_nbd", "likeliest_bg_nbd"]

BgNbdRows = Callable[[float, float, float, float], tuple[float, float, float, float, float]]
"""From r, α, a, b: the sum of ln(A3 + A4) over those who came back, and its derivatives by the four."""


@model
class BgNbd:
    """A fitted model; ``alpha`` is in weeks, ``log_likelihood`` that of the histories it was fitted to.

    >>> cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> customer = History(frequency=2, recency=213, age=272)
    >>> round(cdnow.alive(customer), 3), round(cdnow.expected(customer, days=273), 3)
    (0.727, 1.226)
    >>> round(cdnow.silence(customer, days=90), 3)
    0.679
    """

    kind: ClassVar[str] = "bg_nbd"

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0

    def check(self) -> None:
        """All four are positive."""
        checked_positive(self, "r", "alpha", "a", "b")

    def alive(self, history: History) -> float:
        """The probability that the customer did not leave after the last purchase; who never came back did not."""
        return 1 / (1 + exp(min(700.0, self._left(history, history.age / WEEK))))

    def expected(self, history: History, *, days: float) -> float:
        """Purchases to be expected in the next ``days`` (equation 10)."""
        weeks = checked_days(days)
        shape, span = self.r + history.frequency, self.alpha + history.age / WEEK
        stays, time = self.b + history.frequency, weeks / span
        while_alive = averaged if max(self.r, self.a) > ALIKE or time > FAR else summed
        return while_alive(shape, self.a, stays, time) * self.alive(history)

    def silence(self, history: History, *, days: float) -> float:
        """The probability of no purchase in the next ``days``: how much likelier a history is than a longer silence."""
        later = history.age / WEEK + checked_days(days)
        span = self.alpha + history.age / WEEK
        fades = (self.r + history.frequency) * log(span / (span + checked_days(days)))
        if not history.frequency:
            return exp(fades)
        now, then = self._left(history, history.age / WEEK), self._left(history, later)
        # (A3 + A4) later over (A3 + A4) now, each as A3 (1 + e^left)
        return min(1.0, exp(fades + log_sum(0.0, then) - log_sum(0.0, now)))

    def _left(self, history: History, age: float) -> float:
        """The logarithm of A4 / A3: the odds of having left."""
        if not history.frequency:
            return -inf
        since = log((self.alpha + age) / (self.alpha + history.recency / WEEK))
        return log(self.a / (self.b + history.frequency - 1)) + (self.r + history.frequency) * since


def fit_bg_nbd(histories: Iterable[History]) -> BgNbd:
    """The model under which ``histories`` are likeliest; same histories are counted, not repeated.

    Raises:
        InvalidInput: fewer than ``LEAST_REPEATERS`` customers bought again.

    >>> regular = [History(frequency=n, recency=7 * n + 30, age=200) for n in range(1, 13)]
    >>> found = fit_bg_nbd([*regular, *[History(frequency=0, recency=0, age=200)] * 20])
    >>> round(found.r, 3), round(found.a / (found.a + found.b), 2)
    (0.141, 0.14)
    """
    tally, rows = counted(histories)
    again = [row for row in rows if row[0]]
    return likeliest_bg_nbd(tally, lambda r, alpha, a, b: _summed(again, r, alpha, a, b))


def likeliest_bg_nbd(tally: Tally, rows: BgNbdRows) -> BgNbd:
    """The model at which the likelihood is highest; ``rows`` may be summed in any way, also over columns."""
    found = lowest(lambda r, alpha, a, b: _unlikely(tally, rows, r, alpha, a, b), (0.5, tally.usual_wait, 1.0, 2.0))
    r, alpha, a, b = found.point
    return BgNbd(r=r, alpha=alpha, a=a, b=b, log_likelihood=-found.value * tally.customers)


def _unlikely(tally: Tally, rows: BgNbdRows, r: float, alpha: float, a: float, b: float) -> Slope:
    """Equation 7, its sign changed, a customer on average; and its derivatives by the four numbers."""
    customers = tally.customers
    value, by_r, by_alpha, by_a, by_b = rows(r, alpha, a, b)
    bought, more = tally.rising(r)
    # the beta functions of the equation are such quotients of gamma functions too
    stayed, by_stayed = tally.rising(b)
    were_free, by_free = tally.rising(a + b)
    value += customers * r * log(alpha) + bought + stayed - were_free
    by_r += customers * log(alpha) + more
    by_alpha += customers * r / alpha
    by_a -= by_free
    by_b += by_stayed - by_free
    for age, count in tally.once:
        value -= count * r * log(alpha + age)
        by_r -= count * log(alpha + age)
        by_alpha -= count * r / (alpha + age)
    return -value / customers, tuple(-each / customers for each in (by_r, by_alpha, by_a, by_b))


def _summed(
    again: Iterable[Row], r: float, alpha: float, a: float, b: float
) -> tuple[float, float, float, float, float]:
    value = by_r = by_alpha = gone = by_b = 0.0
    log_a = log(a)
    for x, recency, age, count in again:
        shape, last, now, leaves = r + x, alpha + recency, alpha + age, b + x - 1
        log_last, log_now = log(last), log(now)
        odds = log_a - log(leaves) + shape * (log_now - log_last)
        # ln(A3 + A4) = ln A3 + ln(1 + odds), or from the other side where that would overflow
        if odds > 0:
            stays = exp(-odds) / (1 + exp(-odds))
            value += count * (odds + log1p(exp(-odds)) - shape * log_now)
        else:
            stays = 1 / (1 + exp(odds))
            value += count * (log1p(exp(odds)) - shape * log_now)
        left = 1 - stays
        by_r -= count * (stays * log_now + left * log_last)
        by_alpha -= count * shape * (stays / now + left / last)
        gone += count * left
        by_b -= count * left / leaves
    return value, by_r, by_alpha, gone / a, by_b
