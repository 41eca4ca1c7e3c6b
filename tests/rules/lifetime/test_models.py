"""The models say what the formulas of the papers say, and what probability asks of any model."""

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import BgNbd, GammaGamma, History, MeanRate, ParetoNbd, PurchaseModel, SameRate, mean_rate
from crmkit.rules.lifetime.models.bg_nbd_ahead import averaged, summed
from crmkit.rules.lifetime.models.quadrature import nodes
from crmkit.rules.rulebook import RuleBook

# the closed forms with hypergeometric functions, worked out to forty digits
GRID = list(csv.DictReader((Path(__file__).parent / "grid.csv").read_text(encoding="utf-8").splitlines()))
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
LATER = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44, currency="USD")

numbers = st.floats(0.05, 15)
models = st.one_of(
    st.builds(BgNbd, r=numbers, alpha=numbers, a=numbers, b=numbers),
    st.builds(ParetoNbd, r=numbers, alpha=numbers, s=numbers, beta=numbers),
    st.just(SameRate()),
    st.builds(MeanRate, per_week=numbers),
)
lives = st.builds(
    lambda frequency, more, silent: History(
        frequency=frequency, recency=(frequency + more) * (frequency > 0), age=(frequency + more) + silent
    ),
    st.integers(0, 60),
    st.integers(0, 600),
    st.integers(0, 600),
)


def model_of(row):
    r, alpha, third, fourth = (float(row[name]) for name in ("r", "alpha", "a_or_s", "b_or_beta"))
    if row["model"] == "bg_nbd":
        return BgNbd(r=r, alpha=alpha, a=third, b=fourth)
    return ParetoNbd(r=r, alpha=alpha, s=third, beta=fourth)


@pytest.mark.parametrize("row", GRID, ids=lambda row: "-".join(list(row.values())[:9]))
def test_it_agrees_with_the_closed_forms(row):
    model, days = model_of(row), int(row["days"])
    history = History(**{name: int(row[name]) for name in ("frequency", "recency", "age")})

    assert model.alive(history) == pytest.approx(float(row["alive"]), rel=1e-8)
    assert model.expected(history, days=days) == pytest.approx(float(row["expected"]), rel=1e-8)
    assert model.silence(history, days=days) == pytest.approx(float(row["silence"]), rel=1e-11)


@given(models, lives, st.integers(0, 400), st.integers(0, 400))
def test_silence_for_long_is_silence_for_a_while_and_then_for_the_rest(model, history, first, rest):
    assume(not isinstance(model, SameRate))  # which forgets nothing, and so thinks less of who was silent
    later = History(frequency=history.frequency, recency=history.recency, age=history.age + first)
    together = model.silence(history, days=first) * model.silence(later, days=rest)

    assert model.silence(history, days=first + rest) == pytest.approx(together, rel=1e-7)


@given(models, lives, st.lists(st.integers(0, 3_000), min_size=2, max_size=5).map(sorted))
def test_more_time_brings_more_purchases_and_less_silence(model, history, horizons):
    expected = [model.expected(history, days=days) for days in horizons]
    silence = [model.silence(history, days=days) for days in horizons]

    assert all(after >= before * (1 - 1e-9) for before, after in pairwise(expected))
    assert all(0 <= after <= before * (1 + 1e-9) <= 1 + 1e-9 for before, after in pairwise(silence))
    # whoever buys at all buys once or more
    assert all(count >= (1 - none) * (1 - 1e-6) - 1e-9 for count, none in zip(expected, silence, strict=True))
    assert model.expected(history, days=0) == pytest.approx(0, abs=1e-12)
    assert model.silence(history, days=0) == pytest.approx(1)


@given(models, lives)
def test_in_a_moment_there_is_one_purchase_or_none(model, history):
    expected, silence = model.expected(history, days=1e-4), model.silence(history, days=1e-4)

    assert expected == pytest.approx(1 - silence, rel=1e-2, abs=1e-12)


@given(models, lives, st.integers(1, 300))
def test_who_is_silent_for_longer_is_less_likely_still_there(model, history, more):
    later = History(frequency=history.frequency, recency=history.recency, age=history.age + more)

    assert 0 <= model.alive(later) <= model.alive(history) * (1 + 1e-9) <= 1 + 1e-9


@given(st.floats(0.05, 15), st.floats(0.05, 15), st.floats(0.2, 15), st.integers(0, 50), st.floats(0.001, 50))
def test_the_series_and_the_average_are_the_same_number(r, a, b, frequency, time):
    first, second = (way(r + frequency, a, b + frequency, time) for way in (summed, averaged))

    assert first == pytest.approx(second, rel=1e-7)


def test_customers_who_are_all_alike_can_be_forecast_too():
    """Where nobody differs, purchases come at the rate r/α and a part a/(a + b) of them is the last."""
    alike = BgNbd(r=1e6, alpha=1e7, a=1e6, b=3e6)

    expected = alike.expected(History(frequency=0, recency=0, age=70), days=700)

    # the sum over all purchases to come: (1 − e^(−0.1 · 100 · 0.25)) / 0.25
    assert expected == pytest.approx(3.67166, rel=1e-4)


@pytest.mark.parametrize("model", [CDNOW, LATER])
def test_numbers_that_a_formula_divides_by_are_numbers_like_any_other(model):
    history, name = History(frequency=2, recency=100, age=200), "a" if model is CDNOW else "s"
    around = [revise(model, **{name: each}) for each in (1 - 1e-7, 1.0, 1 + 1e-7)]
    below, exact, above = (each.expected(history, days=90) for each in around)

    assert (below + above) / 2 == pytest.approx(exact, rel=1e-9)


def test_who_never_came_back_did_not_leave_after_coming_back():
    assert CDNOW.alive(History(frequency=0, recency=0, age=3_000)) == 1
    assert LATER.alive(History(frequency=3, recency=3_000, age=3_000)) == 1


def test_extremes_neither_overflow_nor_divide_by_nothing():
    long_gone = History(frequency=3_000, recency=3_000, age=36_500)

    for model in (CDNOW, LATER):
        assert model.alive(long_gone) < 1e-300
        assert model.expected(long_gone, days=365) < 1e-290
        assert model.silence(long_gone, days=365) == 1


def test_spend_lies_between_the_customers_own_and_everybodys():
    """Nearer to the customer's own mean the more purchases there were."""
    few, many = (SPEND.expected(History(frequency=x, recency=213, age=272, spent=x * 22_00)) for x in (1, 50))

    assert SPEND.mean > few > many > 22
    assert SPEND.expected(History(frequency=0, recency=0, age=9)) == pytest.approx(SPEND.mean)


def test_naive_forecasts_are_what_anybody_would_say():
    history = History(frequency=3, recency=50, age=90)

    assert SameRate().expected(history, days=30) == 1
    assert SameRate().expected(History(frequency=0, recency=0, age=0), days=30) == 0
    assert mean_rate([history, History(frequency=0, recency=0, age=120)]).expected(history, days=70) == pytest.approx(1)


@pytest.mark.parametrize("count", [2, 5, 32])
def test_the_rule_is_exact_for_polynomials(count):
    degree = 2 * count - 1

    assert sum(weight * place**degree for place, weight in nodes(count)) == pytest.approx(1 / (degree + 1), rel=1e-13)


@pytest.mark.parametrize("model", [CDNOW, LATER, SameRate(), MeanRate(per_week=0.5)])
def test_a_model_of_purchases_comes_back_from_json_by_its_kind(model):
    codec = Codec(RuleBook.standard())

    assert codec.loads(PurchaseModel, codec.dumps(model)) == model


def test_a_model_of_spending_comes_back_from_json():
    assert Codec().loads(GammaGamma, Codec().dumps(SPEND)) == SPEND


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: BgNbd(r=0, alpha=1, a=1, b=1),
        lambda: BgNbd(r=1, alpha=1, a=1, b=-1),
        lambda: ParetoNbd(r=1, alpha=1, s=0, beta=1),
        lambda: BgNbd(r=float("nan"), alpha=1, a=1, b=1),
        lambda: MeanRate(per_week=-1),
        lambda: GammaGamma(p=1, q=1, gamma=1, currency="USD"),
        lambda: GammaGamma(p=1, q=2, gamma=1, currency="XXX"),
        lambda: CDNOW.expected(History(frequency=0, recency=0, age=1), days=-1),
        lambda: LATER.silence(History(frequency=0, recency=0, age=1), days=float("nan")),
        lambda: mean_rate([History(frequency=0, recency=0, age=0)]),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()
