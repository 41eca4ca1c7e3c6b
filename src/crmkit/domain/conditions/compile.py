"""Generated code: bound conditions become one Python function, literals bound as constants.

Five shapes, all from the same tests:

=====================  ===================================  ==============================================
made by                call                                 answer
=====================  ===================================  ==============================================
``compile_test``       ``test(row, now)``                   whether the condition holds
``compile_all``        ``all_(row, now)``                   one ``bool`` per condition
``compile_first``      ``first(row, now)``                  the place of the first that holds, or ``None``
``compile_filter``     ``select(rows, now)``                the rows that hold, in order
``compile_table``      ``table(rows, now)``                 per row, one ``bool`` per condition
=====================  ===================================  ==============================================

``now`` is an aware datetime; relative periods are counted from it once a call. A field that several
questions ask is read once a row. Rows are records as the catalogue describes them.

>>> from types import SimpleNamespace
>>> from crmkit.domain.conditions.bind import bind
>>> from crmkit.domain.conditions.fields import F, FieldCatalogue
>>> fields = FieldCatalogue([FieldSpec(name="score", kind="integer", optional=True)])
>>> hot = compile_test(bind(F.score >= 60, fields))
>>> now = datetime(2026, 1, 31, tzinfo=UTC)
>>> [hot(SimpleNamespace(score=score), now) for score in (59, 60, None)]
[False, True, False]
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar

from crmkit.domain.codegen import build
from crmkit.domain.conditions.bind import BoundCondition
from crmkit.domain.conditions.fields import FieldSpec, Kind
from crmkit.domain.conditions.literals import Literal, same
from crmkit.domain.conditions.nodes import (
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
)
from crmkit.domain.conditions.periods import DAY, TICK, Between, today, utc
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput

__all__ = ["compile_all", "compile_filter", "compile_first", "compile_read", "compile_table", "compile_test"]

R = TypeVar("R")

Test: TypeAlias = Callable[[object, datetime], bool]
TestAll: TypeAlias = Callable[[object, datetime], tuple[bool, ...]]
First: TypeAlias = Callable[[object, datetime], int | None]
Filter: TypeAlias = Callable[[Iterable[R], datetime], list[R]]
Table: TypeAlias = Callable[[Iterable[object], datetime], list[tuple[bool, ...]]]
Read: TypeAlias = Callable[[object], tuple[object, ...]]


def compile_test(bound: BoundCondition) -> Test:
    """A function ``test(row, now)`` that tells whether the condition holds."""
    code = _code([bound])
    code.body.append(ast.Return(code.test(bound.condition)))
    return build("test", ("row", "now"), code.statements(), code.constants)


def compile_all(bounds: Sequence[BoundCondition]) -> TestAll:
    """A function ``all_(row, now)`` that gives one ``bool`` per condition, in their order."""
    code = _code(bounds)
    code.body.append(ast.Return(code.tests(bounds)))
    return build("all_", ("row", "now"), code.statements(), code.constants)


def compile_first(bounds: Sequence[BoundCondition]) -> First:
    """A function ``first(row, now)`` that gives the place of the first condition that holds, or ``None``."""
    code = _code(bounds)
    for place, bound in enumerate(bounds):
        test = code.test(bound.condition)
        code.body.append(ast.If(test, [ast.Return(ast.Constant(place))], []))
    code.body.append(ast.Return(ast.Constant(None)))
    return build("first", ("row", "now"), code.statements(), code.constants)


def compile_filter(bound: BoundCondition) -> "Filter[R]":
    """A function ``select(rows, now)`` that gives the rows for which the condition holds, in their order."""
    code = _code([bound])
    test = code.test(bound.condition)
    code.body.append(ast.If(test, [ast.Expr(_call(_name("keep"), _name("row")))], []))
    return build("select", ("rows", "now"), code.loop(), code.constants)


def compile_table(bounds: Sequence[BoundCondition]) -> Table:
    """A function ``table(rows, now)`` that gives, per row, one ``bool`` per condition."""
    code = _code(bounds)
    code.body.append(ast.Expr(_call(_name("keep"), code.tests(bounds))))
    return build("table", ("rows", "now"), code.loop(), code.constants)


def compile_read(fields: Iterable[FieldSpec]) -> Read:
    """A function ``read(row)`` that gives the values of distinct ``fields``, ``None`` where one is missing.

    >>> from types import SimpleNamespace
    >>> read = compile_read([FieldSpec(name="score", kind="integer"), FieldSpec(name="custom.region", kind="text")])
    >>> read(SimpleNamespace(score=7, custom={}))
    (7, None)
    """
    specs = {spec.name: spec for spec in fields}
    code = _Code(specs, ())
    code.body.append(ast.Return(ast.Tuple([code.read(path) for path in specs], ast.Load())))
    return build("read", ("row",), code.statements(), code.constants)


def _code(bounds: Sequence[BoundCondition]) -> "_Code":
    return _Code(_specs_of(bounds), [leaf for bound in bounds for leaf in bound.condition.leaves()])


class _Code:
    """One function in the making: constants, statements, and the fields it has read so far.

    A field read more than once, and a value on the way to several fields, is kept in a variable of its
    own (``v0``, ``v1`` …), assigned just before the first test that needs it.
    """

    def __init__(self, specs: dict[str, FieldSpec], leaves: Iterable[Leaf]) -> None:
        self.constants: dict[str, object] = {}
        self.prelude: list[ast.stmt] = []
        self.body: list[ast.stmt] = []
        self.specs = specs
        self._names: dict[object, str] = {}
        self._variables: dict[str, str] = {}
        self._assigned: set[str] = set()
        self._uses = _uses(specs, leaves)
        self._optional = _optional(self.specs)

    def statements(self) -> list[ast.stmt]:
        return self.prelude + self.body

    def loop(self) -> list[ast.stmt]:
        """The body once a row; ``keep`` collects what the function answers."""
        return [
            *self.prelude,
            _assign("found", ast.List([], ast.Load())),
            _assign("keep", ast.Attribute(_name("found"), "append", ast.Load())),
            ast.For(ast.Name("row", ast.Store()), _name("rows"), self.body, []),
            ast.Return(_name("found")),
        ]

    def constant(self, value: object, key: object) -> ast.expr:
        name = self._names.setdefault(key, f"c{len(self._names)}")
        self.constants[name] = value
        return _name(name)

    def literal(self, value: Literal | timedelta | str) -> ast.expr:
        return self.constant(value, same(value))

    def tests(self, bounds: Sequence[BoundCondition]) -> ast.expr:
        return ast.Tuple([self.test(bound.condition) for bound in bounds], ast.Load())

    def test(self, node: Condition) -> ast.expr:
        match node:
            case And(terms):
                return ast.BoolOp(ast.And(), [self.test(term) for term in terms])
            case Or(terms):
                return ast.BoolOp(ast.Or(), [self.test(term) for term in terms])
            case Not(term):
                return ast.UnaryOp(ast.Not(), self.test(term))
            case Leaf():
                return self.leaf(node)
            case _:
                return ast.Constant(value=True)

    def leaf(self, leaf: Leaf) -> ast.expr:
        spec = self.specs[leaf.field]
        guards, value = self.reach(leaf.field, guard=not _false_of_none(spec, leaf))
        match leaf:
            case Missing():
                return ast.UnaryOp(ast.Not(), _every([*guards, value] if spec.kind is Kind.TAGS else guards))
            case Compare():
                return _every([*guards, *self.compare(spec, value, leaf)])
            case In():
                return _every([*guards, self.membership(spec, value, leaf)])
            case Contains():
                return _every([*guards, _compare(self.literal(leaf.value), ast.In(), value)])
            case StartsWith():
                method = ast.Attribute(value, "startswith", ast.Load())
                return _every([*guards, _call(method, self.literal(leaf.value))])
            case Within():
                start, end = self.window(spec, leaf)
                return _every([*guards, ast.Compare(start, [ast.LtE(), ast.Lt()], [value, end])])
            case _:
                raise TypeError(f"{type(leaf).__name__} is not one of the ten nodes")

    def compare(self, spec: FieldSpec, value: ast.expr, leaf: Compare) -> list[ast.expr]:
        literal, operator = leaf.value, _OPERATORS[leaf.op]
        if isinstance(literal, Money):
            currency, minor = ast.Attribute(value, "currency", ast.Load()), ast.Attribute(value, "minor", ast.Load())
            return [
                _compare(currency, ast.Eq(), self.literal(literal.currency)),
                _compare(minor, operator(), self.literal(literal.minor)),
            ]
        return [_compare(value, operator(), self.stored(spec, literal))]

    def membership(self, spec: FieldSpec, value: ast.expr, leaf: In) -> ast.expr:
        if spec.kind is Kind.MONEY:
            parts: list[ast.expr] = [ast.Attribute(value, part, ast.Load()) for part in ("minor", "currency")]
            pairs = frozenset((each.minor, each.currency) for each in leaf.values if isinstance(each, Money))
            return _compare(ast.Tuple(parts, ast.Load()), ast.In(), self.constant(pairs, ("in", pairs)))
        values = frozenset(_stored(spec, each) for each in leaf.values)
        return _compare(value, ast.In(), self.constant(values, ("in", spec, same(leaf.values))))

    def stored(self, spec: FieldSpec, literal: Literal) -> ast.expr:
        stored = _stored(spec, literal)
        return self.constant(stored, same(stored))

    def window(self, spec: FieldSpec, leaf: Within) -> tuple[ast.expr, ast.expr]:
        period = leaf.period
        if isinstance(period, Between):
            return self.literal(period.start), self.literal(period.end)
        start, end = period.offsets(DAY if spec.kind is Kind.DATE else TICK)
        return self.moment(spec.kind, start), self.moment(spec.kind, end)

    def moment(self, kind: Kind, offset: timedelta) -> ast.expr:
        """A variable of the prelude: the day or the instant ``offset`` away from now."""
        key = ("moment", kind, offset)
        if key not in self._names:
            base = self._names.get(("base", kind))
            if base is None:
                base = self._names["base", kind] = "day" if kind is Kind.DATE else "instant"
                self.prelude.append(_assign(base, self.base(kind)))
            self._names[key] = f"t{len(self._names)}"
            later = ast.BinOp(_name(base), ast.Add(), self.literal(offset))
            self.prelude.append(_assign(self._names[key], later))
        return _name(self._names[key])

    def base(self, kind: Kind) -> ast.expr:
        """Now, as a day or as a UTC instant; an instant that is in UTC already costs no call."""
        if kind is Kind.DATE:
            return _call(self.constant(today, "today"), _name("now"))
        is_utc = _compare(ast.Attribute(_name("now"), "tzinfo", ast.Load()), ast.Is(), self.constant(UTC, "UTC"))
        return ast.IfExp(is_utc, _name("now"), _call(self.constant(utc, "utc"), _name("now")))

    def read(self, path: str) -> ast.expr:
        """The value of a field, ``None`` where it is missing."""
        guards, value = self.reach(path)
        return ast.IfExp(_every(guards), value, ast.Constant(value=None)) if guards else value

    def reach(self, path: str, *, guard: bool = True) -> tuple[list[ast.expr], ast.expr]:
        """What must hold for the field to have a value, and the expression of that value.

        Without ``guard`` the value itself may be ``None``; those on the way to it never are.
        """
        guard = guard and self._optional[path]
        if self._uses[path] > 1:
            if path not in self._assigned:
                self._assigned.add(path)
                guards, value = self.step(path)
                load = ast.IfExp(_every(guards), value, ast.Constant(value=None)) if guards else value
                self.body.append(_assign(self.variable(path), load))
            value = _name(self.variable(path))
            return [_compare(value, ast.IsNot(), ast.Constant(value=None))] if guard else [], value
        guards, value = self.step(path)
        if guard:
            kept = ast.NamedExpr(ast.Name(self.variable(path), ast.Store()), value)
            guards = [*guards, _compare(kept, ast.IsNot(), ast.Constant(value=None))]
            value = _name(self.variable(path))
        return guards, value

    def step(self, path: str) -> tuple[list[ast.expr], ast.expr]:
        """One step from the value before: an attribute, or a look-up among the custom values."""
        before, _, last = path.rpartition(".")
        if path == "custom":
            return [], ast.Attribute(ast.Attribute(_name("row"), "custom", ast.Load()), "get", ast.Load())
        guards, owner = self.reach(before) if before else ([], _name("row"))
        if before == "custom":
            return guards, _call(owner, self.literal(last))
        return guards, ast.Attribute(owner, last, ast.Load())

    def variable(self, path: str) -> str:
        return self._variables.setdefault(path, f"v{len(self._variables)}")


def _false_of_none(spec: FieldSpec, leaf: Leaf) -> bool:
    """Whether the test is false of ``None`` by itself: equality is, as no literal is ``None``."""
    return spec.kind is not Kind.MONEY and (isinstance(leaf, In) or (isinstance(leaf, Compare) and leaf.op == "=="))


_OPERATORS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}


def _stored(spec: FieldSpec, literal: Literal) -> object:
    """What a record holds for ``literal``: a float, or the member where a choice comes from an enum that is no ``str``."""
    if spec.kind is Kind.NUMBER:
        return float(literal)  # type: ignore[arg-type]
    return literal if spec.enum is None or issubclass(spec.enum, str) else spec.enum(literal)


def _specs_of(bounds: Iterable[BoundCondition]) -> dict[str, FieldSpec]:
    specs: dict[str, FieldSpec] = {}
    for bound in bounds:
        for spec in bound.fields:
            if specs.setdefault(spec.name, spec) != spec:
                raise InvalidInput(
                    "is declared differently by two of the conditions.",
                    field=spec.name,
                    hint="Bind conditions that are compiled together to one catalogue.",
                )
    return specs


def _uses(specs: dict[str, FieldSpec], leaves: Iterable[Leaf]) -> Counter[str]:
    """How often each field, and each value on the way to one, is needed; money is needed for both its parts."""
    uses: Counter[str] = Counter()
    for leaf in leaves:
        pair = specs[leaf.field].kind is Kind.MONEY and not isinstance(leaf, Missing)
        uses[leaf.field] += 2 if pair else 1
    for path in list(uses):
        before = path.rpartition(".")[0]
        while before:
            uses[before] += 1
            before = before.rpartition(".")[0] if uses[before] == 1 else ""
    return uses


def _optional(specs: dict[str, FieldSpec]) -> dict[str, bool]:
    """Which fields, and which values on the way to them, may be ``None``: a way that leads to a sure value is sure."""
    optional = {path: spec.optional or path.startswith("custom.") for path, spec in specs.items()}
    for path in list(optional):
        before = path.rpartition(".")[0]
        while before:
            if before not in specs:
                optional[before] = before != "custom" and optional.get(before, True) and optional[path]
            before = before.rpartition(".")[0]
    return optional


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _call(function: ast.expr, *args: ast.expr) -> ast.expr:
    return ast.Call(function, list(args), [])


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [operator], [right])


def _every(tests: Sequence[ast.expr]) -> ast.expr:
    if len(tests) > 1:
        return ast.BoolOp(ast.And(), list(tests))
    return tests[0] if tests else ast.Constant(value=True)
