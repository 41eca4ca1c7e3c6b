"""Fits find the published numbers, the true ones where they are known, and refuse what teaches nothing."""

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import BgNbd, History, ParetoNbd, fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd
from crmkit.rules.lifetime.models.gamma_gamma import digamma
from crmkit.rules.lifetime.models.search import FURTHEST, lowest

FITS = [fit_bg_nbd, fit_pareto_nbd]
ONCE = History(frequency=0, recency=0, age=200)
REGULAR = [History(frequency=n, recency=7 * n + 30, age=200, spent=n * n * 500) for n in range(1, 13)] + [ONCE] * 30
APART = [
    History(frequency=x, recency=100, age=200, spent=round(x * 500 * 1.1**number * (1 + number % 3 / 3)))
    for number in range(30)
    for x in (1, 2, 4)
]

lives = st.builds(
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
)


def published(model):
    return [getattr(model, name) for name in ("r", "alpha", "a" if model.kind == "bg_nbd" else "s")]


def test_bg_nbd_finds_the_published_numbers(calibration):
    """Fader, Hardie & Lee (2005), table 2, to the digits that are printed."""
    found = fit_bg_nbd(calibration)

    assert [round(each, 3) for each in (found.r, found.alpha, found.a, found.b)] == [0.243, 4.414, 0.793, 2.426]
    assert found.log_likelihood == pytest.approx(-9582.43, abs=0.01)


def test_pareto_nbd_finds_the_published_numbers(calibration):
    """Fader, Hardie & Lee (2005), table 2, to the digits that are printed."""
    found = fit_pareto_nbd(calibration)

    assert [round(each, 3) for each in (found.r, found.alpha, found.s, found.beta)] == [0.553, 10.578, 0.606, 11.669]
    assert found.log_likelihood == pytest.approx(-9594.98, abs=0.01)


def test_gamma_gamma_finds_the_published_numbers(calibration):
    """Fader & Hardie (2013), to the digits that are printed."""
    found = fit_gamma_gamma(calibration, currency="USD")

    assert [round(each, 2) for each in (found.p, found.q, found.gamma)] == [6.25, 3.74, 15.44]
    assert found.log_likelihood == pytest.approx(-4055.92, abs=0.05)


@pytest.mark.parametrize("fit", FITS)
def test_customers_twice_are_twice_as_likely_and_no_other_customers(fit):
    one, two = fit(REGULAR), fit([*REGULAR, *reversed(REGULAR)])

    assert published(two) == pytest.approx(published(one), rel=1e-5)
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood, rel=1e-12)


def likelihood(model, history):
    """The probability of one history, up to what no model decides, as a product of what the model says.

    Purchases come at known times; each is as likely as the silence before it has a slope. Only x = 0 is asked.
    """
    new = History(frequency=0, recency=0, age=0)
    return log(model.silence(new, days=history.age))


@pytest.mark.parametrize("fit", FITS)
def test_the_log_likelihood_is_that_of_the_histories(fit):
    """One more customer who bought once costs the logarithm of the probability of that silence."""
    few, model = REGULAR, fit(REGULAR)
    more = fit([*few, ONCE])

    # the new fit is the best there is, so it is as good as the old one on the new customer, or a little better
    gained = more.log_likelihood - model.log_likelihood - likelihood(model, ONCE)
    assert 0 <= gained < 0.02


@settings(max_examples=15)
@given(st.lists(lives, min_size=10, max_size=25))
@pytest.mark.parametrize("fit", FITS)
def test_any_customers_who_came_back_teach_a_model_that_can_be_asked(fit, given_):
    if sum(each.frequency > 0 for each in given_) < 10:
        with pytest.raises(InvalidInput, match="bought again"):
            fit(given_)
        return

    model = fit(given_)

    for history in given_:
        expected, silence = model.expected(history, days=90), model.silence(history, days=90)
        assert expected >= (1 - silence) * (1 - 1e-6) - 1e-9
        assert 0 <= model.alive(history) <= 1


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    "histories",
    [[], [ONCE] * 500, [History(frequency=5, recency=50, age=60)], [History(frequency=0, recency=0, age=0)] * 99],
    ids=["nobody", "nobody came back", "one customer", "all on the last day"],
)
def test_too_few_who_came_back_are_refused_with_the_mend(fit, histories):
    with pytest.raises(InvalidInput, match="at least 10 are needed") as caught:
        fit(histories)

    assert caught.value.hint == "Give more customers, or a longer time."


def test_customers_who_all_do_the_same_have_a_model():
    same = [History(frequency=3, recency=100, age=200)] * 50

    for fit in FITS:
        assert fit(same).expected(same[0], days=200) < 9


def test_spending_needs_customers_who_paid_and_not_all_the_same():
    paid = [History(frequency=2, recency=9, age=10, spent=2_00)]
    free = [History(frequency=2, recency=9, age=10)]

    with pytest.raises(InvalidInput, match="have 9 who bought again and paid"):
        fit_gamma_gamma([*paid * 9, *free * 50, ONCE], currency="EUR")
    with pytest.raises(InvalidInput, match="the same means"):
        fit_gamma_gamma(paid * 30, currency="EUR")
    with pytest.raises(InvalidInput, match="currency"):
        fit_gamma_gamma(REGULAR, currency="€")


def test_spending_is_counted_in_the_unit_of_its_currency():
    yen, cents = (fit_gamma_gamma(APART, currency=currency) for currency in ("JPY", "EUR"))

    assert (yen.p, yen.q) == pytest.approx((cents.p, cents.q), rel=1e-4)
    assert yen.gamma == pytest.approx(100 * cents.gamma, rel=1e-4)


def test_a_heavy_tail_still_has_a_mean():
    """The likeliest q would be below 1, where the mean of all customers is infinite."""
    wild = [History(frequency=1, recency=9, age=10, spent=10 ** (number % 9 + 1)) for number in range(90)]

    assert fit_gamma_gamma(wild, currency="USD").q > 1


@given(st.floats(0.01, 300))
def test_digamma_is_the_slope_of_ln_gamma_and_climbs_by_its_own_rule(x):
    assert digamma(x + 1) == pytest.approx(digamma(x) + 1 / x, rel=1e-11, abs=1e-11)


def valley(*lows):
    """Lowest where each number is what ``lows`` says; steep, and bent against the axes."""

    def at(*numbers):
        off = [log(number / low) for number, low in zip(numbers, lows, strict=True)]
        value = sum(each * each for each in off) + 20 * sum(off) ** 2
        return value, [(2 * each + 40 * sum(off)) / number for each, number in zip(off, numbers, strict=True)]

    return at


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=4), st.floats(1e-1, 1e1))
def test_the_lowest_point_is_found_from_anywhere(lows, start):
    found = lowest(valley(*lows), [start] * len(lows))

    assert found.point == pytest.approx(lows, rel=1e-4)


def test_a_search_that_has_no_end_ends_at_the_edge():
    found = lowest(lambda x: (1 / (1 + log(x) ** 2) if x > 1 else 1.0, (-1.0 / x,)), [2.0])

    assert log(found.point[0] / 2) <= FURTHEST
    assert found.asked <= 400


def test_a_function_that_falls_nowhere_is_left_where_it_was():
    """Its slopes lie: every step leads up."""
    found = lowest(lambda x: (abs(log(x)) + 1, (1.0 if x <= 1 else -1.0,)), [1.0])

    assert found.point == (1.0,)


def test_where_steps_bend_the_wrong_way_the_search_goes_on():
    """Between hills the second derivative is negative, and nothing may be learnt from it."""
    from math import cos, sin

    found = lowest(
        lambda x: (1 - cos(log(x) - 1) + 0.01 * log(x) ** 2, ((sin(log(x) - 1) + 0.02 * log(x)) / x,)), [0.12]
    )

    assert abs(sin(log(found.point[0]) - 1) + 0.02 * log(found.point[0])) < 1e-7


def test_models_are_told_apart_by_their_kind():
    assert (BgNbd.kind, ParetoNbd.kind) == ("bg_nbd", "pareto_nbd")
