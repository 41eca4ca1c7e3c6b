"""Whole scores: limits, grades, reasons, time, and the laws that hold for every policy."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring import (
    TEXTS,
    Attribute,
    Axis,
    Engagement,
    Measure,
    ScoreEvent,
    ScoreFacts,
    ScoreOutcome,
    ScorePolicy,
    SignalGroup,
    decide,
)
from crmkit.testing import NOW, a_lead, a_member, an_account, an_opportunity
from crmkit.testing.scores import score_facts, score_policies

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def points(number, label="", when="always()"):
    return Attribute(label=label or f"{number} points", when=when, points=number)


def a_group(*signals, name="firm", axis=Axis.FIT, **limits):
    return SignalGroup(name=name, axis=axis, signals=signals, **limits)


def a_policy(*groups, **changes):
    return ScorePolicy(groups=groups, **changes)


def scored(policy, *events, now=NOW, **lead):
    return decide(policy, ScoreFacts(record=a_lead(**lead), events=events), now=now)


@pytest.mark.parametrize(
    ("given", "limits", "whole", "score", "said"),
    [
        ((20, 15), {"cap": 30}, {}, 30, ["score.group_cap"]),
        ((20, 10), {"cap": 30}, {}, 30, []),
        ((20, 11), {"cap": 30}, {}, 30, ["score.group_cap"]),
        ((-20, -15), {"floor": -30}, {"floor": -100}, -30, ["score.group_floor"]),
        ((80, 40), {}, {"cap": 100}, 100, ["score.cap"]),
        ((-5,), {}, {}, 0, ["score.floor"]),  # negative below the floor
        (
            (80, 80),
            {"cap": 120},
            {"cap": 100},
            100,
            ["score.group_cap", "score.cap"],
        ),  # the group first, then the whole
        ((), {"floor": 5}, {}, 5, ["score.group_floor"]),
    ],
)
def test_limits_hold_group_by_group_and_then_for_the_whole(given, limits, whole, score, said):
    decision = scored(a_policy(a_group(*map(points, given), **limits), **whole))
    assert decision.score == sum(each.points for each in decision.contributions) == score
    assert [reason.code for reason in decision.reasons if reason.code not in ("score.total", "score.attribute")] == said


def test_axes_are_counted_apart_and_graded_together():
    policy = a_policy(a_group(points(30)), a_group(points(20), name="talks", axis=Axis.ENGAGEMENT))
    decision = scored(policy)
    assert (decision.fit, decision.engagement, decision.score, decision.grade) == (30, 20, 50, "B")


def test_every_point_has_a_reason_in_both_languages():
    decision = scored(a_policy(a_group(points(30, label="Retail"), cap=20)))
    catalogue = Catalogue.of(TEXTS)
    assert catalogue.say_all(decision.reasons).splitlines() == [
        "Score 20, grade D: fit 20, engagement 0.",
        "Retail: 30 points.",
        "firm counts 20 at most, it had 30.",
    ]
    assert catalogue.say_all(decision.reasons, "zh").splitlines()[1] == "Retail：30 分。"


def test_a_record_that_meets_no_rule_still_gets_a_reason():
    decision = scored(a_policy())
    assert [reason.code for reason in decision.reasons] == ["score.total"]
    assert (decision.score, decision.grade, decision.next_change_at) == (0, "D", None)


def test_the_strongest_factors_come_first():
    decision = scored(a_policy(a_group(points(5), points(30), points(-7), points(20), points(-1)), floor=-100))
    assert [each.points for each in decision.top_positive()] == [30, 20, 5]
    assert [each.points for each in decision.top_negative(most=1)] == [-7]


def test_an_event_that_is_still_to_come_counts_when_it_has_come():
    policy = a_policy(a_group(Engagement(label="Calls", events="kind == 'call'", points=10)))
    tomorrow = ScoreEvent(kind="call", at=NOW + DAY)
    before, after = scored(policy, tomorrow), scored(policy, tomorrow, now=NOW + DAY)
    assert (before.score, before.next_change_at) == (0, NOW + DAY)
    assert (after.score, after.next_change_at) == (10, None)


def test_the_next_change_is_the_earliest_of_all():
    fresh = points(5, when="within(created_at, days=7)")
    policy = a_policy(a_group(fresh), effective_until=NOW + 3 * DAY)
    assert scored(policy).next_change_at == NOW + 3 * DAY
    assert scored(policy, created_at=NOW - 5 * DAY).next_change_at == NOW + 2 * DAY
    assert scored(policy, created_at=NOW - 9 * DAY, now=NOW + 3 * DAY).next_change_at is None


def test_a_condition_gates_a_signal_on_events():
    calls = Engagement(label="Calls", events="kind == 'call'", points=10, when="industry == 'Retail'")
    call = ScoreEvent(kind="call", at=NOW)
    policy = a_policy(a_group(calls))
    assert (scored(policy, call).score, scored(policy, call, industry="Retail").score) == (0, 10)


@model
class Broken:
    kind: ClassVar[str] = "broken"
    label: str = "Broken"
    when: str = "always()"

    def measure(self, facts, *, now):
        raise ValueError(facts.record.id)


@model
class Vowels:
    """A rule of the host's own."""

    kind: ClassVar[str] = "vowels"
    label: str = "Vowels"
    when: str = "title != ''"

    def measure(self, facts, *, now):
        count = sum(letter in "aeiou" for letter in facts.record.title)
        return Measure(count, Reason.of("score.attribute", label=self.label, points=count))


def test_a_signal_of_ones_own_counts_like_any_other():
    assert scored(a_policy(a_group(Vowels())), title="Director").score == 3


def test_a_signal_that_fails_is_named_and_costs_the_others_nothing():
    decision = scored(a_policy(a_group(Broken(), points(5))))
    assert (decision.outcome, decision.score) == (ScoreOutcome.PARTIAL, 5)
    assert decision.reasons[-1] == Reason.of("score.failed", label="Broken", error="ValueError")


def test_a_condition_that_fails_is_named_and_costs_the_others_nothing():
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    policy = a_policy(a_group(points(7, when="custom.size >= 10", label="Size"), points(5)), custom_fields=(size,))
    decision = scored(policy, custom={"size": "many"})  # stored before the field was declared
    assert (decision.outcome, decision.score) == (ScoreOutcome.PARTIAL, 5)
    assert decision.reasons[-1].params == {"label": "Size", "error": "TypeError"}


def test_a_condition_that_fails_has_no_next_change_either():
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    fresh = points(7, when="within(created_at, days=7) and custom.size >= 10")
    decision = scored(a_policy(a_group(fresh), custom_fields=(size,)), custom={"size": "many"})
    assert (decision.outcome, decision.next_change_at) == (ScoreOutcome.PARTIAL, None)


def test_a_grading_that_fails_costs_the_grade_and_not_the_score():
    @model
    class Ungraded:
        kind: ClassVar[str] = "ungraded"

        def grade(self, *, fit, engagement, score):
            raise KeyError(score)

    decision = scored(a_policy(a_group(points(5)), grading=Ungraded()))
    assert (decision.outcome, decision.score, decision.grade) == (ScoreOutcome.PARTIAL, 5, "")
    assert decision.reasons[-1].params == {"label": "ungraded", "error": "KeyError"}


def test_a_policy_scores_the_entity_it_is_for():
    with pytest.raises(InvalidInput, match="is a account"):
        decide(a_policy(), ScoreFacts(record=an_account()), now=NOW)
    with pytest.raises(InvalidInput, match="is a member"):
        decide(a_policy(record="account"), ScoreFacts(record=a_member()), now=NOW)


def test_a_naive_now_is_refused():
    with pytest.raises(InvalidInput, match="now: has no time zone"):
        scored(a_policy(), now=datetime(2026, 1, 31))  # noqa: DTZ001 - the fault under test


def test_the_zone_of_now_makes_no_difference():
    closing = points(5, when="within_next(expected_close, days=1)")
    policy = a_policy(a_group(closing), record="opportunity")
    evening = datetime(2026, 1, 31, 20, tzinfo=UTC)  # in Shanghai it is the first of February already
    facts = ScoreFacts(record=an_opportunity(expected_close=date(2026, 1, 31)))
    decision = decide(policy, facts, now=evening)
    assert decision.score == 5
    assert decide(policy, facts, now=evening.astimezone(timezone(timedelta(hours=8)))) == decision


# --- laws ---------------------------------------------------------------------------------------------


@given(score_policies, score_facts)
def test_contributions_sum_to_the_score_within_its_limits(policy, facts):
    decision = decide(policy, facts, now=NOW)
    assert sum(each.points for each in decision.contributions) == decision.score
    assert policy.floor <= decision.score <= policy.cap
    for group in policy.groups:
        given_ = sum(each.points for each in decision.contributions if each.group == group.name)
        assert group.cap is None or given_ <= group.cap
        assert group.floor is None or given_ >= group.floor


@given(score_policies, score_facts, st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_next_change(policy, facts, share):
    decision = decide(policy, facts, now=NOW)
    until = decision.next_change_at or NOW + 3_000 * DAY
    assert until > NOW
    for moment in (min(NOW + (until - NOW) * share, until - TICK), until - TICK):
        assert decide(policy, facts, now=moment).contributions == decision.contributions


@given(score_policies, score_facts)
def test_following_the_changes_leads_to_the_same_score_as_asking_at_the_end(policy, facts):
    end, moment, steps = NOW + 60 * DAY, NOW, 0
    decision = decide(policy, facts, now=moment)
    while decision.next_change_at is not None and decision.next_change_at <= end:
        moment, steps = decision.next_change_at, steps + 1
        decision = decide(policy, facts, now=moment)
        assert steps < 1_000
    assert decide(policy, facts, now=end).contributions == decision.contributions


@given(score_policies, score_facts, st.permutations(range(8)))
def test_the_order_of_events_means_nothing(policy, facts, order):
    shuffled = [facts.events[place] for place in order if place < len(facts.events)]
    assert decide(policy, ScoreFacts(record=facts.record, events=shuffled), now=NOW) == decide(policy, facts, now=NOW)


# --- who does not want to be scored, and beginning anew ---------------------------------------------


def test_who_opted_out_is_neutral_whatever_is_known():
    policy = a_policy(a_group(points(30)), opt_out="contains(tags, 'no profiling')", neutral=10)
    out = scored(policy, ScoreEvent(kind="call", at=NOW), tags=("no profiling",))
    assert (out.outcome, out.score, out.grade, out.fit, out.engagement) == (ScoreOutcome.OPTED_OUT, 10, "D", 0, 0)
    assert [each.points for each in out.contributions] == [10]
    assert Catalogue.of(TEXTS).say_all(out.reasons, "zh") == "已拒绝参与评分：固定计 10 分，不使用任何信息。"
    assert scored(policy).score == 30


def test_who_cannot_be_asked_whether_they_opted_out_is_not_scored():
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    policy = a_policy(a_group(points(30)), opt_out="custom.size >= 10", custom_fields=(size,))
    decision = scored(policy, custom={"size": "many"})
    assert (decision.outcome, decision.score) == (ScoreOutcome.OPTED_OUT, 0)
    assert decision.reasons[-1].params == {"label": "opt_out", "error": "TypeError"}


def test_an_opt_out_that_ends_is_asked_again_when_it_does():
    policy = a_policy(a_group(points(30)), opt_out="within(created_at, days=7)")
    assert (scored(policy).score, scored(policy).next_change_at) == (0, NOW + 7 * DAY)
    assert scored(policy, now=NOW + 7 * DAY).score == 30


def test_what_happened_up_to_the_last_reset_counts_no_longer():
    calls = Engagement(label="Calls", events="kind == 'call'", points=10)
    policy = a_policy(a_group(calls), reset="kind == 'lost'")
    events = [ScoreEvent(kind=kind, at=NOW - days * DAY) for kind, days in (("call", 5), ("lost", 3), ("call", 1))]
    assert scored(policy, *events).score == 10
    assert scored(policy, *events, now=NOW - 2 * DAY).score == 0
    assert scored(policy, *events, now=NOW - 4 * DAY).score == 10


def test_a_reset_that_is_forgotten_gives_the_points_back():
    calls = Engagement(label="Calls", events="kind == 'call'", points=10)
    policy = a_policy(a_group(calls), reset="kind == 'lost' and within(at, days=10)")
    events = [ScoreEvent(kind="call", at=NOW - 5 * DAY), ScoreEvent(kind="lost", at=NOW - 3 * DAY)]
    assert (scored(policy, *events).score, scored(policy, *events).next_change_at) == (0, NOW + 7 * DAY)
    assert scored(policy, *events, now=NOW + 7 * DAY).score == 10
