"""No forecast is shown that was not tried, and none that is worse than what anybody would say."""

from datetime import date, timedelta
from math import sqrt

import pytest

from crmkit.adapters.codec import Codec
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import FITS, MeanRate, Purchase, back_test, bought_after, fit_bg_nbd, histories

FIRST = date(2025, 1, 1)
DAY = timedelta(days=1)
MONTH = {"split": FIRST + 360 * DAY, "as_of": FIRST + 450 * DAY}


def bought(customer, *days):
    return [Purchase(customer_id=customer, on=FIRST + day * DAY) for day in days]


def subscribers(count=30):
    """Each buys every 15, 35 or 55 days, but nobody in summer: who takes silence for leaving is wrong."""
    return [
        each
        for number in range(count)
        for each in bought(
            f"C-{number:02}", *(day for day in range(number % 7, 500, 15 + 20 * (number % 3)) if not 200 < day < 360)
        )
    ]


def test_cdnow_holds_out_what_the_paper_says(cdnow):
    """Fader, Hardie & Lee (2005): conditional expectations over weeks 40–78 correlate with purchases by 0.626."""
    found = back_test(cdnow, split=date(1997, 9, 30), as_of=date(1998, 6, 30))

    assert (found.customers, found.purchases) == (2357, 1882)
    assert round(found.contender("bg_nbd").correlation, 3) == 0.626
    assert round(found.contender("pareto_nbd").correlation, 3) == 0.630
    assert found.better_than_naive
    assert [each.code for each in found.reasons] == ["lifetime.better", "lifetime.total"]


def test_where_everybody_goes_on_as_before_no_model_is_shown():
    found = back_test(subscribers(), **MONTH)

    assert found.chosen.kind == "same_rate"
    assert not found.better_than_naive
    assert found.reasons[0].code == "lifetime.naive"


def test_the_figures_are_those_of_their_definitions():
    shop = [*subscribers(), *bought("C-99", 10)]
    model = fit_bg_nbd(list(histories(shop, as_of=MONTH["split"]).values()))
    came = bought_after(shop, **MONTH)
    misses = [
        model.expected(known, days=90) - came[customer]
        for customer, known in histories(shop, as_of=MONTH["split"]).items()
    ]

    found = back_test(shop, **MONTH).contender("bg_nbd")

    assert found.forecast - sum(came.values()) == pytest.approx(sum(misses))
    assert found.error == pytest.approx(sqrt(sum(miss**2 for miss in misses) / 31))
    assert found.off == pytest.approx(sum(map(abs, misses)) / 31)
    assert -1 <= found.correlation <= 1


def test_contenders_stand_in_order_and_the_mean_rate_tells_nobody_apart():
    found = back_test(subscribers(), **MONTH)

    assert [each.error for each in found.contenders] == sorted(each.error for each in found.contenders)
    assert found.contender("mean_rate").correlation is None
    assert found.contender("unknown") is None


def test_a_forecast_as_good_as_a_naive_one_gives_way_to_it():
    """The fit is the mean rate under another name."""

    class Renamed(MeanRate):
        kind = "renamed"

    nobody_came = [*bought("C-1", 0, 30), *bought("C-2", 0)]
    found = back_test(nobody_came, fits={"renamed": lambda _: Renamed(per_week=0.0)}, **MONTH)
    same = back_test(
        nobody_came,
        fits={
            "mean": lambda known: MeanRate(per_week=sum(h.frequency for h in known) / (sum(h.age for h in known) / 7))
        },
        **MONTH,
    )

    assert found.chosen.kind == "renamed"
    assert same.chosen.kind == "mean_rate"
    assert not same.better_than_naive


def test_models_that_cannot_be_fitted_are_named_and_the_others_still_tried():
    found = back_test(bought("C-1", 0, 30, 400), **MONTH)

    assert {each.kind for each in found.contenders} == {"same_rate", "mean_rate"}
    assert [dict(each.params) for each in found.reasons[2:]] == [{"model": kind} for kind in FITS]
    assert all(each.correlation is None for each in found.contenders)


def test_even_a_shop_that_opened_today_has_a_forecast():
    found = back_test(bought("C-1", 0, 5), split=FIRST, as_of=FIRST + 10 * DAY)

    assert [each.kind for each in found.contenders] == ["same_rate"]
    assert found.reasons[2].params["model"] == "mean_rate"


@pytest.mark.parametrize(
    ("split", "as_of"), [(FIRST, FIRST), (FIRST + DAY, FIRST), (FIRST - DAY, FIRST + DAY)], ids=str
)
def test_without_time_or_customers_there_is_nothing_to_try(split, as_of):
    with pytest.raises(InvalidInput) as caught:
        back_test(bought("C-1", 0, 1), split=split, as_of=as_of)

    assert caught.value.field == "split"


def test_a_back_test_comes_back_from_json():
    found = back_test(subscribers(), **MONTH)

    assert Codec().loads(type(found), Codec().dumps(found)) == found
