"""The generated code against a plain walk of the tree, and what it promises besides."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import reduce
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.conditions import (
    Always,
    And,
    Between,
    Compare,
    Contains,
    F,
    FieldCatalogue,
    FieldSpec,
    In,
    Kind,
    Last,
    Leaf,
    Missing,
    Next,
    Not,
    Or,
    StartsWith,
    Within,
    bind,
    compile_all,
    compile_filter,
    compile_first,
    compile_read,
    compile_table,
    compile_test,
)
from crmkit.domain.conditions.bind import BoundCondition
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.testing.conditions import CATALOGUE, NOW, conditions, samples


def value_at(row, path):
    """The value at a dotted name, ``None`` where the way ends before it."""
    for part in path.split("."):
        if row is None:
            return None
        row = row.get(part) if hasattr(row, "get") else getattr(row, part)
    return row


COMPARISONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def compares(value, op, literal):
    if isinstance(literal, Money):
        return value.currency == literal.currency and COMPARISONS[op](value.minor, literal.minor)
    return COMPARISONS[op](value, literal)


def lies_in(value, period, now):
    whole_days = not isinstance(value, datetime)
    moment = now.date() if whole_days else now
    match period:
        case Between(start, end):
            return start <= value < end
        case Last(duration):
            return moment - duration < value <= moment
        case Next(duration):
            return moment <= value < moment + duration


def holds(node, row, now):
    """What ``node`` means, said as plainly as possible."""
    match node:
        case And(terms):
            return all(holds(term, row, now) for term in terms)
        case Or(terms):
            return any(holds(term, row, now) for term in terms)
        case Not(term):
            return not holds(term, row, now)
        case Always():
            return True
        case Missing(field):
            return value_at(row, field) in (None, ())
    value = value_at(row, node.field)
    if value is None:
        return False
    match node:
        case Compare(_, op, literal):
            return compares(value, op, literal)
        case In(_, literals):
            return any(compares(value, "==", literal) for literal in literals)
        case Contains(_, part):
            return part in value
        case StartsWith(_, start):
            return value[: len(start)] == start
        case Within(_, period):
            return lies_in(value, period, now)


@given(samples(), conditions(CATALOGUE))
def test_generated_code_answers_what_the_tree_says(row, condition):
    bound = bind(condition, CATALOGUE)

    assert compile_test(bound)(row, NOW) is holds(bound.condition, row, NOW)


@given(st.lists(samples(), max_size=3), st.lists(conditions(CATALOGUE), max_size=4))
def test_fused_forms_answer_what_the_single_ones_do(rows, trees):
    bounds = [bind(tree, CATALOGUE) for tree in trees]
    tests = [compile_test(bound) for bound in bounds]
    expected = [tuple(test(row, NOW) for test in tests) for row in rows]

    assert compile_table(bounds)(rows, NOW) == expected
    assert [compile_all(bounds)(row, NOW) for row in rows] == expected
    assert [compile_first(bounds)(row, NOW) for row in rows] == [
        answers.index(True) if True in answers else None for answers in expected
    ]
    for place, bound in enumerate(bounds):
        assert compile_filter(bound)(rows, NOW) == [
            row for row, answers in zip(rows, expected, strict=True) if answers[place]
        ]


@given(samples(), st.lists(st.sampled_from(CATALOGUE.fields), unique=True))
def test_reading_gives_the_values_in_order(row, specs):
    assert compile_read(specs)(row) == tuple(value_at(row, spec.name) for spec in specs)


@given(samples(), st.sampled_from([spec.name for spec in CATALOGUE]))
def test_a_value_is_missing_or_compares_with_itself_and_never_both(row, name):
    value = value_at(row, name)
    question = F[name].missing() if value in (None, ()) else _own_question(name, value)

    assert compile_test(bind(question, CATALOGUE))(row, NOW) is True


def _own_question(name, value):
    if isinstance(value, tuple):
        return reduce(lambda one, other: one & other, [F[name].contains(tag) for tag in value])
    return (F[name] == value) & ~F[name].missing() & F[name].in_(value) & ~(F[name] != value)


class Counting:
    """A record that counts how often each field is read."""

    def __init__(self, **fields):
        self.fields = fields
        self.reads = Counter()

    def __getattr__(self, name):
        self.reads[name] += 1
        return self.fields[name]


FIELDS = FieldCatalogue(
    [
        FieldSpec(name="score", kind=Kind.INTEGER),
        FieldSpec(name="rank", kind=Kind.INTEGER, optional=True),
        FieldSpec(name="price", kind=Kind.MONEY),
        FieldSpec(name="home.city", kind=Kind.TEXT),
        FieldSpec(name="home.street", kind=Kind.TEXT, optional=True),
        FieldSpec(name="seen_at", kind=Kind.INSTANT, optional=True),
        FieldSpec(name="due", kind=Kind.DATE, optional=True),
        FieldSpec(name="custom.a", kind=Kind.TEXT),
        FieldSpec(name="custom.b", kind=Kind.INTEGER),
    ]
)


def bound(condition):
    return bind(condition, FIELDS)


def test_a_field_that_several_conditions_ask_is_read_once():
    asked = [
        (F.score >= 60) & (F.score < 90),
        (F.score == 3) | F.rank.missing(),
        (F.rank > 1) & (F.price >= Money.of(1, "EUR")) & (F.price < Money.of(9, "EUR")),
        (F.home.city == "Hangzhou") | (F.home.street == "x") | (F.custom.a == "a") | (F.custom.b == 1),
    ]
    home = Counting(city="Paris", street=None)
    custom = {"a": "b"}
    row = Counting(score=70, rank=None, price=Money.of(5, "EUR"), home=home, custom=custom)

    compile_all([bound(condition) for condition in asked])(row, NOW)

    assert set(row.reads.values()) == set(home.reads.values()) == {1}


def test_first_reads_no_further_than_it_needs():
    row = Counting(score=70, rank=1)

    assert compile_first([bound(F.score > 60), bound((F.rank > 1) & (F.rank < 3))])(row, NOW) == 0
    assert row.reads == {"score": 1}


def test_first_of_no_conditions_is_none():
    assert compile_first([])(SimpleNamespace(), NOW) is None


def test_and_stops_at_the_first_failure():
    row = Counting(score=1)

    assert compile_test(bound((F.score > 60) & (F.rank > 1)))(row, NOW) is False


def test_relative_periods_count_from_the_instant_whatever_its_zone():
    recent = compile_test(bound(F.seen_at.within(hours=2)))
    row = SimpleNamespace(seen_at=NOW - timedelta(hours=1))

    for zone in (UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-11))):
        assert recent(row, NOW.astimezone(zone))
        assert not recent(row, (NOW + timedelta(hours=1)).astimezone(zone))


@pytest.mark.parametrize(
    ("offset", "last", "coming"),
    [
        (timedelta(days=-30), False, False),
        (timedelta(days=-30, microseconds=1), True, False),
        (timedelta(0), True, True),
        (timedelta(microseconds=1), False, True),
        (timedelta(days=30, microseconds=-1), False, True),
        (timedelta(days=30), False, False),
    ],
)
def test_ends_of_relative_periods(offset, last, coming):
    row = SimpleNamespace(seen_at=NOW + offset)

    assert compile_test(bound(F.seen_at.within(days=30)))(row, NOW) is last
    assert compile_test(bound(F.seen_at.within_next(days=30)))(row, NOW) is coming


def test_days_are_those_of_the_zone_that_now_is_given_in():
    now = datetime(2026, 1, 31, 23, tzinfo=UTC)
    in_china = now.astimezone(timezone(timedelta(hours=8)))
    today = compile_test(bound(F.due.within(days=1)))

    assert today(SimpleNamespace(due=now.date()), now)
    assert today(SimpleNamespace(due=in_china.date()), in_china)
    assert not today(SimpleNamespace(due=now.date()), in_china)


@pytest.mark.parametrize("question", [F.seen_at.within(days=1), F.due.within_next(days=1)])
def test_a_naive_now_is_refused_where_it_matters(question):
    with pytest.raises(InvalidInput, match="now: has no time zone"):
        compile_test(bound(question))(SimpleNamespace(seen_at=NOW, due=NOW.date()), NOW.replace(tzinfo=None))


@given(samples(), conditions(CATALOGUE))
def test_a_period_s_window_says_what_the_generated_code_does(row, condition):
    for leaf in condition.leaves():
        value = value_at(row, leaf.field)
        if isinstance(leaf, Within) and value is not None:
            start, end = leaf.period.window(NOW, whole_days=not isinstance(value, datetime))
            assert compile_test(bind(leaf, CATALOGUE))(row, NOW) is (start <= value < end)


def test_one_period_asked_twice_is_counted_once():
    both = bound(F.seen_at.within(days=30) | ~F.seen_at.within(days=30))

    assert compile_test(both)(SimpleNamespace(seen_at=NOW), NOW)
    assert compile_test(both).__code__.co_varnames.count("instant") == 1
    assert len([name for name in compile_test(both).__code__.co_varnames if name.startswith("t")]) == 2


def test_relative_periods_are_counted_once_a_call():
    class Now(datetime):
        asked = 0

        def utcoffset(self):
            Now.asked += 1
            return timedelta(0)

    now = Now(2026, 1, 31, 8, tzinfo=timezone(timedelta(0), "X"))
    rows = [SimpleNamespace(seen_at=NOW)] * 100

    assert len(compile_filter(bound(F.seen_at.within(days=30) & F.seen_at.within_next(days=1)))(rows, now)) == 100
    assert Now.asked < 10


def test_money_of_another_currency_is_neither_equal_nor_different():
    row = SimpleNamespace(price=Money.of(5, "USD"))
    euro = Money.of(5, "EUR")

    for question in (F.price == euro, F.price != euro, F.price < euro, F.price > euro, F.price.in_(euro)):
        assert compile_test(bound(question))(row, NOW) is False


def test_a_missing_value_fails_every_question_but_missing():
    row = SimpleNamespace(rank=None)

    assert not compile_test(bound(F.rank != 1))(row, NOW)
    assert compile_test(bound(~(F.rank == 1)))(row, NOW)
    assert compile_test(bound(F.rank.missing()))(row, NOW)
    assert not compile_test(bound(F.score.missing()))(SimpleNamespace(score=0), NOW)


def test_members_of_an_enum_that_is_no_text_are_met_as_members():
    class Shape(Enum):
        ROUND = "round"
        FLAT = "flat"

    fields = FieldCatalogue([FieldSpec(name="shape", kind=Kind.CHOICE, choices=("round", "flat"), enum=Shape)])
    row = SimpleNamespace(shape=Shape.ROUND)

    assert compile_test(bind(F.shape == "round", fields))(row, NOW)
    assert compile_test(bind(F.shape.in_(Shape.ROUND, Shape.FLAT), fields))(row, NOW)
    assert not compile_test(bind(F.shape == Shape.FLAT, fields))(row, NOW)


def test_a_nested_money_s_own_way_may_be_missing():
    fields = FieldCatalogue(
        [
            FieldSpec(name="deal.amount", kind=Kind.MONEY, optional=True),
            FieldSpec(name="deal.amount.minor", kind=Kind.INTEGER),
        ]
    )
    test = compile_test(bind((F.deal.amount == Money.of(1, "EUR")) | (F.deal.amount.minor == 7), fields))

    assert not test(SimpleNamespace(deal=SimpleNamespace(amount=None)), NOW)
    assert test(SimpleNamespace(deal=SimpleNamespace(amount=Money.of(1, "EUR"))), NOW)


def test_decimals_compare_exactly():
    fields = FieldCatalogue([FieldSpec(name="share", kind=Kind.DECIMAL)])
    row = SimpleNamespace(share=Decimal("0.1") + Decimal("0.2"))

    assert compile_test(bind(F.share == Decimal("0.3"), fields))(row, NOW)


def test_conditions_bound_to_different_fields_are_not_fused():
    other = FieldCatalogue([FieldSpec(name="score", kind=Kind.INTEGER, optional=True)])

    with pytest.raises(InvalidInput, match="score: is declared differently"):
        compile_all([bound(F.score > 1), bind(F.score > 1, other)])


def test_literals_never_become_code():
    hostile = "'); __import__('os').system('true'); ('"
    test = compile_test(bound(F.home.city == hostile))

    assert test(SimpleNamespace(home=SimpleNamespace(city=hostile)), NOW)
    assert hostile not in repr(test.__code__.co_consts)
    assert hostile in test.__globals__.values()


def test_a_foreign_node_is_refused():
    class Near(Leaf):
        field = "score"
        parts = ()

    with pytest.raises(TypeError, match="Near"):
        compile_test(BoundCondition(Near(), FIELDS.fields))
