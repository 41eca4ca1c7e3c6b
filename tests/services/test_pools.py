"""Taking records out of pools and giving them back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.errors import AlreadyClaimed, InvalidInput, NotAllowed, NotFound
from crmkit.rules.reclaim import ClaimOutcome, ClaimPolicy, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.pools import Batch, claim, claim_many, give_back
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, an_account

DAY = timedelta(days=1)
POOL = a_pool(id="all")
MEMBERS = (a_member(id="wei"), a_member(id="eva"))


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def pooled(id="A-1", **changes):
    return an_account(**{"id": id, "pool_id": "all", "pool_since": NOW - 90 * DAY, **changes})


def ref(id="A-1"):
    return Ref(entity="account", id=id)


def account(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get(id)


def history(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        entries = uow.ownership.find(F.record_id == id, order=["at"])
        return [(entry.cause.value, entry.from_owner_id, entry.to_owner_id, entry.to_pool_id) for entry in entries]


def owned(ctx, member_id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.count(F.owner_id == member_id)


def codes(decision):
    return [reason.code for reason in decision.reasons]


def test_a_granted_claim_makes_the_member_the_owner_protects_the_record_and_writes_history(ctx):
    keep(ctx, POOL, *MEMBERS, pooled(), policies=[ClaimPolicy(), ReclaimPolicy(protect_days=10)])
    decision = claim(ctx, ref(), "wei")
    after = account(ctx)
    assert decision.granted
    assert (after.owner_id, after.pool_id, after.reclaim_at, after.warn_at) == (
        "wei",
        None,
        NOW + 10 * DAY,
        NOW + 3 * DAY,
    )
    assert decision.protection.reclaim_at == after.reclaim_at
    assert history(ctx) == [("claimed", None, "wei", None)]


def test_without_policies_whoever_is_active_may_claim_and_no_clock_runs(ctx):
    keep(ctx, POOL, *MEMBERS, pooled())
    assert claim(ctx, ref(), "wei").granted
    assert account(ctx).reclaim_at is None


def test_leads_are_claimed_alike(ctx):
    lead = a_lead(pool_id="leads", pool_since=NOW)
    keep(ctx, a_pool(id="leads", holds="lead"), *MEMBERS, lead, policies=[ReclaimPolicy(id="lead", entity="lead")])
    assert claim(ctx, lead.ref, "wei").protection.reclaim_at == NOW + 30 * DAY


def test_what_somebody_else_has_is_already_claimed_and_the_error_names_nobody(ctx):
    keep(ctx, POOL, *MEMBERS, pooled())
    claim(ctx, ref(), "wei")
    with pytest.raises(AlreadyClaimed) as caught:
        claim(ctx, ref(), "eva")
    assert "wei" not in f"{caught.value}{caught.value.params}"


def test_claiming_ones_own_record_is_refused_without_an_error(ctx):
    keep(ctx, POOL, *MEMBERS, pooled())
    claim(ctx, ref(), "wei")
    assert codes(claim(ctx, ref(), "wei")) == ["claim.yours"]


@pytest.mark.parametrize(("id", "member"), [("A-9", "wei"), ("A-1", "nobody")])
def test_a_record_or_member_that_does_not_exist_is_not_found(ctx, id, member):
    keep(ctx, POOL, *MEMBERS, pooled())
    with pytest.raises(NotFound):
        claim(ctx, ref(id), member)


def test_only_leads_and_accounts_are_claimed(ctx):
    keep(ctx, POOL, *MEMBERS)
    with pytest.raises(InvalidInput, match="lead or account"):
        claim(ctx, Ref(entity="contact", id="C-1"), "wei")


def test_a_repeat_with_the_same_key_gets_the_same_answer_and_claims_once(ctx):
    keep(ctx, POOL, *MEMBERS, pooled())
    first = claim(ctx, ref(), "wei", idempotency_key="click-1")
    assert claim(ctx, ref(), "wei", idempotency_key="click-1") == first
    assert len(history(ctx)) == 1


class TestRaces:
    def test_edge_1_of_many_claims_of_one_record_at_the_same_instant_one_wins(self, ctx):
        """WuKong, ruoyi and CordysCRM check first and update without a condition: the last writer wins, both have a
        line of history, and both quotas are used."""
        rivals = [a_member(id=f"m{number:02}") for number in range(16)]
        keep(ctx, POOL, *rivals, pooled(), policies=[ClaimPolicy(quotas=(Limit(most=1, per="day"),))])
        together = Barrier(len(rivals))

        def rush(member_id):
            together.wait()
            try:
                return claim(ctx, ref(), member_id).granted
            except AlreadyClaimed:
                return False

        with ThreadPoolExecutor(len(rivals)) as threads:
            won = list(threads.map(rush, [rival.id for rival in rivals]))
        assert won.count(True) == 1
        assert len(history(ctx)) == 1
        assert account(ctx).owner_id == rivals[won.index(True)].id

    def test_parallel_claims_of_one_member_never_exceed_the_cap(self, ctx):
        """In all three the cap is checked first and used later: two claims at once exceed it by one."""
        keep(
            ctx, POOL, *MEMBERS, *(pooled(f"A-{number}") for number in range(12)), policies=[ClaimPolicy(holding_cap=5)]
        )
        together = Barrier(12)

        def rush(number):
            together.wait()
            return claim(ctx, ref(f"A-{number}"), "wei").granted

        with ThreadPoolExecutor(12) as threads:
            assert list(threads.map(rush, range(12))).count(True) == 5
        assert owned(ctx, "wei") == 5


class TestQuota:
    def test_a_week_and_thirty_days_have_quotas_of_their_own(self, ctx):
        quotas = (Limit(most=2, per="week"), Limit(most=3, days=30))
        keep(ctx, POOL, *MEMBERS, *(pooled(f"A-{n}") for n in range(6)), policies=[ClaimPolicy(quotas=quotas)])
        assert [claim(ctx, ref(f"A-{n}"), "wei").granted for n in range(3)] == [True, True, False]
        ctx.clock.advance(7 * DAY)
        assert claim(ctx, ref("A-3"), "wei").granted
        assert codes(claim(ctx, ref("A-4"), "wei")) == ["claim.quota.days"]
        ctx.clock.advance(23 * DAY)
        assert claim(ctx, ref("A-4"), "wei").granted

    def test_claims_keep_a_distance_and_a_batch_is_one_claim(self, ctx):
        """Scripts that claim whatever falls into the pool take everything within seconds."""
        records = [pooled(f"A-{n}") for n in range(4)]
        keep(ctx, POOL, *MEMBERS, *records, policies=[ClaimPolicy(interval_minutes=10)])
        assert len(claim_many(ctx, [ref("A-0"), ref("A-1")], "wei", batch=Batch.PARTIAL).granted) == 2
        assert codes(claim(ctx, ref("A-2"), "wei")) == ["claim.interval"]
        assert claim(ctx, ref("A-2"), "eva").granted
        ctx.clock.advance(timedelta(minutes=10))
        assert claim(ctx, ref("A-3"), "wei").granted

    def test_edge_2_a_refused_claim_leaves_the_daily_quota_unchanged(self, ctx):
        """WuKong counts before it checks the cool-down, so a refusal burns quota."""
        frozen = pooled("A-2", pool_since=NOW)
        keep(
            ctx,
            POOL,
            *MEMBERS,
            pooled(),
            frozen,
            policies=[ClaimPolicy(quotas=(Limit(most=1, per="day"),), freeze_days=1)],
        )
        assert codes(claim(ctx, ref("A-2"), "wei")) == ["claim.frozen"]
        assert history(ctx, "A-2") == []
        assert claim(ctx, ref("A-1"), "wei").granted

    def test_a_refused_claim_writes_nothing_at_all(self, ctx):
        keep(ctx, POOL, *MEMBERS, pooled(), policies=[ClaimPolicy(holding_cap=0)])
        before = account(ctx)
        assert not claim(ctx, ref(), "wei").granted
        with ctx.store.begin(read_only=True) as uow:
            assert uow.accounts.get("A-1") == before
            assert uow.ownership.count() == 0
            assert len(uow.trail.of(ref())) == 1, "its creation"

    def test_edge_3_claim_return_claim_within_a_day_counts_two(self, ctx):
        """CordysCRM counts what is owned with today's date of collection: returning resets the count."""
        keep(
            ctx,
            POOL,
            *MEMBERS,
            pooled("A-1"),
            pooled("A-2"),
            policies=[ClaimPolicy(quotas=(Limit(most=2, per="day"),))],
        )
        claim(ctx, ref("A-1"), "wei")
        give_back(ctx, ref("A-1"), "wei")
        claim(ctx, ref("A-1"), "wei")
        decision = claim(ctx, ref("A-2"), "wei")
        assert codes(decision) == ["claim.quota.day"]
        assert dict(decision.reasons[0].params) == {"claimed": 2, "quota": 2}

    def test_edge_4_what_a_manager_assigns_does_not_use_the_quota(self, ctx):
        keep(
            ctx,
            POOL,
            *MEMBERS,
            pooled("A-1"),
            pooled("A-2"),
            policies=[ClaimPolicy(quotas=(Limit(most=1, per="day"),))],
        )
        assign_to(ctx, ref("A-1"), "wei")
        assert claim(ctx, ref("A-2"), "wei").granted

    def test_a_new_day_begins_at_midnight_of_the_policys_calendar(self, ctx):
        policy = ClaimPolicy(quotas=(Limit(most=1, per="day"),), calendar_id="cn")
        shanghai = a_calendar(holidays=(date(2026, 2, 1),))
        keep(ctx, POOL, *MEMBERS, shanghai, *(pooled(f"A-{number}") for number in range(3)), policies=[policy])
        ctx.clock.set(NOW.replace(hour=15, minute=59))
        assert claim(ctx, ref("A-0"), "wei").granted
        assert codes(claim(ctx, ref("A-1"), "wei")) == ["claim.quota.day"]
        ctx.clock.advance(minutes=1)
        assert claim(ctx, ref("A-1"), "wei").granted

    def test_without_a_calendar_it_begins_at_midnight_utc(self, ctx):
        keep(
            ctx,
            POOL,
            *MEMBERS,
            pooled("A-0"),
            pooled("A-1"),
            policies=[ClaimPolicy(quotas=(Limit(most=1, per="day"),))],
        )
        assert claim(ctx, ref("A-0"), "wei").granted
        ctx.clock.set((NOW + DAY).replace(hour=0))
        assert claim(ctx, ref("A-1"), "wei").granted


def test_what_the_policy_does_not_count_leaves_room_under_the_cap(ctx):
    bought = an_account(id="A-9", owner_id="wei", standing="key")
    policy = ClaimPolicy(holding_cap=1, uncounted="standing in ('existing', 'key')")
    keep(ctx, POOL, *MEMBERS, pooled("A-1"), pooled("A-2"), bought, policies=[policy])
    assert claim(ctx, ref("A-1"), "wei").granted
    assert codes(claim(ctx, ref("A-2"), "wei")) == ["claim.cap"]


def test_a_members_own_capacity_counts_leads_and_accounts_that_mean_work(ctx):
    keep(
        ctx,
        POOL,
        a_member(id="wei", capacity=2),
        pooled(),
        an_account(id="A-9", owner_id="wei"),
        a_lead(id="L-1", owner_id="wei"),
        a_lead(id="L-2", owner_id="wei", status="converted"),
    )
    assert codes(claim(ctx, ref(), "wei")) == ["claim.capacity"]


class TestCoolDown:
    policy = ClaimPolicy(cooldown_days=7)

    def test_who_gave_a_record_back_waits(self, ctx):
        keep(ctx, POOL, *MEMBERS, pooled(), policies=[self.policy])
        claim(ctx, ref(), "wei")
        give_back(ctx, ref(), "wei")
        ctx.clock.advance(days=7, seconds=-1)
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]
        ctx.clock.advance(seconds=1)
        assert claim(ctx, ref(), "wei").granted

    def test_edge_9_parking_the_record_with_a_friend_does_not_help(self, ctx):
        """WuKong and CordysCRM look at the last owner only: A gives to B, B gives back, A claims within the hour."""
        keep(ctx, POOL, *MEMBERS, pooled(), policies=[self.policy])
        for member_id in ("wei", "eva"):
            claim(ctx, ref(), member_id)
            give_back(ctx, ref(), member_id)
            ctx.clock.advance(hours=1)
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]

    def test_others_may_claim_meanwhile(self, ctx):
        keep(ctx, POOL, *MEMBERS, pooled(), policies=[self.policy])
        claim(ctx, ref(), "wei")
        give_back(ctx, ref(), "wei")
        assert claim(ctx, ref(), "eva").granted


class TestEdge7Batches:
    """A batch over the cap. WuKong throws half-way inside a loop: some are taken, the caller learns of an error."""

    def setup(self, ctx):
        records = [pooled(f"A-{number}") for number in range(4)]
        keep(ctx, POOL, *MEMBERS, *records, policies=[ClaimPolicy(holding_cap=2)])
        return [record.ref for record in records]

    def test_all_or_nothing_takes_nothing(self, ctx):
        refs = self.setup(ctx)
        answer = claim_many(ctx, refs, "wei", batch=Batch.ALL_OR_NOTHING)
        assert answer.granted == ()
        assert [codes(decision) for decision in answer.decisions] == [
            ["claim.batch"],
            ["claim.batch"],
            ["claim.cap"],
            ["claim.cap"],
        ]
        assert owned(ctx, "wei") == 0

    def test_all_or_nothing_takes_all_when_all_fit(self, ctx):
        refs = self.setup(ctx)[:2]
        assert claim_many(ctx, refs, "wei", batch=Batch.ALL_OR_NOTHING).granted == tuple(refs)
        assert owned(ctx, "wei") == 2

    def test_partial_takes_what_fits_in_the_order_asked_for_and_says_why_not_the_rest(self, ctx):
        refs = self.setup(ctx)[::-1]
        answer = claim_many(ctx, refs, "wei", batch=Batch.PARTIAL)
        assert answer.granted == tuple(refs[:2])
        assert [(str(decision.record), codes(decision)) for decision in answer.refused] == [
            ("account:A-1", ["claim.cap"]),
            ("account:A-0", ["claim.cap"]),
        ]
        assert [account(ctx, id).owner_id for id in ("A-3", "A-2", "A-1", "A-0")] == ["wei", "wei", None, None]

    def test_what_somebody_has_and_what_does_not_exist_is_refused_like_the_rest(self, ctx):
        refs = self.setup(ctx)
        claim(ctx, refs[0], "eva")
        answer = claim_many(ctx, [refs[0], ref("A-9"), refs[1]], "wei", batch=Batch.PARTIAL)
        assert [codes(decision) for decision in answer.decisions] == [
            ["claim.taken"],
            ["claim.missing"],
            ["claim.granted"],
        ]
        assert answer.decisions[0].outcome is ClaimOutcome.REFUSED

    def test_the_quota_and_the_capacity_advance_within_a_batch(self, ctx):
        records = [pooled(f"A-{number}") for number in range(3)]
        keep(
            ctx,
            POOL,
            a_member(id="wei", capacity=2),
            *records,
            policies=[ClaimPolicy(quotas=(Limit(most=1, per="day"),))],
        )
        answer = claim_many(ctx, [record.ref for record in records], "wei", batch=Batch.PARTIAL)
        assert [codes(decision) for decision in answer.decisions] == [
            ["claim.granted"],
            ["claim.quota.day"],
            ["claim.quota.day"],
        ]

    @pytest.mark.parametrize(
        "refs",
        [[], [ref(), ref()], [ref(), Ref(entity="lead", id="L-1")], [ref(f"A-{number}") for number in range(501)]],
        ids=["none", "one twice", "two entities", "too many"],
    )
    def test_a_batch_is_of_different_records_of_one_entity(self, ctx, refs):
        with pytest.raises(InvalidInput, match="refs"):
            claim_many(ctx, refs, "wei", batch=Batch.PARTIAL)


class TestGivingBack:
    def test_the_record_lies_in_the_pool_that_accepts_it(self, ctx):
        keep(ctx, a_pool(id="key", accepts="standing == 'key'", priority=9), POOL, *MEMBERS, an_account(owner_id="wei"))
        assert give_back(ctx, ref(), "wei", reason="wrong region").pool_id == "all"
        after = account(ctx)
        assert (after.owner_id, after.pool_id, after.pool_since) == (None, "all", NOW)
        assert history(ctx) == [("returned", "wei", None, "all")]

    def test_the_owner_may_choose_the_pool(self, ctx):
        keep(ctx, a_pool(id="other"), POOL, *MEMBERS, an_account(owner_id="wei"))
        assert give_back(ctx, ref(), "wei", pool_id="other").pool_id == "other"

    def test_only_the_owner_gives_back(self, ctx):
        keep(ctx, POOL, *MEMBERS, an_account(owner_id="wei"))
        with pytest.raises(NotAllowed, match="not this member's"):
            give_back(ctx, ref(), "eva")

    @pytest.mark.parametrize("pool", [a_pool(id="other", enabled=False), a_pool(id="other", holds="lead")])
    def test_a_pool_that_takes_no_such_record_is_refused(self, ctx, pool):
        keep(ctx, pool, *MEMBERS, an_account(owner_id="wei"))
        with pytest.raises(NotAllowed, match="takes no account"):
            give_back(ctx, ref(), "wei", pool_id="other")

    def test_without_a_pool_the_error_says_what_to_set_up(self, ctx):
        keep(ctx, *MEMBERS, an_account(owner_id="wei"))
        with pytest.raises(NotAllowed, match="Add a pool"):
            give_back(ctx, ref(), "wei")
