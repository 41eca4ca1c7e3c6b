"""A score policy that exists is sound; one that is not says everything that is wrong with it."""

from datetime import timedelta

import pytest

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.scoring import Attribute, Axis, Engagement, ScoreFacts, ScorePolicy, SignalGroup, decide, lead_scoring
from crmkit.testing import NOW, a_lead

RETAIL = Attribute(label="Retail", when="industry == 'Retail'", points=20)


def a_group(*signals, name="firm", axis=Axis.FIT, **changes):
    return SignalGroup(name=name, axis=axis, signals=signals, **changes)


def test_every_problem_is_listed_with_its_place():
    with pytest.raises(InvalidInput) as caught:
        ScorePolicy(
            cap=10,
            floor=20,
            grading=object(),
            opt_out="tagz == 'no'",
            reset="kindly == 'lost'",
            groups=(
                a_group(
                    Attribute(label="Retail", when="industri == 'Retail'", points=20),
                    Attribute(label="Hot", when="score >=", points=20),
                ),
                a_group(Engagement(label="Calls", events="always()", points=1, when="status == 'old'")),
            ),
        )
    assert [(problem.field, problem.code) for problem in caught.value.problems] == [
        ("ScorePolicy.floor", "limits.crossed"),
        ("ScorePolicy.grading", "part.wrong"),
        ("ScorePolicy.groups", "group.twice"),
        ("ScorePolicy.groups[firm].Retail.when industri", "field.unknown"),
        ("ScorePolicy.groups[firm].Hot.when", "condition.invalid"),
        ("ScorePolicy.groups[firm].Calls.when status", "choice.unknown"),
        ("ScorePolicy.opt_out tagz", "field.unknown"),
        ("ScorePolicy.reset kindly", "field.unknown"),
    ]


def test_only_known_entities_are_scored():
    with pytest.raises(InvalidInput, match="Choose from: lead, account, contact, opportunity"):
        ScorePolicy(record="member", groups=())


def test_a_group_needs_room_between_its_limits():
    with pytest.raises(InvalidInput, match=r"SignalGroup\.floor"):
        a_group(cap=5, floor=6)


def test_a_group_takes_signals_only():
    with pytest.raises(InvalidInput, match="str has no kind"):
        a_group("industry == 'Retail'")


def test_custom_fields_are_declared_with_the_policy():
    vip = Attribute(label="VIP", when="custom.vip == true", points=50)
    with pytest.raises(InvalidInput, match=r"custom\.vip"):
        ScorePolicy(groups=(a_group(vip),))
    declared = (
        CustomField(entity="lead", name="vip", kind=FieldKind.BOOLEAN),
        CustomField(entity="account", name="size", kind=FieldKind.INTEGER),
    )
    policy = ScorePolicy(groups=(a_group(vip),), custom_fields=declared)
    assert decide(policy, ScoreFacts(record=a_lead(custom={"vip": True})), now=NOW).score == 50
    assert decide(policy, ScoreFacts(record=a_lead()), now=NOW).score == 0


def test_a_revised_policy_asks_its_own_conditions():
    policy = ScorePolicy(groups=(a_group(RETAIL),))
    other = revise(policy, groups=(a_group(Attribute(label="IT", when="industry == 'IT'", points=7)),), version=2)
    lead = ScoreFacts(record=a_lead(industry="IT"))
    assert [decide(each, lead, now=NOW).score for each in (policy, other)] == [0, 7]


def test_what_is_compiled_is_not_part_of_the_value():
    assert ScorePolicy(groups=(a_group(RETAIL),)) == ScorePolicy(groups=(a_group(RETAIL),))
    assert "plan" not in repr(ScorePolicy(groups=(a_group(RETAIL),)))


def test_the_same_conditions_are_compiled_once():
    assert lead_scoring().plan is lead_scoring().plan


def test_the_ready_policy_grades_from_c3_to_a1():
    policy = lead_scoring()
    assert (
        decide(policy, ScoreFacts(record=a_lead(company=None, created_at=NOW - timedelta(30))), now=NOW).grade == "C3"
    )


def test_what_who_opted_out_has_lies_within_the_limits():
    with pytest.raises(InvalidInput, match=r"ScorePolicy\.neutral: must lie within the limits"):
        ScorePolicy(groups=(), neutral=101)
