"""What is wrong with a score policy is found before anybody is scored by it, and nothing that is right."""

from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import given

from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Band,
    Engagement,
    Frequency,
    GradeByScore,
    GradeMatrix,
    HalfLife,
    Ladder,
    LinearDecay,
    Measure,
    ScoreFacts,
    ScorePolicy,
    SignalGroup,
    decide,
    lead_scoring,
)
from crmkit.rules.scoring.analysis import TEXTS, analyse
from crmkit.testing import NOW
from crmkit.testing.scores import score_facts, score_policies

DAY = timedelta(days=1)
ANY = GradeByScore(ladder=Ladder(below="all"))


def an_attribute(points=10, label="IT", when="industry == 'IT'"):
    return Attribute(label=label, when=when, points=points)


def calls(**given):
    return Engagement(**{"label": "Calls", "events": "kind == 'call'", "points": 10, **given})


def found(*signals, axis=Axis.FIT, cap=None, floor=None, grading=ANY, **policy):
    group = SignalGroup(name="one", axis=axis, signals=signals, cap=cap, floor=floor)
    return [
        (each.field, each.code.removeprefix("score.analysis."))
        for each in analyse(ScorePolicy(groups=(group,), grading=grading, **policy))
    ]


def codes(*signals, **given):
    return [code for _, code in found(*signals, **given)]


def test_the_policy_to_begin_with_is_sound():
    assert analyse(lead_scoring()) == ()


class TestSignals:
    @pytest.mark.parametrize(
        "signal",
        [
            an_attribute(when="amount.minor > 9 and amount.minor < 5"),
            calls(events="kind == 'call' and kind == 'visit'"),
            calls(when="not always()"),
            Frequency(label="Calls", events="minutes > 9 and minutes < 5", bands=(Band(at_least=1, points=5),)),
        ],
    )
    def test_a_condition_that_contradicts_itself_never_counts(self, signal):
        assert found(signal) == [(f"ScorePolicy.groups[one].{signal.label}", "signal.never")]

    def test_points_that_are_none(self):
        assert codes(an_attribute(0)) == ["signal.zero"]
        assert codes(Frequency(label="F", events="always()", bands=(Band(at_least=1, points=0),))) == ["signal.zero"]

    def test_others_that_always_reach_the_cap(self):
        everybody = an_attribute(30, "Everybody", "always()")
        assert codes(everybody, an_attribute(10), cap=30) == ["signal.capped"]
        assert codes(an_attribute(30, "Most", "industry != 'IT'"), an_attribute(10), cap=30) == []
        assert codes(everybody, an_attribute(-10), an_attribute(10, "HR", "industry == 'HR'"), cap=30) == []

    def test_more_points_than_the_group_lets_count(self):
        assert codes(an_attribute(30), cap=20) == ["signal.over"]
        assert codes(an_attribute(30), an_attribute(-10, "HR", "industry == 'HR'"), cap=20) == []

    def test_two_of_one_name(self):
        assert codes(an_attribute(), an_attribute(5)) == ["label.twice"]

    def test_a_time_frame_longer_than_the_points_last(self):
        framed = "kind == 'call' and within(at, days=90)"
        assert codes(calls(events=framed, decay=LinearDecay(over=30 * DAY))) == ["frame.idle"]
        assert codes(calls(events="within(at, days=20)", decay=LinearDecay(over=30 * DAY))) == []
        assert codes(calls(events="within(at, days=90) or kind == 'call'", decay=LinearDecay(over=30 * DAY))) == []
        assert codes(calls(events=framed)) == []
        assert codes(calls(events=framed, decay=HalfLife(every=60 * DAY))) == []


class TestLimits:
    def test_a_cap_or_a_floor_that_is_never_reached(self):
        assert codes(an_attribute(10), cap=20) == ["cap.slack"]
        assert codes(an_attribute(10), cap=10) == []
        assert codes(an_attribute(-5), floor=-10) == ["floor.slack"]
        assert codes(calls(), cap=900) == []
        assert codes(calls(cap=30), cap=40) == ["cap.slack"]
        assert codes(calls(points=-10, cap=30), floor=-40) == ["floor.slack"]


class TestGrades:
    def test_a_grade_that_points_do_not_lead_to(self):
        ladder = GradeByScore(ladder=Ladder.of({"A": 60, "B": 20}, below="C"))
        assert found(an_attribute(50), grading=ladder) == [("ScorePolicy.grading", "grade.never")]
        assert codes(an_attribute(50), calls(), grading=ladder) == []
        assert codes(calls(), cap=40, grading=ladder) == ["grade.never"]

    def test_limits_of_the_whole_count(self):
        ladder = GradeByScore(ladder=Ladder.of({"A": 60}, below="C"))
        assert codes(calls(), grading=ladder, cap=None) == []
        policy = ScorePolicy(
            groups=(SignalGroup(name="one", axis=Axis.FIT, signals=(calls(),)),), grading=ladder, cap=50
        )
        assert [each.code for each in analyse(policy)] == ["score.analysis.grade.never"]

    def test_who_opted_out_may_be_the_only_one_with_a_grade(self):
        ladder = GradeByScore(ladder=Ladder.of({"A": 60}, below="C"))
        assert codes(an_attribute(50), grading=ladder, opt_out="contains(tags, 'quiet')", neutral=70) == []

    def test_each_axis_of_a_matrix(self):
        matrix = GradeMatrix(fit=Ladder.of({"A": 40}, below="B"), engagement=Ladder.of({"1": 5}, below="2"))
        [(_, code)] = found(an_attribute(50), grading=matrix)
        assert code == "grade.never"
        [problem] = analyse(
            ScorePolicy(groups=(SignalGroup(name="one", axis=Axis.FIT, signals=(an_attribute(50),)),), grading=matrix)
        )
        assert "…1" in problem.message
        assert codes(an_attribute(50), grading=matrix, opt_out="contains(tags, 'quiet')") == ["grade.never"]

    def test_two_cells_of_one_name(self):
        matrix = GradeMatrix(fit=Ladder.of({"A": 40}, below="A1"), engagement=Ladder(below="1"))
        assert codes(an_attribute(50), grading=matrix) == []
        twins = GradeMatrix(fit=Ladder.of({"A": 40}, below="A1"), engagement=Ladder.of({"11": 5, "1": -9}, below="2"))
        assert "grade.ambiguous" in codes(an_attribute(50), grading=twins)

    def test_a_grading_of_the_host_s_own_is_not_judged(self):
        @model
        class Own:
            kind: ClassVar[str] = "own"

            def grade(self, *, fit, engagement, score):
                return "A"

        assert codes(an_attribute(), grading=Own()) == []


def test_nobody_left_to_score_and_nothing_left_to_count():
    assert codes(an_attribute(), opt_out="always()") == ["opt_out.all"]
    assert codes(calls(), reset="always()") == ["reset.all"]


def test_of_a_signal_of_the_host_s_own_anything_may_come():
    @model
    class Own:
        kind: ClassVar[str] = "own"
        label: str = "Own"
        when: str = "always()"

        def measure(self, facts, *, now):
            return Measure(1, Reason.of("score.attribute", label=self.label, points=1))

    ladder = GradeByScore(ladder=Ladder.of({"A": 60}, below="C"))
    assert codes(Own(), cap=500, floor=-500, grading=ladder) == []


def test_problems_are_said_in_both_languages_with_a_mend():
    policy = ScorePolicy(
        groups=(SignalGroup(name="one", axis=Axis.FIT, signals=(an_attribute(10),), cap=20),), grading=ANY
    )
    [english], [chinese] = analyse(policy), analyse(policy, language="zh")
    assert str(english) == (
        "ScorePolicy.groups[one].cap: Group one can give 10 points at most, so its cap of 20 is never reached."
        " Lower the cap, or drop it."
    )
    assert chinese.message == "组 one 最多可得 10 分，上限 20 永远不会达到。"
    assert {code.removesuffix(".mend") for code in TEXTS} == {code for code in TEXTS if not code.endswith(".mend")}


@given(score_policies, score_facts)
def test_no_score_contradicts_what_is_told(policy, facts):
    """Grades that nobody can have are had by nobody, and signals that never count are in no decision."""
    told = analyse(policy)
    decision = decide(policy, ScoreFacts(record=facts.record, events=facts.events), now=NOW)
    never = {each.message for each in told if each.code == "score.analysis.grade.never"}
    if isinstance(policy.grading, GradeByScore):
        assert not any(f"the grade {decision.grade}:" in message for message in never)
    silent = {each.field.rpartition(".")[2] for each in told if each.code.endswith(("signal.never", "signal.zero"))}
    twice = any(each.code.endswith("label.twice") for each in told)
    assert twice or silent.isdisjoint(given.reason.params.get("label") for given in decision.contributions)
