"""The acceptance cases of assignment, each with what existing CRMs do wrong; memory store, whole services."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed, created
from crmkit.domain.model import revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import PersonName
from crmkit.rules.assignment import AssignmentPolicy, Entry, Fallback, Target
from crmkit.rules.reclaim import Cap, ClaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_lead, assign_waiting
from crmkit.services.context import Context
from crmkit.services.waiting import waiting
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, an_account

DAY = timedelta(days=1)
POLICY = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policy=None):
    with ctx.store.begin() as uow:
        if policy is not None:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def team(*ids, **changes):
    return [a_member(**{"id": id, "team_id": "east", **changes}) for id in ids]


def person(number, **changes):
    """A lead of somebody whom nobody else resembles."""
    own = {"id": f"L-{number:05}", "name": None, "company": None, "phones": (Phone.parse(f"138{number:08}"),)}
    return a_lead(**{**own, **changes})


def lead(ctx, id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.leads.get(id)


def moved(ctx, id, verb):
    with ctx.store.begin() as uow:
        uow.save(uow.members.get(id).move(verb, now=ctx.clock.now()))
        uow.commit()


def test_edge_06_the_cap_holds_on_assignment_too(ctx):
    """RY checks its holding cap on claims and forgets it elsewhere."""
    keep(ctx, *team("wei", capacity=3), *(person(n) for n in range(5)), policy=POLICY)
    assert assign_waiting(ctx).by_member == {"wei": 3}


def test_edge_17_a_policy_with_gaps_is_a_visible_mistake(ctx):
    """Others leave what no rule is about without an owner and without a word."""
    gaps = AssignmentPolicy(entries=(Entry(name="East", when="region == 'East'", to=POLICY.entries[0].to),))
    keep(ctx, *team("wei"), person(1, region="North"), policy=gaps)
    assign_waiting(ctx)
    queue = waiting(ctx)
    assert queue.by_reason == {"assignment.no_entry": 1}
    assert [problem.code for problem in queue.problems] == ["assignment.no_fallback"]


def test_edge_19_shifts_follow_each_reps_own_clock_over_the_change_of_time(ctx):
    """Nine in Berlin is 8:00 in UTC on Friday and 7:00 on Monday, and 16:00 or 15:00 in Shanghai."""
    week = tuple(range(1, 6))
    hours = tuple(Hours(weekday=day, begins=9 * 60, ends=17 * 60) for day in week)
    zones = {"eva": "Europe/Berlin", "wei": "Asia/Shanghai"}
    calendars = [a_calendar(id=id, zone=zone, hours=hours) for id, zone in zones.items()]
    people = [person_ for id in zones for person_ in team(id, calendar_id=id)]
    keep(ctx, *people, *calendars, *(person(n) for n in range(4)), policy=revise(POLICY, available=("hours",)))
    received = []
    for day, hour, minute in ((27, 7, 30), (27, 8, 0), (30, 7, 30), (30, 9, 0)):
        ctx.clock.advance(datetime(2026, 3, day, hour, minute, tzinfo=UTC) - ctx.clock.now())
        received.append(set(assign_waiting(ctx, limit=1).by_member))
    # on Friday Berlin opens at 8:00, when wei has just had one; on Monday it is open at 7:30 already
    assert received == [{"wei"}, {"eva"}, {"eva"}, {"eva"}]


@pytest.mark.parametrize(
    "absent",
    [{"status": "on_leave"}, {"status": "left"}, {"leaves": (Leave(begins=NOW, ends=NOW + DAY),)}],
    ids=["on leave", "left", "planned leave"],
)
def test_edge_18_nothing_goes_to_who_is_not_there(ctx, absent):
    """SuiteCRM #8935, EspoCRM #1514: the rotation goes on to users who are inactive or were terminated."""
    keep(ctx, *team("wei"), *team("eva", **absent), *(person(n) for n in range(4)), policy=POLICY)
    assert assign_waiting(ctx).by_member == {"wei": 4}


@pytest.mark.parametrize("most", [10, 40])
def test_edge_23_a_quota_in_30_days_is_delivered_to_the_last_one(ctx, most):
    """Odoo rounds a share of the day: 10 become none, 40 become 30."""
    policy = revise(POLICY, limits=(Limit(most=most, days=30),))
    keep(ctx, *team("wei"), *(person(n) for n in range(60)), policy=policy)
    received = 0
    for _ in range(30):
        received += assign_waiting(ctx, limit=2).assigned
        ctx.clock.advance(DAY)
    assert received == most


def test_edge_24_31_leads_a_day_over_30_reps_for_a_month_spread_at_most_1(ctx):
    """Odoo broke ties by age of account, so the senior rep received every surplus lead (until 2026-06)."""
    keep(ctx, *team(*(f"m{n:02}" for n in range(30))), policy=POLICY)
    total = Counter()
    for day in range(30):
        keep(ctx, *(person(day * 31 + n) for n in range(31)))
        total.update(assign_waiting(ctx).by_member)
        ctx.clock.advance(DAY)
    assert total.total() == 930
    assert max(total.values()) - min(total.values()) <= 1


@pytest.mark.parametrize("how", ["joins", "returns from planned leave", "returns", "has room again"])
def test_edge_25_who_comes_later_is_not_flooded(ctx, how):
    """HubSpot gives everything to who returns until they are level, or resets everybody's count on an edit."""
    keep(ctx, *team("eva", "wei"), *(person(n) for n in range(60)), policy=POLICY)
    late = {
        "joins": {},
        "returns from planned leave": {"leaves": (Leave(begins=NOW, ends=NOW + DAY),)},
        "returns": {"status": "on_leave"},
        "has room again": {"capacity": 0},
    }[how]
    if how != "joins":
        keep(ctx, *team("lu", **late))
    assert assign_waiting(ctx, limit=30).by_member == {"eva": 15, "wei": 15}
    ctx.clock.advance(DAY)
    if how == "joins":
        keep(ctx, *team("lu", created_at=ctx.clock.now(), updated_at=ctx.clock.now()))
    if how == "returns":
        moved(ctx, "lu", "come_back")
    if how == "has room again":
        with ctx.store.begin() as uow:
            uow.save(changed(uow.members.get("lu"), now=ctx.clock.now(), capacity=500))
            uow.commit()
    assert assign_waiting(ctx).by_member == {"eva": 10, "lu": 10, "wei": 10}


def test_edge_26_a_removed_member_takes_no_pointer_along(ctx):
    """Frappe starts again with the first member, SuiteCRM jumps to the second."""
    keep(ctx, *team("eva", "lu", "wei"), *(person(n) for n in range(5)), policy=POLICY)
    assert [assign_lead(ctx, f"L-{n:05}").member_id for n in range(2)] == ["eva", "lu"]
    moved(ctx, "lu", "leave")
    assert [assign_lead(ctx, f"L-{n:05}").member_id for n in range(2, 5)] == ["wei", "eva", "wei"]


class TestEdge27:
    """All members are full. Zoho has a default assignee, LeanData holds or escalates, Odoo leaves a message; most do nothing."""

    FULL = team("wei", capacity=0)

    def full(self, ctx, **fallback):
        policy = revise(POLICY, fallback=Fallback(**fallback))
        keep(ctx, *self.FULL, *team("boss", capacity=0, team_id=None), a_pool(holds="lead"), person(1), policy=policy)
        return assign_waiting(ctx)

    def test_edge_27_it_is_held_with_the_reason_on_it(self, ctx):
        assert self.full(ctx).waiting == 1
        assert lead(ctx, "L-00001").unassigned_reason == "assignment.nobody_free"
        assert waiting(ctx).by_reason == {"assignment.nobody_free": 1}

    def test_edge_27_it_overflows_into_a_pool(self, ctx):
        assert self.full(ctx, pool_id="PO-1").pooled == 1
        assert lead(ctx, "L-00001").pool_id == "PO-1"

    def test_edge_27_it_goes_to_the_default_assignee(self, ctx):
        assert self.full(ctx, member_id="boss").by_member == {"boss": 1}

    def test_edge_27_it_is_escalated_once(self, ctx):
        assert self.full(ctx, escalate_to=("boss",)).waiting == 1
        assert assign_waiting(ctx).waiting == 1
        ref = lead(ctx, "L-00001").ref
        with ctx.store.begin(read_only=True) as uow:
            told = [entry for entry in uow.trail.of(ref) if entry.type == "ownership.unassigned"]
        assert [entry.recipients for entry in told] == [("boss",)]


@pytest.mark.parametrize("owned", ["lead", "account"])
def test_edge_28_what_an_inactive_rep_owns_goes_by_the_rules_and_says_so(ctx, owned):
    """LeanData falls to the next block only if told so; others assign to who has left."""
    theirs = a_lead(id="L-old", owner_id="eva") if owned == "lead" else an_account(id="A-1", owner_id="eva")
    keep(ctx, *team("wei"), *team("eva", status="left"), theirs, a_lead(id="L-new"), policy=POLICY)
    decision = assign_lead(ctx, "L-new")
    assert decision.member_id == "wei"
    assert decision.reasons[0].code == "assignment.known_owner_unfit"
    assert decision.reasons[0].params["why"] == "left"


class TestEdge30:
    """Twins that arrive together. Odoo merges first; most others split them between two reps."""

    def test_edge_30_duplicates_that_arrive_together_go_to_one_member(self, ctx):
        twins = [a_lead(id=f"L-{n}") for n in range(3)]
        keep(ctx, *team("eva", "lu", "wei"), person(7), *twins, policy=POLICY)
        assert assign_waiting(ctx).assigned == 4
        assert len({lead(ctx, twin.id).owner_id for twin in twins}) == 1

    def test_a_chain_of_twins_is_one_group(self, ctx):
        one, other = Phone.parse("13800138001"), Phone.parse("13800138002")
        chain = [person(1, phones=(one,)), person(2, phones=(one, other)), person(3, phones=(other,))]
        keep(ctx, *team("eva", "lu", "wei"), *chain, policy=POLICY)
        assert len(assign_waiting(ctx).by_member) == 1

    def test_a_twin_that_arrives_later_goes_to_the_first_ones_owner(self, ctx):
        keep(ctx, *team("eva", "wei"), a_lead(id="L-1"), person(7), policy=POLICY)
        first = assign_lead(ctx, "L-1").member_id
        keep(ctx, a_lead(id="L-2"))
        decision = assign_lead(ctx, "L-2")
        assert (decision.member_id, decision.reasons[0].code) == (first, "assignment.known_owner")

    def test_an_owner_in_no_entry_keeps_what_is_the_same(self, ctx):
        boss = a_member(id="boss")
        keep(ctx, *team("eva"), boss, an_account(owner_id="boss"), a_lead(), policy=POLICY)
        assert assign_lead(ctx, "L-1").member_id == "boss"

    def test_a_policy_that_does_not_stick_still_keeps_twins_together(self, ctx):
        policy = revise(POLICY, sticky=False)
        keep(ctx, *team("eva", "wei"), a_lead(id="L-0", owner_id="boss"), policy=policy)
        keep(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
        assert assign_waiting(ctx).by_member == {"eva": 2}

    def test_a_policy_may_split_them(self, ctx):
        policy = revise(POLICY, sticky=False, together=False)
        keep(ctx, *team("eva", "wei"), a_lead(id="L-1"), a_lead(id="L-2"), policy=policy)
        assert assign_waiting(ctx).by_member == {"eva": 1, "wei": 1}

    def test_a_doubtful_match_says_nothing(self, ctx):
        """One phone under two names: a household, or a handset given on."""
        other = a_lead(id="L-2", name=PersonName.parse("王芳"), company=None)
        keep(ctx, *team("eva", "wei"), a_lead(id="L-1", company=None), other, policy=POLICY)
        assert assign_waiting(ctx).by_member == {"eva": 1, "wei": 1}

    def test_twins_lie_in_one_pool(self, ctx):
        policy = AssignmentPolicy(entries=(Entry(name="Pool", to=(Target(pool_id="PO-1"),)),))
        keep(ctx, a_pool(holds="lead"), a_lead(id="L-1"), a_lead(id="L-2"), policy=policy)
        assert assign_waiting(ctx).pooled == 2

    def test_twins_wait_together(self, ctx):
        keep(ctx, *team("wei", capacity=0), a_lead(id="L-1"), a_lead(id="L-2"), policy=POLICY)
        assert assign_waiting(ctx).waiting == 2

    def test_accounts_have_twins_too(self, ctx):
        policy = revise(POLICY, id="account", entity="account")
        keep(ctx, *team("eva", "wei"), an_account(id="A-1"), an_account(id="A-2"), policy=policy)
        assert len(assign_waiting(ctx, entity="account").by_member) == 1

    def test_one_group_takes_one_turn(self, ctx):
        keep(ctx, *team("eva", "wei"), *(a_lead(id=f"L-{n}") for n in range(6)), policy=POLICY)
        assert assign_waiting(ctx).by_member == {"eva": 6}
        keep(ctx, *(person(n) for n in range(4)))
        assert assign_waiting(ctx).by_member == {"eva": 2, "wei": 2}


def test_edge_06_the_holding_cap_of_claims_holds_for_assigned_leads(ctx):
    """RY checks its holding cap on claims and forgets it elsewhere."""
    keep(ctx, *team("wei", "eva"), *(person(n) for n in range(7)), policy=POLICY)
    with ctx.store.begin() as uow:
        uow.policies.put(ClaimPolicy(id="lead", entity="lead", caps=(Cap(most=2, member_ids=("wei",)),)))
        uow.commit()
    assert assign_waiting(ctx).by_member == {"eva": 5, "wei": 2}


def test_edge_06_who_is_at_the_cap_is_named(ctx):
    """RY checks its holding cap on claims and forgets it elsewhere."""
    keep(ctx, *team("wei"), *(person(n) for n in range(2)), policy=POLICY)
    with ctx.store.begin() as uow:
        uow.policies.put(ClaimPolicy(id="lead", entity="lead", holding_cap=1))
        uow.commit()
    (refused,) = assign_waiting(ctx).unassigned
    assert "assignment.cap" in [reason.code for reason in refused.reasons]
