"""Giving new records to somebody."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import attrs
import pytest

from crmkit.adapters.batch.allocation import AuctionAllocator
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave
from crmkit.domain.organization.territory import Seat
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.assignment import (
    AssignmentOutcome,
    AssignmentPolicy,
    Backlog,
    BestFit,
    Entry,
    LeastLoaded,
    Need,
    Target,
)
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import assign as module
from crmkit.services.assign import assign, assign_lead, assign_to, assign_waiting
from crmkit.services.context import Context
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, a_territory, an_account

DAY = timedelta(days=1)
EARLIER = NOW - timedelta(days=365)
EAST = Target(team_ids=("east",))
POLICY = AssignmentPolicy(entries=(Entry(name="East", to=(EAST,)),))


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=(POLICY,)):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def person(id, **changes):
    return a_member(id=id, **{"team_id": "east", "created_at": EARLIER, "updated_at": EARLIER, **changes})


def leads(count, **changes):
    """So many people of different companies."""
    return [
        a_lead(id=f"L-{number:04}", name=None, company=None, phones=(Phone.parse(f"1380013{number:04}"),), **changes)
        for number in range(count)
    ]


def lead(ctx, id="L-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.leads.get(id)


def history(ctx, id="L-1"):
    with ctx.store.begin(read_only=True) as uow:
        entries = uow.ownership.find(F.record_id == id, order=["at"])
        return [(entry.cause.value, entry.from_owner_id, entry.to_owner_id, entry.to_pool_id) for entry in entries]


def told(ctx, id="L-1"):
    with ctx.store.begin(read_only=True) as uow:
        return [entry.type for entry in uow.trail.of(Ref(entity="lead", id=id))]


class TestOneLead:
    def test_it_has_an_owner_a_clock_and_a_line_of_history(self, ctx):
        keep(ctx, person("wei"), a_lead(), policies=[POLICY, ReclaimPolicy(entity="lead", protect_days=14)])
        decision = assign_lead(ctx, "L-1")
        after = lead(ctx)
        assert (decision.outcome, after.owner_id, after.owned_since) == (AssignmentOutcome.ASSIGNED, "wei", NOW)
        assert (after.reclaim_at, after.reclaim_cause) == (NOW + 14 * DAY, "protection_ended")
        assert history(ctx) == [("assigned", None, "wei", None)]

    def test_without_a_reclaim_policy_no_clock_runs(self, ctx):
        keep(ctx, person("wei"), a_lead())
        assign_lead(ctx, "L-1")
        assert lead(ctx).reclaim_at is None

    def test_it_may_go_into_a_pool(self, ctx):
        policy = AssignmentPolicy(entries=(Entry(name="Pool", to=(Target(pool_id="PO-1"),)),))
        keep(ctx, a_pool(holds="lead"), a_lead(), policies=[policy])
        assert assign_lead(ctx, "L-1").pool_id == "PO-1"
        assert (lead(ctx).pool_id, lead(ctx).pool_since) == ("PO-1", NOW)
        assert history(ctx) == [("assigned", None, None, "PO-1")]

    def test_one_that_lies_in_that_pool_already_stays_as_it_is(self, ctx):
        policy = AssignmentPolicy(entries=(Entry(name="Pool", to=(Target(pool_id="PO-1"),)),))
        keep(ctx, a_pool(holds="lead"), a_lead(pool_id="PO-1", pool_since=EARLIER), policies=[policy])
        assign_lead(ctx, "L-1")
        assert lead(ctx).pool_since == EARLIER

    def test_one_that_lies_in_a_pool_may_be_given_to_somebody(self, ctx):
        keep(ctx, person("wei"), a_lead(pool_id="PO-1", pool_since=EARLIER))
        assign_lead(ctx, "L-1")
        assert (lead(ctx).owner_id, lead(ctx).pool_id) == ("wei", None)

    def test_nobody_to_take_it_is_visible_on_it_and_told_once(self, ctx):
        """Frappe shows a toast and leaves the lead unassigned; most peers say nothing at all."""
        keep(ctx, person("wei", status="on_leave"), a_lead())
        assert assign_lead(ctx, "L-1").outcome is AssignmentOutcome.UNASSIGNED
        assign_lead(ctx, "L-1")
        assert lead(ctx).unassigned_reason == "assignment.nobody_free"
        assert told(ctx).count("ownership.unassigned") == 1

    def test_one_that_nobody_takes_stays_in_its_pool_in_silence(self, ctx):
        keep(ctx, a_lead(pool_id="PO-1", pool_since=EARLIER))
        assign_lead(ctx, "L-1")
        assert lead(ctx).unassigned_reason == ""

    def test_one_that_has_an_owner_keeps_it(self, ctx):
        keep(ctx, person("wei"), a_lead(owner_id="eva"))
        assert assign_lead(ctx, "L-1").member_id == "eva"
        assert lead(ctx).version == 1

    def test_a_lead_of_a_known_customer_goes_to_its_owner_although_no_entry_names_them(self, ctx):
        customer = an_account(id="A-1", owner_id="eva")
        keep(ctx, person("wei"), person("eva", team_id="west"), customer, a_lead(account_id="A-1"))
        assert assign_lead(ctx, "L-1").member_id == "eva"

    def test_a_policy_that_does_not_stick_looks_at_no_customer(self, ctx):
        keep(
            ctx,
            person("wei"),
            person("eva", team_id="west"),
            an_account(id="A-1", owner_id="eva"),
            a_lead(account_id="A-1"),
            policies=[AssignmentPolicy(sticky=False, entries=POLICY.entries)],
        )
        assert assign_lead(ctx, "L-1").member_id == "wei"

    def test_without_a_policy_it_is_not_allowed(self, ctx):
        keep(ctx, a_lead(), policies=[])
        with pytest.raises(NotAllowed, match="No assignment policy"):
            assign_lead(ctx, "L-1")

    def test_the_policy_of_another_entity_does_not_count(self, ctx):
        keep(ctx, an_account())
        with pytest.raises(NotAllowed):
            assign(ctx, Ref(entity="account", id="A-1"))

    def test_accounts_have_a_policy_of_their_own(self, ctx):
        policies = [POLICY, AssignmentPolicy(id="account", entity="account", entries=POLICY.entries)]
        keep(ctx, person("wei"), an_account(), policies=policies)
        assert assign(ctx, Ref(entity="account", id="A-1")).member_id == "wei"

    def test_a_lead_that_does_not_exist_is_not_found(self, ctx):
        keep(ctx)
        with pytest.raises(NotFound):
            assign_lead(ctx, "L-9")

    def test_a_repeat_with_the_same_key_gets_the_same_answer(self, ctx):
        keep(ctx, person("wei"), a_lead())
        first = assign_lead(ctx, "L-1", idempotency_key="k")
        assert assign_lead(ctx, "L-1", idempotency_key="k") == first


class TestTurns:
    def test_edge_29_leads_that_come_in_together_never_go_to_the_same_next_member(self, ctx):
        """EspoCRM, Frappe and SuiteCRM read who was last and write who is next without a lock."""
        team = [person(f"m{number}") for number in range(4)]
        keep(ctx, *team, *leads(16))
        together = Barrier(16)

        def rush(number):
            together.wait()
            return assign_lead(ctx, f"L-{number:04}").member_id

        with ThreadPoolExecutor(16) as threads:
            received = Counter(threads.map(rush, range(16)))
        assert received == {f"m{number}": 4 for number in range(4)}

    def test_turns_go_on_from_call_to_call(self, ctx):
        keep(ctx, person("eva"), person("wei"), *leads(4))
        received = [assign_lead(ctx, f"L-{number:04}").member_id for number in range(4)]
        assert received == ["eva", "wei", "eva", "wei"]

    def test_edge_26_a_member_who_leaves_takes_no_pointer_along(self, ctx):
        """Frappe starts again with the first member, SuiteCRM jumps to the second."""
        keep(ctx, person("eva"), person("lu"), person("wei"), *leads(5))
        assert [assign_lead(ctx, f"L-{number:04}").member_id for number in range(2)] == ["eva", "lu"]
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("lu").move("leave", now=NOW))
            uow.commit()
        assert [assign_lead(ctx, f"L-{number:04}").member_id for number in range(2, 5)] == ["wei", "eva", "wei"]

    def test_edge_25_who_joins_or_comes_back_is_not_flooded(self, ctx):
        keep(ctx, person("eva"), person("lu"), person("wei"), *leads(60))
        self.move(ctx, "lu", "go_on_leave")
        for number in range(20):
            assign_lead(ctx, f"L-{number:04}")
            ctx.clock.advance(minutes=1)
        self.move(ctx, "lu", "come_back")
        keep(ctx, person("new", created_at=ctx.clock.now(), updated_at=ctx.clock.now()), policies=[])
        ctx.clock.advance(minutes=1)
        received = Counter(assign_lead(ctx, f"L-{number:04}").member_id for number in range(20, 40))
        assert received == {"eva": 5, "lu": 5, "wei": 5, "new": 5}

    def test_an_edit_of_a_member_forgets_nobodys_turn(self, ctx):
        """HubSpot resets all counts whenever the list of members is edited."""
        keep(ctx, person("eva"), person("wei"), *leads(4))
        assert assign_lead(ctx, "L-0000").member_id == "eva"
        ctx.clock.advance(minutes=1)
        with ctx.store.begin() as uow:
            member = uow.members.get("wei")
            uow.save(changed(member, now=ctx.clock.now(), email="wei@example.com"))
            uow.commit()
        assert assign_lead(ctx, "L-0001").member_id == "wei"

    def move(self, ctx, id, verb):
        with ctx.store.begin() as uow:
            uow.save(uow.members.get(id).move(verb, now=ctx.clock.now()))
            uow.commit()


class TestBounds:
    def test_edge_23_ten_in_30_days_are_ten_however_often_the_run_is_started(self, ctx):
        by = revise(POLICY, limits=(Limit(most=10, days=30),))
        keep(ctx, person("wei"), *leads(50), policies=[by])
        received = 0
        for _ in range(30):
            received += assign_waiting(ctx).assigned
            ctx.clock.advance(DAY)
        assert received == 10
        assert assign_waiting(ctx).assigned == 10

    def test_a_day_begins_at_midnight_of_the_calendar(self, ctx):
        """16:30 in UTC is half past midnight in Shanghai."""
        by = revise(POLICY, limits=(Limit(most=1, per="day"),), calendar_id="cn")
        keep(ctx, person("wei"), a_calendar(id="cn", zone="Asia/Shanghai"), *leads(3), policies=[by])
        ctx.clock.advance(datetime(2026, 3, 4, 15, 30, tzinfo=UTC) - ctx.clock.now())
        assert (assign_waiting(ctx).assigned, assign_waiting(ctx).assigned) == (1, 0)
        ctx.clock.advance(timedelta(hours=1))
        assert assign_waiting(ctx).assigned == 1

    def test_who_leaves_leads_lying_gets_no_more_until_they_are_contacted(self, ctx):
        untouched = Backlog(name="not contacted", most=2, when="missing(last_contact_at)")
        keep(ctx, person("wei"), *leads(4), policies=[revise(POLICY, backlogs=(untouched,))])
        assert assign_waiting(ctx).assigned == 2
        assert lead(ctx, "L-0002").unassigned_reason == "assignment.nobody_free"
        with ctx.store.begin() as uow:
            uow.save(changed(uow.leads.get("L-0000"), now=NOW, last_contact_at=NOW))
            uow.commit()
        assert assign_waiting(ctx).assigned == 1

    def test_a_calendar_that_is_gone_is_told(self, ctx):
        keep(ctx, person("wei"), a_lead(), policies=[revise(POLICY, calendar_id="gone")])
        with pytest.raises(NotFound, match="calendar"):
            assign_lead(ctx, "L-1")


class TestAvailability:
    def test_who_is_on_planned_leave_receives_nothing_and_no_flood_afterwards(self, ctx):
        leave = Leave(begins=NOW, ends=NOW + 10 * DAY)
        keep(ctx, person("eva", leaves=(leave,)), person("wei"), *leads(40))
        assert assign_waiting(ctx, limit=20).by_member == {"wei": 20}
        ctx.clock.advance(10 * DAY)
        # wei has just had one, so eva begins; the law allows a difference of two
        assert assign_waiting(ctx).by_member == {"eva": 11, "wei": 9}

    def test_shifts_are_those_of_the_members_calendar_or_else_of_the_policys(self, ctx):
        by = revise(POLICY, available=("hours",), calendar_id="day")
        every = tuple(range(1, 8))
        day = a_calendar(
            id="day", weekdays=every, zone="UTC", hours=[Hours(weekday=d, begins=480, ends=1200) for d in every]
        )
        night = revise(day, id="night", hours=[Hours(weekday=d, begins=1200, ends=480) for d in every])
        keep(
            ctx,
            person("eva"),
            person("lu", calendar_id="gone"),
            person("wei", calendar_id="night"),
            day,
            night,
            *leads(8),
            policies=[by],
        )
        ctx.clock.advance(datetime(2026, 3, 4, 12, tzinfo=UTC) - ctx.clock.now())
        assert assign_waiting(ctx, limit=4).by_member == {"eva": 2, "lu": 2}
        ctx.clock.advance(timedelta(hours=8))
        assert assign_waiting(ctx).by_member == {"wei": 4}

    def test_the_host_may_say_who_is_present(self, ctx):
        class Switchboard:
            def absent(self, member_ids):
                return [id for id in member_ids if id == "eva"]

        keep(ctx, person("eva"), person("wei"), *leads(8), policies=[revise(POLICY, available=("presence",))])
        assert assign_waiting(attrs.evolve(ctx, presence=Switchboard()), limit=2).by_member == {"wei": 2}
        assert assign_waiting(ctx).by_member == {"eva": 4, "wei": 2}


def test_the_members_of_the_territory_take_turns(ctx):
    by = AssignmentPolicy(entries=(Entry(name="Map", to=(Target(territory=True),)),))
    east = a_territory(seats=[Seat(member_id="eva"), Seat(member_id="wei")])
    people = [person(id, team_id=None) for id in ("eva", "lu", "wei")]
    keep(ctx, *people, east, *leads(4, region="East"), a_lead(region="West"), policies=[by])
    run = assign_waiting(ctx)
    assert (run.by_member, run.waiting) == ({"eva": 2, "wei": 2}, 1)


class TestWaiting:
    def test_all_that_wait_are_shared_out(self, ctx):
        keep(ctx, *(person(f"m{number:02}") for number in range(30)), *leads(31))
        run = assign_waiting(ctx)
        assert (run.assigned, run.waiting, sum(run.by_member.values())) == (31, 0, 31)
        assert max(run.by_member.values()) - min(run.by_member.values()) == 1

    def test_what_has_an_owner_lies_in_a_pool_or_is_settled_does_not_wait(self, ctx):
        keep(
            ctx,
            person("wei"),
            a_lead(id="owned", owner_id="eva"),
            a_lead(id="pooled", pool_id="PO-1"),
            a_lead(id="done", status="converted"),
            a_lead(id="bad", status="disqualified"),
            a_lead(id="new"),
        )
        assert assign_waiting(ctx).by_member == {"wei": 1}
        assert lead(ctx, "new").owner_id == "wei"

    def test_the_oldest_come_first_and_those_that_waited_in_vain_after_the_new(self, ctx):
        keep(
            ctx,
            person("wei"),
            a_lead(id="vain", created_at=NOW - 9 * DAY, unassigned_reason="assignment.nobody_free"),
            a_lead(id="young", created_at=NOW - DAY),
            a_lead(id="old", created_at=NOW - 2 * DAY),
        )
        order = []
        for _ in range(3):
            assign_waiting(ctx, limit=1)
            order.extend(id for id in ("vain", "young", "old") if lead(ctx, id).owner_id and id not in order)
        assert order == ["old", "young", "vain"]

    def test_chunks_are_transactions_of_their_own_and_go_on_counting(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "CHUNK", 7)
        keep(ctx, *(person(f"m{number}") for number in range(5)), *leads(40))
        assert assign_waiting(ctx).by_member == {f"m{number}": 8 for number in range(5)}

    @pytest.mark.parametrize("chunk", [1, 2])
    def test_what_somebody_took_between_the_look_and_the_chunk_is_left_alone(self, ctx, monkeypatch, chunk):
        monkeypatch.setattr(module, "CHUNK", chunk)
        keep(ctx, person("wei"), person("eva"), *leads(4))
        chunks = module._chunks

        def disturbed(*args):
            for ids in chunks(*args):
                if "L-0002" in ids:
                    assign_to(ctx, Ref(entity="lead", id="L-0002"), "eva")
                yield ids

        monkeypatch.setattr(module, "_chunks", disturbed)
        assert assign_waiting(ctx).assigned == 3
        assert lead(ctx, "L-0002").owner_id == "eva"

    def test_who_still_waits_is_listed_with_the_reasons(self, ctx):
        keep(ctx, person("wei", capacity=2), *leads(5))
        run = assign_waiting(ctx)
        assert (run.assigned, run.waiting) == (2, 3)
        assert [reason.code for reason in run.unassigned[0].reasons] == [
            "assignment.entry",
            "assignment.full",
            "assignment.nobody_free",
        ]

    def test_nothing_waits(self, ctx):
        keep(ctx, person("wei"))
        assert assign_waiting(ctx).assigned == 0

    def test_a_limit_is_positive(self, ctx):
        with pytest.raises(InvalidInput, match="limit"):
            assign_waiting(ctx, limit=0)

    def test_a_thousand_leads_take_as_many_queries_as_one(self, ctx, monkeypatch):
        keep(ctx, *(person(f"m{number}") for number in range(20)), *leads(400))
        counted = Counter()

        def counting(name, call):
            def counted_call(*args, **options):
                counted[name] += 1
                return call(*args, **options)

            return counted_call

        for name in ("get", "get_many", "find", "count", "count_by"):
            monkeypatch.setattr(MemoryRepository, name, counting(name, getattr(MemoryRepository, name)))
        assign_waiting(ctx, limit=1)
        one = sum(counted.values())
        counted.clear()
        assign_waiting(ctx)
        assert sum(counted.values()) == one


def test_least_loaded_counts_open_leads_and_accounts(ctx):
    policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",), strategy=LeastLoaded()),)),))
    keep(
        ctx,
        person("eva"),
        person("wei"),
        an_account(id="A-1", owner_id="eva"),
        a_lead(id="done", owner_id="wei", status="converted"),
        a_lead(),
        policies=[policy],
    )
    assert assign_lead(ctx, "L-1").member_id == "wei"


class TestByHand:
    def test_a_manager_gives_a_record_to_somebody(self, ctx):
        keep(ctx, person("wei"), a_lead(pool_id="PO-1"), policies=[ReclaimPolicy(entity="lead")])
        answer = assign_to(ctx, Ref(entity="lead", id="L-1"), "wei")
        assert (answer.owner_id, answer.previous_owner_id, answer.protection.reclaim_at) == (
            "wei",
            None,
            NOW + 30 * DAY,
        )
        assert history(ctx) == [("assigned", None, "wei", None)]

    def test_taking_it_from_somebody_else_is_a_transfer(self, ctx):
        keep(ctx, person("wei"), person("eva"), a_lead(owner_id="eva", owned_since=EARLIER))
        assert assign_to(ctx, Ref(entity="lead", id="L-1"), "wei").previous_owner_id == "eva"
        assert history(ctx) == [("transferred", "eva", "wei", None)]

    def test_a_transfer_that_the_policy_forbids_is_not_allowed(self, ctx):
        hold = Evidence(kind="legal_hold", source="case 7", since=EARLIER)
        keep(ctx, person("wei"), person("eva"), a_lead(owner_id="eva", evidence=(hold,)))
        with pytest.raises(NotAllowed, match="legal_hold"):
            assign_to(ctx, Ref(entity="lead", id="L-1"), "wei")

    def test_a_transfer_does_not_use_up_a_turn(self, ctx):
        keep(ctx, person("eva"), person("wei"), a_lead(owner_id="wei"), *leads(1))
        assign_to(ctx, Ref(entity="lead", id="L-1"), "eva")
        assert assign_lead(ctx, "L-0000").member_id == "eva"

    def test_who_is_not_there_receives_nothing(self, ctx):
        keep(ctx, person("wei", status="left"), a_lead())
        with pytest.raises(NotAllowed, match="left"):
            assign_to(ctx, Ref(entity="lead", id="L-1"), "wei")

    def test_what_one_has_is_not_given_again(self, ctx):
        keep(ctx, person("wei"), a_lead(owner_id="wei"))
        with pytest.raises(NotAllowed, match="already"):
            assign_to(ctx, Ref(entity="lead", id="L-1"), "wei")


class TestAtOnce:
    BEST = BestFit(wants=(Need(ability="languages", field="language"),), fair_percent=50)
    BY = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",), strategy=BEST),)),))

    def team(self, ctx):
        keep(ctx, person("eva", languages=("de",)), person("wei", languages=("de", "en")), policies=[self.BY])

    def test_many_that_wait_are_given_for_the_greatest_worth_within_the_fair_share(self, ctx):
        self.team(ctx)
        keep(ctx, *leads(8, language="en", score=50), policies=[])
        run = assign_waiting(attrs.evolve(ctx, allocator=AuctionAllocator()))
        assert run.by_member == {"eva": 2, "wei": 6}
        assert lead(ctx, "L-0000").owner_id is not None

    def test_without_an_allocator_the_error_names_the_mend(self, ctx):
        self.team(ctx)
        keep(ctx, *leads(2), policies=[])
        with pytest.raises(NotAllowed, match="AuctionAllocator"):
            assign_waiting(ctx)

    def test_a_single_lead_needs_none(self, ctx):
        self.team(ctx)
        keep(ctx, *leads(1, language="en"), policies=[])
        assert assign_waiting(ctx).by_member == {"wei": 1}

    def test_what_the_allocator_gives_nobody_is_given_one_by_one(self, ctx):
        class Shy:
            def share_out(self, worth, room, *, fair_percent):
                return [None] * len(worth)

        self.team(ctx)
        keep(ctx, *leads(2, language="en"), policies=[])
        assert assign_waiting(attrs.evolve(ctx, allocator=Shy())).by_member == {"wei": 2}
