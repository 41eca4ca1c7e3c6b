"""What a policy would do over time, and how two of them compare."""

from datetime import timedelta

import pytest

from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentPolicy,
    Backlog,
    Candidate,
    Entry,
    LeastLoaded,
    Target,
    decide_many,
    simulate,
)
from crmkit.testing import NOW, a_lead, a_member

DAY = timedelta(days=1)


def policy(strategy=None, **changes):
    target = Target(team_ids=("east",), **({"strategy": strategy} if strategy else {}))
    return AssignmentPolicy(entries=(Entry(name="East", to=(target,)),), **changes)


def person(id, **changes):
    own = {name: changes.pop(name) for name in ("room", "open_work", "ahead") if name in changes}
    return Candidate(member=a_member(id=id, team_id="east", **changes), **own)


def facts(*people):
    return AssignmentFacts(record=a_lead(), candidates=people)


def daily(days, each=1, **changes):
    return [
        a_lead(id=f"L-{day:03}-{number}", created_at=NOW + day * DAY, **changes)
        for day in range(days)
        for number in range(each)
    ]


def test_at_one_instant_it_is_the_very_same_as_deciding():
    leads = [a_lead(id=f"L-{number}") for number in range(7)]
    there = facts(person("eva", ahead=0.5), person("wei", capacity=3))
    simulated = simulate(policy(), leads, there, now=NOW)
    assert simulated.decisions == decide_many(policy(), leads, there, now=NOW)


def test_the_facts_stay_as_they_were_and_the_answer_too():
    there, leads = facts(person("eva"), person("wei")), daily(9)
    assert simulate(policy(), leads, there, now=NOW) == simulate(policy(), list(reversed(leads)), there, now=NOW)


def test_two_policies_are_compared_over_the_same_arrivals():
    there = facts(person("eva", open_work=20), person("wei"))
    by_turn, by_load = (simulate(policy(strategy), daily(10), there, now=NOW) for strategy in (None, LeastLoaded()))
    assert by_turn.by_member == {"eva": 5, "wei": 5}
    assert by_load.by_member == {"wei": 10}


def test_a_leave_passes():
    leave = Leave(begins=NOW, ends=NOW + 10 * DAY)
    simulated = simulate(policy(), daily(30), facts(person("eva", leaves=(leave,)), person("wei")), now=NOW)
    # wei has just had one when eva is back
    assert simulated.by_member == {"eva": 11, "wei": 19}


@pytest.mark.parametrize(
    ("limit", "room", "received"),
    [
        (Limit(most=2, per="day"), 0, 18),
        (Limit(most=2, per="day"), 2, 20),
        # ten used at the snapshot count for the whole thirty days
        (Limit(most=10, days=30), 0, 0),
        (Limit(most=10, days=5), 10, 20),
    ],
)
def test_limits_free_themselves_as_time_passes(limit, room, received):
    simulated = simulate(policy(limits=(limit,)), daily(10, each=5), facts(person("wei", room=(room,))), now=NOW)
    assert simulated.by_member.get("wei", 0) == received
    assert len(simulated.waiting) == 50 - received


def test_what_waits_is_tried_again_after_what_is_new():
    by = policy(limits=(Limit(most=2, per="day"),))
    simulated = simulate(by, [*daily(1, each=3), *daily(2)[1:]], facts(person("wei", room=(2,))), now=NOW)
    assert simulated.waiting == ()
    assert [decision.at for decision in simulated.decisions] == [NOW, NOW, NOW + DAY, NOW + DAY]


def test_backlogs_only_fill_up():
    by = policy(backlogs=(Backlog(name="new", most=3, when="status == 'new'"),))
    leads = [*daily(2, status="working"), *daily(7)[2:]]
    assert simulate(by, leads, facts(person("wei", room=(3,))), now=NOW).by_member == {"wei": 5}


def test_what_has_an_owner_uses_up_nothing():
    by = policy(limits=(Limit(most=1, days=30),))
    leads = [a_lead(id="L-0", owner_id="wei"), a_lead(id="L-1")]
    simulated = simulate(by, leads, facts(person("wei", room=(1,))), now=NOW)
    assert [decision.member_id for decision in simulated.decisions] == ["wei", "wei"]


def test_older_records_arrive_at_the_snapshot():
    simulated = simulate(policy(), [a_lead(created_at=NOW - DAY)], facts(person("wei")), now=NOW)
    assert simulated.decisions[0].at == NOW
