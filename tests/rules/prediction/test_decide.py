"""A probability is explained to the last digit, neutral for who opted out, and moved by what is said to move it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.errors import InvalidInput
from crmkit.rules.prediction import (
    TEXTS,
    FieldModel,
    Grades,
    Override,
    PredictionFacts,
    PredictionModel,
    PredictionOutcome,
    Scale,
    decide,
    what_if,
)
from crmkit.rules.prediction.field import choice_of, fingerprint
from crmkit.rules.prediction.policy import log_odds, share_of
from crmkit.testing import NOW

SAYS = Catalogue.of(TEXTS)
HOURS = FieldModel(
    name="hours", scale=Scale.NUMBER, edges=(5.0, 20.0), typical=(2.0, 9.0, 40.0), weights=(-1.0, 0.5, 1.5, 0, -0.3)
)
SOURCE = FieldModel(
    name="source", scale=Scale.CHOICE, choices=("web", "fair"), rare=(fingerprint("fax"),), weights=(-0.4, 0.8, 0.2, 0)
)


def model(*fields, base=0.25, **changes):
    return PredictionModel(
        **{
            "trained_at": NOW,
            "rows": 400,
            "base_rate": base,
            "intercept": log_odds(base),
            "fields": fields,
            **changes,
        }
    )


def facts(opted_out=False, override=None, **row):
    return PredictionFacts(row=row, opted_out=opted_out, override=override)


WON = model(HOURS, SOURCE)

worths = st.floats(-4, 4)


@st.composite
def fields(draw, name):
    bins = draw(st.integers(1, 5))
    weights = tuple(draw(st.lists(worths, min_size=bins + 2, max_size=bins + 2)))
    if draw(st.booleans()):
        edges = tuple(float(10 * place) for place in range(1, bins))
        typical = tuple(float(10 * place + 5) for place in range(bins))
        return FieldModel(name=name, scale=Scale.NUMBER, edges=edges, typical=typical, weights=weights)
    choices = tuple(f"choice {place}" for place in range(bins))
    rare = (fingerprint("rare"),)
    return FieldModel(name=name, scale=Scale.CHOICE, choices=choices, rare=rare, weights=weights)


@st.composite
def models(draw):
    named = [draw(fields(f"field {place}")) for place in range(draw(st.integers(1, 5)))]
    return model(*named, base=draw(st.floats(0.01, 0.99)), intercept=draw(worths))


values = st.one_of(
    st.none(),
    st.floats(-20, 80),
    st.integers(-20, 80),
    st.booleans(),
    st.decimals(-20, 80, places=2),
    st.sampled_from([*(f"choice {place}" for place in range(5)), "rare", "never seen", "", " "]),
)
rows = st.dictionaries(st.sampled_from([f"field {place}" for place in range(6)]), values)


@given(models(), rows)
def test_what_every_field_adds_sums_to_the_log_odds(policy, row):
    decision = decide(policy, PredictionFacts(row=row), now=NOW)
    assert decision.logit == math.fsum([decision.start, *(part.logit for part in decision.parts)])
    assert decision.probability == share_of(decision.logit)
    assert [part.field for part in decision.parts] == [field.name for field in policy.fields]
    assert {part.reason for part in decision.parts} <= set(decision.reasons)
    assert decision.grade == policy.grades.label(decision.probability)


@given(models(), rows, st.sampled_from(["A", "B", "C", "D"]))
def test_who_opted_out_is_as_everybody_on_every_path(policy, row, grade):
    override = Override(probability=0.99, by="eva", at=NOW)
    hidden = PredictionFacts(row=row, opted_out=True, override=override)
    decision = decide(policy, hidden, now=NOW)
    assert decision == decide(policy, PredictionFacts(row={}, opted_out=True), now=NOW)
    assert (decision.probability, decision.shown) == (policy.base_rate, policy.base_rate)
    assert (decision.parts, decision.top_positive(), decision.top_negative()) == ((), (), ())
    assert what_if(policy, hidden, grade, now=NOW) == ()


@settings(max_examples=300)
@given(models(), rows, st.sampled_from(["A", "B", "C"]))
def test_what_is_said_to_lift_a_record_lifts_it(policy, row, grade):
    least = policy.grades.least(grade)
    before = decide(policy, PredictionFacts(row=row), now=NOW)
    found = what_if(policy, PredictionFacts(row=row), grade, now=NOW)
    for each in found:
        after = decide(policy, PredictionFacts(row={**row, each.field: each.value}), now=NOW)
        assert (after.probability, after.grade) == (each.probability, each.grade)
        assert before.probability < least <= after.probability
    assert len({each.field for each in found}) == len(found)
    assert [each.probability for each in found] == sorted(each.probability for each in found)


@settings(max_examples=300)
@given(models(), rows, st.sampled_from(["A", "B", "C"]))
def test_where_nothing_is_offered_no_single_change_is_enough(policy, row, grade):
    least = policy.grades.least(grade)
    before = decide(policy, PredictionFacts(row=row), now=NOW)
    offered = {each.field for each in what_if(policy, PredictionFacts(row=row), grade, now=NOW)}
    if before.probability >= least:
        assert offered == set()
        return
    for field in policy.fields:
        changed = [{**row, field.name: field.example(place)} for place in range(field.pooled)]
        after = [decide(policy, PredictionFacts(row=each), now=NOW).probability for each in changed]
        assert (max(after) >= least) == (field.name in offered)


@pytest.mark.parametrize(
    ("row", "code", "logit"),
    [
        ({"source": "fair"}, "prediction.raises", 0.8),
        ({"source": "web"}, "prediction.lowers", -0.4),
        ({"source": "fax"}, "prediction.rare_raises", 0.2),
        ({"source": "carrier pigeon"}, "prediction.unseen", 0.0),
        ({"source": 7}, "prediction.unseen", 0.0),
        ({"source": None}, "prediction.missing_neutral", 0.0),
        ({}, "prediction.missing_neutral", 0.0),
    ],
)
def test_each_kind_of_value_has_its_worth_and_its_reason(row, code, logit):
    [_, part] = decide(WON, PredictionFacts(row=row), now=NOW).parts
    assert (part.reason.code, part.logit) == (code, logit)


def test_a_reason_names_the_bin_and_not_what_a_person_wrote():
    decision = decide(WON, facts(hours=17.25, source="carrier pigeon"), now=NOW)
    said = SAYS.say_all(decision.reasons)
    assert said == (
        "35.5 % likely, grade B; 25.0 % is usual.\n"
        "hours is 5 … < 20: speaks for it (+0.50).\n"
        "source has a value that was never seen before: says nothing."
    )


def test_what_speaks_for_and_against_it_is_told_apart():
    decision = decide(WON, facts(source="web"), now=NOW)
    assert [part.field for part in decision.top_negative()] == ["source", "hours"]
    assert decision.top_positive() == ()
    assert [part.field for part in decide(WON, facts(hours=50, source="fair"), now=NOW).top_positive(1)] == ["hours"]


def test_what_somebody_said_stands_beside_the_model_and_changes_nothing_of_it():
    override = Override(probability=0.9, by="eva", at=NOW, note="I know them")
    decision = decide(WON, facts(hours=2, override=override), now=NOW)
    plain = decide(WON, facts(hours=2), now=NOW)
    assert (decision.probability, decision.grade, decision.parts) == (plain.probability, plain.grade, plain.parts)
    assert (decision.shown, plain.shown) == (0.9, plain.probability)
    assert SAYS.say(decision.reasons[-1]).startswith("eva said 90.0 % on ")


def test_a_model_without_fields_tells_the_base_rate_and_why():
    why = Reason.of("prediction.no_better", brier="0.21", base="0.20")
    decision = decide(model(why=why), facts(override=Override(probability=0.9, by="eva", at=NOW)), now=NOW)
    assert decision.outcome is PredictionOutcome.BASE_RATE
    assert decision.probability == 0.25
    assert [reason.code for reason in decision.reasons] == [
        "prediction.base_rate",
        "prediction.no_better",
        "prediction.override",
    ]
    assert [reason.code for reason in decide(model(), facts(), now=NOW).reasons] == ["prediction.base_rate"]
    assert what_if(model(), facts(), "A", now=NOW) == ()


def test_what_if_make_it_an_a_is_the_nearest_step_that_is_enough():
    found = what_if(WON, facts(hours=1, source="fair"), "A", now=NOW)
    assert [(each.field, each.value, each.grade) for each in found] == [("hours", 40.0, "A")]
    assert SAYS.say(found[0].reason) == "With hours at ≥ 20 it would be 76.9 %, grade A."
    [nearest, other] = what_if(WON, facts(hours=1, source="web"), "C", now=NOW)
    assert (nearest.field, nearest.value, other.field, other.value) == ("source", "fair", "hours", 9.0)


def test_only_what_can_be_changed_is_offered():
    found = what_if(WON, facts(hours=1, source="web"), "C", fixed=["source"], now=NOW)
    assert [each.field for each in found] == ["hours"]


def test_a_grade_that_there_is_not_is_refused():
    with pytest.raises(InvalidInput, match="'S' is no grade"):
        what_if(WON, facts(), "S", now=NOW)


def test_a_model_survives_json_and_says_the_same():
    codec = Codec()
    loaded = codec.loads(PredictionModel, codec.dumps(WON))
    assert loaded == WON
    assert decide(loaded, facts(hours=9, source="fax"), now=NOW) == decide(WON, facts(hours=9, source="fax"), now=NOW)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: model(base=0.25, base_rate=1.0), "PredictionModel.base_rate"),
        (lambda: model(HOURS, HOURS), "PredictionModel.fields"),
        (lambda: Override(probability=25, by="eva", at=NOW), "Override.probability"),
        (lambda: Grades.of({"A": 0.3, "B": 0.6}, below="C"), "Grades.steps"),
        (lambda: Grades.of({"A": 60}, below="C"), "Grades.steps"),
        (lambda: Grades.of({"A": 0.6}, below="A"), "Grades.steps"),
        (lambda: facts(hours=float("nan")), "PredictionFacts.row.hours"),
        (lambda: facts(hours=NOW), "PredictionFacts.row.hours"),
        (lambda: FieldModel(name="a", scale=Scale.CHOICE, weights=(0.0,)), "FieldModel.weights"),
        (lambda: FieldModel(name="a", scale=Scale.CHOICE, weights=(0, 0), shares=(1,)), "FieldModel.weights"),
        (lambda: FieldModel(name="a", scale=Scale.NUMBER, weights=(0, 0, 0)), "FieldModel.typical"),
        (
            lambda: FieldModel(name="a", scale=Scale.NUMBER, edges=(2, 1), typical=(1, 1, 2), weights=(0,) * 5),
            "FieldModel.edges",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(build, field):
    with pytest.raises(InvalidInput) as refused:
        build()
    assert refused.value.field == field


def test_numbers_among_texts_are_choices_too():
    mixed = FieldModel(name="mixed", scale=Scale.CHOICE, choices=("7", "true"), weights=(1.0, 2.0, 0, 0))
    assert [mixed.worth(value) for value in (7, 7.0, "7", True, "true")] == [1.0, 1.0, 1.0, 2.0, 2.0]
    assert choice_of(2.5) == "2.5"


def test_bins_are_labelled_half_open():
    assert [HOURS.label(place) for place in range(5)] == ["< 5", "5 … < 20", "≥ 20", "", ""]
    assert [HOURS.place(value) for value in (4.999, 5, 20, None)] == [0, 1, 2, 4]
