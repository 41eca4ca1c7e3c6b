"""What a customer does, and what it likes, told only where there is evidence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.activities.interaction import Direction, InteractionKind
from crmkit.domain.model import revise
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.behaviour import (
    KINDS,
    TEXTS,
    BehaviourDecision,
    BehaviourFacts,
    BehaviourOutcome,
    BehaviourPolicy,
    Counts,
    HourSpan,
    decide,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.testing import an_interaction

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = BehaviourPolicy()
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


def talk(days=3, *, hour=0, kind="call", direction=IN, outcome="", number=0):
    at = NOW - timedelta(days=days) + timedelta(hours=hour)
    return an_interaction(id=f"N-{number}", at=at, kind=kind, direction=direction, outcome=outcome)


talks = st.lists(
    st.builds(
        talk,
        days=st.integers(-5, 300),
        hour=st.integers(0, 23),
        kind=st.sampled_from(InteractionKind),
        direction=st.sampled_from(Direction),
        outcome=st.sampled_from(["", "wants a quote", "no answer"]),
        number=st.integers(0, 99),
    ),
    max_size=20,
)


def decided(*interactions, policy=POLICY, now=NOW, **known):
    return decide(policy, BehaviourFacts(interactions=interactions, **known), now=now)


def said(found):
    return Catalogue.of(TEXTS).say_all(found.reasons).splitlines()


class TestCounts:
    def test_what_lies_in_the_window_is_counted(self):
        found = decided(
            talk(1, outcome="wants a quote"),
            talk(2, kind="email", direction=OUT),
            talk(9, outcome="wants a quote "),
            talk(180),
            talk(-1),
        )
        assert found.counts == Counts(
            total=3,
            channels={"call": 2, "email": 1},
            directions={"inbound": 2, "outbound": 1},
            outcomes={"wants a quote": 2},
        )
        assert found.per_month == 0.5

    @given(interactions=talks)
    def test_counts_add_up(self, interactions):
        counts = decided(*interactions).counts
        assert sum(counts.channels.values()) == sum(counts.directions.values()) == counts.total
        assert sum(counts.outcomes.values()) <= counts.total

    def test_silence_is_told(self):
        found = decided(talk(200))
        assert (found.outcome, found.activity, found.loyalty) == (BehaviourOutcome.SILENT, 0, 0)
        assert said(found) == ["No interaction in 180 days."]


class TestIndices:
    @given(interactions=talks)
    def test_indices_stay_within_a_hundred_whatever_the_order(self, interactions):
        found = decided(*interactions)
        assert 0 <= found.activity <= 100
        assert 0 <= found.loyalty <= 100
        backwards = decided(*interactions[::-1])
        assert (found.activity, found.loyalty, found.counts) == (
            backwards.activity,
            backwards.loyalty,
            backwards.counts,
        )

    @given(interactions=talks, days=st.integers(0, 90))
    def test_another_talk_never_lowers_activity_and_silence_never_raises_it(self, interactions, days):
        past = [each for each in interactions if each.at <= NOW]
        active = decided(*past).activity
        assert decided(*past, talk(0)).activity >= active
        assert decided(*past, now=NOW + timedelta(days=days)).activity <= active

    def test_four_fresh_calls_of_ours_are_fifty(self):
        assert decided(*[talk(0, direction=OUT)] * 4).activity == 50
        assert decided(*[talk(0)] * 2).activity == 50
        assert decided(*[talk(30, direction=OUT)] * 4).activity == 33

    def test_a_year_of_regular_talks_of_own_accord_is_all_there_is(self):
        every_month = [talk(month * 30 + 5, direction=IN if month % 2 else OUT) for month in range(13)]
        assert decided(*every_month).loyalty == 100

    def test_whoever_is_new_is_measured_by_its_own_time(self):
        """Ten days of a year, one period of one, and nothing of own accord."""
        assert decided(talk(10, direction=OUT)).loyalty == round((10 / 365 + 1 + 0) / 3 * 100)

    def test_old_talks_make_tenure_only(self):
        assert decided(talk(365), talk(5, direction=OUT)).loyalty == round((1 + 1 / 6 + 0) / 3 * 100)


class TestPreferences:
    def test_too_little_evidence_says_nothing_and_says_so_once(self):
        found = decided(*[talk(day) for day in range(1, 5)])
        assert (found.channel, found.hours) == (None, None)
        assert said(found)[-1] == "4 interactions reached the customer; preferences are told from 5 on."
        assert len(found.reasons) == 4

    def test_attempts_that_reached_nobody_are_no_evidence(self):
        reached = [talk(day) for day in range(1, 5)]
        missed = talk(6, direction=OUT, outcome=" No Answer")
        assert decided(*reached, missed).channel is None
        assert decided(*reached, revise(missed, direction=IN)).channel is InteractionKind.CALL
        assert decided(*reached, revise(missed, outcome="wants a quote")).channel is InteractionKind.CALL

    def test_the_channel_of_most_is_preferred(self):
        found = decided(*[talk(day, kind="email") for day in range(1, 4)], talk(4), talk(5, kind="chat"))
        assert found.channel is InteractionKind.EMAIL
        assert "60 % of 5 interactions were by email." in said(found)

    @pytest.mark.parametrize(
        "kinds", [["call", "call", "email", "email", "chat"], ["call", "call", "email", "chat", "sms", "fax", "visit"]]
    )
    def test_none_is_preferred_of_equals_or_of_too_many(self, kinds):
        found = decided(*[talk(day, kind=kind) for day, kind in enumerate(kinds, 1)])
        assert found.channel is None
        assert f"No channel stands out among {len(kinds)} interactions." in said(found)

    def test_hours_are_those_of_the_customers_clock(self):
        mornings = [talk(day, hour=1) for day in range(1, 6)]
        assert decided(*mornings, zone="Asia/Shanghai").hours == HourSpan(begins=9, ends=11)
        assert decided(*mornings, zone="America/New_York").hours == HourSpan(begins=20, ends=22)
        assert "100 % of 5 interactions were between 9:00 and 11:00 (Asia/Shanghai)." in said(
            decided(*mornings, zone="Asia/Shanghai")
        )

    def test_summer_time_is_minded(self):
        """Nine in Berlin is eight in UTC in winter and seven in summer."""
        july = datetime(2026, 7, 1, 7, tzinfo=UTC)
        summer = [revise(talk(), at=july - timedelta(days=day)) for day in range(3)]
        winter = [revise(talk(), at=datetime(2026, 3, 1 + day, 8, tzinfo=UTC)) for day in range(3)]
        found = decided(*summer, *winter, now=july + timedelta(days=1), zone="Europe/Berlin", policy=ONE_HOUR)
        assert found.hours == HourSpan(begins=9, ends=10)

    def test_a_span_goes_over_midnight(self):
        nights = [talk(day, hour=hour) for day, hour in enumerate([23, 23, 0, 23, 0, 12], 1)]
        assert decided(*nights).hours == HourSpan(begins=23, ends=1)

    def test_none_is_preferred_where_hours_are_spread(self):
        found = decided(*[talk(day, hour=3 * day) for day in range(1, 8)])
        assert found.hours is None
        assert "No time of day stands out among 7 interactions." in said(found)

    @given(interactions=talks, zone=st.sampled_from(["UTC", "Asia/Shanghai", "Asia/Kolkata"]))
    def test_what_is_told_has_the_evidence_asked_for(self, interactions, zone):
        found = decided(*interactions, zone=zone)
        if found.channel is not None or found.hours is not None:
            assert found.counts.total >= POLICY.least_evidence
        if found.channel is not None:
            told = found.reasons[3].params
            assert told["percent"] >= POLICY.least_percent
            assert POLICY.least_evidence <= told["count"] <= found.counts.total
        if found.hours is not None:
            assert found.reasons[-1].params["percent"] >= POLICY.least_percent
            assert sum(found.hours.holds(hour) for hour in range(24)) == POLICY.hours


ONE_HOUR = BehaviourPolicy(hours=1)


@given(interactions=talks)
def test_whoever_opted_out_is_neutral_whatever_was_said(interactions):
    found = decided(*interactions, opted_out=True)
    assert found == decided(opted_out=True)
    assert (found.outcome, found.activity, found.loyalty) == (BehaviourOutcome.NEUTRAL, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: BehaviourPolicy(window_days=0),
        lambda: BehaviourPolicy(least_percent=101),
        lambda: BehaviourPolicy(hours=24),
        lambda: BehaviourFacts(zone="Europe/Atlantis"),
        lambda: BehaviourFacts(zone="../etc/passwd"),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()


def test_policy_and_decision_come_back_from_json():
    codec = Codec(RuleBook.standard().with_kinds(*set(KINDS) - set(RuleBook.standard().kinds.values())))
    assert codec.load_policy(codec.dump_policy(POLICY)) == POLICY
    found = decided(*[talk(day) for day in range(1, 9)])
    assert codec.loads(BehaviourDecision, codec.dumps(found)) == found
