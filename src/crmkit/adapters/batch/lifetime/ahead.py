"""What is to be expected of columns of customers, by a fitted model."""

from typing import assert_never

import numpy as np

from crmkit.adapters.batch.lifetime.customers import Customers, Floats
from crmkit.adapters.batch.lifetime.departures import departures
from crmkit.rules.lifetime import BgNbd, ParetoNbd
from crmkit.rules.lifetime.models.bg_nbd_ahead import ALIKE, FAR, averaged
from crmkit.rules.lifetime.models.purchase_model import WEEK, checked_days

__all__ = ["alive", "expected"]

_PRECISION = 1e-16


def alive(model: BgNbd | ParetoNbd, customers: Customers) -> Floats:
    """The probability of being a customer still, for each customer that was given.

    >>> cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> alive(cdnow, Customers.of([2, 0], recency=[213, 0], age=[272, 272])).round(3).tolist()
    [0.727, 1.0]
    """
    return _alive(model, customers)[customers.which]


def expected(model: BgNbd | ParetoNbd, customers: Customers, *, days: float) -> Floats:
    """Purchases to be expected in the next ``days``, for each customer that was given.

    Raises:
        InvalidInput: ``days`` is no horizon.

    >>> cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> expected(cdnow, Customers.of([2, 0], recency=[213, 0], age=[272, 272]), days=273).round(3).tolist()
    [1.226, 0.195]
    """
    weeks = checked_days(days)
    match model:
        case BgNbd():
            while_alive = _bg_nbd_purchases(model, customers, weeks)
        case ParetoNbd():
            while_alive = _pareto_nbd_purchases(model, customers, weeks)
        case _:
            assert_never(model)
    found: Floats = (while_alive * _alive(model, customers))[customers.which]
    return found


def _alive(model: BgNbd | ParetoNbd, customers: Customers) -> Floats:
    age, last = customers.age / WEEK, customers.recency / WEEK
    shape = np.asarray(model.r + customers.frequency, np.float64)
    match model:
        case BgNbd():
            again = customers.frequency > 0
            leaves = np.where(again, model.b + customers.frequency - 1, 1.0)
            since = np.log((model.alpha + age) / (model.alpha + last))
            left = np.where(again, np.log(model.a / leaves) + shape * since, -np.inf)
        case ParetoNbd():
            there = -shape * np.log(model.alpha + age) - model.s * np.log(model.beta + age)
            left = departures(shape, model.alpha, model.s, model.beta, last, age).log - there
        case _:
            assert_never(model)
    odds: Floats = np.exp(np.minimum(left, 700.0))
    return 1 / (1 + odds)


def _pareto_nbd_purchases(model: ParetoNbd, customers: Customers, weeks: float) -> Floats:
    """``ParetoNbd.expected`` of customers who are there for certain."""
    age, power = customers.age / WEEK, model.s - 1
    near = np.log1p(weeks / (model.beta + age))
    time = -np.expm1(-near * power) / power if power else near
    found: Floats = (model.r + customers.frequency) / (model.alpha + age) * (model.beta + age) * time
    return found


def _bg_nbd_purchases(model: BgNbd, customers: Customers, weeks: float) -> Floats:
    """``BgNbd.expected`` of customers who are there for certain."""
    x = customers.frequency.astype(np.float64)
    time: Floats = weeks / (model.alpha + customers.age / WEEK)
    shape: Floats = model.r + x
    stays: Floats = model.b + x
    slow = (time > FAR) | (max(model.r, model.a) > ALIKE)
    found = np.empty(len(time))
    rows = zip(shape[slow].tolist(), stays[slow].tolist(), time[slow].tolist(), strict=True)
    found[slow] = [averaged(each, model.a, stay, ahead) for each, stay, ahead in rows]
    found[~slow] = _summed(shape[~slow], model.a, stays[~slow], time[~slow])
    return found


def _summed(shape: Floats, a: float, b: Floats, time: Floats) -> Floats:
    """``bg_nbd_ahead.summed``, term by term for all rows."""
    top, power, near = a + b - 1, a - 1, np.log1p(time)
    upper, z = top - shape, time / (1 + time)
    term = upper * z
    rest = term.copy()
    k = 1
    while (np.abs(term) > _PRECISION * np.abs(rest)).any() or (upper + k <= 0).any():
        term *= (upper + k) * (a + k - 1) / ((top + k) * (k + 1)) * z
        rest += term
        k += 1
    first = -np.expm1(-near * power) / power if power else near
    found: Floats = np.maximum(0.0, top * first - np.exp(-near * power) * rest)
    return found
