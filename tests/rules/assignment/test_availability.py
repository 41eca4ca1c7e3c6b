"""Who is there: status, planned leave, working hours, presence; the policy says which are asked."""

from datetime import timedelta

import pytest

from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.member import Leave
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentPolicy,
    Availability,
    Candidate,
    Entry,
    Target,
    decide,
    decide_many,
)
from crmkit.testing import NOW, a_calendar, a_lead, a_member

DAY = timedelta(days=1)
LEAVE = Leave(begins=NOW - DAY, ends=NOW + 6 * DAY)
CLOSED = a_calendar(zone="UTC", weekdays=tuple(range(1, 8)), hours=(Hours(weekday=1, begins=0, ends=0),))
ON_LEAVE = Candidate(member=a_member(id="eva", team_id="east", leaves=(LEAVE,)))
OFF_HOURS = Candidate(member=a_member(id="lu", team_id="east"), calendar=CLOSED)
NOT_PRESENT = Candidate(member=a_member(id="na", team_id="east"), away=True)
THERE = Candidate(member=a_member(id="wei", team_id="east"), calendar=a_calendar(zone="UTC", weekdays=range(1, 8)))


def decided(available, *people, **changes):
    policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),), available=available)
    return decide(policy, AssignmentFacts(record=a_lead(**changes), candidates=people), now=NOW)


def test_whoever_is_not_there_is_named_with_the_cause_and_until_when():
    decision = decided(tuple(Availability), ON_LEAVE, OFF_HOURS, NOT_PRESENT, THERE)
    assert decision.member_id == "wei"
    opens = CLOSED.next_open(NOW)
    assert opens > NOW
    assert [(reason.code, dict(reason.params)) for reason in decision.reasons[1:-1]] == [
        ("assignment.on_leave", {"members": "eva", "until": NOW + 6 * DAY}),
        ("assignment.off_hours", {"members": "lu", "until": opens}),
        ("assignment.not_present", {"members": "na"}),
    ]


@pytest.mark.parametrize("person", [ON_LEAVE, OFF_HOURS, NOT_PRESENT], ids=["leave", "hours", "presence"])
def test_only_what_the_policy_asks_counts(person):
    assert decided((), person).member_id == person.member.id
    assert decided(tuple(Availability), person).member_id is None


def test_planned_leave_is_asked_unless_the_policy_says_otherwise():
    assert AssignmentPolicy().available == (Availability.LEAVE,)


def test_at_the_end_of_the_leave_the_member_is_back():
    back = Candidate(member=a_member(id="eva", team_id="east", leaves=(Leave(begins=NOW - DAY, ends=NOW),)))
    assert decided(("leave",), back).member_id == "eva"


def test_a_calendar_that_never_opens_is_an_absence_without_an_end():
    never = a_calendar(weekdays=(1,), hours=(Hours(weekday=2, begins=0, ends=60),))
    decision = decided(("hours",), Candidate(member=a_member(id="lu", team_id="east"), calendar=never))
    assert decision.reasons[1].code == "assignment.absent"


def test_the_owner_of_the_customer_may_be_on_leave_too():
    policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(member_ids=("wei",)),)),))
    facts = AssignmentFacts(
        record=a_lead(account_id="A-1"), candidates=(ON_LEAVE, THERE), account_owners={"A-1": "eva"}
    )
    decision = decide(policy, facts, now=NOW)
    assert (decision.member_id, decision.reasons[0].params["why"]) == ("wei", "on_leave")


def test_who_comes_back_from_leave_is_not_flooded():
    """HubSpot and Odoo count what was missed and make up for it."""
    policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))
    leads = [a_lead(id=f"L-{number}") for number in range(20)]
    facts = AssignmentFacts(record=leads[0], candidates=(ON_LEAVE, THERE))
    away = decide_many(policy, leads, facts, now=NOW)
    back = decide_many(policy, leads, facts, now=NOW + 6 * DAY)
    assert {decision.member_id for decision in away} == {"wei"}
    assert [decision.member_id for decision in back].count("eva") == 10
