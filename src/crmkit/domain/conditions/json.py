"""Conditions as plain data, ready for JSON, and back.

Every node is a mapping with ``op``; a leaf has its ``field`` beside it. Text, whole numbers and
booleans stand for themselves; other values are mappings that name their type.

>>> from crmkit.domain.conditions.fields import F
>>> to_json((F.score >= 60) & F.amount.in_(Money.of("9.90", "EUR")))
{'op': 'and', 'terms': [{'op': '>=', 'field': 'score', 'value': 60}, {'op': 'in', 'field': 'amount', 'values': [{'money': '9.90', 'currency': 'EUR'}]}]}
>>> str(from_json({"op": "not", "term": {"op": "within", "field": "last_followed_at", "last_seconds": 2_592_000}}))
'not within(last_followed_at, days=30)'
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from crmkit.domain.conditions.literals import WRITTEN, Literal, read_literal
from crmkit.domain.conditions.nodes import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    OPERATORS,
    Always,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Missing,
    Not,
    Or,
    StartsWith,
    Within,
)
from crmkit.domain.conditions.periods import Between, Last, Next, duration_of
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition

__all__ = ["Plain", "from_json", "to_json"]

Plain: TypeAlias = "dict[str, Any]"
"""What ``json.dumps`` takes: dicts, lists, text, whole numbers and booleans."""


def to_json(condition: Condition) -> Plain:
    """``condition`` as plain data; ``from_json`` gives an equal condition back."""
    match condition:
        case And(terms):
            return {"op": "and", "terms": [to_json(term) for term in terms]}
        case Or(terms):
            return {"op": "or", "terms": [to_json(term) for term in terms]}
        case Not(term):
            return {"op": "not", "term": to_json(term)}
        case Compare(field, op, value):
            return {"op": op, "field": field, "value": _plain(value)}
        case In(field, values):
            return {"op": "in", "field": field, "values": [_plain(value) for value in values]}
        case Contains(field, value):
            return {"op": "contains", "field": field, "value": value}
        case StartsWith(field, value):
            return {"op": "startswith", "field": field, "value": value}
        case Missing(field):
            return {"op": "missing", "field": field}
        case Within(field, period):
            return {"op": "within", "field": field, **_plain_period(period)}
        case _:
            return {"op": "always"}


def _plain_period(period: Between | Last | Next) -> Plain:
    if isinstance(period, Between):
        return {"start": _plain(period.start), "end": _plain(period.end)}
    name = "last_seconds" if isinstance(period, Last) else "next_seconds"
    return {name: round(period.duration.total_seconds())}


def _plain(value: Literal) -> Any:
    match value:
        case Decimal():
            return {"decimal": format(value, "f")}
        case datetime():
            return {"instant": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Money():
            return {"money": f"{value.decimal:f}", "currency": value.currency}
        case _:
            return value


def from_json(data: object) -> Condition:
    """The condition that ``data``, as ``to_json`` writes it, stands for.

    Raises:
        InvalidCondition: an unknown ``op``, a key too many or missing, a wrong value, too deep or too large;
            the problem's field is the place, like ``$.terms[1].value``.
    """
    return _read(data, "$", 1)


def _read(data: object, place: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise InvalidCondition(f"is more than {MAX_DEPTH} levels deep.", field=place, hint="Split it.")
    op = data.get("op") if isinstance(data, Mapping) else None
    match op:
        case "and" | "or":
            terms = _list(_values(data, place, "terms")[0], f"{place}.terms", most=MAX_NODES)
            parts = [_read(term, f"{place}.terms[{n}]", depth + 1) for n, term in enumerate(terms)]
            return And(parts) if op == "and" else Or(parts)
        case "not":
            return Not(_read(_values(data, place, "term")[0], f"{place}.term", depth + 1))
        case "always":
            _values(data, place)
            return Always()
        case "in":
            field, values = _values(data, place, "field", "values")
            given = _list(values, f"{place}.values", most=MAX_LIST)
            return In(field, [_literal(value, f"{place}.values[{n}]") for n, value in enumerate(given)])
        case "missing":
            return Missing(_values(data, place, "field")[0])
        case "within":
            return _within(data, place)
        case str() if op in _WITH_VALUE:
            field, value = _values(data, place, "field", "value")
            return _WITH_VALUE[op](field, _literal(value, f"{place}.value"))
        case _:
            known = ", ".join(("and", "or", "not", "always", "in", "missing", "within", *_WITH_VALUE))
            raise InvalidCondition("is not a node with a known op.", field=place, hint=f"The ops are {known}.")


def _compare(op: str, field: Any, value: Any) -> Condition:
    return Compare(field, op, value)


_WITH_VALUE: "dict[str, Callable[[Any, Any], Condition]]" = {
    **{op: partial(_compare, op) for op in OPERATORS},
    "contains": Contains,
    "startswith": StartsWith,
}


def _within(data: Any, place: str) -> Condition:
    if "start" in data:
        field, start, end = _values(data, place, "field", "start", "end")
        return Within(field, Between(_literal(start, f"{place}.start"), _literal(end, f"{place}.end")))
    ahead = "next_seconds" in data
    field, seconds = _values(data, place, "field", "next_seconds" if ahead else "last_seconds")
    duration = duration_of({"seconds": seconds})
    return Within(field, Next(duration) if ahead else Last(duration))


def _literal(data: Any, place: str) -> Any:
    """The value that ``data`` stands for; what it may be is checked by the node it goes into."""
    if not isinstance(data, Mapping):
        return data
    name = next((name for name in WRITTEN if name in data), None)
    if name is None:
        raise InvalidCondition("is not a value.", field=place, hint=f"The types are {', '.join(WRITTEN)}.")
    keys = ("money", "currency") if name == "money" else (name,)
    return read_literal(name, _values(data, place, *keys, op=False), place=place)


def _values(data: Any, place: str, *keys: str, op: bool = True) -> list[Any]:
    """The values of exactly these keys."""
    wanted = (*(("op",) if op else ()), *keys)
    if set(data) != set(wanted):
        raise InvalidCondition("has a key too many or too few.", field=place, hint=f"Give exactly {', '.join(wanted)}.")
    return [data[key] for key in keys]


def _list(data: Any, place: str, *, most: int) -> list[Any]:
    if not isinstance(data, list | tuple) or len(data) > most:
        raise InvalidCondition(f"is not a list of at most {most}.", field=place, hint="Give a shorter list.")
    return list(data)
