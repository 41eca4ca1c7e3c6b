"""A model of weights: what it takes, and that its explanation adds up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import CERTAIN_BITS, LEVELS, FieldType, FieldWeights, LinkageModel

NAME = FieldWeights(
    name="name", type=FieldType.FAMILY_NAME, weights=(7.0, 5.0, 2.0, -3.5), near=(6.0, 4.0, 1.0, -1.0), chance=0.001
)
BORN = FieldWeights(
    name="born", type=FieldType.DATE, weights=(12.0, 7.0, 4.0, -4.0), near=(0.0, 0.0, 0.0, 0.0), chance=0.0001
)
MODEL = LinkageModel(fields=(NAME, BORN), prior=-13.0, near_prior=-9.0, near_share=0.5)

bits = st.floats(-40, 40)
weights = st.tuples(bits, bits, bits, bits)
shares = st.floats(1e-7, 1.0)


@pytest.mark.parametrize("kind", FieldType)
def test_levels_go_down_to_different_and_are_expected_in_all(kind):
    levels = LEVELS[kind]
    assert [level.least for level in levels] == sorted((level.least for level in levels), reverse=True)
    assert levels[0].name == "same"
    assert min(level.least for level in levels) <= 0
    assert 0.9 < sum(level.usual for level in levels) < 1.1
    assert len({level.name for level in levels}) == len(levels)


def test_what_is_certain_is_a_level():
    assert set(CERTAIN_BITS) <= {level.name for levels in LEVELS.values() for level in levels}


@given(
    weights, weights, st.tuples(st.integers(0, 4), st.integers(0, 4)), st.tuples(shares, shares), bits, st.floats(0, 1)
)
def test_the_steps_add_up_to_the_score(first, near, levels, shares, prior, near_share):
    fields = tuple(
        FieldWeights(name=name, type=kind, weights=first, near=near, chance=0.01)
        for name, kind in (("name", FieldType.FAMILY_NAME), ("born", FieldType.DATE))
    )
    model = LinkageModel(fields=fields, prior=prior, near_prior=prior, near_share=near_share)

    steps = list(model.steps(levels, shares=shares))

    assert math.isclose(sum(step.evidence for step in steps), model.score(levels, shares=shares), abs_tol=1e-6)
    assert 0 <= model.probability(levels, shares=shares) <= 1


def test_a_rare_name_is_worth_more_than_a_common_one():
    rare, common = (MODEL.probability((1, 1), shares=(share, 1e-5)) for share in (1e-6, 1e-2))
    assert rare > common


def test_nothing_known_is_no_evidence():
    steps = list(MODEL.steps((0, 0), shares=(0.0, 0.0)))
    assert [step.field for step in steps] == ["prior", "neighbours"]
    assert steps[1].evidence == pytest.approx(0, abs=0.01)


def test_two_who_share_a_family_name_may_be_neighbours():
    alone = LinkageModel(fields=(NAME, BORN), prior=-13.0)
    assert MODEL.score((1, 4), shares=(1e-6, 0.0)) < alone.score((1, 4), shares=(1e-6, 0.0)) - 2


def test_evidence_beyond_what_a_float_holds_stays_finite():
    near = FieldWeights(name="x", type=FieldType.FAMILY_NAME, weights=(1.0,) * 4, near=(9_000.0,) * 4, chance=0.5)
    model = LinkageModel(fields=(near,), prior=0.0, near_share=1.0)
    assert model.score((2,), shares=(0.0,)) == pytest.approx(1.0 - 9_000.0 + 60.0)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: FieldWeights(name="x", type=FieldType.DATE, weights=(1.0,), chance=0.5), "FieldWeights.weights"),
        (
            lambda: FieldWeights(name="x", type=FieldType.DATE, weights=(1.0,) * 4, near=(1.0,), chance=0.5),
            "FieldWeights",
        ),
        (lambda: FieldWeights(name="x", type=FieldType.DATE, weights=(1.0,) * 4, chance=0.0), "FieldWeights.chance"),
        (lambda: LinkageModel(fields=(), prior=0.0), "LinkageModel.fields"),
        (lambda: LinkageModel(fields=(NAME, NAME), prior=0.0), "LinkageModel.fields"),
        (lambda: LinkageModel(fields=(NAME,), prior=0.0, threshold=1.0), "LinkageModel.threshold"),
        (
            lambda: LinkageModel(
                fields=(FieldWeights(name="x", type=FieldType.DATE, weights=(1.0,) * 4, chance=0.5),),
                prior=0.0,
                near_share=0.5,
            ),
            "LinkageModel.fields",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, field):
    with pytest.raises(InvalidInput, match=field):
        make()
