"""Many records at once get what each would get alone."""

from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Measure,
    ScoreFacts,
    ScorePolicy,
    SignalGroup,
    decide,
    lead_scoring,
    rate_many,
)
from crmkit.testing import NOW, a_lead, an_account, an_opportunity
from crmkit.testing.scores import score_events, score_leads, score_policies

DAY = timedelta(days=1)


@model
class Vowels:
    """A rule of the host's own."""

    kind: ClassVar[str] = "vowels"
    label: str = "Vowels"
    when: str = "title != ''"

    def measure(self, facts, *, now):
        count = sum(letter in "aeiou" for letter in facts.record.title)
        return Measure(count, Reason.of("score.attribute", label=self.label, points=count))


def points(number, when="always()"):
    return Attribute(label=f"{number} points", when=when, points=number)


def a_policy(*signals, **changes):
    return ScorePolicy(groups=[SignalGroup(name="firm", axis=Axis.FIT, signals=signals)], **changes)


def alone(policy, records, events):
    facts = (ScoreFacts(record=each, events=tuple(events.get(each.id, ()))) for each in records)
    decisions = [decide(policy, each, now=NOW) for each in facts]
    return [(each.score, each.grade, each.next_change_at) for each in decisions]


@given(
    score_policies | st.just(lead_scoring()),
    st.lists(score_leads, max_size=8),
    st.lists(st.lists(score_events, max_size=4), max_size=3),
)
def test_many_at_once_have_the_same_ratings_as_one_by_one(policy, records, happened):
    events = {record.id: each for record, each in zip(records, happened, strict=False)}
    assert rate_many(policy, records, events, now=NOW) == alone(policy, records, events)


def test_a_policy_that_ends_is_asked_again_then():
    policy = a_policy(points(5, when="within(created_at, days=7)"), effective_until=NOW + 3 * DAY)
    records = [a_lead(created_at=NOW - 5 * DAY), a_lead(created_at=NOW), a_lead(created_at=NOW - 9 * DAY)]
    assert [due for _, _, due in rate_many(policy, records, now=NOW)] == [NOW + 2 * DAY, NOW + 3 * DAY, NOW + 3 * DAY]
    later = NOW + 3 * DAY
    assert [due for _, _, due in rate_many(policy, records[:1], now=later)] == [None]


def test_windows_of_days_are_asked_again_at_midnight():
    policy = a_policy(points(5, when="within_next(expected_close, days=3)"), record="opportunity")
    records = [an_opportunity(expected_close=NOW.date() + days * DAY) for days in range(-1, 6)]
    assert rate_many(policy, records, now=NOW) == alone(policy, records, {})


def test_signals_of_ones_own_are_asked_of_every_record():
    policy = a_policy(Vowels())
    assert [score for score, _, _ in rate_many(policy, [a_lead(title="Director"), a_lead()], now=NOW)] == [3, 0]


def test_one_record_that_fails_costs_the_others_nothing():
    size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
    policy = a_policy(points(7, when="custom.size >= 10"), points(5), custom_fields=(size,))
    records = [a_lead(custom={"size": "many"}), a_lead(custom={"size": 12})]
    assert [score for score, _, _ in rate_many(policy, records, now=NOW)] == [5, 12]


def test_more_records_than_are_held_at_a_time(monkeypatch):
    monkeypatch.setattr("crmkit.rules.scoring.many.CHUNK", 2)
    policy = a_policy(points(5, when="industry == 'IT'"), points(7, when="industry == 'Retail'"))
    records = [a_lead(industry=industry) for industry in ("IT", "", "Retail", "IT", "")]
    assert [score for score, _, _ in rate_many(policy, records, now=NOW)] == [5, 0, 7, 5, 0]


def test_others_than_the_policy_scores_and_a_naive_now_are_refused():
    with pytest.raises(InvalidInput, match="is a account"):
        rate_many(lead_scoring(), [a_lead(), an_account()], now=NOW)
    with pytest.raises(InvalidInput, match="has no time zone"):
        rate_many(lead_scoring(), [a_lead()], now=datetime(2026, 1, 31))  # noqa: DTZ001 - the fault under test
    assert rate_many(lead_scoring(), [], now=NOW) == []
