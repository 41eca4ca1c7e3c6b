"""Best fit: what a record is worth with whom, and what an allocator is told."""

from datetime import timedelta

import pytest

from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput
from crmkit.rules.assignment import (
    AssignmentFacts,
    AssignmentPolicy,
    BestFit,
    Candidate,
    Entry,
    Need,
    RoundRobin,
    Target,
    decide,
    decide_many,
    plans,
)
from crmkit.testing import NOW, a_lead, a_member

GERMAN = Need(ability="languages", word="de", relax_hours=4)
REGION = Need(ability="regions", field="region")
BEST = BestFit(wants=(GERMAN, REGION), fair_percent=50)
EAST = Target(team_ids=("east",), strategy=BEST)


def person(id, **changes):
    own = {name: changes.pop(name) for name in ("ahead", "room", "open_work") if name in changes}
    return Candidate(member=a_member(**{"id": id, "team_id": "east", **changes}), **own)


def policy(*to, when="always()", **changes):
    return AssignmentPolicy(entries=(Entry(name="East", when=when, to=to or (EAST,)),), **changes)


def planned(by, records, *people, **facts):
    return plans(by, records, AssignmentFacts(record=records[0], candidates=people, **facts), now=NOW)


class TestFit:
    @pytest.mark.parametrize(
        ("member", "share"),
        [({}, 1 / 3), ({"languages": ("de",)}, 2 / 3), ({"languages": ("de",), "regions": ("East",)}, 1)],
    )
    def test_it_is_the_share_of_the_wants_that_are_met_and_one(self, member, share):
        assert BEST.fit(a_lead(region="East"), a_member(**member), now=NOW) == pytest.approx(share)

    def test_a_want_that_is_not_of_the_record_or_relaxed_is_not_asked(self):
        old = a_lead(region="", created_at=NOW - timedelta(hours=4))
        assert BEST.fit(old, a_member(), now=NOW) == 1

    @pytest.mark.parametrize(("score", "worth"), [(None, 1), (0, 1), (79, 80), (-5, 1)])
    def test_the_worth_is_never_nothing(self, score, worth):
        assert BestFit().worth(a_lead(score=score), a_member(), now=NOW) == worth

    def test_a_single_record_goes_to_who_fits_best_then_by_turn(self):
        people = person("eva", ahead=1.0), person("lu"), person("wei", languages=("de",), ahead=1.0)
        facts = AssignmentFacts(record=a_lead(), candidates=people)
        decision = decide(policy(), facts, now=NOW)
        assert (decision.member_id, decision.reasons[-1].params["percent"]) == ("wei", 100)
        plain = AssignmentFacts(record=a_lead(), candidates=people[:2])
        assert decide(policy(), plain, now=NOW).member_id == "lu"

    @pytest.mark.parametrize("percent", [-1, 101])
    def test_a_share_is_a_share(self, percent):
        with pytest.raises(InvalidInput, match="fair_percent"):
            BestFit(fair_percent=percent)


class TestPlans:
    def test_a_plan_has_a_row_a_record_and_a_column_a_member(self):
        people = person("wei", capacity=3, open_work=1), person("eva", languages=("de",))
        (plan,) = planned(policy(), [a_lead(id="L-1", score=59), a_lead(id="L-2")], *people)
        assert (plan.record_ids, plan.member_ids) == (("L-1", "L-2"), ("eva", "wei"))
        assert plan.worth == ((60, 30), (1, 0.5))
        assert (plan.room, plan.fair_percent) == ((2, 2), 50)

    def test_limits_leave_room_and_who_cannot_take_it_is_left_out(self):
        by = policy(limits=(Limit(most=5, per="day"),))
        records = [a_lead(id=f"L-{n}") for n in range(4)]
        (plan,) = planned(by, records, person("eva", room=(1,)), person("lu", room=(0,)), person("wei", status="left"))
        assert (plan.member_ids, plan.room) == (("eva",), (1,))

    def test_a_need_of_the_target_forbids(self):
        target = Target(team_ids=("east",), needs=(REGION,), strategy=BestFit())
        records = [a_lead(id="L-1", region="East"), a_lead(id="L-2")]
        (plan,) = planned(policy(target), records, person("eva", regions=("East",)), person("wei"))
        assert plan.worth == ((1, 0), (1, 1))

    def test_only_records_whose_first_target_asks_for_it(self):
        records = [a_lead(id="L-1", region="East"), a_lead(id="L-2"), a_lead(id="L-3", region="East", owner_id="eva")]
        (plan,) = planned(policy(EAST, when="region == 'East'"), records, person("eva"))
        assert plan.record_ids == ("L-1",)
        assert planned(policy(Target(team_ids=("east",), strategy=RoundRobin()), EAST), records, person("eva")) == ()

    def test_what_was_planned_is_decided_as_long_as_the_member_can(self):
        people = person("eva", languages=("de",)), person("wei", capacity=1)
        records = [a_lead(id=f"L-{n}") for n in range(2)]
        facts = AssignmentFacts(record=records[0], candidates=people, planned={"L-0": "wei", "L-1": "wei"})
        first, second = decide_many(policy(), records, facts, now=NOW)
        assert (first.member_id, first.reasons[-1].code) == ("wei", "assignment.planned")
        assert (second.member_id, second.reasons[-1].code) == ("eva", "assignment.sole")

    def test_a_plan_that_names_somebody_else_is_passed_by(self):
        people = person("eva"), person("wei", languages=("de",))
        facts = AssignmentFacts(record=a_lead(), candidates=people, planned={"L-1": "gone"})
        assert decide(policy(), facts, now=NOW).member_id == "wei"

    def test_another_strategy_follows_no_plan(self):
        facts = AssignmentFacts(record=a_lead(), candidates=(person("eva"), person("wei")), planned={"L-1": "wei"})
        assert decide(policy(Target(team_ids=("east",))), facts, now=NOW).member_id == "eva"
