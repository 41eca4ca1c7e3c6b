"""The acceptance cases of public pools, each with what existing CRMs do wrong; whole services, read back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from threading import Barrier

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.errors import AlreadyClaimed, NotAllowed
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.dedup import DisclosurePolicy
from crmkit.rules.reclaim import Cap, ClaimPolicy, Exemption, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to, assign_waiting
from crmkit.services.capture import capture_lead, capture_many
from crmkit.services.check_policies import check_policies
from crmkit.services.context import Context
from crmkit.services.evidence import lock
from crmkit.services.existence import check_existence
from crmkit.services.lead_form import LeadForm
from crmkit.services.pool_desk import place
from crmkit.services.pools import Batch, claim, claim_many, give_back
from crmkit.services.reclaim import preview, sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, an_account
from crmkit.testing.history import History

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LONG_AGO = NOW - 90 * DAY
ONE_A_DAY = Limit(most=1, per="day")


@pytest.fixture
def ctx():
    return context(MemoryStore())


@pytest.fixture(params=["memory", "sqlite"])
def any_ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield context(store, ids=Uuid7())
    store.close()


def context(store, **ports):
    ports = {"clock": FixedClock(), "ids": FixedIds(), "notifier": Inbox(), **ports}
    return Context(store=store, book=RuleBook.standard(), **ports)


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def members(*ids, **changes):
    return [a_member(**{"id": id, **changes}) for id in ids]


def pooled(id="A-1", **changes):
    return an_account(**{"id": id, "pool_id": "PO-1", "pool_since": LONG_AGO, **changes})


def ref(id="A-1"):
    return Ref(entity="account", id=id)


def account(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get(id)


def causes(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return [entry.cause.value for entry in uow.ownership.find(F.record_id == id, order=["at", "id"])]


def held(ctx, member_id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.count(F.owner_id == member_id)


def codes(decision):
    return [reason.code for reason in decision.reasons]


def granted(ctx, *ids, by="wei"):
    return [claim(ctx, ref(id), by).granted for id in ids]


class TestEdge01:
    """Two claims at the same instant. WuKong, ruoyi and CordysCRM check first and update without a condition."""

    def test_edge_01_one_succeeds_and_only_that_one_used_quota(self, any_ctx):
        """In WuKong the last writer wins, two lines of history stand, and both quotas are used."""
        rivals = members(*(f"m{number}" for number in range(8)))
        policy = ClaimPolicy(quotas=(ONE_A_DAY,))
        keep(any_ctx, a_pool(), *rivals, pooled("A-1"), *(pooled(f"B-{n}") for n in range(8)), policies=[policy])
        together = Barrier(8)

        def rush(rival):
            together.wait()
            try:
                return claim(any_ctx, ref(), rival.id).granted
            except AlreadyClaimed:
                return None

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(rush, rivals))
        assert sorted(answers, key=str) == [None] * 7 + [True]
        winner = rivals[answers.index(True)].id
        assert (account(any_ctx).owner_id, causes(any_ctx)) == (winner, ["claimed"])
        again = {rival.id: claim(any_ctx, ref(f"B-{n}"), rival.id).granted for n, rival in enumerate(rivals)}
        assert again == {rival.id: rival.id != winner for rival in rivals}
        assert History.of(any_ctx.store).breaches() == []

    @pytest.mark.parametrize(("level", "named"), [("exists", False), ("owner_team", False), ("full", True)])
    def test_edge_01_the_refusal_names_the_winner_only_to_whom_the_disclosure_policy_does(self, ctx, level, named):
        keep(ctx, a_pool(), *members("wei", "eva"), pooled(), policies=[DisclosurePolicy(level=level)])
        claim(ctx, ref(), "wei")
        with pytest.raises(AlreadyClaimed) as caught:
            claim(ctx, ref(), "eva")
        assert "wei" not in f"{caught.value}{caught.value.params}{caught.value.hint}"
        answer = check_existence(ctx, LeadForm(emails=["sales@yunshan.example"]), member_id="eva")
        assert answer.is_known
        assert ("wei" in f"{answer}") is named


class TestEdge02:
    """WuKong counts the claim before it checks the cool-down, so that the refusal burns quota."""

    POLICY = ClaimPolicy(
        quotas=(Limit(most=2, per="day"),), holding_cap=1, freeze_days=1, cooldown_days=3, interval_minutes=30
    )

    def left_today(self, ctx):
        """How many claims are granted until the quota says no; each record is given back, so that the cap does not."""
        taken = 0
        for number in range(4):
            ctx.clock.advance(minutes=30)
            decision = claim(ctx, ref(f"B-{number}"), "wei")
            assert decision.granted or codes(decision) == ["claim.quota.day"]
            if decision.granted:
                taken += 1
                give_back(ctx, ref(f"B-{number}"), "wei")
        return taken

    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("claim.frozen", {"pool_since": NOW}),
            ("claim.not_admitted", {"pool_id": "closed"}),
            ("claim.cooldown", {"pool_id": None, "owner_id": "wei"}),
            ("claim.cap", {}),
        ],
    )
    def test_edge_02_a_refused_claim_leaves_the_daily_quota_unchanged(self, ctx, code, changes):
        closed = a_pool(id="closed", member_ids=("eva",))
        others = [pooled(f"B-{number}") for number in range(4)]
        keep(ctx, a_pool(), closed, *members("wei"), pooled(**changes), *others, policies=[self.POLICY])
        if code == "claim.cooldown":
            give_back(ctx, ref(), "wei")
        if code == "claim.cap":
            keep(ctx, pooled("held", pool_id=None, owner_id="wei"))
        before = causes(ctx)
        for _ in range(3):
            assert code in codes(claim(ctx, ref(), "wei"))
        assert causes(ctx) == before
        if code == "claim.cap":
            give_back(ctx, ref("held"), "wei")
        assert self.left_today(ctx) == 2

    def test_edge_02_nor_does_one_that_comes_too_soon_after_the_last(self, ctx):
        keep(ctx, a_pool(), *members("wei"), *(pooled(f"B-{n}") for n in range(4)), pooled(), policies=[self.POLICY])
        assert granted(ctx, "A-1") == [True]
        give_back(ctx, ref(), "wei")
        for _ in range(3):
            assert codes(claim(ctx, ref("B-0"), "wei")) == ["claim.interval"]
        assert self.left_today(ctx) == 1


def test_edge_03_claim_return_claim_within_a_day_counts_two(ctx):
    """CordysCRM counts what is still held of what was collected today: returning resets the count."""
    policy = ClaimPolicy(quotas=(Limit(most=2, per="day"),))
    keep(ctx, a_pool(), *members("wei"), pooled("A-1"), pooled("A-2"), policies=[policy])
    for _ in range(2):
        assert granted(ctx, "A-1") == [True]
        give_back(ctx, ref("A-1"), "wei")
    refused = claim(ctx, ref("A-2"), "wei")
    assert (codes(refused), dict(refused.reasons[0].params)) == (["claim.quota.day"], {"claimed": 2, "quota": 2})
    assert held(ctx, "wei") == 0


def test_edge_03_and_it_counts_over_all_pools(ctx):
    """WuKong keeps a counter for each pool, so that several pools multiply what a rep may take."""
    pools = [a_pool(id=f"P-{number}") for number in range(3)]
    records = [pooled(f"A-{number}", pool_id=f"P-{number}") for number in range(3)]
    keep(ctx, *pools, *members("wei"), *records, policies=[ClaimPolicy(quotas=(ONE_A_DAY,))])
    assert granted(ctx, "A-0", "A-1", "A-2") == [True, False, False]


@pytest.mark.parametrize(("counts_assigned", "then"), [(False, [True, False]), (True, [False, False])])
def test_edge_04_what_a_manager_gives_uses_claim_quota_only_where_the_policy_says_so(ctx, counts_assigned, then):
    """CordysCRM mixes the two: customers that a manager assigned eat the rep's claims."""
    policy = ClaimPolicy(quotas=(ONE_A_DAY,), counts_assigned=counts_assigned)
    keep(ctx, a_pool(), *members("wei", "eva"), *(pooled(f"A-{n}") for n in range(4)), policies=[policy])
    assign_to(ctx, ref("A-0"), "wei")
    assign_to(ctx, ref("A-1"), "eva")
    assign_to(ctx, ref("A-1"), "wei")
    assert granted(ctx, "A-2", "A-3") == then


class TestEdge05:
    """WuKong applies the first rule that matches, in any order; ruoyi all own-rules but the most of the lock-rules."""

    CAPS = (
        Cap(most=3),
        Cap(most=5, role_ids=("key",)),
        Cap(most=4, role_ids=("new",)),
        Cap(most=6, team_ids=("east",)),
    )

    @pytest.mark.parametrize(("resolution", "most"), [("strictest", 3), ("specific", 4), ("generous", 6)])
    def test_edge_05_of_several_caps_the_declared_one_counts_in_whatever_order_they_stand(self, ctx, resolution, most):
        wei = a_member(id="wei", team_id="east", role_ids=("key", "new"))
        keep(ctx, a_pool(), wei, *(pooled(f"A-{n}") for n in range(9)))
        for version, caps in enumerate((self.CAPS, self.CAPS[::-1]), start=1):
            with ctx.store.begin() as uow:
                uow.policies.put(ClaimPolicy(version=version, caps=caps, resolution=resolution))
                uow.commit()
            for n in range(9):
                claim(ctx, ref(f"A-{n}"), "wei")
            assert held(ctx, "wei") == most

    def test_edge_05_won_customers_do_not_count_while_they_are_won(self, ctx):
        """CordysCRM leaves them out too, and its error then names a number that includes them."""
        policy = ClaimPolicy(holding_cap=1, uncounted="standing in ('existing', 'key')")
        won = pooled("won", pool_id=None, owner_id="wei", standing="existing")
        keep(ctx, a_pool(), *members("wei"), won, pooled("A-1"), pooled("A-2"), policies=[policy])
        assert granted(ctx, "A-1") == [True]
        refused = claim(ctx, ref("A-2"), "wei")
        assert (codes(refused), dict(refused.reasons[0].params)) == (["claim.cap"], {"held": 1, "cap": 1})
        give_back(ctx, ref("A-1"), "wei")
        with ctx.store.begin() as uow:
            uow.save(uow.accounts.get("won").move_standing("lose", now=NOW))
            uow.commit()
        assert codes(claim(ctx, ref("A-2"), "wei")) == ["claim.cap"]

    def test_edge_05_locks_have_a_cap_of_their_own(self, ctx):
        """ruoyi counts locks by the most generous rule there is, and holdings by the strictest."""
        locks = ReclaimPolicy(
            lock_days=10, lock_quota=1, exemptions=(Exemption(name="locked", evidence=("lock",)),), warn_days=(1,)
        )
        keep(
            ctx,
            a_pool(),
            *members("wei"),
            *(pooled(f"A-{n}") for n in range(3)),
            policies=[locks, ClaimPolicy(holding_cap=2)],
        )
        assert granted(ctx, "A-0", "A-1", "A-2") == [True, True, False]
        assert lock(ctx, ref("A-0"), "wei", days=5).granted
        assert codes(lock(ctx, ref("A-1"), "wei", days=5)) == ["lock.quota"]
        assert codes(claim(ctx, ref("A-2"), "wei")) == ["claim.cap"]


class TestEdge06:
    """ruoyi forgets its holding cap on conversion and on import, and checks another member's on creation."""

    def test_edge_06_a_claim_one_by_one_or_many_at_once_keeps_to_the_cap_and_the_capacity(self, ctx):
        records = [pooled(f"A-{n}") for n in range(6)]
        people = [*members("wei"), *members("eva", capacity=1)]
        keep(ctx, a_pool(), *people, *records, policies=[ClaimPolicy(holding_cap=2)])
        assert granted(ctx, "A-0") == [True]
        many = claim_many(ctx, [ref(f"A-{n}") for n in (1, 2)], "wei", batch=Batch.PARTIAL)
        assert [codes(decision) for decision in many.decisions] == [["claim.granted"], ["claim.cap"]]
        assert granted(ctx, "A-3", "A-4", by="eva") == [True, False]

    def test_edge_06_what_is_created_or_imported_has_no_owner_and_is_then_assigned_within_the_capacity(self, ctx):
        policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))
        keep(ctx, *members("wei", team_id="east", capacity=2), policies=[policy])
        capture_lead(ctx, LeadForm(name="王芳", phones=["139 0013 9000"]))
        rows = [LeadForm(name=f"Kunde {n}", phones=[f"138 0013 80{n:02}"]) for n in range(4)]
        capture_many(ctx, rows)
        with ctx.store.begin(read_only=True) as uow:
            assert uow.leads.count(F.owner_id.missing()) == uow.leads.count() == 5
        assert assign_waiting(ctx).by_member == {"wei": 2}


class TestEdge07:
    """WuKong throws half-way inside a loop: some are taken, and all that the caller learns of is an error."""

    REFS = tuple(ref(f"A-{n}") for n in range(4))

    @pytest.fixture
    def stocked(self, any_ctx):
        keep(
            any_ctx,
            a_pool(),
            *members("wei"),
            *(pooled(f"A-{n}") for n in range(4)),
            policies=[ClaimPolicy(holding_cap=2, quotas=(Limit(most=2, per="day"),))],
        )
        return any_ctx

    def test_edge_07_all_or_nothing_takes_nothing_says_why_and_uses_up_nothing(self, stocked):
        answer = claim_many(stocked, self.REFS, "wei", batch=Batch.ALL_OR_NOTHING)
        over = ["claim.cap", "claim.quota.day"]
        assert [codes(decision) for decision in answer.decisions] == [["claim.batch"], ["claim.batch"], over, over]
        assert (held(stocked, "wei"), causes(stocked)) == (0, [])
        assert len(claim_many(stocked, self.REFS[:2], "wei", batch=Batch.ALL_OR_NOTHING).granted) == 2

    def test_edge_07_partial_takes_what_fits_in_the_order_asked_for_with_a_reason_for_each_other(self, stocked):
        answer = claim_many(stocked, self.REFS[::-1], "wei", batch=Batch.PARTIAL)
        assert answer.granted == (ref("A-3"), ref("A-2"))
        assert [codes(decision) for decision in answer.refused] == [["claim.cap", "claim.quota.day"]] * 2
        assert [account(stocked, f"A-{n}").owner_id for n in range(4)] == [None, None, "wei", "wei"]


class TestEdge08:
    """WuKong still blocks on the N-th day, by calendar date; CordysCRM allows from N times 24 hours on."""

    @pytest.mark.parametrize("hour", [0, 12, 23], ids=lambda hour: f"given back at {hour}:30")
    def test_edge_08_the_cool_down_ends_after_exactly_n_times_24_hours(self, ctx, hour):
        keep(ctx, a_pool(), *members("wei"), pooled(), policies=[ClaimPolicy(cooldown_days=7)])
        claim(ctx, ref(), "wei")
        ctx.clock.set(datetime(2026, 3, 25, hour, 30, tzinfo=UTC))  # summer time begins on the 29th
        give_back(ctx, ref(), "wei")
        ctx.clock.advance(7 * DAY - SECOND)
        refused = claim(ctx, ref(), "wei")
        assert codes(refused) == ["claim.cooldown"]
        assert refused.reasons[0].params["until"] == ctx.clock.now() + SECOND
        ctx.clock.advance(SECOND)
        assert granted(ctx, "A-1") == [True]

    def test_edge_08_so_it_does_for_who_lost_the_record_by_the_clock(self, ctx):
        policies = [ClaimPolicy(cooldown_days=7), ReclaimPolicy(protect_days=10, warn_days=(1,))]
        keep(ctx, a_pool(), *members("wei"), pooled(), policies=policies)
        claim(ctx, ref(), "wei")
        ctx.clock.advance(10 * DAY)
        assert sweep(ctx).reclaimed == 1
        ctx.clock.advance(7 * DAY - SECOND)
        assert granted(ctx, "A-1") == [False]
        ctx.clock.advance(SECOND)
        assert granted(ctx, "A-1") == [True]


class TestEdge09:
    """WuKong and CordysCRM look at the last owner of the last pool: a friend in between lifts the cool-down."""

    POLICY = ClaimPolicy(cooldown_days=7)

    def test_edge_09_it_holds_after_a_friend_had_the_record_in_between(self, ctx):
        keep(ctx, a_pool(), *members("wei", "eva"), pooled(), policies=[self.POLICY])
        claim(ctx, ref(), "wei")
        give_back(ctx, ref(), "wei")
        assert granted(ctx, "A-1", by="eva") == [True]
        ctx.clock.advance(hours=1)
        give_back(ctx, ref(), "eva")
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]
        ctx.clock.advance(7 * DAY - timedelta(hours=1))
        assert granted(ctx, "A-1", by="eva") == [False], "the friend gave it back an hour later"
        assert granted(ctx, "A-1", by="wei") == [True]

    def test_edge_09_it_holds_for_who_handed_the_record_on(self, ctx):
        keep(ctx, a_pool(), *members("wei", "eva"), pooled(), policies=[self.POLICY])
        claim(ctx, ref(), "wei")
        assign_to(ctx, ref(), "eva")
        give_back(ctx, ref(), "eva")
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]

    def test_edge_09_it_holds_for_each_record_of_a_batch(self, ctx):
        records = [pooled(f"A-{number}") for number in range(3)]
        keep(ctx, a_pool(), *members("wei"), *records, policies=[self.POLICY])
        for number in (0, 1):
            claim(ctx, ref(f"A-{number}"), "wei")
            give_back(ctx, ref(f"A-{number}"), "wei")
        answer = claim_many(ctx, [record.ref for record in records], "wei", batch=Batch.PARTIAL)
        assert [codes(decision) for decision in answer.decisions] == [["claim.cooldown"]] * 2 + [["claim.granted"]]

    @pytest.mark.parametrize("how", ["given back into another pool", "moved on by an administrator"])
    def test_edge_09_it_holds_in_every_pool(self, ctx, how):
        """In WuKong it is a switch of each pool, and looks at the last entry into that pool."""
        keep(ctx, a_pool(), a_pool(id="PO-2"), *members("wei", "boss"), pooled(), policies=[self.POLICY])
        claim(ctx, ref(), "wei")
        give_back(ctx, ref(), "wei", pool_id="PO-1" if how.startswith("moved") else "PO-2")
        if how.startswith("moved"):
            place(ctx, ref(), "PO-2", "boss")
        ctx.clock.advance(7 * DAY - SECOND)
        assert account(ctx).pool_id == "PO-2"
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]
        ctx.clock.advance(SECOND)
        assert granted(ctx, "A-1") == [True]


class TestEdge16:
    """CordysCRM takes the newest of several pools, WuKong the first in the order of its table."""

    @pytest.mark.parametrize("made", list(permutations("abc")), ids="".join)
    def test_edge_16_the_declared_priority_decides_whenever_the_pools_were_made(self, any_ctx, made):
        due = {"owner_id": "wei", "owned_since": LONG_AGO, "reclaim_at": NOW, "pool_id": None, "pool_since": None}
        keep(any_ctx, pooled("due", **due), pooled("mine", **due), *members("wei"), policies=[ReclaimPolicy()])
        for day, id in enumerate(made):
            at = LONG_AGO + day * DAY
            priority = {"a": 1, "b": 9, "c": 5}[id]
            keep(any_ctx, a_pool(id=id, priority=priority, created_at=at, updated_at=at))
        assert {each.pool_id for each in preview(any_ctx, NOW).records} == {"b"}
        assert give_back(any_ctx, ref("mine"), "wei").pool_id == "b"
        sweep(any_ctx)
        assert account(any_ctx, "due").pool_id == "b"

    def test_edge_16_of_equal_ones_it_is_the_smaller_id_and_one_that_is_closed_is_none(self, ctx):
        pools = [a_pool(id="c"), a_pool(id="b"), a_pool(id="a", enabled=False, priority=9)]
        keep(ctx, *pools, *members("wei"), pooled(pool_id="c"))
        claim(ctx, ref(), "wei")
        assert give_back(ctx, ref(), "wei").pool_id == "b"


class TestEdge17:
    """CordysCRM says "move to pool failed" and no more (#33, #104, #131); the others leave the record out in silence."""

    NOWHERE = a_pool(accepts="level == 'A'")

    def due(self, ctx, **changes):
        own = {"owner_id": "wei", "owned_since": LONG_AGO, "pool_id": None, "pool_since": None, "reclaim_at": NOW}
        keep(ctx, self.NOWHERE, *members("wei"), pooled(**{**own, **changes}), policies=[ReclaimPolicy()])

    def test_edge_17_the_sweep_reports_the_record_and_why_every_day_until_a_pool_takes_it(self, ctx):
        self.due(ctx)
        for _ in range(3):
            report = sweep(ctx)
            assert [(str(each.record), each.reason.code) for each in report.problems] == [
                ("account:A-1", "reclaim.no_pool")
            ]
            assert (account(ctx).owner_id, account(ctx).reclaim_cause) == ("wei", "no_pool")
            ctx.clock.advance(DAY)
        keep(ctx, a_pool(id="PO-2"))
        assert (sweep(ctx).reclaimed, account(ctx).pool_id) == (1, "PO-2")

    def test_edge_17_it_is_reported_before_anybody_is_warned_of_what_will_not_happen(self, ctx):
        self.due(ctx, reclaim_at=NOW + 3 * DAY, warn_at=NOW)
        report = sweep(ctx)
        assert (report.warned, [each.reason.code for each in report.problems]) == (0, ["reclaim.no_pool"])

    def test_edge_17_the_owner_who_gives_it_back_is_told_what_to_mend(self, ctx):
        self.due(ctx)
        with pytest.raises(NotAllowed, match="No enabled pool accepts") as caught:
            give_back(ctx, ref(), "wei")
        assert "pool" in caught.value.hint

    @pytest.mark.parametrize(
        ("pools", "problem"), [([NOWHERE], "pool.analysis.gap"), ([], "pool.analysis.none")], ids=["a gap", "no pool"]
    )
    def test_edge_17_a_check_of_the_policy_finds_it_before_the_first_record_is_due(self, ctx, pools, problem):
        keep(ctx, *pools, *members("wei"))
        [checked] = check_policies(ctx, ReclaimPolicy())
        assert problem in {each.code for each in checked.problems}


# --- what is done on purpose ----------------------------------------------------------------------


class TestAttack33:
    """Pool sniping: a script claims at the instant of reclaim, an owner releases to a friend."""

    @pytest.mark.parametrize(
        ("limits", "code", "span"),
        [
            ({"freeze_days": 1}, "claim.frozen", DAY),
            ({"interval_minutes": 10}, "claim.interval", timedelta(minutes=10)),
            ({"cooldown_days": 7}, "claim.cooldown", 7 * DAY),
        ],
    )
    def test_attack_33_each_waiting_time_ends_to_the_second(self, ctx, limits, code, span):
        keep(ctx, a_pool(), *members("wei"), pooled("A-0"), pooled("A-1"), policies=[ClaimPolicy(**limits)])
        if code != "claim.frozen":
            assert granted(ctx, "A-0") == [True]
        wanted = "A-1" if code == "claim.interval" else "A-0"
        if code == "claim.cooldown":
            give_back(ctx, ref("A-0"), "wei")
        if code == "claim.frozen":
            keep(ctx, pooled("A-2", pool_since=NOW))
            wanted = "A-2"
        ctx.clock.advance(span - SECOND)
        refused = claim(ctx, ref(wanted), "wei")
        assert codes(refused) == [code]
        assert refused.reasons[0].params["until"] == NOW + span
        ctx.clock.advance(SECOND)
        assert granted(ctx, wanted) == [True]

    def test_attack_33_what_is_released_to_a_friend_is_open_to_everybody_at_the_same_instant(self, ctx):
        policy = ClaimPolicy(freeze_days=1, cooldown_days=7)
        keep(ctx, a_pool(), *members("wei", "friend", "other"), pooled(), policies=[policy])
        claim(ctx, ref(), "wei")
        ctx.clock.advance(3 * DAY)
        give_back(ctx, ref(), "wei")
        assert granted(ctx, "A-1", by="friend") == [False]
        ctx.clock.advance(DAY - SECOND)
        assert granted(ctx, "A-1", by="friend") == [False]
        ctx.clock.advance(SECOND)
        assert codes(claim(ctx, ref(), "wei")) == ["claim.cooldown"]
        assert granted(ctx, "A-1", by="other") == [True]

    def test_attack_33_the_script_that_waits_for_the_sweep_finds_the_record_frozen(self, ctx):
        policies = [ClaimPolicy(freeze_days=1), ReclaimPolicy(protect_days=10, warn_days=(1,))]
        keep(ctx, a_pool(), *members("wei", "sniper"), pooled(), policies=policies)
        claim(ctx, ref(), "wei")
        ctx.clock.advance(11 * DAY)  # the sweep comes a day late: the freeze counts from when it came
        sweep(ctx)
        assert granted(ctx, "A-1", by="sniper") == [False]
        ctx.clock.advance(DAY)
        assert granted(ctx, "A-1", by="sniper") == [True]

    def test_attack_33_an_edit_does_not_begin_the_freeze_anew(self, ctx):
        """CordysCRM counts it from the time of the last update, so any edit in the pool begins it anew."""
        keep(ctx, a_pool(), *members("wei"), pooled(pool_since=NOW), policies=[ClaimPolicy(freeze_days=1)])
        ctx.clock.advance(DAY - SECOND)
        with ctx.store.begin() as uow:
            uow.save(changed(uow.accounts.get("A-1"), now=ctx.clock.now(), industry="Trade"))
            uow.commit()
        ctx.clock.advance(SECOND)
        assert granted(ctx, "A-1") == [True]


def test_attack_32_who_gives_back_to_draw_again_gets_no_more_than_who_keeps(ctx):
    """Round-robin gaming: leads are refused until a good one comes. What was given back stays counted."""
    policy = AssignmentPolicy(
        entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),), sticky=False, together=False
    )
    keep(ctx, a_pool(holds="lead"), a_calendar(), *members("gamer", "wei", team_id="east"), policies=[policy])
    received = {"gamer": 0, "wei": 0}
    for number in range(40):
        keep(ctx, a_lead(id=f"L-{number:02}", phones=(), name=None))
        [(owner, _)] = assign_waiting(ctx).by_member.items()
        received[owner] += 1
        if owner == "gamer":
            give_back(ctx, Ref(entity="lead", id=f"L-{number:02}"), "gamer", reason="not good enough")
        ctx.clock.advance(hours=1)
    assert received == {"gamer": 20, "wei": 20}
