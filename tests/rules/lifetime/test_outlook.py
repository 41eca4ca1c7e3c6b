"""What is said of customers follows from the chosen model, and the list begins where most is lost."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules import lifetime
from crmkit.rules.lifetime import (
    TEXTS,
    BgNbd,
    GammaGamma,
    History,
    MeanRate,
    Outlook,
    Purchase,
    SameRate,
    back_test,
    churn_list,
    discounted_purchases,
    histories,
    learn,
    lifetime_value,
)
from crmkit.rules.rulebook import RuleBook

FIRST = date(2025, 1, 1)
DAY = timedelta(days=1)
NOW = FIRST + 450 * DAY
SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44, currency="USD")
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
KNOWN = {
    "gone": History(frequency=12, recency=200, age=400, spent=400_00),
    "loyal": History(frequency=12, recency=390, age=400, spent=400_00),
    "once": History(frequency=0, recency=0, age=400),
    "rich": History(frequency=12, recency=200, age=400, spent=4_000_00),
}


def shop(customers=40, *, amount=1_000):
    """Half go on buying, a part leaves after two or three purchases, the others bought once."""
    lives = [range(0, 450, 20), range(0, 60, 20), [0], range(5, 450, 35)]
    return [
        Purchase(customer_id=f"C-{number:02}", on=FIRST + (day + number) * DAY, amount=amount * (1 + number % 5))
        for number in range(customers)
        for day in lives[number % 4]
    ]


def outlook(model=CDNOW, spend=None, days=90):
    tried = back_test(shop(), split=FIRST + 360 * DAY, as_of=NOW)
    return Outlook(as_of=NOW, days=days, back_test=tried, model=model, spend=spend)


def codes(reasons):
    return [reason.code for reason in reasons]


def test_the_model_that_won_is_fitted_to_everything_that_is_known():
    found = learn(shop(), currency="EUR", as_of=NOW)
    known = list(histories(shop(), as_of=NOW).values())

    assert found.back_test.split == NOW - 90 * DAY
    assert found.model.kind == found.back_test.chosen.kind == "bg_nbd"
    assert found.model == lifetime.fit_bg_nbd(known)
    assert found.spend == lifetime.fit_gamma_gamma(known, currency="EUR")


def test_what_comes_after_the_question_is_not_known():
    later = [Purchase(customer_id="C-00", on=NOW + DAY), Purchase(customer_id="C-new", on=NOW + DAY)]

    assert learn([*shop(), *later], as_of=NOW) == learn(shop(), as_of=NOW)


@pytest.mark.parametrize("kind", ["same_rate", "mean_rate"])
def test_a_naive_forecast_that_won_is_shown_and_says_nothing_of_being_alive(kind):
    every = 30
    days = range(0, 450, every)
    same = [Purchase(customer_id=f"C-{number}", on=FIRST + day * DAY) for number in range(3) for day in days]
    # one customer stops and another begins: all together go on at the same rate
    turns = [
        Purchase(customer_id=f"C-{number}", on=FIRST + (day + number % 30) * DAY)
        for number in range(60)
        for day in (0, 400 if number % 2 else 300)
    ]
    found = learn(same if kind == "same_rate" else turns, fits={}, as_of=NOW)

    assert found.model.kind == kind
    assert isinstance(found.model, SameRate | MeanRate)
    assert found.spend is None
    assert "lifetime.alive" not in codes(found.of("C-0", KNOWN["gone"]).reasons)


def test_without_amounts_nothing_is_said_of_value():
    free, unnamed = learn(shop(amount=0), currency="EUR", as_of=NOW), learn(shop(), as_of=NOW)

    assert (free.spend, unnamed.spend) == (None, None)
    assert free.of("C-00", KNOWN["gone"]).value is None


def test_a_customers_outlook_says_why():
    found = outlook(spend=SPEND).of("gone", KNOWN["gone"])

    assert codes(found.reasons) == ["lifetime.risk", "lifetime.silent", "lifetime.alive", "lifetime.worth"]
    assert found.reasons[1].params == {"days": 200, "gap": "17"}
    assert found.reasons[0].params == {"percent": round(100 * found.silence), "days": 90}
    assert found.expected == CDNOW.expected(KNOWN["gone"], days=90)
    assert found.lost == CDNOW.expected(KNOWN["gone"].at_last, days=90) - found.expected
    assert codes(outlook().of("once", KNOWN["once"]).reasons) == ["lifetime.risk", "lifetime.once", "lifetime.alive"]


def test_the_list_has_who_is_likely_to_stay_away_and_begins_where_most_is_lost():
    by_value = churn_list(outlook(spend=SPEND), KNOWN)
    by_purchases = churn_list(outlook(), KNOWN)

    assert [each.customer_id for each in by_value] == ["rich", "gone", "once"]
    assert [each.customer_id for each in by_purchases] == ["gone", "rich", "once"]
    assert all(each.silence >= 0.5 for each in by_value)
    assert {each.customer_id for each in churn_list(outlook(), KNOWN, least_risk=0)} == set(KNOWN)
    assert churn_list(outlook(), KNOWN, least_risk=1) == []


def test_who_is_long_gone_can_be_left_out():
    found = churn_list(outlook(), KNOWN, most_silent=200)

    assert [each.customer_id for each in found] == ["gone", "rich"]
    assert len(churn_list(outlook(), KNOWN, most_silent=199)) == 0


def test_an_outlook_comes_back_from_json():
    codec = Codec(RuleBook.standard())
    found = learn(shop(), currency="EUR", as_of=NOW)

    assert codec.loads(Outlook, codec.dumps(found)) == found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_that_is_said_is_said_in_full(language):
    texts = Catalogue.of(TEXTS)
    found = outlook(spend=SPEND)
    said = [*found.back_test.reasons, *found.of("gone", KNOWN["gone"]).reasons, *found.of("x", KNOWN["once"]).reasons]

    for reason in said:
        assert not re.search(r"[{}]|–", texts.say(reason, language))
        assert set(re.findall(r"\{(\w+)\}", TEXTS[reason.code][0])) == set(reason.params)


def test_every_code_is_used_and_has_both_languages_with_the_same_places():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(lifetime.__file__).parent.glob("*.py"))

    for code, (english, chinese) in TEXTS.items():
        assert source.count(f'"{code}"') == 2, code
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))
        assert english.isascii()
        assert not chinese.isascii()


def test_a_value_is_what_each_step_brings_discounted():
    """Twelve steps of thirty days: what money costs in a step is a twelfth root and a bit."""
    customer = KNOWN["loyal"]
    total = sum(
        (CDNOW.expected(customer, days=end) - CDNOW.expected(customer, days=end - 30)) * 1.21 ** (-end / 365)
        for end in range(30, 361, 30)
    )

    assert discounted_purchases(CDNOW, customer, days=360, yearly_percent=21) == pytest.approx(total)
    whole = lifetime_value(CDNOW, SPEND, customer, days=360, yearly_percent=21)
    assert whole.minor == round(100 * total * SPEND.expected(customer))
    part = lifetime_value(CDNOW, SPEND, customer, days=360, yearly_percent=21, margin_percent=25)
    assert part.minor == pytest.approx(whole.minor / 4, abs=1)


@given(st.integers(0, 800), st.floats(0, 100))
def test_money_that_costs_nothing_takes_nothing_off(days, percent):
    customer = KNOWN["loyal"]
    dear, free = (discounted_purchases(CDNOW, customer, days=days, yearly_percent=each) for each in (percent, 0))

    assert dear <= free * (1 + 1e-12)
    assert free == pytest.approx(CDNOW.expected(customer, days=days))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: learn(shop(), days=0, as_of=NOW),
        lambda: learn(shop(), days=600, as_of=NOW),
        lambda: learn(shop(), currency="€", as_of=NOW),
        lambda: learn([], as_of=NOW),
        lambda: churn_list(outlook(), KNOWN, least_risk=1.5),
        lambda: churn_list(outlook(), KNOWN, least_risk=float("nan")),
        lambda: discounted_purchases(CDNOW, KNOWN["once"], days=-1, yearly_percent=10),
        lambda: discounted_purchases(CDNOW, KNOWN["once"], days=30, yearly_percent=-1),
        lambda: lifetime_value(CDNOW, SPEND, KNOWN["once"], margin_percent=101),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()
