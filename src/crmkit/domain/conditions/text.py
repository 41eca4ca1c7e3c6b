"""Conditions as people write them; ``str`` writes them in the same way.

::

    score >= 60 and industry in ("IT", "Retail") and not missing(owner_id)
    contains(tags, "vip") or startswith(name, "A") or custom.region == "East"
    within(last_followed_at, days=30) and within_next(close_date, days=14)
    10 <= score < 60 and amount > money("5000", "EUR") and discount <= 12.5
    created_at >= instant("2026-01-31T08:00:00+08:00") or close_date < date("2026-04-01")

>>> parse("10 <= score < 60 and vip == true")
And(terms=(Compare(field='score', op='>=', value=10), Compare(field='score', op='<', value=60), Compare(field='vip', op='==', value=True)))
>>> parse("__import__('os').system('ls')")
Traceback (most recent call last):
...
crmkit.errors.InvalidCondition: The condition cannot be read at character 17. Names, numbers, texts in quotes, brackets and == != < <= > >= in and or not are known.
"""

import ast
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from crmkit.domain.conditions.fields import period_of
from crmkit.domain.conditions.literals import WRITTEN, Literal, literal_of, read_literal
from crmkit.domain.conditions.nodes import (
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
    all_of,
)
from crmkit.domain.conditions.scan import scan, wrong
from crmkit.errors import InvalidCondition

__all__ = ["parse"]


def parse(text: str) -> Condition:
    """The condition that ``text`` says; ``parse(str(condition)) == condition``, as long as the text fits ``MAX_SOURCE``.

    Nothing in the text is ever run. Names and types are checked by ``bind``.

    Raises:
        InvalidCondition: it says none, or one beyond the limits; the message names the character.
    """
    if not isinstance(text, str):
        raise InvalidCondition(f"A {type(text).__name__} is no text.", hint="Give a str, or use from_json.")
    return _parsed(text)


@lru_cache(maxsize=1_024)
def _parsed(text: str) -> Condition:
    scan(text)
    line = text.replace("\r", " ").replace("\n", " ")  # of the same length, so that places stay right
    bare = line.strip()
    try:
        tree = ast.parse(bare, mode="eval")
    except SyntaxError as error:
        raise wrong(max((error.offset or 1) - 1, 0), "A bracket, a quote, a value or an and / or is missing.") from None
    return _Reader(bare, skipped=len(line) - len(line.lstrip())).condition(tree.body)


_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TRUTHS = {"true": True, "false": False}
_CALLS = ("always()", "missing(field)", "contains(field, 'x')", "startswith(field, 'x')", "within(field, days=30)")
_QUESTION = f"A question is a comparison, a list with in, or one of {', '.join(_CALLS)}."


class _Reader:
    """From the allowed kinds of syntax to nodes; every other kind is refused where it stands."""

    def __init__(self, source: str, *, skipped: int) -> None:
        self.encoded = source.encode()
        self.skipped = skipped

    def condition(self, node: ast.expr) -> Condition:
        match node:
            case ast.BoolOp(ast.And(), terms):
                return And([self.condition(term) for term in terms])
            case ast.BoolOp(ast.Or(), terms):
                return Or([self.condition(term) for term in terms])
            case ast.UnaryOp(ast.Not(), term):
                return Not(self.condition(term))
            case ast.Compare(left, [ast.In()], [values]):
                return In(self.path(left), self.values(values))
            case ast.Compare(_, operators, _):
                return self.comparison(node, operators)
            case ast.Call(ast.Name(name), args, keywords):
                return self.call(node, name, args, keywords)
            case _:
                raise self.refused(node, _QUESTION)

    def comparison(self, node: ast.Compare, operators: Sequence[ast.cmpop]) -> Condition:
        """One comparison, or the and of a chain: ``10 <= score < 60``."""
        operands = [node.left, *node.comparators]
        pairs: list[Condition] = []
        for left, operator, right in zip(operands, operators, operands[1:], strict=False):
            sign = _OPERATORS.get(type(operator))
            if sign is None:
                raise self.refused(node, "Write not (field in (...)), which holds also where the field is missing.")
            if _is_field(left):
                pairs.append(Compare(self.path(left), sign, self.value(right)))
            else:
                pairs.append(Compare(self.path(right), _MIRRORED[sign], self.value(left)))
        return all_of(pairs)

    def call(self, node: ast.Call, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Condition:
        if keywords and not name.startswith("within"):
            raise self.refused(node, _QUESTION)
        match name, args:
            case "always", []:
                return Always()
            case "missing", [field]:
                return Missing(self.path(field))
            case "contains", [field, value]:
                return Contains(self.path(field), self.value(value))
            case "startswith", [field, value]:
                return StartsWith(self.path(field), self.value(value))
            case (("within" | "within_next"), [field, *bounds]):
                units = {str(keyword.arg): self.value(keyword.value) for keyword in keywords}
                if len(units) < len(keywords):
                    raise self.refused(node, "Give each unit once.")
                given = tuple(self.value(bound) for bound in bounds)
                return Within(self.path(field), period_of(given, units, ahead=name == "within_next"))
            case _:
                raise self.refused(node, _QUESTION)

    def path(self, node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return name
            case ast.Attribute(owner, name):
                return f"{self.path(owner)}.{name}"
            case ast.Call(ast.Name("field"), [ast.Constant(str(path))], []):
                return path
            case _:
                raise self.refused(node, "Write the name of a field here.")

    def values(self, node: ast.expr) -> list[Literal]:
        elements = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
        return [self.value(element) for element in elements]

    def value(self, node: ast.expr) -> Literal:
        match node:
            case ast.Constant(float()):
                return Decimal(self.source(node))
            case ast.UnaryOp(ast.USub(), ast.Constant(int(number))):
                return -number
            case ast.UnaryOp(ast.USub(), ast.Constant(float())):
                return -Decimal(self.source(node.operand))
            case ast.Constant(value):
                return literal_of(value, field="value")
            case ast.Name(name) if name in _TRUTHS:
                return _TRUTHS[name]
            case ast.Call(ast.Name(name), args, []) if name in WRITTEN:
                texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in args]
                return read_literal(name, texts, place=name)
            case _:
                raise self.refused(
                    node, f"Write a value here: a number, a text in quotes, True, or one of {', '.join(WRITTEN)}(...)."
                )

    def source(self, node: ast.expr) -> str:
        """The characters of a number: read from the text, so that decimals are exact."""
        return self.encoded[node.col_offset : node.end_col_offset].decode()

    def refused(self, node: ast.expr, hint: str) -> InvalidCondition:
        return wrong(self.skipped + len(self.encoded[: node.col_offset].decode()), hint)


def _is_field(node: ast.expr) -> bool:
    match node:
        case ast.Name(name):
            return name not in _TRUTHS
        case ast.Call(ast.Name(name)):
            return name == "field"
        case _:
            return isinstance(node, ast.Attribute)
