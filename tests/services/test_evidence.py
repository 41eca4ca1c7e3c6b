"""What moves the clocks besides follow-ups: evidence, progress, locks, leave."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.reclaim import Exemption, Handover, Pilot, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.evidence import attest, lock, plan_leave, progressed, recount, unlock, withdraw
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.pools import give_back
from crmkit.services.reclaim import explain, preview, remedies, sweep
from crmkit.services.rollout import pause, resume
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member, a_pool, an_account

DAY = timedelta(days=1)
A1 = Ref(entity="account", id="A-1")
CONTRACT = Evidence(kind="contract", source="C-1", since=NOW)
POLICY = ReclaimPolicy(
    protect_days=30,
    refreshes=(Refresh(days=15),),
    progress_days=40,
    win_days=50,
    warn_days=(1,),
    lock_days=20,
    lock_quota=1,
    left_days=5,
    exemptions=(
        Exemption(name="customer", evidence=("contract", "legal_hold")),
        Exemption(name="locked", evidence=("lock",)),
    ),
)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=(POLICY,)):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def held(id="A-1", *, due=NOW + 30 * DAY, **changes):
    clock = {"reclaim_at": due, "reclaim_cause": "protection_ended", "warn_at": due - DAY}
    return an_account(**{"id": id, "owner_id": "wei", "owned_since": NOW, **clock, **changes})


def account(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get(id)


def events(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return [each.type for each in uow.trail.of(Ref(entity="account", id=id)) if each.type.startswith("ownership.")]


@pytest.fixture
def stocked(ctx):
    keep(ctx, a_pool(), a_member(id="wei", team_id="T-1"), a_member(id="li", team_id="T-1"), held())
    return ctx


class TestEvidence:
    def test_it_stands_on_the_record_and_one_source_says_one_thing(self, stocked):
        attest(stocked, A1, CONTRACT)
        longer = Evidence(kind="contract", source="C-1", since=NOW, until=NOW + 90 * DAY)
        other = Evidence(kind="order", source="C-1", since=NOW)
        attest(stocked, A1, other)
        attest(stocked, A1, longer)
        assert account(stocked).evidence == (other, longer)
        assert events(stocked) == ["ownership.attested"] * 3

    def test_a_won_contract_that_is_cancelled_exempts_no_longer(self, stocked):
        attest(stocked, A1, CONTRACT)
        stocked.clock.advance(days=30)
        assert sweep(stocked).kept == 1
        assert account(stocked).reclaim_at == NOW + 60 * DAY
        stocked.clock.advance(days=2)
        stands = withdraw(stocked, A1, "contract", "C-1")
        assert (stands.reclaim_at, stands.reclaim_cause) == (NOW + 39 * DAY, "grace_ended")
        stocked.clock.advance(days=7)
        assert sweep(stocked).reclaimed == 1
        assert events(stocked)[-1] == "ownership.reclaimed"

    def test_withdrawing_never_puts_a_deadline_off(self, stocked):
        attest(stocked, A1, CONTRACT)
        stocked.clock.advance(days=29)
        assert withdraw(stocked, A1, "contract", "C-1").reclaim_at == NOW + 30 * DAY

    def test_what_does_not_matter_moves_nothing(self, stocked):
        hold = Evidence(kind="legal_hold", source="L-1", since=NOW)
        assert attest(stocked, A1, hold).reclaim_at == NOW + 30 * DAY
        assert withdraw(stocked, A1, "legal_hold", "L-1").reclaim_at == NOW + 30 * DAY
        with pytest.raises(NotAllowed):
            withdraw(stocked, A1, "legal_hold", "L-1")

    def test_a_record_in_a_pool_or_without_a_policy_has_no_deadline(self, ctx):
        keep(
            ctx, a_pool(), an_account(pool_id="PO-1", pool_since=NOW), an_account(id="A-2", owner_id="wei"), policies=()
        )
        assert attest(ctx, A1, CONTRACT).reclaim_at is None
        assert withdraw(ctx, A1, "contract", "C-1").reclaim_at is None
        assert attest(ctx, Ref(entity="account", id="A-2"), CONTRACT).reclaim_at is None
        with pytest.raises(NotFound):
            attest(ctx, Ref(entity="account", id="A-3"), CONTRACT)

    def test_it_stays_when_the_record_changes_hands(self, stocked):
        attest(stocked, A1, CONTRACT)
        give_back(stocked, A1, "wei")
        assert account(stocked).evidence == (CONTRACT,)


class TestProgress:
    def test_it_starts_the_time_for_it_anew(self, ctx):
        record = held(due=NOW + 40 * DAY, reclaim_cause="no_progress", last_action_at=NOW)
        keep(ctx, a_pool(), a_member(id="wei"), record, policies=(POLICY,))
        ctx.clock.advance(days=10)
        assert progressed(ctx, A1).reclaim_at == NOW + 40 * DAY
        assert account(ctx).clock.progressed_at == NOW + 10 * DAY
        progressed(ctx, A1, at=NOW + 3 * DAY)
        assert account(ctx).clock.progressed_at == NOW + 10 * DAY
        with pytest.raises(InvalidInput):
            progressed(ctx, A1, at=NOW + 11 * DAY)


class TestLocks:
    def test_a_lock_spares_for_its_time_and_within_the_quota(self, stocked):
        keep(stocked, held("A-2"), policies=())
        assert lock(stocked, A1, "wei", days=20).granted
        assert account(stocked).locked_until == NOW + 20 * DAY
        refused = lock(stocked, Ref(entity="account", id="A-2"), "wei", days=3)
        assert [reason.code for reason in refused.reasons] == ["lock.quota"]
        assert lock(stocked, A1, "wei", days=10).granted
        stocked.clock.advance(days=10)
        assert lock(stocked, Ref(entity="account", id="A-2"), "wei", days=20).granted

    def test_who_does_not_own_it_locks_nothing(self, stocked):
        refused = lock(stocked, A1, "li", days=21)
        assert [reason.code for reason in refused.reasons] == ["lock.not_yours", "lock.too_long"]
        assert (refused.until, account(stocked).version) == (None, 1)

    def test_without_locks_in_the_policy_there_are_none(self, ctx):
        keep(ctx, a_member(id="wei"), held(), policies=(ReclaimPolicy(),))
        assert [reason.code for reason in lock(ctx, A1, "wei", days=1).reasons] == ["lock.none"]

    def test_without_a_policy_locking_is_a_mistake(self, ctx):
        keep(ctx, a_member(id="wei"), held(), policies=())
        with pytest.raises(NotAllowed):
            lock(ctx, A1, "wei", days=1)

    def test_the_quota_holds_when_many_are_locked_at_once(self, stocked):
        keep(stocked, *(held(f"B-{number}") for number in range(6)), policies=())
        barrier, granted = Barrier(6), []

        def one(number):
            barrier.wait()
            granted.append(lock(stocked, Ref(entity="account", id=f"B-{number}"), "wei", days=5).granted)

        threads = [Thread(target=one, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(granted) == [False] * 5 + [True]

    def test_taken_off_it_spares_no_longer(self, stocked):
        stocked.clock.advance(days=25)
        lock(stocked, A1, "wei", days=20)
        stocked.clock.advance(days=5)
        assert sweep(stocked).kept == 1
        assert account(stocked).reclaim_at == NOW + 45 * DAY
        assert unlock(stocked, A1, "wei").reclaim_at == NOW + 37 * DAY
        with pytest.raises(NotAllowed):
            unlock(stocked, A1, "wei")

    def test_it_does_not_pass_on_to_another_owner(self, stocked):
        lock(stocked, A1, "wei", days=20)
        assign_to(stocked, A1, "li")
        assert account(stocked).locked_until is None


class TestLeave:
    def test_what_the_member_owns_waits(self, stocked):
        keep(stocked, held("A-2"), a_lead(owner_id="wei", owned_since=NOW), held("A-3", owner_id="li"), policies=())
        away = Leave(begins=NOW + 10 * DAY, ends=NOW + 20 * DAY)
        report = plan_leave(stocked, "wei", away)
        assert (report.looked_at, report.moved) == (3, 2)
        assert account(stocked).reclaim_at == account(stocked, "A-2").reclaim_at == NOW + 40 * DAY
        assert account(stocked, "A-3").reclaim_at == NOW + 30 * DAY
        again = plan_leave(stocked, "wei", away)
        assert (again.looked_at, again.moved) == (3, 0)

    def test_a_new_owner_who_is_away_has_that_time_too(self, stocked):
        plan_leave(stocked, "li", Leave(begins=NOW, ends=NOW + 5 * DAY))
        assert assign_to(stocked, A1, "li").protection.reclaim_at == NOW + 35 * DAY

    def test_when_the_owner_left_a_recount_brings_the_deadline_near(self, stocked):
        with stocked.store.begin() as uow:
            uow.save(uow.members.get("wei").move("leave", now=NOW + DAY))
            uow.commit()
        assert recount(stocked, "wei").moved == 1
        assert (account(stocked).reclaim_at, account(stocked).reclaim_cause) == (NOW + 6 * DAY, "owner_left")

    def test_what_a_lock_spared_falls_when_it_ends_also_after_its_owner_left(self, stocked):
        lock(stocked, A1, "wei", days=20)
        stocked.clock.advance(days=1)
        with stocked.store.begin() as uow:
            uow.save(uow.members.get("wei").move("leave", now=NOW + DAY))
            uow.commit()
        recount(stocked, "wei")
        for _ in range(18):
            stocked.clock.advance(days=1)
            assert not sweep(stocked).problems
        assert account(stocked).reclaim_at == NOW + 20 * DAY
        stocked.clock.advance(days=1)
        assert sweep(stocked).reclaimed == 1


class TestRollout:
    def test_a_pause_stops_everything_and_resets_nothing(self, stocked):
        keep(stocked, held("A-2", due=NOW + 33 * DAY), policies=())
        stocked.clock.advance(days=29)
        assert pause(stocked, why="Spring Festival").version == 2
        stocked.clock.advance(days=30)
        report = sweep(stocked)
        assert (report.warned, report.reclaimed, report.complete) == (0, 0, True)
        assert preview(stocked, NOW + 60 * DAY).records[0].reasons[0].code == "reclaim.paused"
        assert resume(stocked).version == 3
        assert sweep(stocked).kept == 2
        assert account(stocked).reclaim_at == NOW + 66 * DAY
        stocked.clock.advance(days=7)
        assert sweep(stocked).reclaimed == 2

    def test_a_follow_up_in_a_pause_counts_although_the_deadline_has_passed(self, stocked):
        stocked.clock.advance(days=20)
        pause(stocked)
        stocked.clock.advance(days=15)
        form = FollowUpForm(subject=A1, kind="call", member_id="wei")
        assert log_interaction(stocked, form).protection.reclaim_at == NOW + 40 * DAY
        stocked.clock.advance(days=1)
        resume(stocked)
        assert sweep(stocked).reclaimed == 0

    def test_there_is_nothing_to_pause_twice_or_to_resume_without_a_pause(self, stocked):
        with pytest.raises(NotAllowed):
            resume(stocked)
        pause(stocked)
        with pytest.raises(NotAllowed):
            pause(stocked)
        resume(stocked)
        with pytest.raises(NotAllowed):
            pause(stocked, entity="lead")

    def test_so_many_a_day_the_longest_overdue_first(self, ctx):
        ramp = ReclaimPolicy(warn_days=(1,), most_a_day=2)
        due = [held(f"A-{number}", due=NOW - number * DAY, owned_since=NOW - 40 * DAY) for number in range(5)]
        keep(ctx, a_pool(), a_member(id="wei"), *due, policies=(ramp,))
        report = sweep(ctx, batch=1)
        assert (report.reclaimed, report.postponed, report.complete) == (2, 3, True)
        assert sweep(ctx).reclaimed == 0
        assert [account(ctx, f"A-{number}").owner_id for number in range(5)] == ["wei"] * 3 + [None] * 2
        ctx.clock.advance(days=1)
        assert (sweep(ctx).reclaimed, sweep(ctx).postponed) == (2, 1)

    def test_a_pilot_tries_another_policy_with_a_team(self, ctx):
        standing = ReclaimPolicy(id="account", warn_days=(1,), pilot=Pilot(policy_id="strict", team_ids=("T-1",)))
        strict = ReclaimPolicy(id="strict", protect_days=10, warn_days=(1,), handover=Handover.RESET)
        members = a_member(id="wei", team_id="T-1"), a_member(id="li", team_id="T-2"), a_member(id="an", team_id="T-3")
        free = [an_account(id=f"A-{number}", owner_id=None) for number in range(2)]
        keep(ctx, a_pool(), *members, *free, policies=(standing, strict))
        assert assign_to(ctx, Ref(entity="account", id="A-0"), "wei").protection.reclaim_at == NOW + 10 * DAY
        assert assign_to(ctx, Ref(entity="account", id="A-1"), "li").protection.reclaim_at == NOW + 30 * DAY
        assert explain(ctx, Ref(entity="account", id="A-0")).policy.id == "strict"
        pause(ctx)
        ctx.clock.advance(days=10)
        assert explain(ctx, Ref(entity="account", id="A-0")).reasons[0].code == "reclaim.paused"
        assert sweep(ctx).reclaimed == 0

    def test_a_pilot_whose_policy_does_not_hold_yet_changes_nothing(self, ctx):
        standing = ReclaimPolicy(id="account", pilot=Pilot(policy_id="strict", member_ids=("wei",)))
        keep(ctx, a_member(id="wei"), an_account(owner_id=None), policies=(standing,))
        assert assign_to(ctx, A1, "wei").protection.reclaim_at == NOW + 30 * DAY

    def test_a_run_stops_when_another_version_comes_into_force(self, ctx, monkeypatch):
        long_since = {"owned_since": NOW - 30 * DAY}
        keep(ctx, a_pool(), a_member(id="wei"), *(held(f"A-{number}", due=NOW, **long_since) for number in range(4)))
        run = ctx.store.run

        def paused_after_the_first(work, acting):
            answer = run(work, acting)
            monkeypatch.setattr(ctx.store, "run", run)
            pause(ctx)
            return answer

        monkeypatch.setattr(ctx.store, "run", paused_after_the_first)
        report = sweep(ctx, batch=2)
        assert (report.reclaimed, report.complete) == (2, False)


def test_remedies_say_what_would_keep_it(stocked):
    assert [reason.code for reason in remedies(stocked, A1)] == ["reclaim.remedy.follow_up"]
    keep(stocked, a_lead(owner_id="wei"), policies=())
    with pytest.raises(NotAllowed):
        remedies(stocked, Ref(entity="lead", id="L-1"))
