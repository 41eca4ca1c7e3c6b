"""What is learnt is true, little is believed of little, and where there is nothing to learn it is said."""

import math
from itertools import cycle, islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.model import revise
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput
from crmkit.rules.prediction import (
    TEXTS,
    Example,
    PredictionFacts,
    PredictionModel,
    PredictionOutcome,
    Scale,
    TeamModels,
    TrainingSettings,
    decide,
    train,
    train_teams,
)
from crmkit.rules.prediction.policy import share_of
from crmkit.rules.prediction.training import ZERO, Problem, Tie, fit, fit_with_evidence, plain_sums
from crmkit.rules.prediction.training.binning import MOST_RARE, field_of
from crmkit.rules.prediction.training.calibration import AS_IT_IS, stretch_of
from crmkit.rules.prediction.training.learning import learn
from crmkit.rules.prediction.training.table import Table
from crmkit.testing import NOW

SAYS = Catalogue.of(TEXTS)
ODDS = {"fair": 1.5, "web": -0.5, "phone": 0.0}


def drawn(count, seed=1, *, odds=ODDS, slope=0.05, noise=False, **changes):
    """Examples whose outcome hangs on their source and hours, or on nothing."""
    random = Random(seed)
    for _ in range(count):
        source, hours = random.choice(list(odds)), random.uniform(0, 60)
        logit = 0.0 if noise else odds[source] + slope * (hours - 30)
        yield Example(row={"source": source, "hours": hours}, outcome=random.random() < share_of(logit), **changes)


def trained(examples, **changes):
    return train(examples, TrainingSettings(**changes), now=NOW)


class TestLearning:
    def test_the_odds_that_made_the_outcomes_are_found(self):
        model = trained(drawn(3_000)).model
        source, hours = model.fields
        by_choice = dict(zip(source.choices, source.weights, strict=False))
        assert by_choice["fair"] - by_choice["web"] == pytest.approx(2.0, abs=0.35)
        assert hours.worth(55) - hours.worth(5) == pytest.approx(2.5, abs=0.5)

    def test_each_field_adds_nothing_on_average(self):
        for field in trained(drawn(400)).model.fields:
            assert math.fsum(map(math.prod, zip(field.shares, field.weights, strict=True))) == pytest.approx(
                0, abs=1e-9
            )

    def test_the_same_examples_teach_the_same(self):
        assert trained(drawn(300)) == trained(drawn(300))

    def test_the_model_survives_json(self):
        model, codec = trained(drawn(300), outcome="won", id="won", version=3).model, Codec()
        assert codec.loads(PredictionModel, codec.dumps(model)) == model
        assert (str(model.ref), model.outcome, model.trained_at) == ("prediction won v3", "won", NOW)

    def test_what_is_left_out_is_not_in_the_model(self):
        assert [field.name for field in trained(drawn(300), leave_out=("source",)).model.fields] == ["hours"]

    def test_who_opted_out_is_not_trained_on(self):
        hidden = drawn(200, seed=9, odds={"fair": -5.0, "web": 5.0}, opted_out=True)
        assert trained([*drawn(300), *hidden]) == trained(drawn(300))

    def test_open_records_teach_nothing(self):
        opened = [revise(each, outcome=None) for each in drawn(20, seed=3)]
        assert trained([*drawn(300), *opened]).model == trained(drawn(300)).model

    def test_log_odds_are_stretched_where_records_not_trained_on_ask_for_it(self):
        """Every record stands ten times, so what was learnt of it comes true in the other folds as well."""
        twins = [each for each in drawn(60, noise=False, slope=0.0, odds={"a": 0.6, "b": -0.6}) for _ in range(10)]
        report = trained(twins).report
        assert (report.slope, report.shift) != (1.0, 0.0)
        assert "prediction.calibrated" in {reason.code for reason in report.reasons}


class TestColdStart:
    @pytest.mark.parametrize("count", [0, 1, 49])
    def test_few_records_give_the_base_rate_and_say_so(self, count):
        found = trained(drawn(count))
        assert found.model.fields == ()
        assert found.model.why.code == "prediction.few"
        decision = decide(found.model, PredictionFacts(row={"source": "fair"}), now=NOW)
        assert decision.outcome is PredictionOutcome.BASE_RATE
        assert 0 < decision.probability < 1
        assert found.report.quality is None
        assert f"{count} closed records" in str(found.report)

    @pytest.mark.parametrize(("outcome", "expected"), [(True, 200.5 / 201), (False, 0.5 / 201)])
    def test_a_single_kind_of_outcome_is_no_certainty(self, outcome, expected):
        found = trained([revise(each, outcome=outcome) for each in drawn(200)])
        assert found.model.base_rate == pytest.approx(expected)
        assert found.model.why.code == "prediction.few"

    def test_a_base_rate_of_no_records_is_half(self):
        assert (trained([]).model.base_rate, trained([]).report.base_rate) == (0.5, 0.5)

    @pytest.mark.parametrize("seed", range(6))
    def test_noise_is_called_noise(self, seed):
        found = trained(drawn(400, seed, noise=True))
        assert not found.report.better
        assert (found.model.fields, found.model.why.code) == ((), "prediction.no_better")
        assert found.report.quality.brier <= found.report.quality.base_brier + 0.002
        assert found.report.fields == ()

    def test_a_little_that_is_sure_is_not_worth_a_model(self):
        examples = list(drawn(6_000, odds={"fair": 0.15, "web": -0.15}, slope=0.0))
        found = trained(examples)
        assert found.report.quality.auc > 0.53
        assert not found.report.better
        assert trained(examples, worth=0.0).report.better

    def test_rare_outcomes_are_worth_a_model_though_squared_errors_hardly_fall(self):
        found = trained(drawn(4_000, odds={"fair": -2.5, "web": -4.5, "phone": -5.0}, slope=0.04))
        assert found.model.base_rate < 0.05
        assert found.report.better

    def test_fields_that_tell_nothing_apart_are_named(self):
        rows = [{"id": f"L-{place}", "country": "CN", "empty": None} for place in range(200)]
        examples = [Example(row=row, outcome=place % 3 == 0) for place, row in enumerate(rows)]
        found = trained(examples)
        left = [reason.params["field"] for reason in found.report.reasons if reason.code == "prediction.left_out"]
        assert left == ["id", "country", "empty"]
        assert found.model.why.code == "prediction.no_better"

    def test_an_unseen_value_changes_nothing(self):
        model = trained(drawn(300)).model
        usual = decide(model, PredictionFacts(row={"source": "never", "hours": 10}), now=NOW)
        assert usual.parts[0].logit == 0.0
        assert decide(model, PredictionFacts(row={"source": "fair", "hours": "ten"}), now=NOW).parts[1].logit == 0.0
        # nothing was missing in the training, so what is missing was never seen either
        assert decide(model, PredictionFacts(row={}), now=NOW).logit == model.intercept


class TestBins:
    def test_equal_numbers_stay_together_and_a_frequent_one_stands_alone(self):
        field = field_of("visits", [0] * 60 + list(range(1, 41)), TrainingSettings(bins=5, bin_rows=5))
        assert field.edges[0] == 1.0
        assert field.shares[0] == 0.6
        assert field.typical[0] == 0.0

    @given(
        st.lists(st.integers(-5, 30) | st.floats(-5, 30) | st.none(), min_size=1, max_size=200),
        st.integers(2, 12),
        st.integers(1, 20),
    )
    def test_numbers_fall_into_bins_that_are_large_enough(self, values, bins, bin_rows):
        field = field_of("n", values, TrainingSettings(bins=bins, bin_rows=bin_rows))
        if field is None:
            return
        filled = [value for value in values if value is not None]
        assert sum(field.shares) == pytest.approx(1)
        assert field.shares[field.pooled] == 0
        assert field.shares[field.missing] * len(values) == pytest.approx(len(values) - len(filled))
        assert [field.place(value) for value in field.typical] == list(range(len(field.typical)))
        most = max(filled.count(value) for value in filled)
        for share in field.shares[: field.pooled]:
            assert share * len(values) < max(bin_rows, -(-len(filled) // bins)) * 3 + most

    @given(st.lists(st.sampled_from([*"aaabbcdefg", None, True, 3]), min_size=1, max_size=120), st.integers(1, 10))
    def test_rare_choices_share_a_bin_and_are_told_again(self, values, rare):
        field = field_of("c", values, TrainingSettings(rare=rare))
        if field is None or field.scale is Scale.NUMBER:
            return
        for value in values:
            place = field.place(value)
            known = {"": None, "True": "true"}.get(str(value), str(value))
            assert place is not None
            if value is None:
                assert place == field.missing
            elif values.count(value) < rare:
                assert place == field.pooled
                assert known not in field.choices
            else:
                assert field.choices[place] == known
        assert field.place("never") is None

    def test_only_the_most_frequent_of_many_choices_have_a_bin_each(self):
        field = field_of("city", [city for city in "abcd" for _ in range(20 + ord(city))], TrainingSettings(choices=2))
        assert field.choices == ("d", "c")
        assert [field.place(city) for city in "abcd"] == [field.pooled, field.pooled, 1, 0]

    def test_prose_gets_no_bin(self):
        field = field_of("note", ["x" * 201] * 40 + ["short"] * 40, TrainingSettings())
        assert field.choices == ("short",)
        assert field.place("x" * 201) == field.pooled

    def test_of_very_many_rare_choices_some_are_forgotten(self):
        values = [f"name {place}" for place in range(MOST_RARE + 100)] + ["none"] * 50
        field = field_of("name", values, TrainingSettings())
        assert len(field.rare) == MOST_RARE
        assert sum(field.place(value) is None for value in values) == 100
        examples = [Example(row={"name": value}, outcome=place % 2 == 0) for place, value in enumerate(values)]
        assert trained(examples).report.rows == len(values)


class TestRegression:
    def test_a_step_too_far_is_shortened(self):
        """All outcomes are the reverse of what the offsets are certain of: Newton's first step is far too long."""
        count = 30
        problem = Problem(
            [(0, 1)] * count, [1.0] * count, [-20.0] * count, 2, [Tie(0, ZERO, 0.001), Tie(1, ZERO, 0.001)]
        )
        look = plain_sums(problem)
        start = look([0.0, 0.0], 1.0)
        assert look([-move for move in start.move], 1.0).loss > start.loss
        found = fit(problem, 1.0, sums=plain_sums)
        assert look(found.weights, 1.0).gain < 1e-9
        assert found.weights[0] == pytest.approx(found.weights[1])

    @given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=4, max_size=60), st.floats(0.1, 50))
    def test_nowhere_near_is_the_loss_less(self, some, strength):
        ties = [Tie(0, ZERO, 0.1), *(Tie(cell, ZERO, 1.0) for cell in (1, 2, 3)), Tie(1, 2, 3.0)]
        rows = [(0, cell) for cell, _ in some]
        problem = Problem(rows, [float(told) for _, told in some], [0.0] * len(some), 4, ties)
        look, found = plain_sums(problem), fit(problem, strength, sums=plain_sums)
        least = look(found.weights, strength).loss
        for cell in range(4):
            for step in (-0.01, 0.01):
                near = [weight + step * (place == cell) for place, weight in enumerate(found.weights)]
                assert look(near, strength).loss > least

    def test_the_firmer_the_ties_the_nearer_to_nothing(self):
        rows = [(0, 1)] * 20 + [(0, 2)] * 20
        problem = Problem(rows, [1.0] * 15 + [0.0] * 20 + [1.0] * 5, [0.0] * 40, 3, [Tie(1, ZERO, 1), Tie(2, ZERO, 1)])
        sizes = [abs(fit(problem, strength, sums=plain_sums).weights[1]) for strength in (0.01, 1.0, 100.0)]
        assert sizes == sorted(sizes, reverse=True)

    def test_evidence_believes_what_repeats_itself_and_not_what_does_not(self):
        def strength(outcomes):
            rows = [(0, 1 + place % 8) for place in range(len(outcomes))]
            problem = Problem(rows, outcomes, [0.0] * len(rows), 9, [Tie(cell, ZERO, 1.0) for cell in range(1, 9)])
            return fit_with_evidence(problem, sums=plain_sums).strength

        by_cell = list(islice(cycle([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]), 320))
        by_turns = [float(place // 8 % 2) for place in range(320)]
        assert strength(by_cell) < 1 < strength(by_turns)


class TestStretch:
    def test_what_is_as_sure_as_it_should_be_stays(self):
        random = Random(3)
        logits = [random.uniform(-3, 3) for _ in range(4_000)]
        found = stretch_of(logits, [float(random.random() < share_of(logit)) for logit in logits])
        assert (found.slope, found.shift) == (pytest.approx(1, abs=0.1), pytest.approx(0, abs=0.1))
        assert AS_IT_IS.of(2.5) == 2.5

    @given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=50))
    def test_it_always_ends_and_is_finite(self, some):
        found = stretch_of([logit for logit, _ in some], [float(told) for _, told in some])
        assert math.isfinite(found.slope)
        assert math.isfinite(found.shift)


class TestTeams:
    def teams(self, *, other, count=300):
        return [
            *drawn(900, 1, team_id="east"),
            *drawn(count, 2, odds=other, team_id="west"),
            *drawn(20, 3, team_id="new"),
            *drawn(50, 4),
        ]

    def test_a_team_with_ways_of_its_own_has_a_model_of_its_own(self):
        found = train_teams(self.teams(other={"fair": -1.5, "web": 1.5, "phone": 0.0}), now=NOW)
        assert [each.team_id for each in found.models.own][-1] == "west"
        west, pooled = found.models.of("west"), found.models.pooled
        assert west.fields[0].worth("web") > 0 > pooled.fields[0].worth("web")
        assert {reason.params["team"]: reason.code for reason in found.reasons}["west"] == "prediction.team_own"
        assert west.rows == 300
        assert sum(west.fields[0].shares) == pytest.approx(1)

    def test_a_team_like_all_shares_the_model_of_all(self):
        found = train_teams(self.teams(other=ODDS), now=NOW)
        assert found.models.own == ()
        assert found.models.of("west") is found.models.pooled
        assert found.models.of(None) is found.models.pooled
        codes = {reason.params["team"]: reason.code for reason in found.reasons}
        assert codes == {
            "east": "prediction.team_pooled",
            "new": "prediction.team_few",
            "west": "prediction.team_pooled",
        }
        assert all(SAYS.say(reason, language) for reason in found.reasons for language in ("en", "zh"))

    def test_the_model_of_all_is_that_of_a_training_without_teams(self):
        examples = self.teams(other=ODDS)
        found = train_teams(examples, now=NOW)
        assert (found.models.pooled, found.report) == (train(examples, now=NOW).model, train(examples, now=NOW).report)

    def test_too_few_for_all_are_too_few_for_any_team(self):
        found = train_teams(drawn(40, team_id="east"), now=NOW)
        assert found.models.own == ()
        assert [reason.code for reason in found.reasons] == ["prediction.team_few"]

    def test_teams_may_differ_where_the_whole_says_nothing(self):
        """In one team the source speaks for it, in the other against it."""
        one = drawn(400, 1, odds={"fair": 2.0, "web": -2.0}, slope=0.0, team_id="one")
        other = drawn(400, 2, odds={"fair": -2.0, "web": 2.0}, slope=0.0, team_id="other")
        found = train_teams([*one, *other], now=NOW)
        assert not found.report.better
        assert [each.team_id for each in found.models.own] == ["one", "other"]
        fair = {each.team_id: each.fields[0].worth("fair") for each in found.models.own}
        assert fair["one"] > 1 > -1 > fair["other"]

    def test_no_team_has_two_models(self):
        model = trained(drawn(300)).model
        with pytest.raises(InvalidInput, match="one team each"):
            TeamModels(pooled=model, own=(model,))
        east = revise(model, team_id="east")
        with pytest.raises(InvalidInput, match="one team each"):
            TeamModels(pooled=model, own=(east, east))

    def test_all_of_them_survive_json(self):
        found = train_teams(self.teams(other={"fair": -1.5, "web": 1.5, "phone": 0.0}), now=NOW).models
        codec = Codec()
        assert codec.loads(TeamModels, codec.dumps(found)) == found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 160))
def test_whatever_is_trained_on_the_model_can_be_asked(seed, count):
    random = Random(seed)
    kinds = [None, "", 0, 1, 2.5, True, False, "a", "b", "李雷", -1e12, 1e-12]
    rows = [{f"f{place}": random.choice(kinds) for place in range(3)} for _ in range(count)]
    found = trained([Example(row=row, outcome=random.random() < 0.4) for row in rows])
    for row in rows[:5]:
        assert 0 <= decide(found.model, PredictionFacts(row=row), now=NOW).probability <= 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"bins": 1}, "TrainingSettings.bins"), ({"least_each": 4}, "TrainingSettings.least_each")],
)
def test_settings_that_cannot_work_are_refused(changes, field):
    with pytest.raises(InvalidInput) as refused:
        TrainingSettings(**changes)
    assert refused.value.field == field


def test_no_record_is_judged_by_a_model_that_has_seen_it():
    """The weights by which a fold is judged come from the other folds alone, wherever the descent began."""
    examples = list(drawn(120, noise=True))
    settings_ = TrainingSettings(least_rows=20)
    learnt = learn(Table.of(examples, settings_), folds=5, sums=plain_sums)
    for fold, weights in zip(learnt.folds, learnt.apart, strict=True):
        others = [row for row in range(120) if row not in set(fold)]
        again = fit(learnt.table.problem(others), learnt.strength, sums=plain_sums).weights
        assert list(again) == pytest.approx(list(weights), abs=1e-6)
        assert [learnt.logits[row] for row in fold] == [learnt.table.logit(row, weights) for row in fold]
