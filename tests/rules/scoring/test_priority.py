"""The order of work: promises first, then what is promising and fresh."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.scoring import WorkFacts, WorkOutcome, WorkPolicy, prioritise
from crmkit.testing import NOW

DAY = timedelta(days=1)
POLICY = WorkPolicy()


def place(id="L-1", *, policy=POLICY, **given):
    return prioritise(policy, WorkFacts(**{"lead_id": id, "heard_at": NOW, **given}), now=NOW)


def ordered(*decisions):
    return [each.lead_id for each in sorted(decisions, key=lambda each: each.place)]


def test_what_is_due_comes_first_the_longest_in_front_and_what_is_planned_last():
    assert ordered(
        place("hot", score=100),
        place("today", next_at=NOW),
        place("overdue", next_at=NOW - 9 * DAY, score=1),
        place("tomorrow", next_at=NOW + DAY, score=100),
        place("next week", next_at=NOW + 7 * DAY, score=100),
    ) == ["overdue", "today", "hot", "tomorrow", "next week"]


def test_a_score_wears_off_while_nothing_is_heard_to_what_the_policy_leaves():
    priorities = [place(score=80, heard_at=NOW - days * DAY).priority for days in (0, 7, 14, 7_000)]
    assert priorities == pytest.approx([80, 60, 50, 40])


def test_what_is_not_scored_stands_at_the_neutral_place():
    assert (place().outcome, place().priority) == (WorkOutcome.NEUTRAL, 25)
    assert ordered(place("low", score=10), place("none"), place("high", score=90)) == ["high", "none", "low"]


@given(st.integers(-100, 100), st.integers(0, 400))
def test_who_opted_out_is_ordered_alike_whatever_is_known(score, days):
    decision = place(score=score, heard_at=NOW - days * DAY, opted_out=True)
    assert decision == place(opted_out=True)
    assert decision.reasons[0].code == "score.work_opted_out"


def test_a_promise_is_kept_to_who_opted_out_too():
    assert place(opted_out=True, next_at=NOW).outcome is WorkOutcome.DUE


@pytest.mark.parametrize("wrong", [{"fresh_percent": 101}, {"fresh_percent": -1}, {"half_life_days": 0}])
def test_weights_make_sense(wrong):
    with pytest.raises(InvalidInput, match="WorkPolicy"):
        WorkPolicy(**wrong)
