"""The sweep, its preview and its explanations."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput, NotAllowed, NotFound, StorageFailed
from crmkit.rules.reclaim import Exemption, ReclaimFacts, ReclaimOutcome, ReclaimPolicy, Refresh, decide
from crmkit.rules.rulebook import RuleBook
from crmkit.services import custody
from crmkit.services import reclaim as module
from crmkit.services.context import Context
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.pools import claim
from crmkit.services.reclaim import carried_out, explain, preview, sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, an_account

DAY = timedelta(days=1)
POLICY = ReclaimPolicy(
    protect_days=30,
    refreshes=(Refresh(days=15),),
    warn_days=(7, 1),
    exemptions=(Exemption(name="customer who bought", when="standing in ('existing', 'key')"),),
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


def held(id="A-1", *, due=NOW, **changes):
    fields = {
        "owner_id": "wei",
        "owned_since": due - 30 * DAY,
        "reclaim_at": due,
        "reclaim_cause": "protection_ended",
        "warn_at": None,
        **changes,
    }
    return an_account(id=id, **fields)


def account(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get(id)


def told(ctx, id="A-1"):
    """What was told of the record, in order."""
    with ctx.store.begin(read_only=True) as uow:
        return [
            (entry.type, entry.recipients)
            for entry in uow.trail.of(Ref(entity="account", id=id))
            if entry.type.startswith("ownership.")
        ]


def events(ctx, id="A-1"):
    return [event for event, _ in told(ctx, id)]


def history(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return [
            (entry.record_id, entry.cause.value, entry.from_owner_id, entry.to_pool_id)
            for entry in uow.ownership.find(order=["at", "record_id"])
        ]


def counts(report):
    return report.warned, report.reclaimed, report.kept, report.started, len(report.problems)


class TestWhatIsDue:
    def test_a_record_past_its_deadline_lies_in_a_pool_with_history_and_notice(self, ctx):
        keep(ctx, a_pool(), held())
        assert counts(sweep(ctx)) == (0, 1, 0, 0, 0)
        after = account(ctx)
        assert (after.owner_id, after.pool_id, after.pool_since, after.reclaim_at) == (None, "PO-1", NOW, None)
        assert history(ctx) == [("A-1", "reclaimed", "wei", "PO-1")]
        assert told(ctx) == [("ownership.reclaimed", ("wei",))]

    def test_a_record_before_its_deadline_stays(self, ctx):
        keep(ctx, a_pool(), held(due=NOW + timedelta(seconds=1)))
        assert counts(sweep(ctx)) == (0, 0, 0, 0, 0)

    def test_the_ladder_warns_once_a_rung_and_then_the_record_falls(self, ctx):
        keep(ctx, a_pool(), held(due=NOW + 30 * DAY, warn_at=NOW + 23 * DAY))
        for _ in range(31 * 4):
            ctx.clock.advance(hours=6)
            sweep(ctx)
        assert events(ctx) == [
            "ownership.reclaim_warned",
            "ownership.reclaim_warned",
            "ownership.reclaimed",
        ]

    def test_a_sweep_that_did_not_run_for_days_warns_once_not_for_every_rung(self, ctx):
        keep(ctx, a_pool(), held(due=NOW + 30 * DAY, warn_at=NOW + 23 * DAY))
        ctx.clock.advance(days=29.5)
        assert counts(sweep(ctx)) == (1, 0, 0, 0, 0)
        assert counts(sweep(ctx)) == (0, 0, 0, 0, 0)

    def test_a_record_that_is_spared_is_looked_at_again_a_protection_later(self, ctx):
        keep(ctx, a_pool(), held(standing="key"))
        assert counts(sweep(ctx)) == (0, 0, 1, 0, 0)
        assert counts(sweep(ctx)) == (0, 0, 0, 0, 0), "so a run costs what expires, not what is spared"
        assert (account(ctx).reclaim_at, account(ctx).reclaim_cause) == (NOW + 30 * DAY, "exemption_ended")
        assert told(ctx) == []

    def test_when_the_exemption_ends_the_owner_is_warned_before_the_record_falls(self, ctx):
        keep(ctx, a_pool(), held(standing="key"))
        sweep(ctx)
        with ctx.store.begin() as uow:
            uow.save(uow.accounts.get("A-1").move_standing("lose", now=NOW))
            uow.commit()
        for day in range(1, 31):
            ctx.clock.set(NOW + day * DAY)
            sweep(ctx)
        assert events(ctx)[-3:] == [
            "ownership.reclaim_warned",
            "ownership.reclaim_warned",
            "ownership.reclaimed",
        ]

    def test_edge_13_an_owner_without_a_clock_gets_one_neither_at_once_nor_never(self, ctx):
        """CordysCRM reclaims a record without a last follow-up at once, WuKong never one without a receive time."""
        imported = an_account(owner_id="wei", created_at=NOW - 700 * DAY)
        keep(ctx, a_pool(), imported)
        assert counts(sweep(ctx)) == (0, 0, 0, 1, 0)
        assert (account(ctx).reclaim_at, account(ctx).warn_at) == (NOW + 7 * DAY, NOW + 6 * DAY)
        ctx.clock.advance(days=6)
        assert counts(sweep(ctx)) == (1, 0, 0, 0, 0)
        ctx.clock.advance(days=1)
        assert counts(sweep(ctx)) == (0, 1, 0, 0, 0)

    def test_edge_17_a_record_that_no_pool_takes_is_reported_and_tried_again_the_next_day(self, ctx):
        """CordysCRM says "move to pool failed" and no more; the others leave the record out in silence."""
        keep(ctx, a_pool(enabled=False), held())
        report = sweep(ctx)
        assert counts(report) == (0, 0, 1, 0, 1)
        assert (str(report.problems[0].record), report.problems[0].reason.code) == ("account:A-1", "reclaim.no_pool")
        assert account(ctx).reclaim_cause == "no_pool"
        keep(ctx, a_pool(id="new"), policies=[])
        ctx.clock.advance(days=1)
        assert counts(sweep(ctx)) == (0, 1, 0, 0, 0)

    def test_a_longer_policy_moves_the_deadline(self, ctx):
        keep(ctx, a_pool(), held(), policies=[ReclaimPolicy(protect_days=60)])
        assert counts(sweep(ctx)) == (0, 0, 1, 0, 0)
        assert account(ctx).reclaim_at == NOW + 30 * DAY

    def test_dates_that_stand_on_a_record_nobody_owns_are_wiped(self, ctx):
        keep(ctx, a_pool(), an_account(reclaim_at=NOW, warn_at=NOW, pool_id="PO-1"))
        assert counts(sweep(ctx)) == (0, 0, 1, 0, 0)
        assert (account(ctx).reclaim_at, account(ctx).warn_at) == (None, None)

    def test_working_days_are_those_of_the_policys_calendar(self, ctx):
        policy = ReclaimPolicy(protect_days=20, calendar_id="cn")
        keep(ctx, a_pool(), a_calendar(), a_member(id="wei"), an_account(pool_id="PO-1"), policies=[policy])
        assert claim(ctx, Ref(entity="account", id="A-1"), "wei").protection.reclaim_at == NOW + 27 * DAY

    def test_leads_are_swept_by_their_own_policy(self, ctx):
        lead = a_lead(owner_id="wei", owned_since=NOW - 30 * DAY, reclaim_at=NOW)
        done = a_lead(id="L-2", owner_id="wei", status="converted", created_at=NOW - 90 * DAY)
        policies = [POLICY, ReclaimPolicy(id="lead", entity="lead")]
        keep(ctx, a_pool(id="leads", holds="lead"), lead, done, held(), policies=policies)
        assert counts(sweep(ctx, entity="lead")) == (0, 1, 0, 0, 0)
        assert account(ctx).owner_id == "wei"

    def test_without_a_policy_nothing_happens(self, ctx):
        keep(ctx, a_pool(), held(), policies=[])
        assert counts(sweep(ctx)) == (0, 0, 0, 0, 0)

    @pytest.mark.parametrize("wrong", [{"batch": 0}, {"batch": 501}, {"limit": 0}, {"entity": "contact"}])
    def test_wrong_arguments_are_refused(self, ctx, wrong):
        with pytest.raises(InvalidInput):
            sweep(ctx, **wrong)


class TestRuns:
    def many(self, ctx, count=25):
        keep(ctx, a_pool(), *(held(f"A-{number:02}", due=NOW - number * DAY) for number in range(count)))

    def test_batches_are_transactions_of_their_own(self, ctx):
        self.many(ctx)
        assert counts(sweep(ctx, batch=4)) == (0, 25, 0, 0, 0)

    def test_a_limit_takes_the_longest_overdue_first(self, ctx):
        self.many(ctx)
        report = sweep(ctx, limit=10, batch=4)
        assert (report.reclaimed, report.complete) == (10, False)
        assert {id for id, *_ in history(ctx)} == {f"A-{number:02}" for number in range(15, 25)}
        assert sweep(ctx).complete

    def test_edge_20_a_run_that_dies_and_runs_again_leaves_no_half_state_and_tells_nobody_twice(self, ctx, monkeypatch):
        """WuKong's nightly job is one transaction that swallows its own exception: the run stops and commits a half
        state. Ours dies after each single save in turn, is started again, and always reaches the same end."""
        for dies_at in range(1, 9):
            ctx = Context(
                store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard()
            )
            keep(ctx, a_pool(), *(held(f"A-{number}") for number in range(6)))
            keep(ctx, *(held(f"W-{number}", due=NOW + 5 * DAY, warn_at=NOW) for number in range(6)), policies=[])
            saves = 0
            save = MemoryUnitOfWork.save

            def dying(self, *changes, save=save, dies_at=dies_at):
                nonlocal saves
                saves += 1
                if saves == dies_at:
                    raise StorageFailed("The process dies here.")
                save(self, *changes)

            with monkeypatch.context() as patched:
                patched.setattr(MemoryUnitOfWork, "save", dying)
                if dies_at <= 6:
                    with pytest.raises(StorageFailed):
                        sweep(ctx, batch=2)
            sweep(ctx, batch=2)
            for number in range(6):
                assert events(ctx, f"A-{number}") == ["ownership.reclaimed"]
                assert events(ctx, f"W-{number}") == ["ownership.reclaim_warned"]
            assert [id for id, *_ in history(ctx)] == [f"A-{number}" for number in range(6)]

    def test_a_record_that_cannot_be_decided_is_reported_and_the_others_go_on(self, ctx, monkeypatch):
        self.many(ctx, 5)
        decide = custody.decide

        def bad(policy, facts, *, now):
            if facts.record.id == "A-02":
                raise ValueError("a bad record")
            return decide(policy, facts, now=now)

        monkeypatch.setattr(custody, "decide", bad)
        report = sweep(ctx, batch=2)
        assert (report.reclaimed, len(report.problems)) == (4, 1)
        assert (str(report.problems[0].record), dict(report.problems[0].reason.params)) == (
            "account:A-02",
            {"error": "ValueError"},
        )
        assert account(ctx, "A-02").owner_id == "wei"

    def test_a_record_that_cannot_be_saved_is_found_and_the_rest_of_its_batch_is_saved(self, ctx, monkeypatch):
        self.many(ctx, 5)
        save = MemoryUnitOfWork.save

        def bad(self, *changes):
            if any(change.record.id == "A-02" for change in changes):
                raise InvalidInput("does not fit.", field="custom.level")
            save(self, *changes)

        monkeypatch.setattr(MemoryUnitOfWork, "save", bad)
        report = sweep(ctx)
        assert (report.reclaimed, len(report.problems)) == (4, 1)
        assert report.problems[0].reason.params["error"] == "input.invalid"

    def test_when_the_store_fails_while_looking_for_the_bad_record_the_run_ends(self, ctx, monkeypatch):
        self.many(ctx, 2)
        calls = 0

        def bad(self, *changes):
            nonlocal calls
            calls += 1
            raise InvalidInput("does not fit.") if calls == 1 else StorageFailed("gone")

        monkeypatch.setattr(MemoryUnitOfWork, "save", bad)
        with pytest.raises(StorageFailed):
            sweep(ctx)

    def test_when_everything_fails_the_run_stops(self, ctx, monkeypatch):
        self.many(ctx, 9)
        monkeypatch.setattr(module, "MOST_PROBLEMS", 4)

        def bad(*_args, **_options):
            raise ValueError

        monkeypatch.setattr(custody, "decide", bad)
        report = sweep(ctx, batch=2)
        assert (len(report.problems), report.complete) == (4, False)

    def test_what_is_due_and_does_not_change_is_a_problem_not_an_endless_run(self, ctx, monkeypatch):
        self.many(ctx, 1)
        monkeypatch.setattr(module, "carried_out", lambda *_args, **_options: None)
        assert len(sweep(ctx).problems) == 1

    def test_several_workers_deal_with_each_record_once(self, ctx):
        self.many(ctx, 60)
        with ThreadPoolExecutor(4) as threads:
            reports = list(threads.map(lambda _: sweep(ctx, batch=7), range(4)))
        assert sum(report.reclaimed for report in reports) == 60
        assert len(history(ctx)) == 60

    def test_edge_11_a_follow_up_one_second_before_the_deadline_keeps_the_record(self, ctx):
        """CordysCRM #403: the record goes while the rep is writing the follow-up down."""
        keep(ctx, a_pool(), held(due=NOW + DAY, owned_since=NOW - 29 * DAY), held("A-2", due=NOW + DAY))
        ctx.clock.set(NOW + DAY - timedelta(seconds=1))
        form = FollowUpForm(subject=Ref(entity="account", id="A-1"), kind="call", member_id="wei")
        assert log_interaction(ctx, form).extended
        ctx.clock.advance(seconds=1)
        late = FollowUpForm(subject=Ref(entity="account", id="A-2"), kind="call", member_id="wei")
        assert not log_interaction(ctx, late).extended
        sweep(ctx)
        assert (account(ctx, "A-1").owner_id, account(ctx, "A-2").owner_id) == ("wei", None)


def test_a_record_that_stands_as_it_should_needs_no_change(ctx):
    record = held(due=NOW + 9 * DAY)
    decision = decide(POLICY, ReclaimFacts.of(record), now=NOW)
    assert carried_out(record, decision, now=NOW) is None


class TestPreview:
    def test_it_says_what_the_sweep_then_does(self, ctx):
        keep(
            ctx,
            a_pool(),
            held("A-1", due=NOW + 3 * DAY),
            held("A-2", due=NOW + 3 * DAY, standing="key"),
            held("A-3", due=NOW + 9 * DAY, warn_at=NOW + 2 * DAY),
            held("A-4", due=NOW + 90 * DAY),
        )
        forecast = preview(ctx, NOW + 3 * DAY)
        assert [(each.record.id, each.outcome, each.pool_id) for each in forecast.records] == [
            ("A-1", ReclaimOutcome.RECLAIM, "PO-1"),
            ("A-2", ReclaimOutcome.KEEP, None),
            ("A-3", ReclaimOutcome.WARN, "PO-1"),
        ]
        assert forecast.complete
        assert account(ctx).version == 1, "nothing was written"
        ctx.clock.set(NOW + 3 * DAY)
        assert counts(sweep(ctx)) == (1, 1, 1, 0, 0)

    def test_it_says_when_there_is_more(self, ctx):
        keep(ctx, a_pool(), held("A-1"), held("A-2"))
        forecast = preview(ctx, NOW, limit=1)
        assert (len(forecast.records), forecast.complete) == (1, False)

    def test_without_a_policy_nothing_is_foreseen(self, ctx):
        keep(ctx, a_pool(), held(), policies=[])
        assert preview(ctx, NOW).records == ()

    @pytest.mark.parametrize("limit", [0, 10_001])
    def test_a_limit_has_bounds(self, ctx, limit):
        with pytest.raises(InvalidInput, match="limit"):
            preview(ctx, NOW, limit=limit)


class TestExplain:
    def test_it_names_the_clock_and_the_date(self, ctx):
        keep(ctx, a_pool(), held(due=NOW + 9 * DAY))
        decision = explain(ctx, Ref(entity="account", id="A-1"))
        assert ctx.book.texts.say_all(decision.reasons) == (
            "Stays with its owner: the default protection lasts until 2026-02-09 08:00."
        )
        assert ctx.book.texts.say_all(decision.reasons, "zh") == "继续保留：默认保护期至 2026-02-09 08:00。"

    def test_it_may_be_asked_of_a_later_time(self, ctx):
        keep(ctx, a_pool(), held(due=NOW + 9 * DAY))
        assert explain(ctx, Ref(entity="account", id="A-1"), at=NOW + 9 * DAY).outcome is ReclaimOutcome.RECLAIM

    def test_without_a_policy_there_is_nothing_to_explain(self, ctx):
        keep(ctx, held(), policies=[])
        with pytest.raises(NotAllowed, match="No reclaim policy"):
            explain(ctx, Ref(entity="account", id="A-1"))

    def test_a_record_that_does_not_exist_is_not_found(self, ctx):
        keep(ctx)
        with pytest.raises(NotFound):
            explain(ctx, Ref(entity="account", id="A-9"))


def test_the_whole_way_from_claim_to_pool_and_back(ctx):
    keep(ctx, a_pool(), a_member(id="wei"), an_account(pool_id="PO-1"))
    ref = Ref(entity="account", id="A-1")
    assert claim(ctx, ref, "wei").granted
    ctx.clock.advance(days=20)
    log_interaction(ctx, FollowUpForm(subject=ref, kind="visit", member_id="wei"))
    assert account(ctx).reclaim_at == NOW + 35 * DAY
    ctx.clock.set(NOW + 34 * DAY)
    assert counts(sweep(ctx)) == (1, 0, 0, 0, 0)
    ctx.clock.set(NOW + 35 * DAY)
    assert counts(sweep(ctx)) == (0, 1, 0, 0, 0)
    with ctx.store.begin(read_only=True) as uow:
        assert [entry.cause.value for entry in uow.ownership.find(F.record_id == "A-1", order=["at"])] == [
            "claimed",
            "reclaimed",
        ]
