"""The outlook of a deal and of a pipeline, read from the history of stored deals."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.sales.pipeline import Stage
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.pipeline import OutlookOutcome, OutlookPolicy
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.deals import deal_outlook, pipeline_report
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_pipeline, an_account, an_opportunity

DAY = timedelta(days=1)
NO_PROFILING = [ProfilingPolicy(id=entity, opt_out="contains(tags, 'no_profiling')") for entity in ("account", "lead")]
PIPELINE = a_pipeline(
    stages=(
        Stage(code="talks", probability=20),
        Stage(code="offer", probability=60),
        Stage(code="won", kind="won", probability=100),
        Stage(code="lost", kind="lost"),
    )
)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield context(store)
    store.close()


def context(store=None):
    ctx = Context(
        store=store or MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard()
    )
    keep(ctx, created(PIPELINE))
    return ctx


def keep(ctx, *changes, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*changes)
        uow.commit()


def dealt(ctx, id, *moves, begins=NOW - 100 * DAY, stage="talks", **fields):
    """A deal that moved to a stage after so many days each."""
    deal = an_opportunity(id=id, stage=stage, stage_since=begins, created_at=begins, **fields)
    keep(ctx, deal.create())
    at = begins
    for days, to in moves:
        at += days * DAY
        change = deal.move(PIPELINE.stage(to), now=at, reason="price" if to == "lost" else "")
        keep(ctx, change)
        deal = change.after


def history(ctx, won=12, lost=8, **fields):
    for number in range(won + lost):
        end = "won" if number < won else "lost"
        dealt(ctx, f"H-{number}", (5, "offer"), (15, end), **fields)


def test_a_deal_is_told_what_became_of_those_before_it(ctx):
    history(ctx)
    dealt(ctx, "O-1", begins=NOW - 2 * DAY)
    decision = deal_outlook(ctx, "O-1")
    assert (decision.outcome, decision.closed, decision.open) == (OutlookOutcome.LEARNT, 20, 0)
    assert decision.probability == pytest.approx((12 + 10 * 0.2) / 30)
    assert decision.expected_close == (NOW + 18 * DAY).date()


def test_each_stage_has_its_own_outlook(ctx):
    history(ctx, won=12, lost=0)
    for number in range(12):
        dealt(ctx, f"T-{number}", (3, "lost"))
    dealt(ctx, "O-1", begins=NOW)
    dealt(ctx, "O-2", (1, "offer"), begins=NOW - DAY)
    assert deal_outlook(ctx, "O-1").probability == pytest.approx((12 + 2) / 34)
    assert deal_outlook(ctx, "O-2").probability == pytest.approx((12 + 6) / 22)


def test_without_history_the_pipeline_declares(ctx):
    dealt(ctx, "O-1", begins=NOW, expected_close=NOW.date() + 9 * DAY)
    decision = deal_outlook(ctx, "O-1")
    assert (decision.outcome, decision.probability) == (OutlookOutcome.DECLARED, 0.2)
    assert decision.expected_close == NOW.date() + 9 * DAY


def test_a_deal_does_not_count_as_its_own_history():
    ctx = context()
    history(ctx)
    dealt(ctx, "O-1", begins=NOW - 5 * DAY)
    assert deal_outlook(ctx, "O-1").open == 0
    dealt(ctx, "O-2", begins=NOW - 6 * DAY)
    assert deal_outlook(ctx, "O-1").open == 1


def test_a_reopened_deal_counts_once_by_its_last_outcome(ctx):
    for number in range(10):
        dealt(ctx, f"H-{number}", (5, "won"), (2, "talks"), (3, "lost"))
    dealt(ctx, "O-1", begins=NOW)
    report = pipeline_report(ctx, "P-1")
    assert (report.won, report.lost, report.open) == (0, 10, 1)
    talks = report.stages[0]
    assert (talks.visits, talks.there, talks.half_left_after) == (21, 1, 3 * DAY)
    assert deal_outlook(ctx, "O-1").probability == pytest.approx(10 * 0.2 / 20)


def test_a_reopened_deal_that_is_open_counts_as_open():
    ctx = context()
    dealt(ctx, "H-1", (5, "lost"), (2, "talks"))
    report = pipeline_report(ctx, "P-1")
    assert (report.lost, report.open, report.stages[0].visits, report.stages[0].there) == (0, 1, 2, 1)


def test_a_deal_that_was_brought_over_knows_its_stage_since():
    ctx = context()
    deal = an_opportunity(stage_since=NOW - 30 * DAY)
    keep(ctx, created(deal))
    closed = an_opportunity(id="O-2", stage="won", status="won", stage_since=NOW, closed_at=None)
    keep(ctx, created(closed))
    report = pipeline_report(ctx, "P-1")
    assert (report.won, report.open, report.stages[0].visits, report.stages[0].there) == (1, 1, 1, 1)


def test_a_closed_deal_has_its_end(ctx):
    dealt(ctx, "O-1", (3, "won"))
    decision = deal_outlook(ctx, "O-1")
    assert (decision.outcome, decision.probability) == (OutlookOutcome.CLOSED, 1.0)


class TestWhoOptedOut:
    def test_their_deal_is_told_what_the_pipeline_declares(self, ctx):
        history(ctx)
        keep(ctx, created(an_account(tags=("no_profiling",))), policies=NO_PROFILING)
        dealt(ctx, "O-1", begins=NOW)
        decision = deal_outlook(ctx, "O-1")
        assert (decision.outcome, decision.probability) == (OutlookOutcome.OPTED_OUT, 0.2)

    def test_their_deals_are_not_learnt_from(self, ctx):
        history(ctx)
        keep(ctx, created(a_lead(tags=("no_profiling",))), policies=NO_PROFILING)
        dealt(ctx, "H-99", (3, "lost"), lead_id="L-1", account_id="A-9")
        assert pipeline_report(ctx, "P-1").lost == 8


def test_the_tenant_s_policy_says_how_much_history_it_takes():
    ctx = context()
    dealt(ctx, "H-1", (5, "won"))
    dealt(ctx, "O-1", begins=NOW)
    assert deal_outlook(ctx, "O-1").outcome is OutlookOutcome.DECLARED
    keep(ctx, policies=[OutlookPolicy(least_closed=1, declared_weight=0)])
    assert deal_outlook(ctx, "O-1").probability == 1.0


def test_only_deals_of_the_pipeline_and_the_window_are_looked_at():
    ctx = context()
    history(ctx, won=1, lost=0)
    history_elsewhere = an_opportunity(id="O-9", pipeline_id="P-9")
    keep(ctx, created(history_elsewhere))
    assert pipeline_report(ctx, "P-1", days=101).won == 1
    assert pipeline_report(ctx, "P-1", days=99).won == 0
    with pytest.raises(InvalidInput, match="must be positive"):
        pipeline_report(ctx, "P-1", days=0)
    with pytest.raises(NotFound):
        deal_outlook(ctx, "O-9")
