"""Scores without chance among equals, a name for every cell, and who went where."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.segments import (
    KINDS,
    TEXTS,
    NamedSegment,
    Orders,
    RfmScales,
    Scale,
    Scores,
    SegmentDecision,
    SegmentFacts,
    SegmentOutcome,
    SegmentPolicy,
    Span,
    ValueClass,
    decide,
    migration,
    standard_segments,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
values = st.lists(st.integers(-5, 20), min_size=1, max_size=60)
bands = st.integers(1, 10)
spans = st.builds(Span, least=st.integers(1, 3), most=st.integers(2, 4))


def orders(days=10, count=3, amount=10_000):
    return Orders(last_at=NOW - days * DAY, count=count, amount=amount)


SCALES = RfmScales(
    recency=Scale(cuts=(180, 90, 30, 14), less_is_better=True),
    frequency=Scale(cuts=(2, 4, 8, 16)),
    monetary=Scale(cuts=(10, 50, 100, 500)),
)


class TestScale:
    @given(values=values, bands=bands, less=st.booleans(), seed=st.randoms(use_true_random=False))
    def test_equals_score_the_same_whatever_the_order_of_rows(self, values, bands, less, seed):
        shuffled = list(values)
        seed.shuffle(shuffled)
        assert Scale.of(shuffled, bands=bands, less_is_better=less) == Scale.of(
            values, bands=bands, less_is_better=less
        )

    @given(values=values, bands=bands)
    def test_a_score_is_the_band_of_the_middle_rank(self, values, bands):
        scale = Scale.of(values, bands=bands)
        for value in values:
            below = sum(other < value for other in values)
            equal = values.count(value)
            assert scale.score(value) == 1 + int(bands * (below + equal / 2) / len(values))

    @given(values=values, bands=bands)
    def test_more_never_scores_less_and_scores_stay_in_the_bands(self, values, bands):
        scale = Scale.of(values, bands=bands)
        scores = [scale.score(value) for value in range(-10, 30)]
        assert scores == sorted(scores)
        assert {1} <= set(scores) <= set(range(1, bands + 1))

    @given(values=values, bands=bands)
    def test_less_is_better_is_the_mirror(self, values, bands):
        more = Scale.of([-value for value in values], bands=bands)
        less = Scale.of(values, bands=bands, less_is_better=True)
        assert [less.score(value) for value in values] == [more.score(-value) for value in values]

    @given(values=st.lists(st.integers(), min_size=5, max_size=60, unique=True).filter(lambda all_: len(all_) % 5 == 0))
    def test_without_ties_bands_are_of_one_size(self, values):
        values = [value % 2**60 for value in values]
        if len(set(values)) == len(values):
            scale = Scale.of(values)
            scores = [scale.score(value) for value in values]
            assert {scores.count(score) for score in range(1, 6)} == {len(values) // 5}

    def test_of_nobody_everybody_scores_one(self):
        assert Scale.of([]).score(99) == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: Scale(cuts=(2, 1)),
            lambda: Scale(cuts=(1, 2), less_is_better=True),
            lambda: Scale(cuts=tuple(range(10))),
            lambda: Scale.of([1], bands=0),
            lambda: Scale.of([1], bands=11),
            lambda: RfmScales(recency=Scale(), frequency=Scale(), monetary=Scale()),
            lambda: Orders(count=1),
            lambda: Orders(last_at=NOW),
            lambda: Orders().days(NOW),
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong):
        with pytest.raises(InvalidInput):
            wrong()


class TestOrders:
    def test_orders_are_summed_up_in_any_order(self):
        given_ = [(NOW - 2 * DAY, 500), (NOW - DAY, -200), (NOW - 3 * DAY, 100)]
        assert Orders.of(given_) == Orders.of(given_[::-1]) == Orders(last_at=NOW - DAY, count=3, amount=400)
        assert Orders.of([]) == Orders()

    def test_an_order_to_come_is_no_days_ago(self):
        assert orders(days=-3).days(NOW) == 0

    def test_those_who_never_ordered_do_not_move_the_quantiles(self):
        some = [orders(days, count=days, amount=days) for days in range(1, 6)]
        assert RfmScales.of([*some, Orders(), Orders()], now=NOW) == RfmScales.of(some, now=NOW)


class TestPolicy:
    def test_every_cell_of_the_standard_grid_has_exactly_one_name(self):
        for cell in SegmentPolicy().cells():
            assert sum(each.holds(cell) for each in standard_segments()) == 1

    @given(bands=st.integers(1, 4), spans=st.lists(st.tuples(spans, spans, spans), max_size=4), rest=st.booleans())
    def test_exactly_those_policies_are_built_that_name_every_cell_and_use_every_name(self, bands, spans, rest):
        segments = [
            NamedSegment(name=f"S{place}", recency=recency, frequency=frequency, monetary=monetary)
            for place, (recency, frequency, monetary) in enumerate(spans)
        ] + [NamedSegment(name="rest")] * rest
        grid = [Scores(recency=r, frequency=f, monetary=m) for r, f, m in product(range(1, bands + 1), repeat=3)]
        names = {next((each.name for each in segments if each.holds(cell)), None) for cell in grid}
        if names == {each.name for each in segments}:
            policy = SegmentPolicy(bands=bands, segments=segments)
            assert {policy.name(cell) for cell in grid} == names
        else:
            with pytest.raises(InvalidInput, match=r"SegmentPolicy\.segments"):
                SegmentPolicy(bands=bands, segments=segments)

    def test_own_cut_points_and_own_names(self):
        policy = SegmentPolicy(
            bands=2,
            scales=RfmScales(
                recency=Scale(cuts=(30,), less_is_better=True), frequency=Scale(cuts=(3,)), monetary=Scale()
            ),
            segments=(NamedSegment(name="A-Kunden", frequency=Span(least=2)), NamedSegment(name="Rest")),
        )
        found = decide(policy, SegmentFacts(orders=orders()), now=NOW)
        assert (found.segment, str(found.scores)) == ("A-Kunden", "2-2-1")

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"bands": 0}, "out of range"),
            ({"bands": 11}, "out of range"),
            ({"bands": 4, "scales": SCALES, "segments": (NamedSegment(name="all"),)}, "higher than the grid"),
            ({"segments": standard_segments()[1:]}, "leave the cell 5-4-1"),
            ({"segments": (NamedSegment(name="all"), *standard_segments())}, "never reach champions"),
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong, says):
        with pytest.raises(InvalidInput, match=says):
            SegmentPolicy(**wrong)

    def test_a_cell_outside_has_no_name(self):
        with pytest.raises(InvalidInput, match="outside"):
            SegmentPolicy().name(Scores(recency=0, frequency=1, monetary=1))


class TestDecide:
    @pytest.mark.parametrize(
        ("customer", "segment", "value"),
        [
            (orders(10, 16, 500), "champions", ValueClass.HIGH_VALUE),
            (orders(40, 9, 50), "loyal", ValueClass.REGULAR),
            (orders(20, 2, 10), "potential_loyal", ValueClass.POTENTIAL),
            (orders(3, 1, 9), "new", ValueClass.POTENTIAL),
            (orders(20, 1, 9), "promising", ValueClass.POTENTIAL),
            (orders(60, 4, 10), "need_attention", ValueClass.REGULAR),
            (orders(60, 1, 10), "about_to_sleep", ValueClass.LOW_FREQUENCY),
            (orders(200, 20, 600), "cannot_lose", ValueClass.HIGH_VALUE),
            (orders(200, 5, 10), "at_risk", ValueClass.REGULAR),
            (orders(200, 1, 0), "hibernating", ValueClass.LOW_FREQUENCY),
        ],
    )
    def test_where_customers_stand(self, customer, segment, value):
        found = decide(SegmentPolicy(), SegmentFacts(orders=customer, scales=SCALES), now=NOW)
        assert (found.outcome, found.segment, found.value_class) == (SegmentOutcome.PLACED, segment, value)
        assert f"segments.name.{segment}" in TEXTS

    @given(days=st.integers(-5, 999), count=st.integers(1, 99), amount=st.integers(-99, 9_999))
    def test_everybody_who_ordered_stands_in_a_segment(self, days, count, amount):
        found = decide(SegmentPolicy(scales=SCALES), SegmentFacts(orders=orders(days, count, amount)), now=NOW)
        assert found.segment in {each.name for each in standard_segments()}
        assert found.ordered_at == NOW - days * DAY

    def test_whoever_ordered_nothing_stands_nowhere(self):
        found = decide(SegmentPolicy(scales=SCALES), SegmentFacts(), now=NOW)
        assert (found.outcome, found.segment, found.scores) == (SegmentOutcome.NO_ORDERS, "", None)
        assert Catalogue.of(TEXTS).say(found.reasons[0], "zh") == "尚无订单。"

    @given(days=st.integers(0, 999), count=st.integers(1, 99))
    def test_whoever_opted_out_is_neutral_whatever_was_ordered(self, days, count):
        facts = SegmentFacts(orders=orders(days, count), scales=SCALES, opted_out=True)
        found = decide(SegmentPolicy(), facts, now=NOW)
        assert found == decide(SegmentPolicy(), SegmentFacts(opted_out=True), now=NOW)
        assert (found.outcome, found.segment, found.value_class) == (SegmentOutcome.NEUTRAL, "", None)

    def test_the_reasons_say_why(self):
        found = decide(SegmentPolicy(scales=SCALES), SegmentFacts(orders=orders(10, 16, 500)), now=NOW)
        assert Catalogue.of(TEXTS).say_all(found.reasons).splitlines() == [
            "champions: last order 10 days ago (5 of 5), 16 orders (5 of 5), what they brought (5 of 5).",
            "A customer of high value.",
        ]

    def test_without_scales_or_with_too_many_cuts_nothing_is_decided(self):
        with pytest.raises(InvalidInput, match=r"RfmScales\.of"):
            decide(SegmentPolicy(), SegmentFacts(orders=orders()), now=NOW)
        few = SegmentPolicy(bands=2, segments=(NamedSegment(name="all"),))
        with pytest.raises(InvalidInput, match="at most 1 cuts"):
            decide(few, SegmentFacts(orders=orders(), scales=SCALES), now=NOW)

    def test_policy_and_decision_come_back_from_json(self):
        codec = Codec(RuleBook.standard().with_kinds(*set(KINDS) - set(RuleBook.standard().kinds.values())))
        policy = SegmentPolicy(id="own", scales=SCALES)
        assert codec.load_policy(codec.dump_policy(policy)) == policy
        found = decide(policy, SegmentFacts(orders=orders()), now=NOW)
        assert codec.loads(SegmentDecision, codec.dumps(found)) == found


placed = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["new", "loyal", "lost"]))


class TestMigration:
    @given(before=placed, after=placed)
    def test_rows_add_up_to_before_and_columns_to_after(self, before, after):
        moved = migration(before, after)
        for segment in ("new", "loyal", "lost"):
            assert moved.before().get(segment, 0) == list(before.values()).count(segment)
            assert moved.after().get(segment, 0) == list(after.values()).count(segment)
        assert moved.before().get("", 0) == len(after.keys() - before.keys())
        assert moved.after().get("", 0) == len(before.keys() - after.keys())
        assert moved.total == len(before.keys() | after.keys())
        assert moved.stayed == sum(after.get(one) == segment for one, segment in before.items())

    @given(before=placed, after=placed)
    def test_the_way_back_is_the_mirror(self, before, after):
        assert {(b, a): count for (a, b), count in migration(before, after).counts.items()} == migration(
            after, before
        ).counts

    def test_the_table_keeps_the_order_that_was_asked_for(self):
        moved = migration({"C-1": "new", "C-2": "new"}, {"C-1": "loyal"})
        assert moved.table(["new", "loyal"]).splitlines() == [
            "       new  loyal  –",
            "new      0      1  1",
            "loyal    0      0  0",
            "–        0      0  0",
        ]

    def test_who_stands_nowhere_on_both_dates_is_nobody(self):
        assert migration({"C-1": ""}, {"C-1": ""}).total == 0
