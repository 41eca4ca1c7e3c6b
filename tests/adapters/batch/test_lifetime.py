"""Columns of customers have the engine's own answers, however many there are of each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.adapters.batch.lifetime import (
    ColumnFitter,
    Customers,
    alive,
    bg_nbd_of,
    expected,
    gamma_gamma_of,
    pareto_nbd_of,
)
from crmkit.errors import InvalidInput
from crmkit.ports.lifetime import LifetimeFitter
from crmkit.rules.lifetime import BgNbd, History, ParetoNbd, fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
LATER = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
MODELS = [
    CDNOW,
    BgNbd(r=0.243, alpha=4.414, a=1.0, b=2.426),
    BgNbd(r=30.0, alpha=90.0, a=0.2, b=3.0),
    BgNbd(r=0.2, alpha=0.02, a=0.2, b=3.0),
    LATER,
    ParetoNbd(r=0.553, alpha=3.0, s=1.0, beta=11.669),
]

lives = st.lists(
    st.builds(
        lambda frequency, more, silent, spent: History(
            frequency=frequency,
            recency=(frequency + more) * (frequency > 0),
            age=frequency + more + silent,
            spent=spent * (frequency > 0),
        ),
        st.integers(0, 30),
        st.integers(0, 300),
        st.integers(0, 300),
        st.integers(0, 90_000),
    ),
    min_size=1,
    max_size=40,
)


def shop(count=200, seed=7):
    """Customers of every kind, as chance has it; the same ones each time."""
    random = np.random.default_rng(seed)
    for frequency, more, silent in zip(
        random.geometric(0.4, count) - 1, random.integers(0, 200, count), random.integers(0, 150, count), strict=True
    ):
        x = int(frequency)
        yield History(
            frequency=x,
            recency=(x + int(more)) * (x > 0),
            age=x + int(more) + int(silent),
            spent=sum(int(amount) for amount in random.gamma(3, 900, x)),
        )


SHOP = list(shop())


@given(lives)
def test_different_histories_stand_once_and_everybody_is_found_again(histories):
    customers = Customers.of_histories(histories)
    rows = list(zip(customers.frequency.tolist(), customers.recency.tolist(), customers.age.tolist(), strict=True))

    assert len(set(rows)) == len(rows)
    assert [rows[which] for which in customers.which] == [
        (each.frequency, each.recency, each.age) for each in histories
    ]
    assert customers.count.tolist() == np.bincount(customers.which).tolist()


def test_many_customers_are_counted_in_a_table_and_few_in_order():
    few, many = Customers.of_histories(SHOP), Customers.of_histories(SHOP * 2_000)

    assert (many.count == 2_000 * few.count).all()
    assert (many.which[: len(SHOP)] == few.which).all()
    assert (many.frequency == few.frequency).all()
    assert (many.age == few.age).all()


@settings(max_examples=30)
@given(lives, st.integers(0, 2_000))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.kind} {model.r} {model.alpha}")
def test_forecasts_are_the_engines(model, histories, days):
    customers = Customers.of_histories(histories)

    assert alive(model, customers) == pytest.approx([model.alive(each) for each in histories], rel=1e-9)
    assert expected(model, customers, days=days) == pytest.approx(
        [model.expected(each, days=days) for each in histories], rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("histories", [SHOP[:80], SHOP[:80] * 4], ids=["few", "many"])
def test_fits_are_the_engines(histories):
    fitter: LifetimeFitter = ColumnFitter()

    for ours, engines in (
        (fitter.fit_bg_nbd(histories), fit_bg_nbd(histories)),
        (fitter.fit_pareto_nbd(histories), fit_pareto_nbd(histories)),
        (fitter.fit_gamma_gamma(histories, currency="EUR"), fit_gamma_gamma(histories, currency="EUR")),
    ):
        assert ours.log_likelihood == pytest.approx(engines.log_likelihood, rel=1e-9)
        for name in ("r", "alpha", "a", "b", "s", "beta", "p", "q", "gamma"):
            if hasattr(ours, name):
                assert getattr(ours, name) == pytest.approx(getattr(engines, name), rel=1e-3), name


@pytest.mark.parametrize("fit", [bg_nbd_of, pareto_nbd_of])
@pytest.mark.parametrize("histories", [[], [History(frequency=0, recency=0, age=200)] * 500], ids=["nobody", "once"])
def test_too_few_who_came_back_are_refused(fit, histories):
    with pytest.raises(InvalidInput, match="at least 10 are needed"):
        fit(Customers.of_histories(histories))


@pytest.mark.parametrize("spent", [[], [500] * 50, [0] * 50])
def test_spending_that_teaches_nothing_is_refused(spent):
    with pytest.raises(InvalidInput, match="bought again and paid"):
        gamma_gamma_of([1] * len(spent), spent=spent, currency="EUR")


def test_nobody_has_no_future():
    assert expected(CDNOW, Customers.of([], recency=[], age=[]), days=9).tolist() == []


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (([1], [1, 2], [3, 4]), "columns"),
        (([1.0], [1], [1]), "frequency"),
        (([[1]], [[1]], [[1]]), "frequency"),
        (([1], [1], [-1]), "age"),
        (([1], [1], [99_999]), "age"),
        (([2], [1], [9]), "histories"),
        (([1], [10], [9]), "histories"),
        (([0], [1], [9]), "histories"),
        (([-1], [0], [9]), "histories"),
    ],
)
def test_columns_that_cannot_be_are_refused(columns, field):
    frequency, recency, age = columns
    with pytest.raises(InvalidInput) as caught:
        Customers.of(frequency, recency=recency, age=age)

    assert caught.value.field == field


def test_a_horizon_is_checked():
    with pytest.raises(InvalidInput):
        expected(CDNOW, Customers.of_histories(SHOP), days=-1)
