"""Acceptance edge cases of transfers, hand-overs and shares, each with how existing CRMs fail at it."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.crm import Crm
from crmkit.domain.change import changed
from crmkit.domain.ids import Ref
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.services.pools import Batch
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_member,
    a_pool,
    a_task,
    a_team,
    an_account,
    an_opportunity,
)

DAY = timedelta(days=1)
FIRM = Ref(entity="account", id="A-1")
WEI, EVA = a_member(id="wei", team_id="east"), a_member(id="eva", team_id="east")


@pytest.fixture
def crm():
    return Crm(store=MemoryStore(), clock=FixedClock(), ids=FixedIds())


def get(crm, plural, id):
    with crm.begin(read_only=True) as uow:
        return getattr(uow, plural).get(id)


def owned(id="A-1", **changes):
    return an_account(id=id, **{"owner_id": "wei", "owned_since": NOW, **changes})


def codes(run):
    return [reason.code for decision in run.refused for reason in decision.reasons]


# --- 6 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", Batch)
def test_edge_06_a_transfer_keeps_to_the_holding_cap(crm, batch):
    """RuoYi asks the cap on some ways to a customer and forgets it on others, so that a member holds any number."""
    crm.adopt(ClaimPolicy(holding_cap=2, uncounted="standing == 'key'"))
    crm.add(WEI, EVA, owned("A-0", owner_id="eva"), owned("A-2"), owned("A-3"), owned("A-4", standing="key"))
    run = crm.customers.transfer([Ref(entity="account", id=f"A-{n}") for n in (2, 3, 4)], "eva", batch=batch)
    assert "transfer.cap" in codes(run)
    assert [ref.id for ref in run.transferred] == ([] if batch is Batch.ALL_OR_NOTHING else ["A-2", "A-4"])


def test_edge_06_a_transfer_keeps_to_the_capacity_over_leads_and_accounts(crm):
    """The cap of one kind of record says nothing of the other in WuKong; a person has one working day."""
    crm.add(WEI, a_member(id="eva", capacity=1), owned(), a_lead(owner_id="eva"))
    assert codes(crm.customers.transfer([FIRM], "eva")) == ["transfer.capacity"]


def test_edge_06_whoever_decides_so_may_overfill(crm):
    crm.add(WEI, a_member(id="eva", capacity=0), owned())
    assert crm.customers.transfer([FIRM], "eva", over_caps=True).transferred == (FIRM,)


def test_edge_06_a_hand_over_keeps_to_the_cap_too(crm):
    crm.adopt(ClaimPolicy(holding_cap=1))
    crm.add(WEI, EVA, owned(), owned("A-2"))
    report = crm.members.hand_over("wei", successor="eva")
    assert (report.transferred, [each.reason.code for each in report.stayed]) == (1, ["transfer.cap"])


# --- 10 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "due"), [("keep", 30), ("cap", 50), ("reset", 50)])
def test_edge_10_the_policy_says_what_a_transfer_does_to_the_clock(crm, how, due):
    """RuoYi and WuKong set the time of taking over anew whenever a manager moves a record."""
    crm.adopt(ReclaimPolicy(protect_days=30, handover=how))
    crm.add(WEI, a_member(id="na", team_id="west"), owned(reclaim_at=NOW + 30 * DAY))
    crm.ctx.clock.advance(days=20)
    crm.customers.transfer([FIRM], "na")
    assert get(crm, "accounts", "A-1").reclaim_at == NOW + due * DAY


@pytest.mark.parametrize("how", ["keep", "cap", "reset"])
def test_edge_10_teammates_who_pass_it_to_and_fro_never_get_beyond_the_maximum(crm, how):
    """In RuoYi and WuKong two colleagues swap customers for ever; Hecom's transfer bypasses the timer."""
    crm.adopt(ReclaimPolicy(protect_days=30, max_days=60, handover=how))
    crm.add(WEI, EVA, owned(reclaim_at=NOW + 30 * DAY))
    for turn in range(9):
        crm.ctx.clock.advance(days=10)
        crm.customers.transfer([FIRM], "wei" if turn % 2 else "eva")
        assert get(crm, "accounts", "A-1").reclaim_at <= NOW + 60 * DAY


def test_edge_10_an_undo_gives_no_day_more(crm):
    crm.adopt(ReclaimPolicy(protect_days=30))
    crm.add(WEI, EVA, owned(reclaim_at=NOW + 30 * DAY))
    run = crm.customers.transfer([FIRM], "eva")
    crm.ctx.clock.advance(days=5)
    crm.customers.undo_transfer(run.transfer_id)
    assert get(crm, "accounts", "A-1").reclaim_at == NOW + 30 * DAY


# --- 18 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["on_leave", "left"])
def test_edge_18_nothing_goes_to_who_is_not_there(crm, status):
    """SuiteCRM and EspoCRM give records to people who were deactivated long ago."""
    crm.add(WEI, a_member(id="eva", status=status), owned())
    assert codes(crm.customers.transfer([FIRM], "eva")) == ["transfer.inactive"]


@pytest.mark.parametrize("boss", [None, a_member(id="boss", status="left"), a_member(id="boss", status="on_leave")])
def test_edge_18_without_a_superior_everything_falls_into_its_pool(crm, boss):
    """CordysCRM leaves the customers of somebody who resigned with an account nobody reads (its issue 115)."""
    crm.add(a_member(id="wei", team_id="east", manager_id="boss"), a_pool(), a_pool(id="PO-2", holds="lead"))
    crm.add(a_team(id="east", leader_id="eva"), EVA, owned(), a_lead(owner_id="wei"), a_task(owner_id="wei"))
    crm.add(*([] if boss is None else [boss]))
    report = crm.members.hand_over("wei")
    assert (get(crm, "accounts", "A-1").pool_id, get(crm, "leads", "L-1").pool_id) == ("PO-1", "PO-2")
    assert (get(crm, "tasks", "T-1").owner_id, report.staying) == ("eva", 0)


def test_edge_18_who_was_deleted_has_left_records_that_can_still_be_transferred(crm):
    """A foreign key to a deleted user makes some CRMs refuse every change of the record."""
    crm.add(EVA, owned(owner_id="deleted"))
    assert crm.customers.transfer([FIRM], "eva").transferred == (FIRM,)


def test_edge_18_deals_and_tasks_do_not_dangle(crm):
    """CordysCRM moves the customer and leaves contacts and follow-up plans behind (its issues 983 and 1967)."""
    crm.add(WEI, EVA, owned(), a_contact(), an_opportunity(owner_id="wei"))
    crm.add(a_task(owner_id="wei", subject_entity="contact", subject_id="C-1"))
    crm.members.hand_over("wei", successor="eva")
    assert get(crm, "opportunities", "O-1").owner_id == get(crm, "tasks", "T-1").owner_id == "eva"
    ways = crm.customers.who_may(Ref(entity="contact", id="C-1"), member_id="eva")
    assert [way.way.value for way in ways] == ["owner", "owners_team"]


# --- 28 -------------------------------------------------------------------------------------------


def test_edge_28_after_a_hand_over_a_lead_of_a_known_customer_finds_an_owner_who_is_there(crm):
    """LeadAngel falls to the next block when the account's owner is inactive, and the customer has two reps."""
    crm.adopt(AssignmentPolicy(entries=(Entry(name="West", to=(Target(member_ids=("na",)),)),)))
    crm.add(WEI, EVA, a_member(id="na"), owned(), a_lead(account_id="A-1"))
    crm.members.hand_over("wei", successor="eva")
    assert crm.leads.assign("L-1").member_id == "eva"


# --- 48 -------------------------------------------------------------------------------------------


def ways(crm, member_id):
    return [way.way.value for way in crm.customers.who_may(FIRM, member_id=member_id)]


def test_edge_48_a_change_of_owner_strips_nobodys_share(crm):
    """Frappe CRM removes every other share when the owner of a lead changes."""
    crm.add(WEI, a_member(id="na"), a_member(id="lu"), owned())
    crm.customers.share(FIRM, Ref(entity="member", id="lu"), level="write", until=NOW + 9 * DAY)
    crm.customers.transfer([FIRM], "na")
    [way] = crm.customers.who_may(FIRM, member_id="lu")
    assert (way.way.value, way.level.value, way.until) == ("collaborator", "write", NOW + 9 * DAY)


def test_edge_48_every_way_is_named_and_taking_one_away_leaves_the_others(crm):
    """Most CRMs answer yes or no; whoever takes one share back does not know whether it changed anything."""
    crm.add(a_team(id="east", leader_id="eva"), a_member(id="wei", team_id="east", manager_id="eva"), EVA, owned())
    eva, east = Ref(entity="member", id="eva"), Ref(entity="team", id="east")
    crm.customers.share(FIRM, eva)
    crm.customers.share(FIRM, east)
    all_ways = ["owners_team", "team_leader", "superior", "collaborator", "team_share"]
    assert ways(crm, "eva") == all_ways
    crm.customers.unshare(FIRM, eva)
    assert ways(crm, "eva") == [way for way in all_ways if way != "collaborator"]
    crm.customers.unshare(FIRM, east)
    assert ways(crm, "eva") == ["owners_team", "team_leader", "superior"]
    crm.save(changed(get(crm, "members", "wei"), now=NOW, manager_id=None))
    assert ways(crm, "eva") == ["owners_team", "team_leader"]
