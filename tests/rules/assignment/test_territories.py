"""Territories: which one a record belongs to, and who of it receives it."""

import pytest

from crmkit.domain.organization.territory import Seat
from crmkit.errors import CrmError, InvalidInput
from crmkit.rules.assignment import AssignmentFacts, AssignmentPolicy, Candidate, Entry, Target, decide
from crmkit.rules.assignment.territories import TerritoryOrder
from crmkit.testing import NOW, a_lead, a_member, a_territory, an_account

PEOPLE = tuple(Candidate(member=a_member(id=id)) for id in ("eva", "lu", "wei"))
EVA, LU, WEI = (Seat(member_id=id) for id in ("eva", "lu", "wei"))


def chosen(*territories, record=None, entity="lead"):
    found = TerritoryOrder.of(territories, entity).first(record or a_lead(region="East"), now=NOW)
    return found and found.id


def decided(*territories, roles=(), region="East"):
    target = Target(territory=True, roles=roles)
    policy = AssignmentPolicy(entries=(Entry(name="Map", to=(target, Target(member_ids=("wei",)))),))
    facts = AssignmentFacts(record=a_lead(region=region), candidates=PEOPLE, territories=territories)
    return decide(policy, facts, now=NOW)


class TestWhichOne:
    def test_one_that_accepts_the_record(self):
        assert chosen(a_territory(id="w", accepts="region == 'West'"), a_territory(id="e")) == "e"

    def test_the_highest_priority_wins(self):
        assert chosen(a_territory(id="a"), a_territory(id="b", priority=5)) == "b"

    def test_of_equal_ones_the_deepest_then_the_smaller_id(self):
        deep = a_territory(id="z", parent_id="y"), a_territory(id="y", parent_id="x"), a_territory(id="x")
        assert chosen(*deep) == "z"
        assert chosen(a_territory(id="b"), a_territory(id="a")) == "a"

    def test_a_higher_priority_wins_over_a_deeper_place(self):
        assert chosen(a_territory(id="x", priority=1), a_territory(id="y", parent_id="x")) == "x"

    @pytest.mark.parametrize("state", ["planning", "archived"])
    def test_only_active_ones_count_though_others_lend_their_depth(self, state):
        off = a_territory(id="off", state=state, parent_id="top")
        assert chosen(off) is None
        assert chosen(off, a_territory(id="z", parent_id="off"), a_territory(id="a", parent_id="top")) == "z"

    def test_a_circle_of_parents_ends(self):
        assert chosen(a_territory(id="a", parent_id="b"), a_territory(id="b", parent_id="a")) == "a"

    def test_each_entity_has_its_own(self):
        of_accounts = a_territory(holds="account", accepts="employees >= 9")
        assert chosen(of_accounts) is None
        assert chosen(of_accounts, record=an_account(employees=9), entity="account") == "TY-1"


class TestWhoReceives:
    def test_its_members_take_turns(self):
        decision = decided(a_territory(seats=(EVA, LU)))
        assert decision.member_id == "eva"
        assert [reason.code for reason in decision.reasons][1:] == ["assignment.territory", "assignment.round_robin"]

    def test_only_those_with_the_role(self):
        assert decided(a_territory(seats=(EVA, Seat(member_id="lu", role="key"))), roles=("key",)).member_id == "lu"

    def test_the_next_target_takes_what_no_territory_accepts(self):
        decision = decided(a_territory(), region="North")
        assert (decision.member_id, decision.reasons[1].code) == ("wei", "assignment.no_territory")

    def test_a_territory_without_members_says_so(self):
        decision = decided(a_territory(seats=()))
        assert [reason.code for reason in decision.reasons][1:3] == ["assignment.territory", "assignment.nobody"]


@pytest.mark.parametrize("wrong", [{"accepts": "region ="}, {"holds": "contact"}])
def test_a_territory_that_could_never_work_is_refused(wrong):
    with pytest.raises(CrmError):
        a_territory(**wrong)


@pytest.mark.parametrize("more", [{"team_ids": ("east",)}, {"pool_id": "PO-1"}])
def test_a_target_is_a_territory_or_something_else(more):
    with pytest.raises(InvalidInput, match="territory"):
        Target(territory=True, **more)
