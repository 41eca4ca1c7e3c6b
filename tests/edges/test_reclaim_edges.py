"""The acceptance cases of protection and reclaim, each with what existing CRMs do wrong; whole services, read back."""

import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.domain.custom_fields import CustomField, CustomSchema
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.protection import Clock
from crmkit.errors import StorageFailed
from crmkit.rules.reclaim import ClaimPolicy, Exemption, Handover, ReclaimPolicy, Refresh, Rung
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.evidence import attest, lock, unlock, withdraw
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.pools import claim
from crmkit.services.reclaim import explain, preview, sweep
from crmkit.services.rollout import pause, resume
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_member, a_pool, an_account
from crmkit.testing.faults import PERSISTENT, every_fault
from crmkit.testing.history import Told

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def ctx():
    return context(MemoryStore())


def context(store, **ports):
    ports = {"clock": FixedClock(), "ids": FixedIds(), "notifier": Inbox(), **ports}
    return Context(store=store, book=RuleBook.standard(), **ports)


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def save(ctx, change):
    with ctx.store.begin() as uow:
        uow.save(change(uow))
        uow.commit()


def pooled(id="A-1", **changes):
    return an_account(**{"id": id, "pool_id": "PO-1", "pool_since": NOW - 90 * DAY, **changes})


def held(id="A-1", *, due=NOW, **changes):
    """Wei's, with a deadline that is written on it."""
    own = {"owner_id": "wei", "owned_since": due - 30 * DAY, "reclaim_at": due, "reclaim_cause": "protection_ended"}
    return an_account(**{"id": id, **own, **changes})


def ref(id="A-1"):
    return Ref(entity="account", id=id)


def account(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get(id)


def due_at(ctx, id="A-1"):
    return account(ctx, id).reclaim_at


def owners(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {record.id: record.owner_id for record in uow.accounts.scan()}


def told(ctx, event):
    """Of which records it was told when, one entry for each time."""
    with ctx.store.begin(read_only=True) as uow:
        ids = [record.id for record in uow.accounts.scan()]
        return [(entry.at, id) for id in ids for entry in uow.trail.of(ref(id), type=f"ownership.{event}")]


def follow_up(ctx, id="A-1", *, at=None, by="wei"):
    return log_interaction(ctx, FollowUpForm(subject=ref(id), kind="call", member_id=by, at=at))


class TestEdge10:
    """WuKong and ruoyi set the time of receipt anew on a transfer, so two colleagues swap a customer for ever;
    Hecom documents that a transfer passes the timer by."""

    PEOPLE = (a_member(id="wei", team_id="east"), a_member(id="eva", team_id="east"), a_member(id="li", team_id="west"))

    def taken(self, ctx, handover, **days):
        policy = ReclaimPolicy(handover=handover, **{"protect_days": 10, "max_days": 40, "warn_days": (1,), **days})
        keep(ctx, a_pool(), *self.PEOPLE, pooled(), policies=[policy])
        claim(ctx, ref(), "wei")

    @pytest.mark.parametrize(
        ("handover", "to", "due", "longest"),
        [
            ("keep", "li", 10, 40),
            ("cap", "li", 16, 40),
            ("reset", "li", 16, 46),
            ("keep", "eva", 10, 40),
            ("cap", "eva", 16, 40),
            ("reset", "eva", 16, 40),
        ],
    )
    def test_edge_10_a_transfer_keeps_caps_or_resets_the_clock_as_the_policy_says(
        self, ctx, handover, to, due, longest
    ):
        self.taken(ctx, handover)
        ctx.clock.advance(6 * DAY)
        assign_to(ctx, ref(), to)
        assert due_at(ctx) == NOW + due * DAY
        stands = account(ctx).clock
        began = account(ctx).owned_since if stands is None else stands.held_since
        assert began + 40 * DAY == NOW + longest * DAY

    @pytest.mark.parametrize("handover", list(Handover), ids=str)
    def test_edge_10_teammates_who_swap_a_record_lose_it_at_the_maximum_all_the_same(self, ctx, handover):
        self.taken(ctx, handover)
        holder, other = "wei", "eva"
        while account(ctx).owner_id is not None:
            assert ctx.clock.now() <= NOW + 40 * DAY
            ctx.clock.advance(5 * DAY)
            sweep(ctx)
            if account(ctx).owner_id is not None:
                assign_to(ctx, ref(), other)
                holder, other = other, holder
        assert ctx.clock.now() == NOW + (10 if handover is Handover.KEEP else 40) * DAY

    def test_edge_10_swapped_between_teams_it_is_capped_too(self, ctx):
        self.taken(ctx, Handover.CAP)
        for to in ("li", "wei", "eva", "li", "wei", "li", "wei"):
            ctx.clock.advance(5 * DAY)
            assign_to(ctx, ref(), to)
        assert due_at(ctx) == NOW + 40 * DAY


class Ticking(FixedClock):
    """A clock that goes on by a second whenever somebody looks at it."""

    def now(self):
        return self.advance(SECOND)


class TestEdge11:
    """CordysCRM #403: the record goes while the rep is writing the follow-up down, and who wins depends on chance."""

    POLICY = ReclaimPolicy(refreshes=(Refresh(days=15),), warn_days=(1,))

    @pytest.mark.parametrize("swept_first", [False, True])
    def test_edge_11_a_second_before_the_deadline_it_keeps_the_record(self, ctx, swept_first):
        keep(ctx, a_pool(), a_member(id="wei"), held(due=NOW + SECOND), policies=[self.POLICY])
        if swept_first:
            sweep(ctx)
        assert follow_up(ctx).extended
        ctx.clock.advance(SECOND)
        sweep(ctx)
        assert (account(ctx).owner_id, due_at(ctx)) == ("wei", NOW + 15 * DAY)

    @pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=5)], ids=["at the deadline", "later"])
    def test_edge_11_at_the_deadline_it_comes_too_late_although_no_sweep_has_run_yet(self, ctx, late):
        keep(ctx, a_pool(), a_member(id="wei"), held(due=NOW), policies=[self.POLICY])
        ctx.clock.advance(late)
        assert not follow_up(ctx).extended
        assert not follow_up(ctx, at=NOW - SECOND).extended, "nor does it help to say that it was before"
        sweep(ctx)
        assert account(ctx).owner_id is None

    def test_edge_11_a_run_has_one_now_however_long_it_takes(self):
        """By the time of the last batch the deadlines of A-3 and A-4 have passed: they are not of this run."""
        ctx = context(MemoryStore())
        records = [held(f"A-{n}", due=NOW + SECOND if n < 3 else NOW + n * SECOND) for n in range(5)]
        spared = [held(f"B-{n}", due=NOW, standing="key") for n in range(3)]
        policy = revise(self.POLICY, exemptions=(Exemption(name="key", when="standing == 'key'"),))
        keep(ctx, a_pool(), a_member(id="wei"), *records, *spared, policies=[policy])
        slow = context(ctx.store, clock=Ticking(), ids=ctx.ids)
        report = sweep(slow, batch=1)
        assert (report.at, report.reclaimed, report.kept) == (NOW + SECOND, 3, 3)
        assert {at for at, _ in told(ctx, "reclaimed")} == {NOW + SECOND}
        assert {due_at(ctx, f"B-{n}") for n in range(3)} == {NOW + SECOND + 30 * DAY}
        assert {id for id, owner in owners(ctx).items() if owner is not None} == {"A-3", "A-4", "B-0", "B-1", "B-2"}


class TestEdge12:
    """WuKong asks for more than N days by calendar date, ruoyi for a time before now - N x 24 h.
    Here a record falls back from exactly N x 24 hours on, whatever the hour it was taken at."""

    @pytest.mark.parametrize("taken", ["00:00:01", "08:00:00", "23:59:59"])
    def test_edge_12_the_deadline_itself_is_no_longer_protected(self, ctx, taken):
        keep(ctx, a_pool(), a_member(id="wei"), pooled(), policies=[ReclaimPolicy(protect_days=10, warn_days=(1,))])
        begins = ctx.clock.set(datetime.fromisoformat(f"2026-03-25T{taken}+00:00"))
        claim(ctx, ref(), "wei")
        ctx.clock.set(begins + 10 * DAY - timedelta(microseconds=1))
        assert (sweep(ctx).reclaimed, account(ctx).owner_id) == (0, "wei")
        ctx.clock.set(begins + 10 * DAY)
        assert (sweep(ctx).reclaimed, account(ctx).owner_id) == (1, None)

    def test_edge_12_a_warning_is_due_from_its_instant_on(self, ctx):
        keep(ctx, a_pool(), a_member(id="wei"), pooled(), policies=[ReclaimPolicy(protect_days=10, warn_days=(3,))])
        claim(ctx, ref(), "wei")
        ctx.clock.set(NOW + 7 * DAY - timedelta(microseconds=1))
        assert sweep(ctx).warned == 0
        ctx.clock.set(NOW + 7 * DAY)
        assert sweep(ctx).warned == 1


class TestEdge13:
    """CordysCRM reclaims a record without a last follow-up at once; WuKong compares with null, so one without a
    time of receipt is never reclaimed."""

    POLICY = ReclaimPolicy(protect_days=30, refreshes=(Refresh(days=15),), warn_days=(3,))

    @pytest.mark.parametrize("owned_since", [None, NOW - 200 * DAY], ids=["no receipt", "received"])
    @pytest.mark.parametrize("last_action_at", [None, NOW - 100 * DAY], ids=["no follow-up", "followed up"])
    @pytest.mark.parametrize("last_contact_at", [None, NOW - 50 * DAY], ids=["no contact", "contacted"])
    @pytest.mark.parametrize("clock", [None, Clock(since=NOW - 200 * DAY, held_since=NOW - 200 * DAY)])
    def test_edge_13_what_has_no_dates_falls_after_the_grace_neither_at_once_nor_never(
        self, ctx, owned_since, last_action_at, last_contact_at, clock
    ):
        imported = an_account(
            owner_id="wei",
            created_at=NOW - 300 * DAY,
            owned_since=owned_since,
            last_action_at=last_action_at,
            last_contact_at=last_contact_at,
            clock=clock,
        )
        keep(ctx, a_pool(), a_member(id="wei"), imported, policies=[self.POLICY])
        assert (sweep(ctx).started, due_at(ctx)) == (1, NOW + 7 * DAY)
        ctx.clock.set(NOW + 4 * DAY)
        assert sweep(ctx).warned == 1
        ctx.clock.set(NOW + 7 * DAY - SECOND)
        assert sweep(ctx).reclaimed == 0
        ctx.clock.set(NOW + 7 * DAY)
        assert sweep(ctx).reclaimed == 1

    def test_edge_13_a_new_owner_who_never_followed_up_has_the_whole_protection(self, ctx):
        keep(ctx, a_pool(), a_member(id="wei"), pooled(last_contact_at=None), policies=[self.POLICY])
        claim(ctx, ref(), "wei")
        sweep(ctx)
        assert (account(ctx).owner_id, due_at(ctx)) == ("wei", NOW + 30 * DAY)


KINDS = ("contract", "opportunity", "approval", "order", "case", "legal_hold", "embargo")
SPARING = ReclaimPolicy(
    protect_days=30,
    warn_days=(1,),
    lock_days=60,
    lock_quota=5,
    exemptions=(
        *(Exemption(name=f"has {kind}", evidence=(kind,)) for kind in KINDS),
        Exemption(name="has lock", evidence=("lock",)),
    ),
)


class TestEdge14:
    """In ruoyi and WuKong a deal status that anybody may set by hand spares a customer; nothing asks for a contract."""

    @pytest.fixture
    def stocked(self):
        deal_status = CustomField(entity="account", name="deal_status", kind="text")
        ctx = context(MemoryStore(custom=CustomSchema((deal_status,))))
        keep(ctx, a_pool(), a_member(id="wei"), held(due=NOW + 30 * DAY), policies=[SPARING])
        return ctx

    def show(self, ctx, kind):
        if kind == "lock":
            assert lock(ctx, ref(), "wei", days=60).granted
        else:
            attest(ctx, ref(), Evidence(kind=kind, source="S-1", since=ctx.clock.now()))

    def take_away(self, ctx, kind):
        return unlock(ctx, ref(), "wei") if kind == "lock" else withdraw(ctx, ref(), kind, "S-1")

    @pytest.mark.parametrize("kind", [*KINDS, "lock"])
    def test_edge_14_each_kind_of_evidence_spares_the_record_and_the_reason_is_told(self, stocked, kind):
        self.show(stocked, kind)
        foreseen = explain(stocked, ref(), at=NOW + 30 * DAY)
        assert (foreseen.outcome, foreseen.reasons[0].params["exemption"]) == ("keep", f"has {kind}")
        stocked.clock.set(NOW + 29 * DAY)
        assert sweep(stocked).warned == 0, "nobody is warned of what will not happen"
        stocked.clock.set(NOW + 30 * DAY)
        assert (sweep(stocked).reclaimed, account(stocked).owner_id) == (0, "wei")

    @pytest.mark.parametrize("kind", [*KINDS, "lock"])
    def test_edge_14_without_it_the_record_falls_after_the_grace(self, stocked, kind):
        self.show(stocked, kind)
        stocked.clock.set(NOW + 30 * DAY)
        sweep(stocked)
        assert self.take_away(stocked, kind).reclaim_at == NOW + 37 * DAY
        stocked.clock.set(NOW + 36 * DAY)
        assert sweep(stocked).warned == 1
        stocked.clock.set(NOW + 37 * DAY)
        assert sweep(stocked).reclaimed == 1

    @pytest.mark.parametrize("kind", [*KINDS, "lock"])
    def test_edge_14_taken_away_before_the_deadline_it_leaves_the_deadline_as_it_was(self, stocked, kind):
        self.show(stocked, kind)
        stocked.clock.set(NOW + 20 * DAY)
        assert self.take_away(stocked, kind).reclaim_at == NOW + 30 * DAY
        stocked.clock.set(NOW + 30 * DAY)
        assert sweep(stocked).reclaimed == 1

    @pytest.mark.parametrize(
        "toggled",
        [
            {"standing": "existing"},
            {"standing": "key"},
            {"level": "won"},
            {"tags": ("won", "locked", "contract", "legal_hold", "embargo")},
            {"custom": {"deal_status": "won"}},
        ],
        ids=lambda toggled: "".join(f"{name} {value}" for name, value in toggled.items()),
    )
    def test_edge_14_nothing_that_anybody_may_set_by_hand_does(self, stocked, toggled):
        save(stocked, lambda uow: changed(uow.accounts.get("A-1"), now=NOW, **toggled))
        stocked.clock.set(NOW + 30 * DAY)
        assert (sweep(stocked).reclaimed, account(stocked).owner_id) == (1, None)

    @pytest.mark.parametrize(
        ("kind", "since", "until"),
        [("survey", 0, None), ("contract", 0, 30), ("contract", 31, None), ("embargo", 0, 29)],
        ids=["of no kind that counts", "ends at the deadline", "begins after it", "is over"],
    )
    def test_edge_14_nor_does_evidence_that_does_not_hold_at_the_deadline(self, stocked, kind, since, until):
        ends = None if until is None else NOW + until * DAY
        attest(stocked, ref(), Evidence(kind=kind, source="S-1", since=NOW + since * DAY, until=ends))
        stocked.clock.set(NOW + 30 * DAY)
        assert sweep(stocked).reclaimed == 1

    def test_edge_14_of_several_the_longest_counts_and_one_taken_away_leaves_the_others(self, stocked):
        for kind in KINDS:
            self.show(stocked, kind)
        stocked.clock.set(NOW + 30 * DAY)
        sweep(stocked)
        for kind in KINDS[:-1]:
            self.take_away(stocked, kind)
        stocked.clock.set(NOW + 37 * DAY)
        assert (sweep(stocked).reclaimed, account(stocked).owner_id) == (0, "wei")
        self.take_away(stocked, KINDS[-1])
        stocked.clock.advance(7 * DAY)
        assert sweep(stocked).reclaimed == 1


class TestEdge15:
    """In ruoyi the deal status stays when the contract goes: once won, never reclaimed."""

    POLICY = ReclaimPolicy(
        protect_days=30, win_days=60, warn_days=(1,), exemptions=(Exemption(name="customer", evidence=("contract",)),)
    )

    @pytest.mark.parametrize("contract", ["cancelled", "over"])
    def test_edge_15_with_the_contract_the_exemption_ends_and_the_owner_is_warned_first(self, ctx, contract):
        keep(ctx, a_pool(), a_member(id="wei"), pooled(), policies=[self.POLICY])
        claim(ctx, ref(), "wei")
        ends = None if contract == "cancelled" else NOW + 200 * DAY
        attest(ctx, ref(), Evidence(kind="contract", source="C-1", since=NOW, until=ends))
        for _ in range(200):
            ctx.clock.advance(DAY)
            if contract == "over" and ctx.clock.now() >= ends:
                break
            sweep(ctx)
        assert account(ctx).owner_id == "wei"
        if contract == "cancelled":
            stands = withdraw(ctx, ref(), "contract", "C-1")
            assert stands.reclaim_at == ctx.clock.now() + 7 * DAY
        last = due_at(ctx)
        while ctx.clock.now() < last:
            sweep(ctx)
            ctx.clock.advance(DAY)
        sweep(ctx)
        assert account(ctx).owner_id is None
        assert [at for at, _ in told(ctx, "reclaim_warned")] == [last - DAY]


def calendar(id="cn", **changes):
    return a_calendar(id=id, **changes)


class TestEdge19:
    """Everybody else takes the zone of the server and days of 24 hours or of its calendar; nobody knows working days."""

    def due(self, ctx, taken, days, **changes):
        own = {"protect_days": days, "grace_days": days, "warn_days": (), **changes}
        keep(ctx, a_pool(), a_member(id="wei"), pooled(), policies=[ReclaimPolicy(**own)])
        ctx.clock.set(taken)
        return claim(ctx, ref(), "wei").protection.reclaim_at

    @pytest.mark.parametrize(
        ("zone", "friday", "due"),
        [
            ("America/New_York", (3, 6), (3, 11)),
            ("Europe/Berlin", (3, 27), (4, 1)),
            ("Europe/Berlin", (10, 23), (10, 28)),
            ("Australia/Lord_Howe", (4, 3), (4, 8)),
        ],
    )
    def test_edge_19_working_days_end_at_the_same_local_hour_over_a_change_of_time(self, ctx, zone, friday, due):
        keep(ctx, calendar("here", zone=zone))
        taken, ends = (datetime(2026, *day, 9, tzinfo=ZoneInfo(zone)) for day in (friday, due))
        deadline = self.due(ctx, taken, 3, calendar_id="here")
        assert deadline == ends
        ctx.clock.set(deadline - SECOND)
        assert sweep(ctx).reclaimed == 0
        ctx.clock.set(deadline)
        assert sweep(ctx).reclaimed == 1

    def test_edge_19_days_without_a_calendar_are_24_hours_each_over_a_change_of_time(self, ctx):
        assert self.due(ctx, datetime(2026, 3, 6, 14, tzinfo=UTC), 3) == datetime(2026, 3, 9, 14, tzinfo=UTC)

    @pytest.mark.parametrize(("year", "due"), [(2027, (3, 1)), (2028, (2, 29))], ids=["no leap year", "leap year"])
    def test_edge_19_a_leap_day_is_a_day(self, ctx, year, due):
        deadline = self.due(ctx, datetime(year, 1, 30, 9, tzinfo=UTC), 30)
        assert deadline == datetime(year, *due, 9, tzinfo=UTC)

    def test_edge_19_a_leap_day_on_a_weekday_is_a_working_day(self, ctx):
        keep(ctx, calendar())
        monday = datetime(2028, 2, 28, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        assert self.due(ctx, monday, 1, calendar_id="cn") == monday + DAY

    def test_edge_19_a_make_up_working_day_counts_and_the_holiday_does_not(self, ctx):
        """The Spring Festival of 2026: 15 to 23 February off, Saturday the 14th and the 28th worked."""
        off = tuple(date(2026, 2, day) for day in range(15, 24))
        keep(ctx, calendar(holidays=off, workdays=(date(2026, 2, 14), date(2026, 2, 28))))
        friday = datetime(2026, 2, 13, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        assert self.due(ctx, friday, 2, calendar_id="cn") == friday.replace(day=24)
        keep(ctx, pooled("A-2"))
        ctx.clock.set(friday.replace(day=26))
        claim(ctx, ref("A-2"), "wei")
        assert due_at(ctx, "A-2") == friday.replace(day=28)

    @pytest.mark.parametrize("server", ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
    def test_edge_19_days_and_quotas_are_the_organisations_wherever_rep_and_server_are(self, ctx, server, monkeypatch):
        monkeypatch.setenv("TZ", server)
        time.tzset()
        try:
            keep(
                ctx,
                a_pool(),
                calendar(),
                calendar("us", zone="America/New_York"),
                a_member(id="eva", calendar_id="us"),
                a_member(id="wei"),
                *(pooled(f"A-{number}") for number in range(4)),
                policies=[
                    ReclaimPolicy(protect_days=3, grace_days=3, warn_days=(), calendar_id="cn"),
                    ClaimPolicy(quotas=(Limit(most=1, per="day"),), calendar_id="cn"),
                ],
            )
            shanghai = ZoneInfo("Asia/Shanghai")
            ctx.clock.set(datetime(2026, 3, 6, 23, 59, tzinfo=shanghai))  # Friday morning in New York
            assert [claim(ctx, ref(f"A-{n}"), by).granted for n, by in enumerate(["wei", "eva"])] == [True, True]
            assert due_at(ctx, "A-0") == due_at(ctx, "A-1") == datetime(2026, 3, 11, 23, 59, tzinfo=shanghai)
            assert not claim(ctx, ref("A-2"), "eva").granted
            ctx.clock.advance(minutes=1)
            assert [claim(ctx, ref(f"A-{n}"), by).granted for n, by in ((2, "eva"), (3, "wei"))] == [True, True]
        finally:
            monkeypatch.undo()
            time.tzset()


def late_records():
    """Five to be reclaimed, three to be warned of, two spared, one without a clock."""
    evidence = (Evidence(kind="contract", source="C-1", since=NOW - 40 * DAY),)
    yield from (held(f"A-{n}", due=NOW - n * DAY) for n in range(5))
    yield from (held(f"B-{n}", due=NOW + DAY, owned_since=NOW - 29 * DAY, warn_at=NOW) for n in range(3))
    yield from (held(f"C-{n}", due=NOW - DAY, evidence=evidence) for n in range(2))
    yield an_account(id="D-0", owner_id="wei", created_at=NOW - 100 * DAY)


class TestEdge20:
    """WuKong's nightly job swallows its exception inside one transaction: the run stops at a bad record and commits
    a half state (owners cleared, contacts and cause lines not written). ruoyi isolates each record."""

    def test_edge_20_wherever_a_run_dies_the_next_one_ends_as_if_nothing_had_happened(self):
        """No notice twice, no record left out, no half state: compared with a run that nothing disturbed."""

        def world():
            ctx = context(MemoryStore(), notifier=Told())
            keep(ctx, a_pool(), a_member(id="wei"), *late_records(), policies=[SPARING])
            return ctx

        trials = every_fault(lambda ctx: sweep(ctx, batch=4), world, kind=PERSISTENT, same_answer=False)
        assert all(isinstance(trial.error, StorageFailed) for trial in trials)
        assert {"uow.save", "uow.commit"} <= {trial.call for trial in trials}

    def test_edge_20_run_again_at_once_or_every_hour_nobody_is_told_twice(self, ctx):
        keep(ctx, a_pool(), a_member(id="wei"), *late_records(), policies=[SPARING])
        for _ in range(20):
            sweep(ctx, batch=3)
            sweep(ctx, batch=3)
            ctx.clock.advance(hours=1)
        warned = [id for _, id in told(ctx, "reclaim_warned")]
        assert sorted(warned) == ["B-0", "B-1", "B-2"]
        assert sorted(id for _, id in told(ctx, "reclaimed")) == [f"A-{n}" for n in range(5)]

    def test_edge_20_one_bad_record_is_reported_and_the_others_of_its_batch_are_dealt_with(self, ctx):
        """Its owner is away for twelve years, so that the working days of its protection cannot be counted."""
        away = a_member(id="eva", leaves=(Leave(begins=NOW - 400 * DAY, ends=NOW + 4_000 * DAY),))
        policy = ReclaimPolicy(calendar_id="cn", warn_days=(1,))
        long_ago = NOW - 90 * DAY
        records = [held(f"A-{n}", due=NOW - n * DAY, owned_since=long_ago) for n in range(6)]
        bad = held("bad", due=NOW - 3 * DAY, owned_since=long_ago, owner_id="eva")
        keep(ctx, a_pool(), calendar(), a_member(id="wei"), away, *records, bad, policies=[policy])
        report = sweep(ctx, batch=3)
        assert (report.reclaimed, report.complete) == (6, True)
        [problem] = report.problems
        assert (problem.record, problem.reason.code) == (ref("bad"), "reclaim.failed")
        assert account(ctx, "bad") == bad, "it stands as it was"
        with ctx.store.begin(read_only=True) as uow:
            assert uow.ownership.count(F.record_id == "bad") == 0


class TestEdge21:
    """ruoyi wants owner time and last contact in one window: a customer owned for 100 days and last contacted 9 days
    ago gets no reminder under a rule of 10 days, and is taken away tomorrow."""

    def test_edge_21_that_customer_is_on_todays_list_and_falls_tomorrow(self, ctx):
        policy = ReclaimPolicy(protect_days=10, refreshes=(Refresh(days=10),), warn_days=(1,))
        keep(ctx, a_pool(), a_member(id="wei"), pooled(), policies=[policy])
        claim(ctx, ref(), "wei")
        for day in range(100):
            if day % 9 == 1 and day <= 91:
                follow_up(ctx)
            sweep(ctx)
            ctx.clock.advance(DAY)
        assert (account(ctx).last_contact_at, ctx.clock.now()) == (NOW + 91 * DAY, NOW + 100 * DAY)
        assert told(ctx, "reclaim_warned") == []
        assert sweep(ctx).warned == 1
        ctx.clock.advance(DAY)
        assert sweep(ctx).reclaimed == 1

    @pytest.mark.parametrize("days", [1, 3, 7])
    def test_edge_21_the_list_of_each_day_is_what_falls_so_many_days_later(self, ctx, days):
        chance = Random(days)
        policy = ReclaimPolicy(
            protect_days=12,
            grace_days=9,
            refreshes=(Refresh(days=10),),
            max_days=60,
            warn_days=(days,),
            ladder=(Rung(days=days, to=("manager",)),),
            exemptions=(Exemption(name="customer", evidence=("contract",)),),
        )
        ids = [f"A-{number:02}" for number in range(30)]
        keep(ctx, a_pool(), a_member(id="wei"), *map(pooled, ids), policies=[policy])
        for id in ids:
            ctx.clock.set(NOW + timedelta(minutes=chance.randrange(12 * 24 * 60)))
            claim(ctx, ref(id), "wei")
        ctx.clock.set(NOW + 12 * DAY)
        for _ in range(8):
            for id in chance.sample(ids, 6):
                follow_up(ctx, id) if chance.random() < 0.9 else attest(
                    ctx, ref(id), Evidence(kind="contract", source="C", since=ctx.clock.now())
                )
            ctx.clock.advance(DAY)
            sweep(ctx)
        fallen, lists = defaultdict(set), {}
        for _ in range(80):  # from now on nothing happens any more
            today = ctx.clock.advance(DAY)
            ahead = preview(ctx, today + days * DAY).records
            lists[today] = {each.record.id for each in ahead if each.outcome == "reclaim"}
            before = owners(ctx)
            sweep(ctx)
            fallen[today] = {id for id, owner in owners(ctx).items() if owner != before[id]}
        warned = defaultdict(set)
        for at, id in told(ctx, "reclaim_warned"):
            warned[at].add(id)
        due = [day for day in lists if day + days * DAY in lists]
        assert sum(len(fallen[day]) for day in due) >= 10
        for day in due:
            assert warned[day] == fallen[day + days * DAY], day
            coming = set().union(*(fallen[day + ahead * DAY] for ahead in range(1, days + 1)))
            assert lists[day] - fallen[day] == coming, day


class TestEdge22:
    """Hecom erases every date when the rule is switched off; switched on again, everybody begins anew from then."""

    DUE = (("before", 5), ("meanwhile", 20), ("just after", 43), ("long after", 60))
    POLICY = ReclaimPolicy(protect_days=60, warn_days=(1,), grace_days=7)

    @pytest.fixture
    def stocked(self, ctx):
        deadlines = {id: NOW + days * DAY for id, days in self.DUE}
        records = [held(id, due=due, owned_since=due - 60 * DAY, warn_at=due - DAY) for id, due in deadlines.items()]
        keep(ctx, a_pool(), a_member(id="wei"), *records)
        return ctx

    def adopt(self, ctx, *policies):
        with ctx.store.begin() as uow:
            for policy in policies:
                uow.policies.put(policy)
            uow.commit()

    def live(self, ctx, until):
        while ctx.clock.now() < NOW + until * DAY:
            sweep(ctx)
            ctx.clock.advance(DAY)

    def assert_nobody_began_anew(self, ctx):
        stands = {id: due_at(ctx, id) for id, _ in self.DUE}
        assert stands == {id: None if id == "before" else NOW + days * DAY for id, days in self.DUE}, "none was erased"
        self.live(ctx, 62)
        fell = {id: (at - NOW).days for at, id in told(ctx, "reclaimed")}
        warned = {id: (at - NOW).days for at, id in told(ctx, "reclaim_warned")}
        assert fell == {"before": 5, "meanwhile": 47, "just after": 47, "long after": 60}
        assert warned == {"before": 4, "meanwhile": 46, "just after": 46, "long after": 59}

    def test_edge_22_paused_for_a_month_and_resumed_nobody_is_reset_and_nobody_falls_at_once(self, stocked):
        self.adopt(stocked, self.POLICY)
        self.live(stocked, 10)
        pause(stocked, why="Spring Festival")
        self.live(stocked, 40)
        resume(stocked)
        self.assert_nobody_began_anew(stocked)

    def test_edge_22_so_it_is_where_one_version_ends_and_the_next_begins_a_month_later(self, stocked):
        self.adopt(
            stocked,
            revise(self.POLICY, effective_until=NOW + 10 * DAY),
            revise(self.POLICY, version=2, effective_from=NOW + 40 * DAY),
        )
        self.live(stocked, 40)
        self.assert_nobody_began_anew(stocked)
