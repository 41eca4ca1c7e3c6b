"""Leads that are disqualified with a reason, come back on their date, and teach what to ask for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import Attribute, Axis, ScorePolicy, SignalGroup
from crmkit.services.context import Context
from crmkit.services.disqualify import Recycled, disqualify_lead, disqualify_lessons, nurture_lead, recycle_due
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead

DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def lead(ctx, id="L-1"):
    with ctx.store.begin(read_only=True) as uow:
        return uow.leads.get(id)


class TestMarking:
    def test_a_lead_is_disqualified_for_a_reason_until_a_date(self, ctx):
        keep(ctx, a_lead())
        marked = disqualify_lead(ctx, "L-1", " no budget ", recycle_at=NOW + 90 * DAY)
        assert (marked.status, marked.again_at) == ("disqualified", NOW + 90 * DAY)
        found = lead(ctx)
        assert (found.status, found.disqualified_reason, found.recycle_at) == (
            "disqualified",
            "no budget",
            NOW + 90 * DAY,
        )

    def test_a_repeat_under_the_same_key_is_no_second_one(self, ctx):
        keep(ctx, a_lead())
        first = disqualify_lead(ctx, "L-1", "no budget", idempotency_key="k")
        assert disqualify_lead(ctx, "L-1", "no budget", idempotency_key="k") == first
        with pytest.raises(NotAllowed):
            disqualify_lead(ctx, "L-1", "no budget")

    def test_without_a_reason_or_with_a_date_that_has_passed_nothing_happens(self, ctx):
        keep(ctx, a_lead())
        with pytest.raises(InvalidInput, match="is required"):
            disqualify_lead(ctx, "L-1", "  ")
        with pytest.raises(InvalidInput, match="has passed"):
            disqualify_lead(ctx, "L-1", "no budget", recycle_at=NOW)
        with pytest.raises(InvalidInput, match="has passed"):
            nurture_lead(ctx, "L-1", next_at=NOW - DAY)
        assert lead(ctx).status == "new"

    def test_a_lead_is_nurtured_with_the_next_contact_planned(self, ctx):
        keep(ctx, a_lead(), a_lead(id="L-2"))
        nurture_lead(ctx, "L-1", next_at=NOW + 30 * DAY)
        nurture_lead(ctx, "L-2")
        assert (lead(ctx).status, lead(ctx).next_contact_at) == ("nurturing", NOW + 30 * DAY)
        assert (lead(ctx, "L-2").status, lead(ctx, "L-2").next_contact_at) == ("nurturing", None)


class TestRecycling:
    def test_leads_are_new_again_when_their_date_has_come(self, ctx):
        keep(ctx, *(a_lead(id=f"L-{number}", owner_id="M-1") for number in range(4)))
        for number, days in enumerate((30, 10, 20)):
            disqualify_lead(ctx, f"L-{number}", "no budget", recycle_at=NOW + days * DAY)
        disqualify_lead(ctx, "L-3", "no such firm")
        assert recycle_due(ctx) == Recycled()

        ctx.clock.advance(days=20)
        assert recycle_due(ctx, limit=1) == Recycled(recycled=1, more=True)
        assert lead(ctx, "L-1").status == "new"
        assert recycle_due(ctx) == Recycled(recycled=1)
        assert [lead(ctx, f"L-{number}").status for number in range(4)] == [
            "disqualified",
            "new",
            "new",
            "disqualified",
        ]
        assert recycle_due(ctx) == Recycled()

    def test_the_reason_stays_and_the_owner_is_told(self, ctx):
        keep(ctx, a_lead(owner_id="M-1"))
        disqualify_lead(ctx, "L-1", "no budget", recycle_at=NOW + DAY)
        ctx.clock.advance(days=1)
        recycle_due(ctx)
        found = lead(ctx)
        assert (found.disqualified_reason, found.recycle_at) == ("no budget", None)
        with ctx.store.begin() as uow:
            last = uow.trail.of(Ref(entity="lead", id="L-1"))[-1]
        assert (last.type, last.recipients) == ("lead.moved", ("M-1",))

    def test_workers_that_run_at_once_share_the_work(self, sqlite_url):
        store = SqlStore(sqlite_url)
        ctx = Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
        due = {"status": "disqualified", "disqualified_reason": "no budget", "recycle_at": NOW}
        keep(ctx, *(a_lead(id=f"L-{number:02}", **due) for number in range(40)))

        def worker(_number):
            done = 0
            while (report := recycle_due(ctx, limit=3)).recycled:
                done += report.recycled
            return done

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(worker, range(4))) == 40
        with store.begin(read_only=True) as uow:
            assert {(each.status.value, each.version) for each in uow.leads.scan()} == {("new", 2)}
        store.close()

    @pytest.mark.parametrize("limit", [0, 501])
    def test_a_limit_is_within_what_one_transaction_does(self, ctx, limit):
        with pytest.raises(InvalidInput, match="within 1 and 500"):
            recycle_due(ctx, limit=limit)


class TestLessons:
    def history(self, ctx, **fields):
        lost = {"status": "disqualified"}
        keep(
            ctx,
            *(a_lead(id=f"F-{n}", source="fair", disqualified_reason="student", **lost, **fields) for n in range(30)),
            *(a_lead(id=f"G-{n}", source="fair", status="converted") for n in range(30)),
            *(a_lead(id=f"W-{n}", source="web", disqualified_reason="no budget", **lost) for n in range(20)),
            *(a_lead(id=f"X-{n}", source="fair", disqualified_reason="no budget", **lost) for n in range(30)),
            *(a_lead(id=f"O-{n}", source="web") for n in range(9)),
            a_lead(id="Z", source="", **lost),
        )

    def test_a_value_that_comes_with_a_reason_is_told_as_a_condition(self, ctx):
        self.history(ctx)
        report = disqualify_lessons(ctx)
        assert (report.closed, report.disqualified) == (111, 81)
        assert dict(report.reasons) == {"no budget": 50, "student": 30}
        told = {(each.why, each.when): (each.count, each.closed, each.percent) for each in report.lessons}
        assert told == {
            ("no budget", "source == 'web'"): (20, 20, 100),
            ("student", "source == 'fair'"): (30, 90, 33),
        }
        signal = Attribute(label="Web", when=report.lessons[0].when, points=-10)
        ScorePolicy(groups=(SignalGroup(name="taught", axis=Axis.FIT, signals=(signal,)),))

    def test_it_is_said_in_both_languages_also_when_there_is_nothing(self, ctx):
        self.history(ctx)
        report = disqualify_lessons(ctx)
        assert "100 % of the 20 closed with web in source were “no budget” (20)" in str(report)
        assert "因“no budget”判为无效（20 条）" in report.table("zh")
        assert str(disqualify_lessons(ctx, field="region")) == (
            "No value of region is surely disqualified more often than the others."
        )

    def test_who_opted_out_does_not_count(self, ctx):
        self.history(ctx, tags=("no_profiling",))
        keep(ctx, policies=[ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')")])
        report = disqualify_lessons(ctx)
        assert (report.closed, dict(report.reasons)) == (81, {"no budget": 50})

    def test_older_leads_and_fields_of_persons_are_not_looked_at(self, ctx):
        self.history(ctx)
        ctx.clock.advance(days=400)
        assert disqualify_lessons(ctx).closed == 0
        with pytest.raises(InvalidInput, match="not what a rule is made of"):
            disqualify_lessons(ctx, field="name")
        with pytest.raises(InvalidInput, match="must be positive"):
            disqualify_lessons(ctx, days=0)
