"""A level by contribution, potential and loyalty, which changes only when the margin is passed."""

from datetime import UTC, datetime, timedelta

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
    ImportanceDecision,
    ImportanceFacts,
    ImportanceLevel,
    ImportanceOutcome,
    ImportancePolicy,
    decide_importance,
    percentile,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = ImportancePolicy()
ORDER = "DCBA"
parts = st.none() | st.integers(0, 100)
margins = st.integers(0, 40)
scores = st.integers(0, 100)


def decided(policy=POLICY, **known):
    return decide_importance(policy, ImportanceFacts(**known), now=NOW)


class TestScore:
    def test_what_is_known_is_weighed(self):
        assert decided(contribution=80, potential=60, loyalty=50).score == 68
        assert decided(contribution=80).score == 80
        assert decided(potential=60, loyalty=51).score == 56

    @given(contribution=parts, potential=parts, loyalty=parts)
    def test_a_score_lies_between_what_is_known(self, contribution, potential, loyalty):
        known = [each for each in (contribution, potential, loyalty) if each is not None]
        found = decided(contribution=contribution, potential=potential, loyalty=loyalty)
        if known:
            assert min(known) <= found.score <= max(known)
        else:
            assert (found.outcome, found.score) == (ImportanceOutcome.UNKNOWN, None)

    def test_what_has_no_weight_is_not_known(self):
        assert decided(ImportancePolicy(loyalty=0), loyalty=90).outcome is ImportanceOutcome.UNKNOWN

    def test_where_nothing_is_known_the_level_stays(self):
        assert decided(level="B").level == "B"

    def test_reasons_say_what_weighs_how_much(self):
        found = decided(contribution=78, potential=78, level="B")
        assert Catalogue.of(TEXTS).say_all(found.reasons).splitlines() == [
            "Level B: 78 of 100. Care every 30 days is suggested.",
            "Contribution 78 of 100, with 63 % of the weight.",
            "Potential 78 of 100, with 38 % of the weight.",
            "The score alone would say A, but it has not passed the margin of 5.",
        ]
        risen = decided(contribution=80, level="B")
        assert Catalogue.of(TEXTS).say(risen.reasons[-1]) == "It was B before."

    def test_care_is_due_by_the_level(self):
        found = decided(contribution=80, cared_at=NOW - timedelta(days=4))
        assert (found.care_days, found.care_at) == (14, NOW + timedelta(days=10))
        assert decided(contribution=80).care_at is None

    @given(contribution=scores, level=st.sampled_from(["", *ORDER]))
    def test_whoever_opted_out_is_neutral_whatever_is_known(self, contribution, level):
        found = decided(contribution=contribution, level=level, opted_out=True)
        assert found == decided(opted_out=True)
        assert (found.outcome, found.level, found.score) == (ImportanceOutcome.NEUTRAL, "", None)


class TestHysteresis:
    @given(score=scores, current=st.sampled_from(ORDER), margin=margins)
    def test_a_level_changes_only_when_the_margin_is_passed(self, score, current, margin):
        policy = ImportancePolicy(margin=margin)
        bounds = {level.name: level.least for level in policy.levels}
        found = policy.level(score, current=current).name
        if ORDER.index(found) > ORDER.index(current):
            assert score >= bounds[found] + margin
        if ORDER.index(found) < ORDER.index(current):
            assert score < bounds[ORDER[ORDER.index(found) + 1]] - margin

    @given(score=scores, current=st.sampled_from(ORDER), margin=margins)
    def test_it_does_change_when_it_is(self, score, current, margin):
        policy = ImportancePolicy(margin=margin)
        found = policy.level(score, current=current)
        assert found.least - margin <= score
        above = policy.levels[policy.levels.index(found) - 1] if found.name != "A" else None
        assert above is None or score < above.least + margin

    @given(score=scores, current=st.sampled_from(["", *ORDER]), margin=margins)
    def test_asked_again_it_stays(self, score, current, margin):
        policy = ImportancePolicy(margin=margin)
        once = policy.level(score, current=current)
        assert policy.level(score, current=once.name) == once

    @given(score=scores, current=st.sampled_from(ORDER))
    def test_without_a_margin_the_score_alone_counts(self, score, current):
        assert ImportancePolicy(margin=0).level(score, current=current) == POLICY.plain(score)

    @given(wobble=st.lists(st.integers(71, 79), max_size=20))
    def test_a_score_that_wobbles_around_a_boundary_moves_nobody(self, wobble):
        for begun in ("A", "B"):
            level = begun
            for score in wobble:
                level = POLICY.level(score, current=level).name
            assert level == begun

    def test_a_level_of_another_policy_is_none(self):
        assert POLICY.level(76, current="Gold").name == "A"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ImportancePolicy(contribution=-1),
        lambda: ImportancePolicy(contribution=0, potential=0, loyalty=0),
        lambda: ImportancePolicy(levels=()),
        lambda: ImportancePolicy(levels=POLICY.levels[::-1]),
        lambda: ImportancePolicy(levels=POLICY.levels[:-1]),
        lambda: ImportancePolicy(
            levels=[ImportanceLevel(name="A", least=least, care_days=9) for least in (50, 0)],
        ),
        lambda: ImportancePolicy(levels=[ImportanceLevel(name="A", least=0, care_days=0)]),
        lambda: ImportancePolicy(margin=-1),
        lambda: ImportanceFacts(contribution=101),
        lambda: ImportanceFacts(loyalty=-1),
        lambda: percentile(1, []),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()


@given(among=st.lists(st.integers(0, 9), min_size=1, max_size=30).map(sorted))
def test_percentiles_rise_with_the_value_and_stay_within_a_hundred(among):
    ranks = [percentile(value, among) for value in range(-1, 11)]
    assert ranks == sorted(ranks)
    assert (ranks[0], ranks[-1]) == (0, 100)


def test_policy_and_decision_come_back_from_json():
    codec = Codec(RuleBook.standard().with_kinds(*set(KINDS) - set(RuleBook.standard().kinds.values())))
    assert codec.load_policy(codec.dump_policy(POLICY)) == POLICY
    found = decided(contribution=80, cared_at=NOW)
    assert codec.loads(ImportanceDecision, codec.dumps(found)) == found
