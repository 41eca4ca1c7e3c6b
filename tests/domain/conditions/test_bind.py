"""What fits the fields, what does not, and how that is told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given

from crmkit.domain.conditions import (
    MAX_PROBLEMS,
    Always,
    And,
    Condition,
    F,
    FieldCatalogue,
    FieldSpec,
    Kind,
    Leaf,
    asks_of,
    bind,
)
from crmkit.errors import InvalidCondition
from crmkit.testing.conditions import CATALOGUE, conditions


class Status(StrEnum):
    NEW = "new"
    LOST = "lost"


FIELDS = FieldCatalogue(
    [
        FieldSpec(name="name", kind=Kind.TEXT),
        FieldSpec(name="score", kind=Kind.INTEGER),
        FieldSpec(name="discount", kind=Kind.DECIMAL),
        FieldSpec(name="price", kind=Kind.MONEY),
        FieldSpec(name="vip", kind=Kind.BOOLEAN),
        FieldSpec(name="due", kind=Kind.DATE),
        FieldSpec(name="seen_at", kind=Kind.INSTANT),
        FieldSpec(name="status", kind=Kind.CHOICE, choices=("new", "lost"), enum=Status),
        FieldSpec(name="owner_id", kind=Kind.ID, optional=True),
        FieldSpec(name="tags", kind=Kind.TAGS),
        FieldSpec(name="custom.region", kind=Kind.CHOICE, choices=tuple(f"R{n}" for n in range(30)), optional=True),
    ]
)


def bound(condition):
    return bind(condition, FIELDS).condition


def problems(condition):
    with pytest.raises(InvalidCondition) as caught:
        bind(condition, FIELDS)
    return [(problem.field, problem.code, problem.hint) for problem in caught.value.problems]


@given(conditions(CATALOGUE))
def test_binding_what_is_bound_changes_nothing(condition):
    once = bind(condition, CATALOGUE)

    assert bind(once.condition, CATALOGUE) == once
    assert hash(bind(once.condition, CATALOGUE)) == hash(once)
    assert {leaf.field for leaf in condition.leaves()} == {spec.name for spec in once.fields}
    assert str(once) == str(once.condition)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (F.score == Decimal(60), F.score == 60),
        (F.discount == 12, F.discount == Decimal(12)),
        (F.discount.in_(1, Decimal(1)), F.discount.in_(Decimal(1))),
        (F.due == "2026-01-31", F.due == date(2026, 1, 31)),
        (F.seen_at >= "2026-01-31T08:00:00+08:00", F.seen_at >= datetime(2026, 1, 31, tzinfo=UTC)),
        (F.seen_at >= "2026-01-31T00:00:00Z", F.seen_at >= datetime(2026, 1, 31, tzinfo=UTC)),
        (F.due.within("2026-01-01", "2026-02-01"), F.due.within(date(2026, 1, 1), date(2026, 2, 1))),
        (F.status == Status.LOST, F.status == "lost"),
        (~Always(), ~Always()),
    ],
)
def test_literals_take_the_type_of_their_field(given_, expected):
    assert bound(given_) == expected


def test_every_problem_is_listed_at_once():
    condition = (F.scroe >= 60) & (F.status == "nwe") & F.score.contains("6") & ((F.price > 5) | ~(F.vip == 1))

    assert problems(condition) == [
        ("scroe", "field.unknown", "Did you mean score?"),
        ("status", "choice.unknown", "Did you mean new?"),
        ("score", "operator.wrong", "It can be asked: ==, !=, <, <=, >, >=, in, missing."),
        ("price", "money.currency", "Write for example money('12.30', 'EUR')."),
        ("vip", "value.wrong_type", "Write True or False, without quotes."),
    ]


def test_a_message_reads_as_a_sentence():
    with pytest.raises(InvalidCondition) as caught:
        bind(F.score.contains("6") & (F.owner_id > "a") & (F.score == "60"), FIELDS)
    assert [problem.message for problem in caught.value.problems] == [
        "contains does not go with an integer field.",
        "> does not go with an id field.",
        "takes a whole number, not str.",
    ]


@pytest.mark.parametrize(
    "condition",
    [
        F.name == 5,
        F.name.in_("a", 5),
        F.score == "60",
        F.score == True,  # noqa: E712
        F.score == Decimal("59.5"),
        F.discount == "1.5",
        F.discount == False,  # noqa: E712
        F.price == "5",
        F.vip == "true",
        F.vip == 0,
        F.due == "31.01.2026",
        F.due == datetime(2026, 1, 31, tzinfo=UTC),
        F.due == 20260131,
        F.seen_at == date(2026, 1, 31),
        F.seen_at == "2026-01-31",
        F.seen_at == "2026-01-31T08:00:00",
        F.seen_at == "yesterday",
        F.seen_at == "0001-01-01T00:00:00+08:00",
        F.seen_at.within("2026-01-01", "2026-02-01"),
        F.due.within("a", "b"),
        F.status == 1,
        F.owner_id == 7,
    ],
)
def test_a_value_of_the_wrong_type_is_a_problem(condition):
    assert {code for _, code, _ in problems(condition)} == {"value.wrong_type"}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (F.price == 5, "money.currency"),
        (F.price.in_(Decimal(5)), "money.currency"),
        (F.status == "x", "choice.unknown"),
        (F.status.in_("new", "x"), "choice.unknown"),
        (F.due.within(hours=36), "period.not_days"),
        (F.due.within("2026-02-01", "2026-01-01"), "condition.invalid"),
        (F.tags == "vip", "operator.wrong"),
        (F.tags.in_("vip"), "operator.wrong"),
        (F.tags.startswith("v"), "operator.wrong"),
        (F.status < "new", "operator.wrong"),
        (F.vip > False, "operator.wrong"),
        (F.score.within(days=3), "operator.wrong"),
        (F.owner_id.startswith("M"), "operator.wrong"),
        (F.custom.gone == 1, "field.unknown"),
    ],
)
def test_what_does_not_fit_has_a_code(condition, code):
    [(field, found, _)] = problems(condition)

    assert (field, found) == (next(condition.leaves()).field, code)


def test_a_long_list_of_choices_is_cut_short():
    [(_, _, hint)] = problems(F.custom.region == "?")

    assert hint.startswith("Choose from: R0, R1")
    assert hint.endswith("R19 ….")


def test_at_most_a_hundred_problems_are_listed_and_few_have_suggestions():
    found = problems(And([F[f"scor{n}"] == 1 for n in range(MAX_PROBLEMS + 1)]))

    assert len(found) == MAX_PROBLEMS
    assert found[0][2] == "Did you mean score?"
    assert found[-1][2] == ""


def test_a_foreign_node_is_refused():
    class Near(Leaf):
        field = "score"
        parts = ()

    class Maybe(Condition):
        parts = ()

    for node in (Near(), Maybe()):
        with pytest.raises(InvalidCondition, match="not one of the ten nodes"):
            bind(node, FIELDS)


def test_every_kind_can_be_asked_whether_it_is_missing():
    assert all("missing" in asks_of(kind) for kind in Kind)
