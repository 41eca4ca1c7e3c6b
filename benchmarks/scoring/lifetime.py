"""Lifetime value on the CDNOW sample: the published figures, and time beside the package ``lifetimes``.

P. Fader, B. Hardie, K. L. Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005), table 2;
P. Fader, B. Hardie, "The Gamma-Gamma Model of Monetary Value" (2013).
"""

import warnings
from collections.abc import Mapping
from functools import cache
from itertools import product
from time import process_time_ns
from typing import Any

import numpy as np

from crmkit.adapters.batch.lifetime import Customers, bg_nbd_of, expected, pareto_nbd_of
from crmkit.rules.lifetime import (
    BgNbd,
    History,
    ParetoNbd,
    back_test,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_pareto_nbd,
)
from harness import Bench, Line, at_least, at_most, every_round, ratio
from scoring.purchases import END, SPLIT, calibration, columns, million, purchases

BG_NBD = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PARETO_NBD = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
DAYS = 273


def peer(name: str) -> Any:
    """A model of ``lifetimes`` that is not fitted yet."""
    warnings.simplefilter("ignore")
    import lifetimes

    return getattr(lifetimes, name)()


@cache
def peers_bg_nbd() -> Mapping[str, float]:
    fitted: Mapping[str, float] = peer("BetaGeoFitter").fit(*columns().weeks).params_.to_dict()
    return fitted


@cache
def bg_nbd() -> BgNbd:
    return fit_bg_nbd(calibration())


@cache
def pareto_nbd() -> ParetoNbd:
    return fit_pareto_nbd(calibration())


def last_digits(model: Any, printed: Mapping[str, float]) -> float:
    """How far the worst number is from the printed one, in units of its last digit: up to a half is rounding."""
    return max(abs(getattr(model, name) - value) for name, value in printed.items()) * 1_000


def apart(model: Any, others: Mapping[str, float]) -> float:
    return max(abs(getattr(model, name) / value - 1) for name, value in others.items())


def correlation(kind: str) -> float:
    found = back_test(purchases(), split=SPLIT, as_of=END).contender(kind)
    assert found is not None
    assert found.correlation is not None
    return found.correlation


def beside_the_best_naive(_: Bench) -> float:
    found = back_test(purchases(), split=SPLIT, as_of=END)
    return found.chosen.error / min(each.error for each in found.contenders if each.kind.endswith("_rate"))


def forecasts_apart(kind: str) -> float:
    """The largest relative difference of a forecast or a probability from the peer's, over a grid of histories."""
    model: BgNbd | ParetoNbd = BgNbd(**BG_NBD) if kind == "BetaGeoFitter" else ParetoNbd(**PARETO_NBD)
    theirs = peer(kind)
    import pandas as pd

    theirs.params_ = pd.Series(BG_NBD if kind == "BetaGeoFitter" else PARETO_NBD)
    frequencies, recencies, ages = (0, 1, 2, 5, 20), (0, 1, 7, 30, 100, 213), (0, 10, 100, 272, 700)
    grid = [
        History(frequency=x, recency=recency, age=age)
        for x, recency, age in product(frequencies, recencies, ages)
        if x <= recency <= age and (recency > 0) == (x > 0)
    ]
    x, recency, age = (np.array([getattr(each, name) for each in grid]) for name in ("frequency", "recency", "age"))
    worst = [
        np.abs([model.alive(each) for each in grid] / theirs.conditional_probability_alive(x, recency / 7, age / 7) - 1)
    ]
    for days in (1, 30, 90, 365, 1_000):
        said = theirs.conditional_expected_number_of_purchases_up_to_time(days / 7, x, recency / 7, age / 7)
        worst.append(np.abs([model.expected(each, days=days) for each in grid] / np.asarray(said) - 1))
    return float(np.max(worst))


def standard_library_beside_the_peer(_: Bench) -> float:
    known, given = calibration(), columns().weeks
    return ratio(every_round(lambda: fit_bg_nbd(known)), every_round(lambda: peer("BetaGeoFitter").fit(*given)))


def numpy_beside_the_peer(_: Bench) -> float:
    given, weeks = columns(), columns().weeks
    return ratio(
        every_round(lambda: bg_nbd_of(Customers.of(given.frequency, recency=given.recency, age=given.age))),
        every_round(lambda: peer("BetaGeoFitter").fit(*weeks)),
    )


def pareto_beside_the_peer(_: Bench) -> float:
    """Once only: the peer takes its time."""
    given, weeks = columns(), columns().weeks
    ours = taken(lambda: pareto_nbd_of(Customers.of(given.frequency, recency=given.recency, age=given.age)), rounds=5)
    return taken(lambda: peer("ParetoNBDFitter").fit(*weeks), rounds=1) / ours


def a_million(_: Bench) -> float:
    """The peer once, which takes half a minute; ours is the slowest of five."""
    given = million()

    def ours() -> Any:
        customers = Customers.of(given.frequency, recency=given.recency, age=given.age)
        return expected(bg_nbd_of(customers), customers, days=DAYS)

    def theirs() -> Any:
        fitter = peer("BetaGeoFitter").fit(*given.weeks)
        return fitter.conditional_expected_number_of_purchases_up_to_time(DAYS / 7, *given.weeks)

    return taken(theirs, rounds=1) / taken(ours, rounds=5)


def taken(run: Any, *, rounds: int) -> int:
    """Computing time, the longest of ``rounds`` after one that is not counted where there are several."""
    times = []
    for _ in range(rounds + (rounds > 1)):
        started = process_time_ns()
        run()
        times.append(process_time_ns() - started)
    return max(times[rounds > 1 :])


LINES = [
    Line(
        "BG/NBD: numbers beside the printed ones",
        "last digits",
        at_most(0.5),
        lambda _: last_digits(bg_nbd(), BG_NBD),
    ),
    Line("BG/NBD: numbers beside the printed ones, in proportion", "relative", None, lambda _: apart(bg_nbd(), BG_NBD)),
    Line("BG/NBD: numbers beside lifetimes'", "relative", at_most(1e-3), lambda _: apart(bg_nbd(), peers_bg_nbd())),
    Line(
        "BG/NBD: log-likelihood beside -9582.43",
        "apart",
        at_most(0.01),
        lambda _: abs(bg_nbd().log_likelihood + 9582.43),
    ),
    Line(
        "Pareto/NBD: numbers beside the printed ones",
        "last digits",
        at_most(0.5),
        lambda _: last_digits(pareto_nbd(), PARETO_NBD),
    ),
    Line(
        "Pareto/NBD: numbers beside the printed ones, in proportion",
        "relative",
        at_most(1e-3),
        lambda _: apart(pareto_nbd(), PARETO_NBD),
    ),
    Line(
        "Pareto/NBD: log-likelihood beside -9594.98",
        "apart",
        at_most(0.01),
        lambda _: abs(pareto_nbd().log_likelihood + 9594.98),
    ),
    Line(
        "Gamma–Gamma: log-likelihood beside -4055.92",
        "apart",
        at_most(0.05),
        lambda _: abs(fit_gamma_gamma(calibration(), currency="USD").log_likelihood + 4055.92),
    ),
    Line("hold-out: correlation, BG/NBD", "", at_least(0.625), lambda _: correlation("bg_nbd")),
    Line("hold-out: correlation, Pareto/NBD", "", at_least(0.625), lambda _: correlation("pareto_nbd")),
    Line("hold-out: error of the model that is shown", "× best naive's", at_most(1), beside_the_best_naive),
    Line("BG/NBD: forecasts on a grid", "relative", at_most(1e-6), lambda _: forecasts_apart("BetaGeoFitter")),
    Line("Pareto/NBD: forecasts on a grid", "relative", at_most(1e-6), lambda _: forecasts_apart("ParetoNBDFitter")),
    Line("BG/NBD: fit, standard library", "× lifetimes'", at_most(2.5), standard_library_beside_the_peer),
    Line("BG/NBD: fit, numpy", "× lifetimes'", at_most(1), numpy_beside_the_peer),
    Line("Pareto/NBD: fit, numpy", "× faster", None, pareto_beside_the_peer),
    Line("a million customers: fit and forecast, numpy", "× faster", at_least(20), a_million),
]
