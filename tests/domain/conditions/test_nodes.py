"""Conditions as values: equality, limits, operators, text."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum

import pytest
from hypothesis import given

from crmkit.domain.conditions import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    MAX_PATH,
    MAX_PERIOD,
    MAX_TEXT,
    Always,
    And,
    Between,
    Compare,
    Contains,
    F,
    In,
    Last,
    Missing,
    Next,
    Not,
    Or,
    StartsWith,
    Within,
    all_of,
    any_of,
)
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition
from crmkit.testing.conditions import CATALOGUE, NOW, TICK, conditions


class Colour(StrEnum):
    RED = "red"


class Shape(Enum):
    ROUND = "round"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (False, 0), (1, Decimal(1)), ("1", 1), (date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))],
)
def test_values_of_two_types_never_make_equal_conditions(one, other):
    assert (F.x == one) != (F.x == other)
    assert F.x.in_(one) != F.x.in_(other)
    assert len({Compare("x", "==", one), Compare("x", "==", other)}) == 2
    assert len(In("x", [one, other]).values) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.50"), Decimal("1.5")),
        (Decimal("-0.00"), Decimal(0)),
        (Colour.RED, "red"),
        (Shape.ROUND, "round"),
        (Level.HIGH, 3),
        (datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_one_value_written_in_two_ways_makes_equal_conditions(one, other):
    assert (F.x == one) == (F.x == other)
    assert hash(F.x == one) == hash(F.x == other)
    assert str(F.x == one) == str(F.x == other)


@given(conditions(CATALOGUE), conditions(CATALOGUE))
def test_equal_conditions_have_equal_text_and_the_other_way_round(one, other):
    assert (one == other) == (str(one) == str(other))
    assert one == other or hash(one) != hash(other)


def test_decimals_are_written_plainly():
    assert str(F.x >= Decimal("1E+3")) == "x >= decimal('1000')"
    assert str(F.x >= Decimal("1E-7")) == "x >= 0.0000001"


def test_every_leaf_has_a_text():
    cases = {
        F.score >= 60: "score >= 60",
        F.vip == True: "vip == True",  # noqa: E712 - asks, does not tell
        F.industry.in_("IT", "Retail"): "industry in ('IT', 'Retail')",
        F.industry.in_(["IT"]): "industry in ('IT',)",
        F.industry.in_(): "industry in ()",
        F.tags.contains("it's"): 'contains(tags, "it\'s")',
        F.name.startswith("A"): "startswith(name, 'A')",
        F.owner_id.missing(): "missing(owner_id)",
        F.seen_at.within(days=30): "within(seen_at, days=30)",
        F.seen_at.within(hours=36, minutes=1, seconds=1): "within(seen_at, days=1, hours=12, minutes=1, seconds=1)",
        F.due.within_next(weeks=1): "within_next(due, days=7)",
        F.due.within(date(2026, 1, 1), date(2026, 2, 1)): "within(due, date('2026-01-01'), date('2026-02-01'))",
        F.price > Money.of("12.3", "EUR"): "price > money('12.30', 'EUR')",
        F.seen_at < datetime(2026, 1, 1, tzinfo=UTC): "seen_at < instant('2026-01-01T00:00:00+00:00')",
        F["custom.class"] == "a": "field('custom.class') == 'a'",
        Always(): "always()",
    }
    assert {str(condition): condition for condition in cases} == {text: condition for condition, text in cases.items()}


def test_a_text_shows_controls_and_direction_marks_escaped():
    assert str(F.name == "a\u202eb\n\x7f") == r"name == 'a\u202eb\n\x7f'"


def test_joined_conditions_are_bracketed_as_they_are_meant():
    a, b, c = Missing("a"), Missing("b"), F.c == 1

    assert str(a & b | c) == "(missing(a) and missing(b)) or c == 1"
    assert str(a & (b | c)) == "missing(a) and (missing(b) or c == 1)"
    assert str(~(a & b) | ~a | ~c) == "not (missing(a) and missing(b)) or not missing(a) or not (c == 1)"
    assert str(Not(Not(a))) == "not not missing(a)"


def test_and_of_and_is_one_and():
    a, b, c = Missing("a"), Missing("b"), Missing("c")

    assert (a & b) & c == a & (b & c) == And((a, b, c))
    assert (a | b) | c == a | (b | c) == Or([a, b, c])
    assert (a & b) | c == Or((And((a, b)), c))


def test_negating_twice_gives_the_condition_itself():
    assert ~~Missing("a") == Missing("a")


def test_leaves_come_from_left_to_right():
    tree = Missing("a") & (Missing("b") | ~Missing("c")) & Always()

    assert [leaf.field for leaf in tree.leaves()] == ["a", "b", "c"]


def test_joining_any_number():
    a, b = Missing("a"), Missing("b")

    assert (all_of([]), all_of([a]), all_of([a, b])) == (Always(), a, a & b)
    assert (any_of([]), any_of([a]), any_of([a, b])) == (~Always(), a, a | b)


def test_equal_values_of_in_are_kept_once_and_sets_are_sorted():
    assert In("x", [3, 1, 3]).values == (3, 1)
    assert In("x", {"c", "a", "b"}).values == ("a", "b", "c")
    assert F.x.in_({2, 1}) == F.x.in_(1, 2) == F.x.in_((1, 2))
    assert F.x.in_("ab") == In("x", ["ab"])


@pytest.mark.parametrize("condition", [Missing("a"), Missing("a") & Missing("b"), Always()])
def test_a_condition_has_no_truth_of_its_own(condition):
    with pytest.raises(InvalidCondition, match=r"Join with & and \|"):
        bool(condition)


def test_python_s_own_chains_and_words_are_refused_rather_than_misread():
    with pytest.raises(InvalidCondition):
        10 <= F.score < 60
    with pytest.raises(InvalidCondition):
        F.score >= 60 and F.vip == True  # noqa: E712
    with pytest.raises(InvalidCondition, match="A bool is not a condition"):
        (F.score >= 60) & True
    with pytest.raises(InvalidCondition, match="A str is not a condition"):
        (F.score >= 60) | "vip"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "missing"),
        (1.5, "Decimal"),
        (float("nan"), "Decimal"),
        ([1], "in_"),
        (object(), "cannot be compared with a object"),
        (Decimal("NaN"), "finite"),
        (Decimal("Infinity"), "finite"),
        (Decimal("1E+999999"), "digits"),
        (2**63, "64 bits"),
        ("a\0b", "NUL"),
        ("\ud800", "surrogate"),
        ("x" * (MAX_TEXT + 1), "characters"),
        (datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001 - naive on purpose
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8))), "years 1 to 9999"),
        (F.y, "cannot be compared with a Field"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_named(value, message):
    with pytest.raises(InvalidCondition, match=message) as caught:
        F.score == value
    assert caught.value.field == "score"
    with pytest.raises(InvalidCondition):
        F.score.in_(1, value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Compare("x", "=", 1),
        lambda: Compare("x", None, 1),
        lambda: In("x", 3),
        lambda: In("x", "abc"),
        lambda: Contains("x", 3),
        lambda: StartsWith("x", None),
        lambda: Within("x", 3),
        lambda: And([]),
        lambda: Or([Missing("a")]),
        lambda: Not("x"),
        lambda: all_of(["x"]),
        lambda: Missing(None),
        lambda: Missing(""),
        lambda: Missing("a..b"),
        lambda: Missing("a b"),
        lambda: Missing("ﬁeld"),
        lambda: Missing("x); --"),
        lambda: F["1"],
        lambda: F.a["b c"],
    ],
)
def test_what_makes_no_condition_is_refused(make):
    with pytest.raises(InvalidCondition):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Last(timedelta(0)),
        lambda: Last(timedelta(days=-1)),
        lambda: Next(timedelta(microseconds=1)),
        lambda: Last(3),
        lambda: Last(MAX_PERIOD + timedelta(seconds=1)),
        lambda: F.x.within(days=1.5),
        lambda: F.x.within(days=True),
        lambda: F.x.within(days=10**30),
        lambda: F.x.within(months=1),
        lambda: F.x.within(),
        lambda: F.x.within(date(2026, 1, 1)),
        lambda: F.x.within(date(2026, 1, 1), date(2026, 2, 1), days=3),
        lambda: F.x.within_next(days=0),
        lambda: Between(date(2026, 2, 1), date(2026, 1, 1)),
        lambda: Between(date(2026, 2, 1), date(2026, 2, 1)),
        lambda: Between(date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=UTC)),
        lambda: Between(1, 2),
        lambda: Between("2026-01-01", None),
    ],
)
def test_what_makes_no_period_is_refused(make):
    with pytest.raises(InvalidCondition):
        make()


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Last(timedelta(hours=36)), NOW - timedelta(hours=36) + TICK, NOW + TICK),
        (Next(timedelta(days=2)), NOW, NOW + timedelta(days=2)),
        (Between(NOW, NOW + TICK), NOW, NOW + TICK),
    ],
)
def test_a_window_of_instants_is_half_open(period, start, end):
    in_china = NOW.astimezone(timezone(timedelta(hours=8)))

    assert period.window(NOW, whole_days=False) == (start, end)
    assert period.window(in_china, whole_days=False) == (start, end)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Last(timedelta(days=7)), date(2026, 1, 25), date(2026, 2, 1)),
        (Next(timedelta(days=7)), date(2026, 1, 31), date(2026, 2, 7)),
        (Between(date(2026, 1, 1), date(2026, 1, 2)), date(2026, 1, 1), date(2026, 1, 2)),
    ],
)
def test_a_window_of_days_is_half_open(period, start, end):
    assert period.window(NOW, whole_days=True) == (start, end)


def test_longest_period_is_a_hundred_years():
    assert Last(MAX_PERIOD).duration == MAX_PERIOD


class TestLimits:
    def test_depth(self):
        tree = Missing("a")
        for _ in range(MAX_DEPTH - 1):
            tree = Not(tree)

        assert tree.depth == MAX_DEPTH
        with pytest.raises(InvalidCondition, match=f"more than {MAX_DEPTH} levels"):
            Not(tree)
        with pytest.raises(InvalidCondition):
            tree & Missing("b")

    def test_nodes(self):
        leaves = [Missing("a")] * (MAX_NODES - 1)

        assert And(leaves).size == MAX_NODES
        with pytest.raises(InvalidCondition, match=f"more than {MAX_NODES} nodes"):
            And([*leaves, Missing("a")])
        with pytest.raises(InvalidCondition):
            Or([And(leaves), Missing("a")])

    def test_list(self):
        assert len(In("x", range(MAX_LIST)).values) == MAX_LIST
        with pytest.raises(InvalidCondition, match=f"more than {MAX_LIST} values"):
            In("x", range(MAX_LIST + 1))

    def test_text(self):
        assert len(Compare("x", "==", "x" * MAX_TEXT).value) == MAX_TEXT

    def test_field_name(self):
        assert len(Missing("x" * MAX_PATH).field) == MAX_PATH
        with pytest.raises(InvalidCondition):
            Missing("x" * (MAX_PATH + 1))


def test_endless_iterables_are_refused_too():
    def endless():
        while True:
            yield Missing("a")

    with pytest.raises(InvalidCondition):
        And(endless())


class TestF:
    def test_parts_named_like_methods_are_reached_by_index(self):
        assert F["custom.missing"].missing() == F.custom["missing"].missing() == Missing("custom.missing")

    def test_a_field_is_no_condition_and_has_no_hash(self):
        with pytest.raises(TypeError):
            hash(F.x)
        assert repr(F.custom.region) == "F['custom.region']"

    def test_double_underscores_are_not_fields(self):
        assert not hasattr(F, "__wrapped__")
        assert not hasattr(F.x, "__wrapped__")

    def test_every_comparison(self):
        built = [F.x == 1, F.x != 1, F.x < 1, F.x <= 1, F.x > 1, F.x >= 1]

        assert [condition.op for condition in built] == ["==", "!=", "<", "<=", ">", ">="]
