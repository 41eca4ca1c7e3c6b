"""What becomes of a record that no entry could place: held, pooled, given to a default assignee, escalated."""

from datetime import timedelta

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentOutcome,
    AssignmentPolicy,
    Candidate,
    Entry,
    Fallback,
    Target,
    decide,
)
from crmkit.testing import NOW, a_lead, a_member, a_pool

FULL = Candidate(member=a_member(id="wei", team_id="east", capacity=0))
BOSS = Candidate(member=a_member(id="boss", capacity=0))
EAST = Entry(name="East", to=(Target(team_ids=("east",)),))


def decided(fallback, *people, entry=EAST, pools=(), **changes):
    policy = AssignmentPolicy(entries=(entry,), fallback=fallback)
    return decide(policy, AssignmentFacts(record=a_lead(**changes), candidates=people, pools=pools), now=NOW)


def last(decision):
    return decision.reasons[-1].code


def test_it_is_held_unless_the_policy_says_otherwise():
    decision = decided(Fallback(), FULL)
    assert (decision.outcome, last(decision)) == (AssignmentOutcome.UNASSIGNED, "assignment.nobody_free")


def test_it_overflows_into_a_pool():
    decision = decided(Fallback(pool_id="PO-1"), FULL, pools=(a_pool(holds="lead"),))
    assert (decision.pool_id, last(decision), decision.entry) == ("PO-1", "assignment.pooled", "")


def test_a_pool_that_is_closed_is_a_visible_mistake():
    decision = decided(Fallback(pool_id="PO-9"), FULL)
    assert (decision.outcome, last(decision)) == (AssignmentOutcome.UNASSIGNED, "assignment.pool_closed")


def test_a_default_assignee_takes_it_however_full():
    decision = decided(Fallback(member_id="boss"), FULL, BOSS)
    assert (decision.member_id, last(decision)) == ("boss", "assignment.default_assignee")


@pytest.mark.parametrize(
    ("people", "why"),
    [((FULL,), "unknown"), ((FULL, Candidate(member=a_member(id="boss", status="left"))), "left")],
)
def test_a_default_assignee_who_is_not_there_is_a_visible_mistake(people, why):
    decision = decided(Fallback(member_id="boss"), *people)
    assert (decision.outcome, last(decision)) == (AssignmentOutcome.UNASSIGNED, "assignment.default_unfit")
    assert decision.reasons[-1].params["why"] == why


def test_it_is_escalated_and_held():
    decision = decided(Fallback(escalate_to=("boss", "chief")), FULL)
    assert (decision.outcome, last(decision)) == (AssignmentOutcome.UNASSIGNED, "assignment.escalated")
    assert decision.escalated_to == ("boss", "chief")


def test_a_record_of_no_entry_falls_back_too():
    west = Entry(name="West", when="region == 'West'", to=EAST.to)
    assert decided(Fallback(member_id="boss"), BOSS, entry=west).member_id == "boss"


def test_what_an_entry_takes_later_does_not_fall_back_before():
    late = Entry(name="East", to=EAST.to, delay_hours=2)
    young = decided(Fallback(member_id="boss"), BOSS, entry=late, created_at=NOW - timedelta(hours=1))
    assert young.outcome is AssignmentOutcome.UNASSIGNED


def test_a_fallback_is_one_thing():
    with pytest.raises(InvalidInput, match="several"):
        Fallback(pool_id="PO-1", escalate_to=("boss",))


@pytest.mark.parametrize(
    ("entry", "fallback", "covers"),
    [
        ({}, Fallback(), True),
        ({"until_days": 7}, Fallback(), False),
        ({"when": "region == 'East'"}, Fallback(), False),
        ({"when": "region == 'East'"}, Fallback(escalate_to=("boss",)), True),
    ],
)
def test_a_policy_knows_whether_something_may_wait_for_ever(entry, fallback, covers):
    policy = AssignmentPolicy(entries=(Entry(**{"name": "East", "to": EAST.to, **entry}),), fallback=fallback)
    assert policy.covers_all is covers
