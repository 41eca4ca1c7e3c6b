"""A back-test asks the same question as every day, and counts what came of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.recommendation import (
    BackTest,
    History,
    Item,
    ItemWalk,
    Knowledge,
    Purchase,
    RecommendationFacts,
    RecommendationPolicy,
    back_test,
    decide,
)

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def line(customer, item, days, quantity=1):
    at = MARCH + days * DAY
    return Purchase(customer_id=customer, item_id=item, order_id=f"{customer} {days}", at=at, quantity=quantity)


def learn(history):
    return ItemWalk().learn(history, now=MARCH)


def tried(lines, *, until=APRIL, items=(), segments=None, **policy):
    return back_test(
        RecommendationPolicy(**policy), lines, learn=learn, items=items, segments=segments, since=MARCH, until=until
    )


PAST = [line("eva", "tea", -9), line("eva", "cup", -9), line("wei", "tea", -5), line("lu", "salt", -5)]


def test_customers_count_who_bought_before_and_then():
    then = [line("eva", "tea", 3), line("new", "tea", 3), line("wei", "tea", 40)]
    assert tried([*PAST, *then]) == BackTest(customers=1, hits=1, trend_hits=1)


def test_what_was_brought_back_or_is_no_product_was_not_bought():
    then = [line("eva", "tea", 3), line("eva", "tea", 4, -1), line("wei", "post", 3)]
    assert tried([*PAST, *then], items=(Item(id="post", offered=False),)) == BackTest(customers=0, hits=0, trend_hits=0)


def test_of_new_items_what_the_customer_has_does_not_count():
    then = [line("wei", "tea", 3), line("eva", "salt", 3)]
    found = tried([*PAST, *then], repeats=False, count=1)
    assert (found.customers, found.hits, found.hit_rate) == (2, 1, 0.5)


def test_the_trend_is_told_beside():
    then = [line("lu", "salt", 3), line("wei", "cup", 3)]
    found = tried([*PAST, *then], count=1)
    assert (found.hit_rate, found.trend_hit_rate) == (0.5, 0.0)


def test_segments_are_asked():
    past = [line("eva", "tea", -1), line("wei", "tea", -1), line("wei", "cup", -1), line("lu", "cup", -1)]
    past += [line("mia", "salt", -50), line("mia", "pan", -50), line("ann", "salt", -50)]
    found = {
        segment: tried(
            [*past, line("ann", "pot", 1), line("bob", "pot", -80), line("bob", "salt", 1)],
            repeats=False,
            count=1,
            segments={"mia": segment, "ann": segment, "bob": "wholesale"},
        ).hits
        for segment in ("wholesale", "retail")
    }
    assert found == {"wholesale": 1, "retail": 0}


def test_of_nobody_the_rate_is_nothing():
    found = tried([])
    assert (found.customers, found.hit_rate, found.trend_hit_rate) == (0, 0.0, 0.0)


def test_an_empty_time_is_refused():
    with pytest.raises(InvalidInput):
        tried(PAST, until=MARCH)


@given(
    lines=st.lists(
        st.builds(
            line,
            st.sampled_from(["eva", "wei", "lu"]),
            st.sampled_from(["tea", "cup", "salt", "pan"]),
            st.integers(-60, 25),
            st.sampled_from([1, 2, -1]),
        ),
        max_size=30,
    ),
    repeats=st.booleans(),
)
def test_it_is_the_same_decision_as_on_the_day(lines, repeats):
    policy = RecommendationPolicy(repeats=repeats, count=1)
    past = History.of(each for each in lines if each.at < MARCH)
    then = History.of(each for each in lines if each.at >= MARCH)
    knowledge = Knowledge.of(past, neighbours=learn(past), now=MARCH)
    hits = 0
    for customer in past.customers.keys() & then.customers.keys():
        facts = RecommendationFacts(bought=past.of_customer(customer), knowledge=knowledge)
        counts = then.customers[customer].keys() - (() if repeats else past.customers[customer].keys())
        hits += bool(counts & set(decide(policy, facts, now=MARCH).item_ids))
    found = tried(lines, repeats=repeats, count=1)
    assert (found.customers, found.hits) == (len(past.customers.keys() & then.customers.keys()), hits)
