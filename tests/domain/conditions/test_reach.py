"""A condition that is said never to hold holds for no record; and the plain contradictions are seen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.conditions import FieldCatalogue, FieldSpec, bind, compile_test, parse
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.testing import NOW
from crmkit.testing.conditions import CATALOGUE, conditions, samples

FIELDS = FieldCatalogue(
    [
        FieldSpec(name="score", kind="integer", optional=True),
        FieldSpec(name="count", kind="integer"),
        FieldSpec(name="rate", kind="decimal"),
        FieldSpec(name="status", kind="choice", choices=("new", "lost")),
        FieldSpec(name="open", kind="boolean"),
        FieldSpec(name="region", kind="text"),
        FieldSpec(name="tags", kind="tags"),
        FieldSpec(name="amount", kind="money", optional=True),
        FieldSpec(name="born", kind="date", optional=True),
        FieldSpec(name="at", kind="instant", optional=True),
    ]
)


def asked(text):
    return bind(parse(text), FIELDS)


NEVER = [
    "not always()",
    "score > 60 and score < 60",
    "score > 60 and score < 61",
    "score >= 60 and not (score > 7)",
    "score == 1 and score == 2",
    "score in (1, 2) and score > 2",
    "missing(score) and score > 1",
    "missing(count)",
    "not (count > 5) and not (count < 6)",
    "rate > 1.5 and rate <= 1.5",
    "status == 'new' and status == 'lost'",
    "status != 'new' and status != 'lost'",
    "status in ()",
    "open and not open".replace("open and not open", "open == True and open == False"),
    "region == 'East' and region == 'West'",
    "region == 'East' and startswith(region, 'W')",
    "region == 'East' and contains(region, 'st') == False".replace(" == False", "").replace("contains", "not contains"),
    "startswith(region, 'Ea') and startswith(region, 'We')",
    "startswith(region, 'East') and not startswith(region, 'Ea')",
    "contains(region, 'East') and not contains(region, 'as')",
    "contains(tags, 'vip') and not contains(tags, 'vip')",
    "missing(tags) and contains(tags, 'vip')",
    "amount > money('5', 'EUR') and amount < money('5', 'EUR')",
    "amount > money('5', 'EUR') and amount > money('5', 'USD')",
    "amount in (money('5', 'EUR'), money('5', 'USD')) and amount > money('6', 'EUR')",
    "born > date('2026-01-01') and born < date('2026-01-02')",
    "within(born, date('2026-01-01'), date('2026-02-01')) and born >= date('2026-02-01')",
    "within(at, days=7) and not within(at, days=30)",
    "within(at, days=7) and within_next(at, days=7) and not within(at, days=1)",
    "(score > 9 or score < 3) and score in (4, 5)",
    "not (score > 9 or not (score > 9) or missing(score))",
]

SOMETIMES = [
    "always()",
    "missing(score)",
    "not (score > 1) and not (score < 1)",
    "not (score > 1) and not (score <= 1)",
    "count > 60 and count < 62",
    "rate > 1 and rate < 1.01",
    "missing(tags) and not contains(tags, 'vip')",
    "contains(tags, 'vip') and not contains(tags, 'key')",
    "contains(tags, 'vip') and contains(tags, 'key')",
    "not (amount > money('5', 'EUR')) and not (amount <= money('5', 'EUR'))",
    "amount in (money('5', 'EUR'), money('5', 'USD')) and amount > money('4', 'EUR')",
    "amount > money('5', 'EUR') and not (amount > money('5', 'USD'))",
    "startswith(region, 'Ea') and startswith(region, 'East') and contains(region, 'x')",
    "region > 'a' and contains(region, 'x')",
    "region > 'a' and startswith(region, 'b')",
    "not missing(score)",
    "status != 'new'",
    "within(at, days=30) and not within(at, days=7)",
    "within(at, days=30) and at > instant('2026-01-01T00:00:00+00:00')",
    "born >= date('2026-01-01') and born < date('2026-01-02')",
    "not within(born, date('2026-01-01'), date('2026-02-01'))",
]


@pytest.mark.parametrize("text", NEVER)
def test_a_contradiction_is_seen(text):
    assert not can_hold(asked(text))


@pytest.mark.parametrize("text", SOMETIMES)
def test_what_can_be_is_not_denied(text):
    assert can_hold(asked(text))


@given(conditions(CATALOGUE), samples())
@settings(max_examples=400)
def test_what_holds_for_a_record_can_hold(condition, record):
    bound = bind(condition, CATALOGUE)

    assert can_hold(bound) or not compile_test(bound)(record, NOW)


@given(st.lists(conditions(CATALOGUE, max_leaves=3), max_size=3), conditions(CATALOGUE, max_leaves=3), samples())
@settings(max_examples=200)
def test_what_is_covered_leaves_no_record_over(earlier, later, record):
    before, after = [bind(each, CATALOGUE) for each in earlier], bind(later, CATALOGUE)
    answers = [compile_test(each)(record, NOW) for each in before]

    assert not (covers(before, after) and compile_test(after)(record, NOW)) or any(answers)


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ([], "always()", False),
        ([], "not always()", True),
        (["always()"], "score > 1", True),
        (["score > 1"], "score > 2", True),
        (["score > 2"], "score > 1", False),
        (["score > 5", "score <= 5", "missing(score)"], "always()", True),
        (["score > 5", "score <= 5"], "always()", False),
        (["status == 'new'", "status == 'lost'"], "always()", True),
    ],
)
def test_what_comes_before_may_leave_nothing(earlier, later, covered):
    assert covers([asked(text) for text in earlier], asked(later)) is covered


def test_where_there_are_too_many_ways_nothing_is_denied():
    many = " and ".join(f"(score == {number} or count == {number})" for number in range(20))

    assert can_hold(asked(f"({many}) and score == 99"))


def test_conditions_that_are_too_large_together_are_not_compared():
    large = asked(" or ".join(f"score == {number}" for number in range(990)))

    assert not covers([large, large], asked("score == 1"))


def test_long_lists_in_many_ways_are_given_up_soon():
    listed = f"score in ({', '.join(map(str, range(900)))})"
    many = " and ".join(f"(region == 'a{number}' or count == {number})" for number in range(12))

    assert can_hold(asked(f"{many} and {listed} and score > 900"))
    assert not can_hold(asked(f"{listed} and score > 900"))
