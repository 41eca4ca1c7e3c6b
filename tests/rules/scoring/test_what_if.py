"""What would make this an A: every hint is tried before it is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.reasons import Catalogue
from crmkit.rules.scoring import (
    TEXTS,
    Attribute,
    Axis,
    Band,
    Engagement,
    Frequency,
    ScoreEvent,
    ScoreFacts,
    ScorePolicy,
    SignalGroup,
    decide,
    lead_scoring,
    what_if,
)
from crmkit.rules.scoring.what_if import applied
from crmkit.testing import NOW, a_lead
from crmkit.testing.scores import score_facts, score_policies


def points(number, when="always()"):
    return Attribute(label=f"{number} points", when=when, points=number)


def a_policy(*signals, **changes):
    return ScorePolicy(groups=[SignalGroup(name="firm", axis=Axis.FIT, signals=signals)], **changes)


def asked(policy, grade, *events, fixed=(), **lead):
    return what_if(policy, ScoreFacts(record=a_lead(**lead), events=events), grade, fixed=fixed, now=NOW)


def fields_of(found):
    return [dict(step.fields) for step in found.steps]


@given(
    score_policies | st.just(lead_scoring()), score_facts, st.sampled_from(["A", "B", "C", "D", "A1", "A2", "B1", "C3"])
)
def test_the_steps_taken_lead_to_the_grade(policy, facts, grade):
    found = what_if(policy, facts, grade, now=NOW)
    if found is None:
        assert decide(policy, facts, now=NOW).grade != grade
        return
    for step in found.steps:
        facts = applied(facts, step)
    assert decide(policy, facts, now=NOW).grade == found.decision.grade == grade


def test_the_fewest_steps_are_found():
    policy = a_policy(points(20, when="industry == 'IT'"), points(30, when="region == 'East'"), points(20))
    found = asked(policy, "B")
    assert fields_of(found) == [{"region": "East"}]
    assert fields_of(asked(policy, "B", fixed=("region",)) or found) == [{"region": "East"}]
    assert asked(policy, "B", fixed=("region",)) is None


def test_who_has_the_grade_needs_nothing():
    assert asked(a_policy(points(60)), "B").steps == ()


def test_nothing_is_offered_to_who_opted_out():
    policy = a_policy(points(60, when="industry == 'IT'"), opt_out="region == 'East'")
    assert asked(policy, "B", region="East") is None
    found = asked(policy, "B")
    assert fields_of(found) == [{"industry": "IT"}]
    assert Catalogue.of(TEXTS).say_all(found.reasons) == "60 points: industry would have to be otherwise."


def test_what_speaks_against_it_may_fall_away():
    policy = a_policy(points(60), points(-30, when="industry != 'IT'"))
    assert fields_of(asked(policy, "B")) == [{"industry": "IT"}]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("score >= 7", {"score": 7}),
        ("score > 7", {"score": 8}),
        ("score < 7", {"score": 6}),
        ("not missing(score) and not score > 7", {"score": 7}),
        ("not missing(score) and not score != 7", {"score": 7}),
        ("region != ''", {"region": "…"}),
        ("not region == ''", {"region": "…"}),
        ("industry in ('IT', 'Retail')", {"industry": "IT"}),
        ("startswith(title, 'CE')", {"title": "CE"}),
        ("contains(tags, 'vip')", {"tags": "vip"}),
        ("not missing(account_id)", {"account_id": "…"}),
        ("not missing(next_contact_at)", {"next_contact_at": NOW}),
        ("within(last_contact_at, days=7)", {"last_contact_at": NOW}),
        ("custom.size >= 10", {"custom.size": 10}),
        ("industry == 'IT' and region == 'East'", {"industry": "IT", "region": "East"}),
    ],
)
def test_a_condition_suggests_the_values_that_make_it_hold(when, expected):
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    policy = a_policy(points(60, when=when), custom_fields=(size,))
    assert fields_of(asked(policy, "B", score=None, region="", industry="", tags=("old",))) == [expected]


@pytest.mark.parametrize("when", ["missing(name.raw)", "not contains(tags, 'old')", "not missing(amount)"])
def test_where_no_value_suggests_itself_nothing_is_offered(when):
    assert asked(a_policy(points(60, when=when)), "B", tags=("old",), amount=None) is None


def test_values_that_the_record_cannot_have_are_not_offered():
    policy = a_policy(points(60, when="company.legal == 'Hooli' or region == 'East'"))
    assert fields_of(asked(policy, "B", company=None)) == [{"region": "East"}]


def test_further_events_are_counted():
    calls = Engagement(label="Calls", events="kind == 'call' and minutes >= 5", points=20)
    found = asked(a_policy(calls), "B")
    assert [(step.count, step.event.kind, step.event.minutes) for step in found.steps] == [(3, "call", 5)]
    often = Frequency(label="Visits", events="kind == 'visit'", bands=(Band(at_least=2, points=55),))
    assert [step.count for step in asked(a_policy(often), "B").steps] == [2]
    says = Catalogue.of(TEXTS).say_all(found.reasons)
    assert says == "Calls: 3 more."


@pytest.mark.parametrize(
    "signal",
    [
        Engagement(label="No", events="kind == 'no'", points=-20),
        Engagement(label="Calls", events="kind == 'call'", points=60, when="industry == 'Chemistry'"),
        Engagement(label="Never", events="not always()", points=60),
        Engagement(label="Odd", events="kind == ''", points=60),
        Attribute(label="Nothing", when="industry == 'Chemistry'", points=0),
    ],
)
def test_what_gives_no_points_is_not_offered(signal):
    assert asked(a_policy(signal), "B", title="") is None


def test_a_condition_that_fails_is_left_alone():
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    calls = Engagement(label="Calls", events="kind == 'call'", points=60, when="custom.size >= 10")
    assert asked(a_policy(calls, custom_fields=(size,)), "B", custom={"size": "many"}) is None


def test_the_standard_policy_says_what_makes_a_lead_an_a1():
    found = asked(lead_scoring(), "A1", ScoreEvent(kind="call", at=NOW, minutes=9), source="referral", title="")
    assert found.decision.grade == "A1"
    assert len(found.steps) <= 3
