"""What becomes of everything a member had when they leave."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed, created
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.errors import InvalidInput, NotAllowed, NotFound, StorageFailed
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import hand_over as module
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.hand_over import hand_over
from crmkit.services.undo_transfer import undo_transfer
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_filing,
    a_lead,
    a_member,
    a_pool,
    a_request,
    a_task,
    a_team,
    an_account,
    an_opportunity,
)

BOSS = a_member(id="boss")
WEI = a_member(id="wei", manager_id="boss", team_id="east")
EVA = a_member(id="eva")
HOLD = Evidence(kind="legal_hold", source="case 7", since=NOW - timedelta(days=9))


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def get(ctx, plural, id):
    with ctx.store.begin(read_only=True) as uow:
        return getattr(uow, plural).get(id)


def belongings():
    yield an_account(owner_id="wei")
    yield an_opportunity(owner_id="wei")
    yield an_opportunity(id="theirs", account_id="A-9", owner_id="wei")
    yield a_lead(owner_id="wei")
    yield a_lead(id="done", owner_id="wei", status="converted")
    yield a_task(owner_id="wei")
    yield a_request(assignee_id="wei", requested_by="na")
    yield a_filing(member_id="wei")


def owners(ctx):
    return {
        "account": get(ctx, "accounts", "A-1").owner_id,
        "deal": get(ctx, "opportunities", "O-1").owner_id,
        "another's deal": get(ctx, "opportunities", "theirs").owner_id,
        "lead": get(ctx, "leads", "L-1").owner_id,
        "task": get(ctx, "tasks", "T-1").owner_id,
        "request": get(ctx, "requests", "RQ-1").assignee_id,
        "filing": get(ctx, "filings", "FI-1").member_id,
    }


class TestToWhom:
    def test_everything_goes_to_the_successor(self, ctx):
        keep(ctx, WEI, EVA, *belongings())
        report = hand_over(ctx, "wei", successor="eva")
        assert set(owners(ctx).values()) == {"eva"}
        assert get(ctx, "members", "wei").status == "left"
        assert (report.transferred, report.passed_on, report.staying, report.settled) == (2, 5, 0, 1)

    def test_without_one_the_superior_receives_it(self, ctx):
        keep(ctx, WEI, BOSS, *belongings())
        assert hand_over(ctx, "wei").to_member_id == "boss"
        assert set(owners(ctx).values()) == {"boss"}

    def test_pools_take_the_records_and_the_superior_what_pools_do_not_hold(self, ctx):
        keep(ctx, WEI, BOSS, a_pool(), a_pool(id="PO-2", holds="lead"), *belongings())
        report = hand_over(ctx, "wei", into_pools=True)
        assert (get(ctx, "accounts", "A-1").pool_id, get(ctx, "leads", "L-1").pool_id) == ("PO-1", "PO-2")
        assert (owners(ctx)["deal"], owners(ctx)["task"], report.stand_in_id) == ("boss", "boss", "boss")

    def test_the_leader_of_the_team_stands_in_where_there_is_no_superior(self, ctx):
        orphan = a_member(id="wei", team_id="east")
        keep(ctx, orphan, EVA, a_team(id="east", leader_id="eva"), a_pool(), a_task(owner_id="wei"))
        assert hand_over(ctx, "wei").stand_in_id == "eva"
        assert get(ctx, "tasks", "T-1").owner_id == "eva"

    def test_a_lead_goes_with_its_customer(self, ctx):
        keep(ctx, WEI, EVA, an_account(owner_id="wei"), a_lead(owner_id="wei", account_id="A-1"))
        assert hand_over(ctx, "wei", successor="eva").transferred == 2

    @pytest.mark.parametrize("successor", [a_member(id="eva", status="on_leave"), a_member(id="eva", status="left")])
    def test_a_successor_is_there(self, ctx, successor):
        keep(ctx, WEI, successor)
        with pytest.raises(NotAllowed):
            hand_over(ctx, "wei", successor="eva")
        assert get(ctx, "members", "wei").status == "active"

    def test_nobody_succeeds_themselves(self, ctx):
        keep(ctx, WEI)
        with pytest.raises(NotAllowed):
            hand_over(ctx, "wei", successor="wei")

    def test_a_successor_or_pools_but_not_both(self, ctx):
        with pytest.raises(InvalidInput):
            hand_over(ctx, "wei", successor="eva", into_pools=True)

    def test_who_does_not_exist_is_not_found(self, ctx):
        with pytest.raises(NotFound):
            hand_over(ctx, "nobody")


class TestWhatStays:
    def test_it_is_named_with_the_reason(self, ctx):
        keep(
            ctx,
            WEI,
            EVA,
            an_account(owner_id="wei", evidence=(HOLD,)),
            a_request(assignee_id="wei", requested_by="eva"),
        )
        report = hand_over(ctx, "wei", successor="eva")
        assert [(str(each.record), each.reason.code) for each in report.stayed] == [
            ("account:A-1", "transfer.held"),
            ("request:RQ-1", "transfer.stays.own_request"),
        ]

    def test_what_the_successor_has_no_room_for_stays_unless_that_does_not_matter(self, ctx):
        keep(ctx, WEI, a_member(id="eva", capacity=0), an_account(owner_id="wei"))
        assert [each.reason.code for each in hand_over(ctx, "wei", successor="eva").stayed] == ["transfer.capacity"]
        assert hand_over(ctx, "wei", successor="eva", over_caps=True).transferred == 1

    def test_for_what_stays_the_time_for_owners_who_left_runs_from_now(self, ctx):
        with ctx.store.begin() as uow:
            uow.policies.put(ReclaimPolicy(id="account", left_days=3))
            uow.commit()
        keep(ctx, WEI, a_member(id="eva", capacity=0), an_account(owner_id="wei", owned_since=NOW))
        hand_over(ctx, "wei", successor="eva")
        stays = get(ctx, "accounts", "A-1")
        assert (stays.reclaim_at, stays.reclaim_cause) == (NOW + timedelta(days=3), "owner_left")

    def test_without_a_pool_or_anybody_everything_is_named(self, ctx):
        keep(ctx, a_member(id="wei"), *belongings())
        report = hand_over(ctx, "wei")
        assert {each.reason.code for each in report.stayed} == {"transfer.nowhere", "transfer.stays.nobody"}
        assert report.staying == 7

    def test_only_so_many_are_named_but_all_are_counted(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "MOST_NAMED", 2)
        keep(ctx, a_member(id="wei"), *(a_task(id=f"T-{number}", owner_id="wei") for number in range(5)))
        report = hand_over(ctx, "wei")
        assert (len(report.stayed), report.staying) == (2, 5)

    def test_where_the_organisation_still_names_them_is_told(self, ctx):
        team, pool = a_team(leader_id="wei"), a_pool(admin_ids=("wei",))
        keep(ctx, a_member(id="wei"), team, pool, a_member(id="na", manager_id="wei"))
        assert hand_over(ctx, "wei").posts == (team.ref, a_member(id="na").ref, pool.ref)


class TestRuns:
    def test_a_run_that_was_stopped_goes_on_where_it_was(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "CHUNK", 2)
        keep(ctx, WEI, EVA, *(an_account(id=f"A-{number}", owner_id="wei") for number in range(5)))
        chunk, calls = module.transfer_chunk, []

        def breaking(*args, **options):
            calls.append(args)
            if len(calls) == 2:
                raise StorageFailed("gone")
            return chunk(*args, **options)

        monkeypatch.setattr(module, "transfer_chunk", breaking)
        with pytest.raises(StorageFailed):
            hand_over(ctx, "wei", successor="eva")
        assert hand_over(ctx, "wei", successor="eva").transferred == 3

    def test_what_stays_is_not_come_to_again_and_again(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "CHUNK", 1)
        keep(ctx, WEI, EVA, *(an_account(id=f"A-{number}", owner_id="wei", evidence=(HOLD,)) for number in range(3)))
        assert hand_over(ctx, "wei", successor="eva").staying == 3

    def test_what_somebody_took_between_the_look_and_the_chunk_is_left_alone(self, ctx, monkeypatch):
        keep(ctx, WEI, EVA, a_member(id="na"), an_account(owner_id="wei"), a_task(owner_id="wei"))
        chunks = module._Run.chunks

        def disturbed(run, cls, condition):
            for ids in chunks(run, cls, condition):
                with ctx.store.begin() as uow:
                    for record in uow.repository(cls).get_many(ids).values():
                        uow.save(changed(record, now=NOW, owner_id="na"))
                    uow.commit()
                yield ids

        monkeypatch.setattr(module._Run, "chunks", disturbed)
        report = hand_over(ctx, "wei", successor="eva")
        assert (report.transferred, report.passed_on, report.staying) == (0, 0, 0)
        assert get(ctx, "accounts", "A-1").owner_id == get(ctx, "tasks", "T-1").owner_id == "na"

    def test_one_undo_gives_all_of_it_back_once_they_are_there_again(self, ctx):
        keep(ctx, WEI, EVA, *belongings())
        report = hand_over(ctx, "wei", successor="eva")
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("wei").move("rejoin", now=NOW))
            uow.commit()
        assert undo_transfer(ctx, report.transfer_id).kept == ()
        assert set(owners(ctx).values()) == {"wei"}

    def test_nobody_gives_them_anything_more(self, ctx):
        keep(ctx, WEI, EVA, an_account(owner_id="eva"))
        hand_over(ctx, "wei", successor="eva")
        with pytest.raises(NotAllowed, match="left"):
            assign_to(ctx, an_account().ref, "wei")
