"""Conditions: one expression model for queries, rules, segments, guards and reports.

Built in Python with ``F``, read from text with ``parse`` or from JSON with ``from_json``; checked against
the fields of a record with ``bind``; then compiled to a generated function, or explained.

>>> from datetime import UTC, datetime
>>> from types import SimpleNamespace
>>> fields = FieldCatalogue(
...     [
...         FieldSpec(name="score", kind=Kind.INTEGER),
...         FieldSpec(name="custom.region", kind=Kind.TEXT),
...     ]
... )
>>> hot = compile_test(bind(parse("score >= 60 and custom.region in ('East', 'West')"), fields))
>>> hot(SimpleNamespace(score=72, custom={"region": "East"}), datetime(2026, 1, 31, tzinfo=UTC))
True
"""

from crmkit.domain.conditions.bind import MAX_PROBLEMS, BoundCondition, asks_of, bind
from crmkit.domain.conditions.compile import (
    compile_all,
    compile_filter,
    compile_first,
    compile_read,
    compile_table,
    compile_test,
)
from crmkit.domain.conditions.explain import Explanation, compile_explain, explain
from crmkit.domain.conditions.fields import F, Field, FieldCatalogue, FieldSpec, Kind
from crmkit.domain.conditions.json import from_json, to_json
from crmkit.domain.conditions.literals import MAX_PATH, MAX_TEXT, Literal
from crmkit.domain.conditions.nodes import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    Always,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Leaf,
    Missing,
    Not,
    Or,
    StartsWith,
    Within,
    all_of,
    any_of,
)
from crmkit.domain.conditions.periods import MAX_PERIOD, Between, Last, Next
from crmkit.domain.conditions.scan import MAX_SOURCE
from crmkit.domain.conditions.text import parse

__all__ = [
    "MAX_DEPTH",
    "MAX_LIST",
    "MAX_NODES",
    "MAX_PATH",
    "MAX_PERIOD",
    "MAX_PROBLEMS",
    "MAX_SOURCE",
    "MAX_TEXT",
    "Always",
    "And",
    "Between",
    "BoundCondition",
    "Compare",
    "Condition",
    "Contains",
    "Explanation",
    "F",
    "Field",
    "FieldCatalogue",
    "FieldSpec",
    "In",
    "Kind",
    "Last",
    "Leaf",
    "Literal",
    "Missing",
    "Next",
    "Not",
    "Or",
    "StartsWith",
    "Within",
    "all_of",
    "any_of",
    "asks_of",
    "bind",
    "compile_all",
    "compile_explain",
    "compile_filter",
    "compile_first",
    "compile_read",
    "compile_table",
    "compile_test",
    "explain",
    "from_json",
    "parse",
    "to_json",
]
