"""Reading what people write, writing what can be read, refusing the rest."""

import warnings
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.conditions import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    MAX_PATH,
    MAX_SOURCE,
    MAX_TEXT,
    Always,
    And,
    Compare,
    F,
    In,
    Missing,
    Not,
    bind,
    parse,
)
from crmkit.domain.conditions.scan import MAX_NESTING
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition
from crmkit.testing.conditions import CATALOGUE, TEXTS, conditions


@given(conditions(CATALOGUE, max_leaves=30))
def test_reading_what_was_written_gives_the_same_condition(condition):
    assert parse(str(condition)) == condition


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_survives_as_a_literal(text):
    assert parse(str(F.name == text)) == (F.name == text)


@given(conditions(CATALOGUE))
def test_bound_conditions_can_be_written_and_read_too(condition):
    bound = bind(condition, CATALOGUE).condition

    assert parse(str(bound)) == bound


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("score >= 60", F.score >= 60),
        ("  score>=-60  ", F.score >= -60),
        ("score >= 60\n  and vip == True\r\n  or always()", ((F.score >= 60) & (F.vip == True)) | Always()),  # noqa: E712
        ("vip == true or vip == false", (F.vip == True) | (F.vip == False)),  # noqa: E712
        ("True == vip", F.vip == True),  # noqa: E712
        ("60 <= score", F.score >= 60),
        ("'a' != name", F.name != "a"),
        ("10 <= score < 60", (F.score >= 10) & (F.score < 60)),
        ("score < 60 and 5 > rank", (F.score < 60) & (F.rank < 5)),
        ("industry in ('IT', \"Retail\")", F.industry.in_("IT", "Retail")),
        ("industry in ['IT']", F.industry.in_("IT")),
        ("industry in ('IT')", F.industry.in_("IT")),
        ("industry in ()", F.industry.in_()),
        ("not missing(owner_id)", ~F.owner_id.missing()),
        ("not (a == 1 and b == 2)", ~((F.a == 1) & (F.b == 2))),
        ("contains(tags, 'vip')", F.tags.contains("vip")),
        ("startswith(custom.region, 'E')", F.custom.region.startswith("E")),
        ("within(seen_at, days=30)", F.seen_at.within(days=30)),
        ("within(seen_at, weeks=1, hours=2)", F.seen_at.within(days=7, hours=2)),
        ("within_next(due, days=7)", F.due.within_next(days=7)),
        (
            "within(due, date('2026-01-01'), date('2026-02-01'))",
            F.due.within(date(2026, 1, 1), date(2026, 2, 1)),
        ),
        ("within(due, '2026-01-01', '2026-02-01')", F.due.within("2026-01-01", "2026-02-01")),
        ("discount > 12.50", F.discount > Decimal("12.5")),
        ("discount > -0.10000000000000000000001", F.discount > Decimal("-0.10000000000000000000001")),
        ("discount > decimal('2')", F.discount > Decimal(2)),
        ("price >= money('12.30', 'EUR')", F.price >= Money.of("12.30", "EUR")),
        ("due == date('2026-01-31')", F.due == date(2026, 1, 31)),
        ("seen_at < instant('2026-01-31T08:00:00+08:00')", F.seen_at < datetime(2026, 1, 31, tzinfo=UTC)),
        ("field('custom.class') == 'A'", F["custom.class"] == "A"),
        ("'A' == field('custom.class')", F["custom.class"] == "A"),
        (r"name == 'a\'b\\c\u4e2d\n\x41'", F.name == "a'b\\c中\nA"),
        ("name == '中国（客户）'", F.name == "中国（客户）"),
        ("date >= date('2026-01-31') and not true == x", (F.date >= date(2026, 1, 31)) & ~(F.x == True)),  # noqa: E712
    ],
)
def test_what_people_write(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "is missing"),
        ("   ", "is missing"),
        ("score", "A question is"),
        ("60", "A question is"),
        ("'a'", "A question is"),
        ("score >=", "is missing"),
        ("(score >= 60", "is missing"),
        ("score >= 60)", "is missing"),
        ("score = 60", "is missing"),
        ("score >= 60 AND vip == True", "Join conditions with and, or"),
        ("score >= 60 & vip == True", "are known"),
        ("score >= 6O", "Write numbers like"),
        ("score >= 1_000", "Write numbers like"),
        ("score >= 1e9", "Write numbers like"),
        ("score >= .5", "are known"),
        ("score >= 5.", "Write numbers like"),
        ("score >= --5", "Write numbers like"),
        ("score >= 007", "is missing"),
        ("industry == Retail", "Write a value here"),
        ("1 == 2", "name of a field"),
        ("industry == None", "reserved"),
        ("industry is None", "reserved"),
        ("industry not in ('IT')", "holds also where the field is missing"),
        ("1 in (1, 2)", "name of a field"),
        ("a < b in (1)", "Write a value here"),
        ("a in (1) < 3", "Write not"),
        ("industry in (IT)", "Write a value here"),
        ("price > money('1')", "Write money"),
        ("price > money(1, 'EUR')", "Write money"),
        ("price > money('1', 'EUX')", ""),
        ("price > money('x', 'EUR')", ""),
        ("price > money('0.001', 'EUR')", "rounding"),
        ("due > date('31.1.2026')", "Write date"),
        ("due > date('" + "1" * 101 + "')", "Write date"),
        ("due > date(today)", "Write date"),
        ("due > today()", "Write a value here"),
        ("seen_at > instant('2026-01-31T08:00:00')", "time zone"),
        ("seen_at > instant('2026-01-31')", "time zone"),
        ("d > decimal('abc')", "Write decimal"),
        ("d > decimal('NaN')", "not NaN"),
        ("d > decimal('Infinity')", "not NaN"),
        ("d > decimal('1e999999999')", "Round it"),
        ("score > 9223372036854775808", "smaller"),
        ("score > " + "1" * 5000, "is missing"),
        ("name == 'abc", "Close the quotes"),
        ("name == 'a\nb'", "Close the quotes"),
        (r"name == '\d'", "Close the quotes"),
        (r"name == '\N{BULLET}'", "Close the quotes"),
        (r"name == '\U00110000'", "is missing"),
        (r"name == '\ud800'", "Decode"),
        (r"name == '\x00'", "Remove"),
        ("name == '''a'''", "Join conditions"),
        ("name == f'{x}'", "Join conditions"),
        ("name == 'a' 'b'", "Join conditions"),
        ("score >= 60，vip == True", "ASCII"),
        ("（score >= 60）", "ASCII"),
        ("客户 == 1", "are known"),
        ("class == 1", "reserved"),
        ("custom.class == 1", "reserved"),
        ("gone(x)", "A question is"),
        ("missing()", "A question is"),
        ("missing(a, b)", "A question is"),
        ("missing('a')", "name of a field"),
        ("missing(field(a))", "name of a field"),
        ("missing(field('a b'))", "Write for example"),
        ("missing(field='a')", "A question is"),
        ("contains(tags)", "A question is"),
        ("contains(tags, 5)", "Give a str"),
        ("contains(tags, vip)", "Write a value here"),
        ("contains(tags, 'a', x=1)", "A question is"),
        ("always(1)", "A question is"),
        ("within(x)", "days=30"),
        ("within(x, days=0)", "days=30"),
        ("within(x, days=1.5)", "days=30"),
        ("within(x, days='3')", "days=30"),
        ("within(x, months=1)", "days=30"),
        ("within(x, days=1, days=2)", "each unit once"),
        ("within(x, 'a', days=2)", "within(field"),
        ("within_next(x, 'a', 'b')", "within(field"),
        ("within(x, 1, 2)", "two dates"),
        ("a.b(c)", "A question is"),
        ("not", "is missing"),
        ("a == 1 and", "is missing"),
    ],
)
def test_what_is_refused_comes_with_a_mend(text, hint):
    with pytest.raises(InvalidCondition) as caught:
        parse(text)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("score >= 60 and ？", 17),
        ("\n (a == 1) and b == c", 21),
        ("name == '中' and x == y", 22),
        ("a in (1) and b", 14),
    ],
)
def test_the_message_names_the_character(text, character):
    with pytest.raises(InvalidCondition, match=f"at character {character}\\.") as caught:
        parse(text)
    assert caught.value.params["place"] == character - 1


@pytest.mark.parametrize("text", [None, 5, b"score >= 60", ["a"]])
def test_only_text_is_read(text):
    with pytest.raises(InvalidCondition, match="is no text"):
        parse(text)


CODE = [
    "__import__('os').system('ls')",
    "().__class__.__bases__[0].__subclasses__()",
    "exec('x')",
    "eval('1')",
    "open('/etc/passwd').read()",
    "score.__class__.__mro__ == 1 or x()",
    "[x for x in (1, 2)]",
    "{x: 1}",
    "{1, 2}",
    "lambda: 1",
    "lambda x: x",
    "a if b else c",
    "a := 1",
    "(a := 1)",
    "await x",
    "yield",
    "*a",
    "**a",
    "f(*a)",
    "f(**a)",
    "missing(*a)",
    "a[0]",
    "a[0:1]",
    "a + b == 1",
    "a ** b",
    "a - 1 == 2",
    "a @ b",
    "~a",
    "+a == 1",
    "a << 1",
    "a; b",
    "a # b",
    "import os",
    "@a",
    "a == b'x'",
    "a == r'x'",
    "a == 1j",
    "a == 0x10",
    "a == ...",
    "a == `x`",
    "a == $1",
    "a\\\nb",
    "\ufeffa == 1",
    "a == 1\x0c",
    "a\x00 == 1",
    "contains(a, 'b')('c')",
    "contains(a, 'b').c",
    "(a)(b)",
    "a (b) (c)",
    "'a'.join",
    "'%s' % a",
    "1.real",
    "a == 1 if b == 2 else c == 3",
    "not",
    "a ! b",
    "a <> b",
    "a === b",
    "a || b",
    "a && b",
]


@pytest.mark.parametrize("text", CODE)
def test_code_is_refused_with_our_own_error(text):
    with pytest.raises(InvalidCondition):
        parse(text)


@pytest.mark.parametrize("text", ["a == '\0'", "a == '\ud800'"])
def test_text_that_python_cannot_read_is_refused(text):
    with pytest.raises(InvalidCondition, match="NUL or a lone surrogate"):
        parse(text)


WORDS = ("a", "b.c", "and", "or", "not", "in", "(", ")", "[", "]", ",", "==", "<", "=", "1", "-1", "2.5", "'x'", '"y"')
MORE = (*WORDS, "missing", "within", "field", "True", "date", "is", "lambda", ".", "-", "\\", "'", "(", " ", "\n")


@given(st.lists(st.sampled_from(MORE), max_size=12).map(" ".join) | st.lists(st.sampled_from(MORE)).map("".join))
def test_whatever_is_written_is_read_or_refused_in_our_own_words(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            condition = parse(text)
        except InvalidCondition:
            return
    assert parse(str(condition)) == condition


@given(conditions(CATALOGUE), st.data())
def test_a_damaged_text_is_read_or_refused_in_our_own_words(condition, data):
    text = str(condition)
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(st.sampled_from([*TEXTS, *MORE, "\0", "\ud800"])) + text[place + 1 :]
    with suppress(InvalidCondition):
        parse(damaged)


class TestLimits:
    def test_source(self):
        condition = f"a == '{'x' * (MAX_SOURCE - 7)}'"

        assert len(condition) == MAX_SOURCE
        assert len(parse(condition).value) <= MAX_TEXT
        with pytest.raises(InvalidCondition, match="more than 65536 characters"):
            parse(condition + " ")

    def test_depth(self):
        deepest = Missing("a")
        for level in range(MAX_DEPTH - 1):
            deepest = Not(deepest) if level % 2 else And([deepest, Missing("b")])

        assert parse(str(deepest)) == deepest
        with pytest.raises(InvalidCondition, match="levels deep"):
            parse(f"not ({deepest})")

    def test_nodes(self):
        leaves = " and ".join(["a == 1"] * (MAX_NODES - 1))

        assert parse(leaves).size == MAX_NODES
        with pytest.raises(InvalidCondition, match="more than 1000 nodes"):
            parse(f"{leaves} and a == 1")

    def test_list(self):
        assert parse(f"a in ({', '.join(map(str, range(MAX_LIST)))})") == In("a", range(MAX_LIST))
        with pytest.raises(InvalidCondition, match="more than 1000 values"):
            parse(f"a in ({', '.join(map(str, range(MAX_LIST + 1)))})")

    def test_nesting_of_the_text(self):
        def nested(levels):
            return f"{'(' * levels}a == 1{')' * levels}"

        assert parse(nested(MAX_NESTING)) == Compare("a", "==", 1)
        with pytest.raises(InvalidCondition, match="at most 100 deep"):
            parse(nested(MAX_NESTING + 1))
        with pytest.raises(InvalidCondition, match="at most 100 deep"):
            parse("not " * (MAX_NESTING + 1) + "a == 1")
        with pytest.raises(InvalidCondition, match="at most 100 deep"):
            parse("not not not (" * 30 + "a == 1" + ")" * 30)

    @pytest.mark.parametrize(
        "text",
        [
            "(" * MAX_SOURCE,
            "not " * (MAX_SOURCE // 4),
            "-" * MAX_SOURCE,
            "a." * (MAX_SOURCE // 2 - 1) + "a",
            "a." * (MAX_PATH // 2) + "a == 1",
            "a == 1 if a else " * 3000 + "b",
            "f" + "()" * 30_000,
            "a" + "[0]" * 20_000,
            "a" + " - 1" * 15_000,
            "a < " * 15_000 + "a",
            "lambda:" * 9_000 + "1",
            "a == '" + "\\" * 60_001 + "'",
            "1" * MAX_SOURCE,
            "a" * MAX_SOURCE,
            ")" * MAX_SOURCE,
        ],
    )
    def test_bombs_are_refused_without_harm(self, text):
        with pytest.raises(InvalidCondition):
            parse(text)


def test_a_chain_of_a_thousand_comparisons_is_too_many():
    assert parse("0 < a < 9").size == 3
    with pytest.raises(InvalidCondition):
        parse("1 < a " * MAX_NODES)
