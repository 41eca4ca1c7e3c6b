"""Recommendations for stored customers: learnt from won deals or the host's orders, never from who opted out."""

from datetime import timedelta

import pytest

from crmkit.adapters.batch.recommendation import EaseLearner
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.values.money import Money
from crmkit.errors import NotFound
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.recommendation import Item, Purchase, RecommendationOutcome, RecommendationPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import recommend as room
from crmkit.services.context import Context
from crmkit.services.recommend import learn_recommendations, recommend
from crmkit.testing import NOW, FixedClock, FixedIds, an_account, an_opportunity
from crmkit.testing.history import Told

DAY = timedelta(days=1)
OPT_OUT = ProfilingPolicy(id="account", opt_out="contains(tags, 'no_profiling')")
NEW_ONLY = RecommendationPolicy(count=3, repeats=False)
BASKETS = {1: ("tea", "cup"), 2: ("tea", "cup", "kettle"), 3: ("tea", "kettle"), 4: ("salt",)}


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    keep(ctx, policies=[OPT_OUT, NEW_ONLY])
    yield ctx
    store.close()


def keep(ctx, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, records))

    ctx.store.run(fill)


def firm(number, **fields):
    return an_account(id=f"A-{number}", emails=(), **fields)


def firms():
    return [firm(number) for number in BASKETS]


def deals(baskets=BASKETS, **fields):
    for customer, products in baskets.items():
        for product in products:
            yield an_opportunity(
                id=f"O-{customer}-{product}",
                account_id=f"A-{customer}",
                product=product,
                status="won",
                stage="won",
                closed_at=NOW - 9 * DAY,
                **fields,
            )


def orders(baskets=BASKETS):
    for customer, products in baskets.items():
        for product in products:
            yield Purchase(customer_id=f"A-{customer}", item_id=product, order_id=f"{customer}", at=NOW - 9 * DAY)


def test_won_deals_teach_what_goes_together(ctx):
    keep(ctx, *firms(), *deals())
    decision = recommend(ctx, "A-1", learn_recommendations(ctx))
    assert decision.item_ids == ("kettle", "salt")
    assert decision.policy == NEW_ONLY.ref
    assert "kettle: bought together with tea." in ctx.book.texts.say_all(decision.reasons)


def test_without_knowledge_it_is_learnt_for_the_call(ctx):
    keep(ctx, *firms(), *deals())
    assert recommend(ctx, "A-1") == recommend(ctx, "A-1", learn_recommendations(ctx))
    assert recommend(ctx, "A-1", purchases=orders()).item_ids == ("kettle", "salt")


def test_whoever_opted_out_is_recommended_nothing_and_not_learnt_from(ctx, monkeypatch):
    keep(ctx, firm(1), firm(2, tags=("no_profiling",)), firm(3), firm(4), *deals({**BASKETS, 2: ("tea", "secret")}))
    knowledge = learn_recommendations(ctx)
    assert "secret" not in {*knowledge.popularity, *knowledge.neighbours, *knowledge.sold_at}
    assert "secret" not in recommend(ctx, "A-1", knowledge).item_ids
    monkeypatch.setattr(room, "lines_of", lambda *_args, **_options: pytest.fail("was read"))
    quiet = recommend(ctx, "A-2", knowledge)
    assert (quiet.outcome, quiet.recommendations) == (RecommendationOutcome.NEUTRAL, ())


def test_deals_without_a_product_and_in_any_currency(ctx):
    keep(ctx, *firms(), *deals({1: ("tea",), 2: ("tea", "cup")}, amount=Money.of("1", "USD")))
    blank = {"account_id": "A-1", "status": "won", "closed_at": NOW, "amount": Money.of("1", "CNY")}
    keep(ctx, an_opportunity(id="O-9", **blank))
    assert recommend(ctx, "A-1").item_ids == ("cup",)


def test_what_is_excluded_or_not_offered_is_not_recommended(ctx):
    keep(ctx, *firms(), *deals())
    knowledge = learn_recommendations(ctx, items=[Item(id="salt", offered=False), Item(id="kettle", name="Kettle")])
    assert recommend(ctx, "A-1", knowledge).item_ids == ("kettle",)
    assert recommend(ctx, "A-1", knowledge, excluded=["kettle"]).outcome is RecommendationOutcome.NOTHING


def test_a_customer_without_purchases_gets_what_the_segment_buys(ctx):
    keep(ctx, *firms(), firm(9), *deals())
    knowledge = learn_recommendations(ctx, segments={"A-4": "bakers", "A-1": "bars"})
    assert recommend(ctx, "A-9", knowledge, segment="bakers").item_ids[0] == "salt"


def test_orders_of_the_host_take_the_place_of_deals(ctx):
    keep(ctx, *firms(), *deals({1: ("nails",)}))
    knowledge = learn_recommendations(ctx, purchases=orders(), learner=EaseLearner())
    assert "nails" not in knowledge.popularity
    assert set(recommend(ctx, "A-1", knowledge, purchases=orders()).item_ids) == {"kettle", "salt"}


def test_the_standard_policy_holds_where_none_is_in_force():
    ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    keep(ctx, *firms(), *deals())
    decision = recommend(ctx, "A-1")
    assert decision.policy == RecommendationPolicy().ref
    assert "tea" in decision.item_ids


def test_an_empty_store_has_nothing_to_offer(ctx):
    assert learn_recommendations(ctx).popularity == {}
    keep(ctx, firm(1))
    assert recommend(ctx, "A-1").outcome is RecommendationOutcome.NOTHING
    with pytest.raises(NotFound):
        recommend(ctx, "A-9")
