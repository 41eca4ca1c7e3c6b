"""Conditions as plain data."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from crmkit.domain.conditions import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    Always,
    F,
    In,
    Missing,
    Not,
    from_json,
    to_json,
)
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition
from crmkit.testing.conditions import CATALOGUE, conditions


@given(conditions(CATALOGUE))
def test_json_and_back_gives_the_same_condition(condition):
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition


@pytest.mark.parametrize(
    "condition",
    [
        F.due.within(date(2026, 1, 1), date(2026, 2, 1)),
        F.due.within("2026-01-01", "2026-02-01"),
        F.seen_at.within(days=1, seconds=1),
        F.seen_at.within_next(weeks=2),
        F.seen_at >= datetime(2026, 1, 31, 8, tzinfo=UTC),
        F.name.contains("a") | F.name.startswith("b"),
        ~F.share.in_(Decimal("1E-20"), Decimal("1E+20")),
    ],
)
def test_periods_and_values_survive(condition):
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition


def test_the_order_of_keys_does_not_matter():
    price = {"value": {"currency": "EUR", "money": "12.30"}, "op": "==", "field": "price"}

    assert from_json(price) == (F.price == Money.of("12.30", "EUR"))


def test_numbers_read_as_decimals_are_taken():
    data = json.loads('{"op": ">", "field": "discount", "value": 1.5}', parse_float=Decimal)

    assert from_json(data) == (F.discount > Decimal("1.5"))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (None, "$"),
        ([], "$"),
        ("score >= 60", "$"),
        ({}, "$"),
        ({"op": "xor", "terms": []}, "$"),
        ({"op": 5}, "$"),
        ({"op": ["and"]}, "$"),
        ({"op": "always", "x": 1}, "$"),
        ({"op": "and"}, "$"),
        ({"op": "and", "terms": {}}, "$.terms"),
        ({"op": "and", "terms": [{"op": "always"}, 5]}, "$.terms[1]"),
        ({"op": "or", "terms": [{"op": "always"}, {"op": "not", "term": {}}]}, "$.terms[1].term"),
        ({"op": "==", "field": "a"}, "$"),
        ({"op": "==", "field": "a", "value": 1, "more": 2}, "$"),
        ({"op": "==", "field": "a", "value": {"float": 1.5}}, "$.value"),
        ({"op": "==", "field": "a", "value": {}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"date": "x"}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"date": 5}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"date": "2026-01-01", "x": 1}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"money": "1"}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"money": "1", "currency": "XXZ"}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"instant": "2026-01-01T00:00:00"}}, "$.value"),
        ({"op": "==", "field": "a", "value": {"decimal": "1e999999999"}}, "$.value"),
        ({"op": "==", "field": "a", "value": None}, "a"),
        ({"op": "==", "field": "a", "value": 1.5}, "a"),
        ({"op": "==", "field": "a", "value": float("nan")}, "a"),
        ({"op": "==", "field": "a", "value": 10**400}, "a"),
        ({"op": "==", "field": "a", "value": "\ud800"}, "a"),
        ({"op": "==", "field": 5, "value": 1}, "field"),
        ({"op": "==", "field": "a; DROP TABLE leads", "value": 1}, "field"),
        ({"op": "in", "field": "a", "values": "abc"}, "$.values"),
        ({"op": "in", "field": "a", "values": [1, {"x": 2}]}, "$.values[1]"),
        ({"op": "contains", "field": "a", "value": 5}, "a"),
        ({"op": "within", "field": "a"}, "$"),
        ({"op": "within", "field": "a", "last_seconds": 0}, "within"),
        ({"op": "within", "field": "a", "last_seconds": "30"}, "within"),
        ({"op": "within", "field": "a", "next_seconds": 10**30}, "within"),
        ({"op": "within", "field": "a", "last_seconds": 1, "next_seconds": 1}, "$"),
        ({"op": "within", "field": "a", "start": {"date": "2026-01-01"}}, "$"),
        ({"op": "within", "field": "a", "start": 1, "end": 2}, "within"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(data, place):
    with pytest.raises(InvalidCondition) as caught:
        from_json(data)
    assert caught.value.field == place


def nested(levels):
    data = {"op": "always"}
    for _ in range(levels - 1):
        data = {"op": "not", "term": data}
    return data


class TestLimits:
    def test_depth(self):
        deepest = Always()
        for _ in range(MAX_DEPTH - 1):
            deepest = Not(deepest)

        assert from_json(nested(MAX_DEPTH)) == deepest
        for levels in (MAX_DEPTH + 1, 100_000):
            with pytest.raises(InvalidCondition, match="levels deep"):
                from_json(nested(levels))

    def test_nodes(self):
        leaf = to_json(Missing("a"))

        assert from_json({"op": "and", "terms": [leaf] * (MAX_NODES - 1)}).size == MAX_NODES
        for count in (MAX_NODES, MAX_NODES + 1):
            with pytest.raises(InvalidCondition):
                from_json({"op": "and", "terms": [leaf] * count})

    def test_list(self):
        values = list(range(MAX_LIST))

        assert from_json({"op": "in", "field": "a", "values": values}) == In("a", values)
        with pytest.raises(InvalidCondition, match="at most 1000"):
            from_json({"op": "in", "field": "a", "values": [*values, -1]})
