"""The acceptance cases of scoring and prediction, and who games or breaks them; each with what existing CRMs do wrong."""

from datetime import timedelta
from random import Random
from typing import ClassVar

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model
from crmkit.domain.sales.pipeline import Stage, StageKind
from crmkit.rules.prediction import Example, PredictionFacts, PredictionOutcome, decide, train
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Band,
    Engagement,
    Frequency,
    HalfLife,
    LinearDecay,
    ScoreEvent,
    ScoreFacts,
    ScoreOutcome,
    ScorePolicy,
    SignalGroup,
    lead_scoring,
    rate_many,
)
from crmkit.rules.scoring import decide as score
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.deals import deal_outlook, pipeline_report
from crmkit.services.predict import predict_lead, train_leads
from crmkit.services.score import rescore_due, score_all, score_lead
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_lead,
    a_member,
    a_pipeline,
    an_interaction,
    an_opportunity,
)

TICK, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
WON, LOST = Stage(code="won", kind=StageKind.WON), Stage(code="lost", kind=StageKind.LOST)
TALKS = Stage(code="talks", probability=20)


@model
class Raises:
    """A rule of the host's own that was never tried on an empty title."""

    kind: ClassVar[str] = "raises"
    label: str = "First letter"
    when: str = "always()"

    def measure(self, facts, *, now):
        return facts.record.title[0]


@pytest.fixture
def ctx():
    book = RuleBook.standard().with_kinds(Raises)
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=book)


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def save(ctx, *changes):
    for change in changes:
        with ctx.store.begin() as uow:
            uow.save(change)
            uow.commit()


def leads(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {lead.id: lead for lead in uow.leads.find()}


def group(*signals, axis=Axis.ENGAGEMENT, **limits):
    return SignalGroup(name=axis.value, axis=axis, signals=signals, **limits)


def calls(points=10, **given):
    return Engagement(label="Calls", events="kind == 'call'", points=points, **given)


def points(points, label="Always"):
    return Attribute(label=label, when="always()", points=points)


def scored(policy, *events, at=NOW):
    return score(policy, ScoreFacts(record=a_lead(), events=events), now=at)


class TestEdge37:
    """HubSpot decays "50 % a month" and does not say what holds at the very boundary, nor which limit comes first;
    in its older tool points never expired at all.
    """

    def test_edge_37_points_decay_at_exact_instants(self):
        """Ten points over twenty days: the tenth is lost a tick after the first day, the last a tick after day 19."""
        policy = ScorePolicy(groups=(group(calls(decay=LinearDecay(over=20 * DAY))),))
        call = ScoreEvent(kind="call", at=NOW)
        after = {age: scored(policy, call, at=NOW + age).score for age in (DAY, DAY + TICK, 10 * DAY, 20 * DAY)}
        assert after == {DAY: 10, DAY + TICK: 9, 10 * DAY: 5, 20 * DAY: 0}
        assert scored(policy, call).next_change_at == NOW + DAY + TICK

    def test_edge_37_a_half_life_is_exact_too(self):
        policy = ScorePolicy(groups=(group(calls(8, decay=HalfLife(every=30 * DAY))),))
        call = ScoreEvent(kind="call", at=NOW)
        halves = [scored(policy, call, at=NOW + 30 * number * DAY).score for number in range(4)]
        assert halves == [8, 4, 2, 1]

    def test_edge_37_a_window_ends_where_it_ends(self):
        framed = Engagement(label="Calls", events="within(at, days=30)", points=10)
        policy = ScorePolicy(groups=(group(framed),))
        call = ScoreEvent(kind="call", at=NOW)
        assert scored(policy, call, at=NOW + 30 * DAY - TICK).score == 10
        assert scored(policy, call, at=NOW + 30 * DAY).score == 0
        assert scored(policy, call).next_change_at == NOW + 30 * DAY

    def test_edge_37_the_group_is_limited_first_and_then_the_whole(self):
        """30 of 50 by the group, and 70 beside it: 100 counted first would give another sum of contributions."""
        fit = group(points(30), points(20, "More"), axis=Axis.FIT, cap=30)
        rest = SignalGroup(name="rest", axis=Axis.FIT, signals=(points(80, "Rest"),), cap=75)
        decision = scored(ScorePolicy(groups=(fit, rest), cap=100))
        given = [(each.points, each.reason.code) for each in decision.contributions if each.points < 0]
        assert (decision.score, given) == (100, [(-20, "score.group_cap"), (-5, "score.group_cap"), (-5, "score.cap")])
        assert sum(each.points for each in decision.contributions) == 100

    def test_edge_37_below_zero_the_floor_holds_and_says_so(self):
        decision = scored(ScorePolicy(groups=(group(points(-50), axis=Axis.FIT),), floor=0))
        assert (decision.score, decision.fit) == (0, -50)
        assert [each.reason.code for each in decision.contributions] == ["score.attribute", "score.floor"]
        assert sum(each.points for each in decision.contributions) == 0

    def test_edge_37_a_group_s_floor_is_held_before_the_whole_is_counted(self):
        bad = group(points(-50), axis=Axis.FIT, floor=-10)
        good = SignalGroup(name="good", axis=Axis.FIT, signals=(points(30, "Good"),))
        assert scored(ScorePolicy(groups=(bad, good))).score == 20


class TestEdge38:
    """Odoo's predictive score: silent where a team has no wins or no losses, a won lead that is reopened stays at
    100 % or shows 91.67 % (#49027, #104365), and nothing says when the model is worth nothing.
    """

    def test_edge_38_cold_start_tells_half_and_why(self, ctx):
        keep(ctx, a_lead())
        decision = predict_lead(ctx, "L-1")
        assert (decision.outcome, decision.probability) == (PredictionOutcome.BASE_RATE, 0.5)
        assert decision.reasons[-1].code == "prediction.few"
        assert decision.reasons[-1].params["rows"] == 0

    def test_edge_38_one_outcome_only_is_neither_silence_nor_certainty(self, ctx):
        for number in range(80):
            save(ctx, created(lead := a_lead(id=f"L-{number}")), lead.disqualify("no budget", now=NOW))
        trained = train_leads(ctx)
        decision = predict_lead(ctx, "L-1")
        assert (trained.report.rows, trained.report.positives) == (80, 0)
        assert decision.probability == pytest.approx(0.5 / 81)
        assert decision.reasons[-1].params["positive"] == 0

    def test_edge_38_an_unseen_value_adds_nothing_and_says_so(self):
        random = Random(1)
        rows = [random.choice(["fair", "web"]) for _ in range(300)]
        examples = [
            Example(row={"source": row}, outcome=random.random() < (0.8 if row == "fair" else 0.2)) for row in rows
        ]
        trained = train(examples, now=NOW)
        decision = decide(trained.model, PredictionFacts(row={"source": "carrier pigeon"}), now=NOW)
        assert trained.report.better
        assert decision.logit == decision.start
        assert decision.reasons[-1].code == "prediction.unseen"

    def test_edge_38_a_won_deal_that_is_reopened_and_lost_counts_once_as_lost(self, ctx):
        pipeline = a_pipeline()
        keep(ctx, pipeline)
        for number in range(20):
            deal = an_opportunity(id=f"O-{number}", created_at=NOW - 50 * DAY, stage_since=NOW - 50 * DAY)
            won = deal.move(WON, now=NOW - 40 * DAY)
            save(ctx, deal.create(), won)
            if number < 10:
                reopened = won.after.move(TALKS, now=NOW - 30 * DAY)
                save(ctx, reopened, reopened.after.move(LOST, now=NOW - 20 * DAY, reason="price"))
        keep(ctx, an_opportunity(id="O-99", stage_since=NOW))
        report = pipeline_report(ctx, "P-1")
        outlook = deal_outlook(ctx, "O-99")
        assert (report.won, report.lost, report.open) == (10, 10, 1)
        assert (outlook.closed, outlook.lowest) == (20, 0.5)
        assert outlook.probability == pytest.approx((20 * 0.5 + 10 * 0.2) / 30)

    def test_edge_38_a_reopened_deal_is_as_open_as_any_other(self, ctx):
        keep(ctx, a_pipeline())
        deal = an_opportunity(created_at=NOW - 9 * DAY)
        won = deal.move(WON, now=NOW - DAY)
        save(ctx, deal.create(), won, won.after.move(TALKS, now=NOW))
        assert deal_outlook(ctx, "O-1").probability == 0.2

    def test_edge_38_a_lead_disqualified_recycled_and_converted_was_won(self, ctx):
        keep(ctx, a_pipeline(), a_member())
        lead = a_lead(created_at=NOW - 30 * DAY)
        lost = lead.disqualify("no budget", now=NOW - 20 * DAY, recycle_at=NOW - 10 * DAY)
        again = lost.after.move("recycle", now=NOW - 10 * DAY)
        save(ctx, created(lead), lost, again, again.after.move("qualify", now=NOW - 9 * DAY))
        convert_lead(ctx, "L-1")
        report = train_leads(ctx).report
        assert (report.rows, report.positives) == (1, 1)


class TestAttack31:
    """Score gaming: a form sent two thousand times, clicks by a robot. Points without caps and decay make it an A."""

    SPAM: ClassVar = [ScoreEvent(kind="form", direction="inbound", at=NOW - number * TICK) for number in range(2_000)]

    def test_attack_31_the_standard_policy_gives_a_flood_no_more_than_its_caps(self):
        decision = scored(lead_scoring(), *self.SPAM)
        limits = {each.name: each.cap for each in lead_scoring().groups}
        assert decision.fit == scored(lead_scoring()).fit
        assert decision.engagement <= limits["talks"] + limits["rhythm"]

    def test_attack_31_a_signal_with_a_cap_leaves_room_for_what_cannot_be_forged(self):
        """All that a robot can do is worth less than one real visit beside it."""
        talks = group(
            Engagement(label="Forms", events="kind == 'form'", points=5, cap=10, decay=LinearDecay(over=14 * DAY)),
            Engagement(label="Visits", events="kind == 'visit'", points=30),
            cap=40,
        )
        policy = ScorePolicy(groups=(talks,))
        visit = ScoreEvent(kind="visit", at=NOW)
        assert scored(policy, *self.SPAM).score == 10
        assert scored(policy, *self.SPAM[:2]).score == 10
        assert scored(policy, visit).score > scored(policy, *self.SPAM).score
        assert scored(policy, visit, *self.SPAM).score == 40

    def test_attack_31_points_against_cannot_be_heaped_up_either(self):
        policy = ScorePolicy(groups=(group(calls(-10, cap=20)),), floor=-1_000)
        assert scored(policy, *(ScoreEvent(kind="call", at=NOW - n * TICK) for n in range(500))).score == -20

    def test_attack_31_a_band_counts_a_window_once(self):
        bands = (Band(at_least=1, points=3), Band(at_least=5, points=8))
        policy = ScorePolicy(groups=(group(Frequency(label="Forms", events="within(at, days=7)", bands=bands)),))
        assert scored(policy, *self.SPAM).score == 8
        assert scored(policy, *self.SPAM, at=NOW + 7 * DAY + TICK).score == 0

    def test_attack_31_a_flood_wears_off(self):
        decayed = [scored(lead_scoring(), *self.SPAM, at=NOW + days * DAY).score for days in (0, 30, 900)]
        assert decayed == sorted(decayed, reverse=True)
        assert decayed[-1] == scored(lead_scoring(), at=NOW + 900 * DAY).score

    def test_attack_31_a_flooded_lead_neither_stops_the_sweep_nor_hides_others(self, ctx):
        flood = [
            an_interaction(id=f"I-{number}", direction="inbound", at=NOW - number * TICK) for number in range(1_200)
        ]
        due = {"score_due_at": NOW - DAY}
        keep(ctx, a_lead(**due), a_lead(id="L-2", source="referral", **due), *flood)
        assert rescore_due(ctx).scored == 2
        found = leads(ctx)
        # names a company and is fresh, then the caps of talks and rhythm; referred and names a company
        assert (found["L-1"].score, found["L-2"].score) == (10 + 5 + 40 + 10, 10 + 20)


class TestFault26:
    """A rule that raises: in the peers' tools the whole job ends, and nobody is told which rule it was."""

    POLICY = ScorePolicy(id="lead", groups=(group(Raises(), points(7), axis=Axis.FIT),))

    def test_fault_26_the_lead_is_scored_by_the_other_rules_and_the_one_is_named(self, ctx):
        keep(ctx, a_lead(title=""), policies=[self.POLICY])
        decision = score_lead(ctx, "L-1")
        assert (decision.outcome, decision.score) == (ScoreOutcome.PARTIAL, 7)
        assert decision.reasons[-1].code == "score.failed"
        assert dict(decision.reasons[-1].params) == {"label": "First letter", "error": "IndexError"}
        assert leads(ctx)["L-1"].score == 7

    def test_fault_26_a_sweep_over_many_goes_on(self, ctx):
        keep(ctx, *(a_lead(id=f"L-{number}", title="") for number in range(5)), policies=[self.POLICY])
        report = score_all(ctx)
        assert (report.scored, report.changed) == (5, 5)
        assert [dict(each.params) for each in report.problems] == [{"label": "First letter", "error": "IndexError"}]
        assert {lead.score for lead in leads(ctx).values()} == {7}

    def test_fault_26_a_sweep_of_what_is_due_reports_it_too(self, ctx):
        keep(ctx, a_lead(title="", score_due_at=NOW - DAY), policies=[self.POLICY])
        report = rescore_due(ctx)
        assert (report.changed, [each.code for each in report.problems]) == (1, ["score.failed"])

    def test_fault_26_a_condition_of_the_policy_that_fails_is_reported_by_the_sweep(self, ctx):
        size = CustomField(entity="lead", name="size", kind=FieldKind.INTEGER)
        big = Attribute(label="Size", when="custom.size >= 10", points=7)
        policy = ScorePolicy(id="lead", groups=(group(big, points(5)),), custom_fields=(size,))
        keep(ctx, a_lead(), a_lead(id="L-2"), policies=[policy])
        assert score_all(ctx).problems == ()
        told = []
        stored_before_it_was_declared = a_lead(custom={"size": "many"})
        assert rate_many(policy, [a_lead(), stored_before_it_was_declared], told=told.append, now=NOW)[1][0] == 5
        assert [dict(each.params) for each in told] == [{"label": "Size", "error": "TypeError"}]

    def test_fault_26_what_is_said_names_the_rule_in_both_languages_and_no_person(self, ctx):
        keep(ctx, a_lead(title=""), policies=[self.POLICY])
        reasons = score_lead(ctx, "L-1").reasons[-1:]
        assert ctx.book.texts.say_all(reasons) == "First letter could not be asked and counts nothing (IndexError)."
        assert "First letter" in ctx.book.texts.say_all(reasons, "zh")
