"""Who receives a record, and why nobody else."""

from collections import Counter
from typing import ClassVar

import pytest

from crmkit.domain.model import model
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.rules.assignment import (
    TEXTS,
    AssignmentFacts,
    AssignmentOutcome,
    AssignmentPolicy,
    Candidate,
    Entry,
    LeastLoaded,
    Target,
    decide,
    decide_many,
)
from crmkit.testing import NOW, a_lead, a_member, a_pool, an_account

EAST = Target(team_ids=("east",))


def person(id, *, ahead=0.0, open_work=0, **changes):
    member = a_member(id=id, name=id, **{"team_id": "east", **changes})
    return Candidate(member=member, ahead=ahead, open_work=open_work)


def policy(*entries, **changes):
    return AssignmentPolicy(entries=entries or (Entry(name="East", to=(EAST,)),), **changes)


def decided(record, *people, by=None, **changes):
    facts = AssignmentFacts(record=record, candidates=people, **changes)
    return decide(by or policy(), facts, now=NOW)


def codes(decision):
    return [reason.code for reason in decision.reasons]


class TestEntries:
    def test_the_first_entry_that_applies_decides(self):
        by = policy(
            Entry(name="West", when="region == 'West'", to=(Target(team_ids=("west",)),)),
            Entry(name="East", when="region == 'East'", to=(EAST,)),
            Entry(name="Rest", to=(Target(team_ids=("west",)),)),
        )
        decision = decided(a_lead(region="East"), person("wei"), person("eva", team_id="west"), by=by)
        assert (decision.outcome, decision.member_id, decision.entry) == (AssignmentOutcome.ASSIGNED, "wei", "East")

    def test_a_lead_that_no_entry_is_about_waits_and_says_so(self):
        by = policy(Entry(name="West", when="region == 'West'", to=(EAST,)))
        decision = decided(a_lead(region="East"), person("wei"), by=by)
        assert (decision.outcome, codes(decision)) == (AssignmentOutcome.UNASSIGNED, ["assignment.no_entry"])

    def test_targets_of_an_entry_are_a_fallback_chain(self):
        by = policy(Entry(name="East", to=(EAST, Target(member_ids=("boss",)), Target(pool_id="PO-1"))))
        boss = person("boss", team_id=None)
        pool = a_pool(holds="lead")
        assert decided(a_lead(), person("wei"), boss, by=by, pools=(pool,)).member_id == "wei"
        assert decided(a_lead(), person("wei", status="on_leave"), boss, by=by, pools=(pool,)).member_id == "boss"
        left = person("boss", team_id=None, status="left")
        decision = decided(a_lead(), person("wei", status="on_leave"), left, by=by, pools=(pool,))
        assert (decision.outcome, decision.pool_id) == (AssignmentOutcome.POOLED, "PO-1")

    def test_when_nobody_of_an_entry_can_the_next_entry_is_tried(self):
        by = policy(Entry(name="East", to=(EAST,)), Entry(name="Rest", to=(Target(team_ids=("west",)),)))
        decision = decided(a_lead(), person("wei", status="on_leave"), person("eva", team_id="west"), by=by)
        assert (decision.member_id, decision.entry) == ("eva", "Rest")
        assert codes(decision) == ["assignment.entry", "assignment.absent", "assignment.entry", "assignment.sole"]

    @pytest.mark.parametrize("pool", [a_pool(holds="lead", enabled=False), a_pool(holds="account"), None])
    def test_a_pool_that_cannot_take_the_record_is_passed_over_and_named(self, pool):
        by = policy(Entry(name="Pool", to=(Target(pool_id="PO-1"),)))
        decision = decided(a_lead(), by=by, pools=(pool,) if pool else ())
        assert codes(decision) == ["assignment.entry", "assignment.pool_closed", "assignment.nobody_free"]

    def test_an_entry_whose_people_do_not_exist_says_so(self):
        assert "assignment.nobody" in codes(decided(a_lead()))

    def test_accounts_are_assigned_alike(self):
        by = policy(Entry(name="Big", when="employees >= 100", to=(EAST,)), entity="account")
        assert decided(an_account(employees=300), person("wei"), by=by).member_id == "wei"


class TestWhoIsPassedOver:
    def test_who_is_absent_or_full_is_named_with_the_cause(self):
        """SuiteCRM, EspoCRM and others hand leads to people who left; most know no capacity."""
        decision = decided(
            a_lead(),
            person("left", status="left"),
            person("away", status="on_leave"),
            person("full", capacity=5, open_work=5),
            person("free", capacity=5, open_work=4),
        )
        assert decision.member_id == "free"
        named = {reason.code: reason.params.get("members") for reason in decision.reasons}
        assert (named["assignment.absent"], named["assignment.full"]) == ("away, left", "full")

    def test_edge_27_when_all_are_full_the_record_waits_and_says_so(self):
        decision = decided(a_lead(), person("wei", capacity=1, open_work=1))
        assert codes(decision) == ["assignment.entry", "assignment.full", "assignment.nobody_free"]

    def test_a_long_list_of_names_is_cut(self):
        crowd = [person(f"m{number:02}", status="on_leave") for number in range(25)]
        absent = decided(a_lead(), *crowd).reasons[1]
        assert absent.params["members"].endswith("m19 … (25)")

    def test_who_receives_a_record_explains_the_turn(self):
        decision = decided(a_lead(), person("wei"), person("eva", ahead=1.0))
        english = Catalogue.of(TEXTS).say_all(decision.reasons)
        assert "It is the turn of wei, of 2 at weight 100." in english


class TestStickiness:
    def test_a_lead_of_a_known_customer_goes_to_the_customers_owner(self):
        decision = decided(
            a_lead(account_id="A-1"), person("wei"), person("eva", team_id="west"), account_owners={"A-1": "eva"}
        )
        assert (decision.member_id, decision.entry) == ("eva", "")
        assert codes(decision) == ["assignment.account_owner"]

    @pytest.mark.parametrize(
        ("owner", "why"),
        [
            (person("eva", team_id="west", status="left"), "left"),
            (person("eva", team_id="west", capacity=0), "full"),
            (None, "unknown"),
        ],
    )
    def test_edge_28_an_owner_who_cannot_take_it_is_named_and_the_entries_decide(self, owner, why):
        """LeanData falls to the next block only if told so; others assign to the inactive owner."""
        people = (person("wei"), owner) if owner else (person("wei"),)
        decision = decided(a_lead(account_id="A-1"), *people, account_owners={"A-1": "eva"})
        assert decision.member_id == "wei"
        assert decision.reasons[0].params["why"] == why

    def test_a_customer_without_an_owner_sticks_to_nobody(self):
        assert codes(decided(a_lead(account_id="A-1"), person("wei")))[0] == "assignment.entry"

    def test_a_policy_need_not_stick(self):
        people = (person("wei"), person("eva", team_id="west"))
        owners = {"A-1": "eva"}
        assert (
            decided(a_lead(account_id="A-1"), *people, by=policy(sticky=False), account_owners=owners).member_id
            == "wei"
        )


def test_a_record_with_an_owner_keeps_it():
    decision = decided(a_lead(owner_id="eva"), person("wei"))
    assert (decision.member_id, codes(decision)) == ("eva", ["assignment.owned"])


class TestManyAtOnce:
    def test_each_answer_counts_for_the_next(self):
        leads = [a_lead(id=f"L-{number}") for number in range(4)]
        facts = AssignmentFacts(record=leads[0], candidates=(person("wei"), person("eva")))
        decisions = decide_many(policy(), leads, facts, now=NOW)
        assert [decision.member_id for decision in decisions] == ["eva", "wei", "eva", "wei"]

    def test_capacities_fill_up(self):
        leads = [a_lead(id=f"L-{number}") for number in range(4)]
        facts = AssignmentFacts(record=leads[0], candidates=(person("wei", capacity=2), person("eva", capacity=1)))
        decisions = decide_many(policy(), leads, facts, now=NOW)
        assert [decision.member_id for decision in decisions] == ["eva", "wei", "wei", None]

    def test_the_facts_stay_as_they_were(self):
        facts = AssignmentFacts(record=a_lead(), candidates=(person("wei"), person("eva")))
        first = decide_many(policy(), [a_lead(), a_lead(id="L-2")], facts, now=NOW)
        assert decide_many(policy(), [a_lead(), a_lead(id="L-2")], facts, now=NOW) == first

    def test_the_least_loaded_receives_until_the_loads_are_even(self):
        leads = [a_lead(id=f"L-{number}") for number in range(9)]
        facts = AssignmentFacts(record=leads[0], candidates=(person("wei", open_work=6), person("eva", open_work=1)))
        by = policy(Entry(name="East", to=(Target(team_ids=("east",), strategy=LeastLoaded()),)))
        decisions = decide_many(by, leads, facts, now=NOW)
        assert Counter(decision.member_id for decision in decisions) == {"eva": 7, "wei": 2}

    def test_nothing_to_assign_is_no_decision(self):
        facts = AssignmentFacts(record=a_lead())
        assert decide_many(policy(), [], facts, now=NOW) == ()


@model
class Longest:
    """A host's own strategy: the longest name."""

    kind: ClassVar[str] = "longest"

    def choose(self, eligible, record, *, now):
        winner = max(eligible, key=lambda each: len(each.member.name))
        return winner, Reason.of("longest", member=winner.member.id)


def test_a_strategy_of_the_host_decides_and_explains_like_ours():
    by = policy(Entry(name="East", to=(Target(team_ids=("east",), strategy=Longest()),)))
    decision = decided(a_lead(), person("wei"), person("alexandra"), by=by)
    assert (decision.member_id, codes(decision)) == ("alexandra", ["assignment.entry", "longest"])


def test_every_reason_has_a_text_in_both_languages():
    for english, chinese in TEXTS.values():
        assert english != chinese
