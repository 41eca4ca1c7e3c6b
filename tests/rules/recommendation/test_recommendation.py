"""What is recommended, to whom, why, and never against the rules."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.recommendation import (
    KINDS,
    TEXTS,
    Bought,
    History,
    Item,
    ItemWalk,
    Knowledge,
    Purchase,
    RecommendationDecision,
    RecommendationFacts,
    RecommendationOutcome,
    RecommendationPolicy,
    Source,
    decide,
    freshness,
    trend,
)
from crmkit.rules.rulebook import RuleBook

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ITEMS = [f"I-{number}" for number in range(8)]
CUSTOMERS = [f"C-{number}" for number in range(6)]

lines = st.lists(
    st.builds(
        Purchase,
        customer_id=st.sampled_from(CUSTOMERS),
        item_id=st.sampled_from(ITEMS),
        order_id=st.sampled_from(["O-1", "O-2", "O-3"]),
        at=st.integers(0, 200).map(lambda days: NOW - days * DAY),
        quantity=st.integers(-3, 5).filter(bool),
    ),
    max_size=40,
)
catalogues = st.lists(
    st.builds(
        Item,
        id=st.sampled_from(ITEMS),
        offered=st.booleans(),
        consumable=st.booleans(),
        step_up_to=st.sampled_from(["", *ITEMS]),
    ),
    max_size=8,
)


def line(customer, item, days, *, quantity=1, order=""):
    return Purchase(
        customer_id=customer,
        item_id=item,
        order_id=order or f"{customer} {days}",
        at=NOW - days * DAY,
        quantity=quantity,
    )


def known(history, **given_):
    return Knowledge.of(history, neighbours=ItemWalk().learn(history, now=NOW), now=NOW, **given_)


def facts(customer, bought, *, items=(), segments=None, **given_):
    history = History.of(bought)
    knowledge = known(history, items=items, segments=segments)
    return RecommendationFacts(bought=history.of_customer(customer), knowledge=knowledge, **given_)


def told(found):
    return [(each.item_id, each.source.value) for each in found.recommendations]


SHOP = [
    line("eva", "tea", 60),
    line("eva", "tea", 30),
    line("eva", "pot", 30),
    line("wei", "tea", 9),
    line("wei", "cup", 9),
    line("lu", "tea", 8),
    line("lu", "cup", 8),
    line("mia", "salt", 2),
    line("ann", "salt", 2),
]


class TestHistory:
    def test_a_return_takes_back_the_latest_purchase_first(self):
        history = History.of([line("eva", "tea", 9), line("eva", "tea", 5), line("eva", "tea", 4, quantity=-1)])
        assert history.of_customer("eva") == (
            Bought(item_id="tea", times=1, first_at=NOW - 9 * DAY, last_at=NOW - 9 * DAY),
        )

    def test_what_came_back_altogether_was_not_bought(self):
        history = History.of([line("eva", "tea", 9, quantity=5), line("eva", "tea", 3, quantity=-9)])
        assert history.of_customer("eva") == ()
        assert history.customers == {}

    def test_a_return_does_not_take_back_what_is_bought_later_or_by_others(self):
        history = History.of([line("eva", "tea", 9, quantity=-1), line("eva", "tea", 3), line("wei", "tea", 9)])
        assert len(history.of_customer("eva")) == len(history.of_customer("wei")) == 1

    def test_two_lines_of_an_order_are_one_time(self):
        history = History.of([line("eva", "tea", 9, order="O"), line("eva", "tea", 9, order="O")])
        [tea] = history.of_customer("eva")
        assert (tea.times, tea.every_days) == (1, None)

    @given(lines=lines, seed=st.randoms(use_true_random=False))
    def test_the_order_of_rows_does_not_matter(self, lines, seed):
        shuffled = list(lines)
        seed.shuffle(shuffled)
        assert History.of(shuffled) == History.of(lines)

    @given(lines=lines)
    def test_nobody_keeps_more_than_was_bought(self, lines):
        for customer, items in History.of(lines).customers.items():
            for item, kept in items.items():
                own = [each for each in lines if (each.customer_id, each.item_id) == (customer, item)]
                assert 1 <= kept.times <= len({each.order_id for each in own if each.quantity > 0})

    def test_rhythm_needs_two_orders_on_two_days(self):
        twice = History.of([line("eva", "tea", 9, order="A"), line("eva", "tea", 9, order="B")])
        assert twice.of_customer("eva")[0].every_days is None

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: line("eva", "tea", 1, quantity=0),
            lambda: Bought(item_id="tea", times=0, first_at=NOW, last_at=NOW),
            lambda: Bought(item_id="tea", times=1, first_at=NOW, last_at=NOW - DAY),
            lambda: freshness(NOW, half_life_days=0, now=NOW),
            lambda: ItemWalk(most=0),
            lambda: ItemWalk(shrinkage=-1),
            lambda: RecommendationPolicy(count=0),
            lambda: RecommendationPolicy(new_percent=-1),
            lambda: RecommendationPolicy(trend_power=1.5),
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong):
        with pytest.raises(InvalidInput):
            wrong()


class TestTrend:
    def test_each_customer_counts_by_its_last_purchase(self):
        history = History.of([line("eva", "tea", 90), line("eva", "tea", 14), line("wei", "tea", 0)])
        assert trend(history, now=NOW) == {"tea": 1.5}
        assert trend(history, customers=["eva", "nobody"], now=NOW) == {"tea": 0.5}

    def test_what_is_still_to_come_does_not_count(self):
        assert trend(History.of([line("eva", "tea", -1)]), now=NOW) == {}


class TestItemWalk:
    @given(lines=lines)
    def test_neighbours_are_others_the_nearest_first(self, lines):
        history = History.of(lines)
        learned = ItemWalk(most=3).learn(history, now=NOW)
        for item, neighbours in learned.items():
            assert item not in dict(neighbours)
            assert len(neighbours) <= 3
            assert list(neighbours) == sorted(neighbours, key=lambda each: (-each[1], each[0]))
            assert all(weight > 0 for _, weight in neighbours)

    @given(lines=lines)
    def test_the_order_of_customers_does_not_matter(self, lines):
        history = History.of(lines)
        backwards = History(customers=dict(reversed(history.customers.items())))
        one, other = ItemWalk().learn(history, now=NOW), ItemWalk().learn(backwards, now=NOW)
        assert {item: dict(each) for item, each in one.items()} == {
            item: pytest.approx(dict(each)) for item, each in other.items()
        }

    def test_the_weight_is_the_formula(self):
        history = History.of([line("eva", "tea", 0), line("eva", "cup", 14), line("wei", "tea", 0)])
        [(other, weight)] = ItemWalk().learn(history, now=NOW)["tea"]
        assert other == "cup"
        # two buyers and shrinkage 5; half as fresh, of two items; a trend of one half, plus one half
        assert weight == pytest.approx(7**-0.5 * (0.5 / 2) * 1**-0.5)

    def test_what_nobody_bought_for_long_leads_nowhere(self):
        history = History.of([line("eva", "tea", 0), line("eva", "cup", 150)])
        learned = ItemWalk().learn(history, now=NOW)
        assert learned["tea"] == ()
        assert dict(learned["cup"]).keys() == {"tea"}


class TestDecide:
    def test_again_then_together_then_popular(self):
        found = decide(RecommendationPolicy(), facts("eva", SHOP), now=NOW)
        assert told(found) == [("tea", "repeat"), ("pot", "repeat"), ("cup", "together"), ("salt", "popular")]
        assert found.outcome is RecommendationOutcome.RECOMMENDED
        assert found.recommendations[0].due_at == NOW
        assert found.recommendations[1].due_at is None
        assert found.recommendations[2].score == pytest.approx(0.2)

    def test_reasons_are_said_in_both_languages(self):
        items = (Item(id="tea", name="Green tea"), Item(id="cup", name="Cup"))
        found = decide(RecommendationPolicy(), facts("eva", SHOP, items=items), now=NOW)
        texts = Catalogue.of(TEXTS)
        assert texts.say_all(found.reasons).splitlines() == [
            "By the 2 items bought so far.",
            "Green tea: bought 2 times, about every 30 days.",
            "pot: bought before.",
            "Cup: bought together with Green tea.",
            "salt: popular these days.",
        ]
        assert texts.say(found.reasons[3], "zh") == "Cup：常与 Green tea 一起购买。"

    def test_cross_selling_recommends_new_items_only(self):
        found = decide(RecommendationPolicy(repeats=False), facts("eva", SHOP), now=NOW)
        assert told(found) == [("cup", "together"), ("salt", "popular")]

    def test_somebody_new_is_shown_what_the_segment_buys_then_what_everybody_does(self):
        segments = {"mia": "wholesale", "ann": "wholesale", "wei": "retail"}
        policy = RecommendationPolicy(count=2)
        found = decide(policy, facts("nobody", SHOP, segments=segments, segment="wholesale"), now=NOW)
        assert told(found) == [("salt", "segment"), ("tea", "popular")]
        assert [reason.code for reason in found.reasons][:2] == ["recommend.newcomer", "recommend.segment"]
        assert Catalogue.of(TEXTS).say(found.reasons[1]) == "salt: popular among wholesale."

    def test_a_segment_that_nobody_knows_changes_nothing(self):
        assert told(decide(RecommendationPolicy(count=1), facts("nobody", SHOP, segment="?"), now=NOW)) == [
            ("salt", "popular")
        ]

    def test_what_goes_beyond_comes_before_what_goes_with(self):
        items = (Item(id="pot", consumable=False, step_up_to="samovar"), Item(id="tea", step_up_to="cup"))
        found = decide(RecommendationPolicy(repeats=False), facts("eva", SHOP, items=items), now=NOW)
        assert told(found) == [("cup", "step_up"), ("samovar", "step_up"), ("salt", "popular")]

    def test_what_is_owned_is_no_step_up(self):
        items = (Item(id="pot", step_up_to="tea"),)
        found = decide(RecommendationPolicy(repeats=False), facts("eva", SHOP, items=items), now=NOW)
        assert Source.STEP_UP not in {each.source for each in found.recommendations}

    def test_what_nobody_buys_any_more_is_not_offered_unless_the_catalogue_lists_it(self):
        bought = [line("eva", "tea", 5), line("wei", "fax", 100)]
        assert told(decide(RecommendationPolicy(), facts("eva", bought), now=NOW)) == [("tea", "repeat")]
        listed = facts("eva", bought, items=(Item(id="fax"),))
        assert told(decide(RecommendationPolicy(), listed, now=NOW)) == [("tea", "repeat"), ("fax", "popular")]

    def test_what_only_the_customer_bought_long_ago_is_not_offered_again(self):
        bought = [line("eva", "fax", 91), line("eva", "tea", 90), line("eva", "pen", 500)]
        assert told(decide(RecommendationPolicy(), facts("eva", bought), now=NOW)) == [("tea", "repeat")]
        listed = facts("eva", bought, items=(Item(id="pen"),))
        assert told(decide(RecommendationPolicy(), listed, now=NOW)) == [("tea", "repeat"), ("pen", "repeat")]

    def test_what_a_learner_holds_to_be_far_is_not_near(self):
        history = History.of(SHOP)
        far = Knowledge(neighbours={"tea": (("cup", 0.0), ("salt", -1.0))})
        asked = RecommendationFacts(bought=history.of_customer("eva"), knowledge=far)
        assert decide(RecommendationPolicy(repeats=False), asked, now=NOW).item_ids == ()

    def test_no_more_than_were_asked_for(self):
        found = decide(RecommendationPolicy(count=1), facts("eva", SHOP), now=NOW)
        assert told(found) == [("tea", "repeat")]

    def test_nothing_to_offer_is_said(self):
        found = decide(RecommendationPolicy(), facts("eva", []), now=NOW)
        assert (found.outcome, found.recommendations) == (RecommendationOutcome.NOTHING, ())
        assert [reason.code for reason in found.reasons] == ["recommend.nothing"]

    @given(
        lines=lines,
        items=catalogues,
        excluded=st.lists(st.sampled_from(ITEMS), max_size=3),
        customer=st.sampled_from(CUSTOMERS),
        repeats=st.booleans(),
        count=st.integers(1, 5),
    )
    def test_the_rules_are_kept_whatever_was_bought(self, lines, items, excluded, customer, repeats, count):
        asked = facts(customer, lines, items=items, excluded=excluded, segments={"C-1": "s"}, segment="s")
        found = decide(RecommendationPolicy(repeats=repeats, count=count), asked, now=NOW)
        owned = {each.item_id for each in asked.bought}
        assert len(set(found.item_ids)) == len(found.item_ids) <= count
        for each in found.recommendations:
            item = asked.knowledge.item(each.item_id)
            assert item.offered
            assert each.item_id not in excluded
            sold_at = asked.knowledge.sold_at.get(each.item_id, NOW)
            assert sold_at >= NOW - 90 * DAY or each.item_id in asked.knowledge.items
            if each.item_id in owned:
                assert repeats
                assert item.consumable
                assert each.source in {Source.REPEAT, Source.SEGMENT, Source.POPULAR}
            else:
                assert each.source is not Source.REPEAT
        scores = [each.score for each in found.recommendations]
        assert scores == sorted(scores, reverse=True)

    @given(lines=lines, customer=st.sampled_from(CUSTOMERS))
    def test_whoever_opted_out_is_recommended_nothing_whatever_was_bought(self, lines, customer):
        found = decide(RecommendationPolicy(), facts(customer, lines, opted_out=True), now=NOW)
        assert found == decide(RecommendationPolicy(), facts("nobody", [], opted_out=True), now=NOW)
        assert (found.outcome, found.recommendations) == (RecommendationOutcome.NEUTRAL, ())

    @given(lines=lines, customer=st.sampled_from(CUSTOMERS))
    def test_the_same_facts_in_any_order_give_the_same_decision(self, lines, customer):
        asked = facts(customer, lines)
        before = copy.deepcopy(asked)
        found = decide(RecommendationPolicy(), asked, now=NOW)
        turned = RecommendationFacts(bought=asked.bought[::-1], knowledge=asked.knowledge)
        assert found == decide(RecommendationPolicy(), turned, now=NOW)
        assert asked == before


def test_policy_and_decision_come_back_from_json():
    codec = Codec(RuleBook.standard().with_kinds(*set(KINDS) - set(RuleBook.standard().kinds.values())))
    policy = RecommendationPolicy(id="cross", repeats=False)
    assert codec.load_policy(codec.dump_policy(policy)) == policy
    found = decide(RecommendationPolicy(), facts("eva", SHOP), now=NOW)
    assert codec.loads(RecommendationDecision, codec.dumps(found)) == found


def test_knowledge_that_says_nothing_is_complete():
    empty = Knowledge()
    assert empty.item("tea") == Item(id="tea")
    assert evolve(empty, items={"tea": Item(id="tea", name="Tea")}).name("tea") == "Tea"
