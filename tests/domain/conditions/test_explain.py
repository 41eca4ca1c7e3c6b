"""Explanations agree with the compiled answer and show what was found."""

from types import SimpleNamespace

from hypothesis import given

from crmkit.domain.conditions import (
    Always,
    F,
    FieldCatalogue,
    FieldSpec,
    Kind,
    bind,
    compile_explain,
    compile_test,
    explain,
)
from crmkit.testing.conditions import CATALOGUE, NOW, Grade, conditions, samples

FIELDS = FieldCatalogue(
    [
        FieldSpec(name="score", kind=Kind.INTEGER),
        FieldSpec(name="name", kind=Kind.TEXT),
        FieldSpec(name="grade", kind=Kind.CHOICE, choices=("a", "B", "beta"), enum=Grade),
        FieldSpec(name="owner_id", kind=Kind.ID, optional=True),
    ]
)
ROW = SimpleNamespace(score=55, name="Li", grade=Grade.A, owner_id=None)


def why(condition):
    return explain(bind(condition, FIELDS), ROW, NOW)


def decisive(condition):
    return [str(leaf.condition) for leaf in why(condition).decisive()]


@given(samples(), conditions(CATALOGUE))
def test_an_explanation_gives_the_answer_of_the_condition(row, condition):
    bound = bind(condition, CATALOGUE)
    explained = compile_explain(bound)(row, NOW)

    assert explained.holds is compile_test(bound)(row, NOW)
    assert [leaf.condition for leaf in explained.leaves()] == list(bound.condition.leaves())
    for leaf in explained.leaves():
        assert explain(bind(leaf.condition, CATALOGUE), row, NOW) == leaf
    assert set(explained.decisive()) <= set(explained.leaves())
    assert str(explained).count("\n") == bound.condition.size - 1


def test_every_leaf_shows_what_it_found():
    text = str(why((F.score >= 60) & ((F.name == "Li") | (F.grade == "B")) & ~F.owner_id.missing() & Always()))

    assert text.splitlines()[1:] == [
        "  no: score >= 60 [55]",
        "  yes: name == 'Li' or grade == 'B'",
        "    yes: name == 'Li' ['Li']",
        "    no: grade == 'B' ['a']",
        "  no: not missing(owner_id)",
        "    yes: missing(owner_id) [missing]",
        "  yes: always()",
    ]


def test_decisive_leaves_are_those_the_answer_rests_on():
    high, li, owned = F.score >= 60, F.name == "Li", ~F.owner_id.missing()

    assert decisive(high & li & owned) == ["score >= 60", "missing(owner_id)"]
    assert decisive(high | li) == ["name == 'Li'"]
    assert decisive(~(high | owned)) == ["score >= 60", "missing(owner_id)"]
    assert decisive(~(high & li)) == ["score >= 60"]
    assert decisive(Always()) == []
