"""The outlook of a deal by the deals before it, and of a pipeline stage by stage."""

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.pipeline import (
    TEXTS,
    DealHistory,
    OutlookFacts,
    OutlookOutcome,
    OutlookPolicy,
    Passage,
    Visit,
    decide,
    passages,
    pipeline_report,
)
from crmkit.testing import NOW, a_pipeline

DAY = timedelta(days=1)
POLICY = OutlookPolicy()
MAVEN = Path(__file__).resolve().parents[4] / "shared" / "data" / "crm" / "maven" / "sales_pipeline.csv.gz"


def outlook(known=(), *, age=0, declared=20, policy=POLICY, **given):
    facts = OutlookFacts(stage="talks", since=NOW - age * DAY, declared=declared, passages=known, **given)
    return decide(policy, facts, now=NOW)


def passed(number, *, stay=5, total=20, won=True):
    return [Passage(stay=stay * DAY, left=stay < total or won is not None, total=total * DAY, won=won)] * number


def codes(decision):
    return [reason.code for reason in decision.reasons]


def a_deal(id="O-1", *stays, won=None, begins=NOW - 100 * DAY, stage="talks"):
    """A deal that stayed so many days in its stage each time, one day apart."""
    at, visits = begins, []
    for days in stays:
        visits.append(Visit(stage=stage, entered_at=at, left_at=at + days * DAY))
        at += (days + 1) * DAY
    ended = {} if won is None else {"won": won, "closed_at": at - DAY}
    return DealHistory(id=id, visits=visits, **ended)


class TestLikelihood:
    def test_history_is_told_and_the_declared_share_counts_as_some_deals(self):
        decision = outlook([*passed(15), *passed(15, won=False)], declared=20)
        assert decision.outcome is OutlookOutcome.LEARNT
        assert decision.probability == pytest.approx((15 + 10 * 0.2) / 40)
        assert codes(decision) == ["deal.learnt", "deal.declared", "deal.close"]

    def test_with_little_evidence_the_pipeline_declares_and_that_is_said(self):
        decision = outlook(passed(9), declared=35, expected_close=date(2026, 5, 1))
        assert (decision.outcome, decision.probability, decision.closed) == (OutlookOutcome.DECLARED, 0.35, 9)
        assert codes(decision) == ["deal.few"]
        assert (decision.lowest, decision.highest, decision.expected_close) == (0, 1, date(2026, 5, 1))

    def test_who_is_late_is_compared_with_who_was_late(self):
        known = [*passed(20, stay=5, won=True), *passed(20, stay=40, total=60, won=False)]
        assert outlook(known).probability > 0.4
        assert outlook(known, age=30).probability < 0.1

    def test_open_deals_count_as_open_and_bound_what_can_be(self):
        decision = outlook([*passed(10), *passed(10, won=False, total=20), *passed(20, stay=9, total=9, won=None)])
        assert (decision.closed, decision.open) == (20, 20)
        assert decision.lowest == pytest.approx(0.5)
        assert decision.highest == pytest.approx(0.5)
        late = outlook([*passed(10), *passed(30, stay=30, total=30, won=None)], declared=40)
        assert (late.lowest, late.highest) == pytest.approx((0.25, 1.0))
        assert late.probability == pytest.approx((10 * (0.25 + 0.75 * 0.4) + 10 * 0.4) / 20)
        assert "deal.open" in codes(late)

    def test_whoever_does_not_want_to_be_profiled_is_told_what_is_declared(self):
        decision = outlook(passed(50), declared=20, opted_out=True)
        assert (decision.outcome, decision.probability, codes(decision)) == (
            OutlookOutcome.OPTED_OUT,
            0.2,
            ["deal.opted_out"],
        )

    @pytest.mark.parametrize(("status", "share"), [("won", 1.0), ("lost", 0.0)])
    def test_a_closed_deal_has_no_outlook_but_its_end(self, status, share):
        decision = outlook(passed(50), status=status)
        assert (decision.outcome, decision.probability, decision.lowest) == (OutlookOutcome.CLOSED, share, share)
        assert codes(decision) == [f"deal.{status}"]

    @given(
        st.lists(
            st.builds(
                lambda stay, more, won: Passage(stay=stay * DAY, left=True, total=(stay + more) * DAY, won=won),
                st.integers(0, 30),
                st.integers(0, 30),
                st.sampled_from([True, False, None]),
            ),
            max_size=40,
        ),
        st.integers(0, 40),
        st.integers(0, 100),
    )
    def test_a_probability_lies_between_what_is_declared_and_what_can_be(self, known, age, declared):
        decision = outlook(known, age=age, declared=declared, policy=OutlookPolicy(least_closed=1))
        low, high = min(decision.lowest, declared / 100), max(decision.highest, declared / 100)
        assert low - 1e-9 <= decision.probability <= high + 1e-9


class TestExpectedClose:
    def test_it_is_when_half_of_those_alike_were_closed(self):
        known = [*passed(10, total=20), *passed(10, total=50)]
        assert outlook(known).expected_close == (NOW + 20 * DAY).date()

    def test_the_time_already_spent_is_taken_into_account(self):
        known = [*passed(20, stay=5, total=20), *passed(20, stay=40, total=60)]
        assert outlook(known, age=30).expected_close == (NOW + 30 * DAY).date()

    def test_where_half_are_still_open_the_written_date_stays_and_that_is_said(self):
        decision = outlook([*passed(10), *passed(30, stay=30, total=30, won=None)], expected_close=date(2026, 9, 1))
        assert decision.expected_close == date(2026, 9, 1)
        assert codes(decision)[-1] == "deal.no_close"


class TestPassages:
    def test_a_deal_that_came_back_counts_once_with_its_first_visit(self):
        (found,) = passages([a_deal("O-1", 3, 9, won=True)], "talks", now=NOW)
        assert (found.stay, found.total, found.won) == (3 * DAY, 13 * DAY, True)

    def test_what_came_after_that_time_is_not_known(self):
        deal = a_deal("O-1", 30, won=False)
        (found,) = passages([deal], "talks", now=NOW - 80 * DAY)
        assert found == Passage(stay=20 * DAY, left=False, total=20 * DAY)
        assert passages([deal], "talks", now=NOW - 101 * DAY) == ()

    def test_a_stage_that_was_skipped_has_no_passage(self):
        assert passages([a_deal("O-1", 3)], "offer", now=NOW) == ()

    def test_closing_ends_a_visit_that_nobody_ended(self):
        visit = Visit(stage="talks", entered_at=NOW - 9 * DAY)
        deal = DealHistory(id="O-1", visits=(visit,), won=True, closed_at=NOW - 2 * DAY)
        assert passages([deal], "talks", now=NOW) == (Passage(stay=7 * DAY, left=True, total=7 * DAY, won=True),)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: OutlookPolicy(least_closed=0), "OutlookPolicy.least_closed"),
        (lambda: OutlookPolicy(declared_weight=-1), "OutlookPolicy.declared_weight"),
        (lambda: OutlookFacts(stage="talks", since=NOW, declared=101), "OutlookFacts.declared"),
        (lambda: Visit(stage="talks", entered_at=NOW, left_at=NOW - DAY), "Visit.left_at"),
        (lambda: DealHistory(id="O-1", won=True), "DealHistory.closed_at"),
    ],
)
def test_what_cannot_be_is_refused(make, field):
    with pytest.raises(InvalidInput) as refused:
        make()
    assert refused.value.problems[0].field == field


class TestReport:
    def test_each_stage_says_how_long_it_takes_and_how_it_goes_on(self):
        deals = [a_deal(f"O-{place}", 4 + place % 3, won=place % 2 == 0) for place in range(20)]
        deals += [a_deal("O-20", begins=NOW), DealHistory(id="O-21", visits=(Visit(stage="talks", entered_at=NOW),))]
        report = pipeline_report(a_pipeline(), deals, now=NOW)
        (talks,) = report.stages
        assert (report.won, report.lost, report.open) == (10, 10, 2)
        assert (talks.visits, talks.there, talks.half_left_after) == (21, 1, 5 * DAY)
        assert talks.outlook.probability == pytest.approx((20 * talks.outlook.lowest + 10 * 0.2) / 30, abs=0.02)
        english, chinese = str(report), report.table("zh")
        assert "Of 20 closed deals 10 are won (50 %); 2 are open." in english
        assert "已结束商机 20 个，赢单 10 个（50%）；进行中 2 个。" in chinese

    def test_open_visits_are_not_taken_for_short_ones(self):
        still = [DealHistory(id=f"O-{n}", visits=(Visit(stage="talks", entered_at=NOW - DAY),)) for n in range(9)]
        (talks,) = pipeline_report(a_pipeline(), [*still, a_deal("O-9", 1)], now=NOW).stages
        assert talks.half_left_after is None
        assert "fewer than half have left it yet" in str(pipeline_report(a_pipeline(), still, now=NOW))

    def test_nothing_is_a_report_too(self):
        assert "Of 0 closed deals 0 are won (– %)" in str(pipeline_report(a_pipeline(), [], now=NOW))


@pytest.mark.skipif(not MAVEN.exists(), reason=f"{MAVEN} is not here")
class TestRealDeals:
    """The deals of a reseller, as they were known on a day in the middle: forecasts against what came."""

    def test_the_likelihood_comes_true_within_a_few_points(self):
        deals = list(real_deals())
        middle = datetime(2017, 8, 1, tzinfo=UTC)
        began = [deal for deal in deals if middle - 90 * DAY <= deal.visits[0].entered_at < middle]
        known = passages(deals, "Engaging", now=middle)
        decision = decide(POLICY, OutlookFacts(stage="Engaging", since=middle, declared=10, passages=known), now=middle)
        ended = [deal.won for deal in began if deal.won is not None]
        assert decision.outcome is OutlookOutcome.LEARNT
        assert abs(decision.probability - ended.count(True) / len(ended)) < 0.05

    def test_half_of_those_open_then_close_by_the_expected_day(self):
        deals = list(real_deals())
        middle = datetime(2017, 8, 1, tzinfo=UTC)
        late = decided = 0
        for age in (10, 40, 70):
            known = passages(deals, "Engaging", now=middle)
            facts = OutlookFacts(stage="Engaging", since=middle - age * DAY, declared=10, passages=known)
            expected = decide(POLICY, facts, now=middle).expected_close
            for deal in deals:
                if abs(middle - deal.visits[0].entered_at - age * DAY) <= 5 * DAY and still_open(deal, middle):
                    decided += 1
                    late += deal.closed_at is None or deal.closed_at.date() > expected
        assert decided > 200
        assert 0.35 < late / decided < 0.65


def still_open(deal, at):
    return deal.closed_at is None or deal.closed_at > at


def real_deals():
    with gzip.open(MAVEN, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["engage_date"]:
                closed = row["deal_stage"] in ("Won", "Lost")
                closed_at = datetime.fromisoformat(row["close_date"]).replace(tzinfo=UTC) if closed else None
                engaged = datetime.fromisoformat(row["engage_date"]).replace(tzinfo=UTC)
                yield DealHistory(
                    id=row["opportunity_id"],
                    visits=(Visit(stage="Engaging", entered_at=engaged, left_at=closed_at),),
                    won=row["deal_stage"] == "Won" if closed else None,
                    closed_at=closed_at,
                )


def test_every_reason_is_said_in_both_languages():
    texts = Catalogue.of(TEXTS)
    for decision in (outlook(), outlook(passed(30)), outlook(status="won")):
        for language in ("en", "zh"):
            assert "{" not in texts.say_all(decision.reasons, language)
