"""Row code: for each entity one generated function from a row to the record and one back.

A loader builds the record without running its checks again: the row was checked when it was written.
"""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from crmkit.adapters.sql.mapping import Field
from crmkit.domain.change import Record
from crmkit.domain.codegen import build
from crmkit.domain.values.money import Money

__all__ = ["RowCode", "row_code"]


@frozen
class RowCode:
    """``load(row) -> record``, ``dump(state) -> list`` and one dumper a column for partial updates.

    ``row`` is a tuple of the columns in order; ``state`` is the record's ``__dict__``.
    """

    load: Callable[[Sequence[Any]], Any]
    load_all: Callable[[Sequence[Sequence[Any]]], list[Any]]
    dump: Callable[[dict[str, Any]], tuple[Any, ...]]


def row_code(cls: type[Record], fields: Sequence[Field]) -> RowCode:
    """The row code of ``cls``."""
    return RowCode(_loader(cls, fields, many=False), _loader(cls, fields, many=True), dumper(fields))


def dumper(fields: Sequence[Field]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """A function from a record's ``__dict__`` to the driver's values of ``fields``, in the order of columns."""
    constants: dict[str, object] = {}
    values: list[ast.expr] = []
    for place, field in enumerate(fields):
        value = _item(ast.Name("state", ast.Load()), ast.Constant(field.name))
        values.extend(_dumped(field, value, place, constants))
    body: list[ast.stmt] = [ast.Return(ast.Tuple(values, ast.Load()))]
    return build("dump", ("state",), body, constants)


def _dumped(field: Field, value: ast.expr, place: int, constants: dict[str, object]) -> list[ast.expr]:
    if field.is_money:
        name = f"money{place}"
        bound = ast.NamedExpr(ast.Name(name, ast.Store()), value)
        absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
        parts = [ast.Attribute(ast.Name(name, ast.Load()), part, ast.Load()) for part in ("minor", "currency")]
        again = ast.Compare(ast.Name(name, ast.Load()), [ast.Is()], [ast.Constant(None)])
        return [ast.IfExp(test, ast.Constant(None), part) for test, part in zip((absent, again), parts, strict=True)]
    if field.dump is None:
        return [value]
    constants[f"dump{place}"] = field.dump
    name = f"value{place}"
    bound = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    call = ast.Call(ast.Name(f"dump{place}", ast.Load()), [ast.Name(name, ast.Load())], [])
    if field.empty is not None:
        return [ast.IfExp(bound, call, ast.Constant(None))]
    absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
    return [ast.IfExp(absent, ast.Constant(None), call)] if field.optional else [
        ast.Call(ast.Name(f"dump{place}", ast.Load()), [value], [])
    ]


def _loader(cls: type[Record], fields: Sequence[Field], *, many: bool) -> Callable[..., Any]:
    """``made = new(cls); made.__dict__.update({…}); return made``, for one row or in a loop."""
    constants: dict[str, object] = {"new": object.__new__, "cls": cls}
    row = ast.Name("row", ast.Load())
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    column = 0
    for place, field in enumerate(fields):
        keys.append(ast.Constant(field.name))
        values.append(_loaded(field, row, column, place, constants))
        column += len(field.columns)
    made = ast.Name("made", ast.Load())
    update = ast.Attribute(ast.Attribute(made, "__dict__", ast.Load()), "update", ast.Load())
    make: list[ast.stmt] = [
        ast.Assign([ast.Name("made", ast.Store())], ast.Call(ast.Name("new", ast.Load()), [ast.Name("cls", ast.Load())], [])),
        ast.Expr(ast.Call(update, [ast.Dict(keys, values)], [])),
    ]
    if not many:
        return build("load", ("row",), [*make, ast.Return(made)], constants)
    found = ast.Name("found", ast.Load())
    keep = ast.Expr(ast.Call(ast.Attribute(found, "append", ast.Load()), [made], []))
    loop = ast.For(ast.Name("row", ast.Store()), ast.Name("rows", ast.Load()), [*make, keep], [])
    start = ast.Assign([ast.Name("found", ast.Store())], ast.List([], ast.Load()))
    return build("load_all", ("rows",), [start, loop, ast.Return(found)], constants)


def _loaded(field: Field, row: ast.expr, column: int, place: int, constants: dict[str, object]) -> ast.expr:
    value = _item(row, ast.Constant(column))
    if field.is_money:
        constants["money"] = _money
        call = ast.Call(ast.Name("money", ast.Load()), [value, _item(row, ast.Constant(column + 1))], [])
        return ast.IfExp(ast.Compare(value, [ast.Is()], [ast.Constant(None)]), ast.Constant(None), call)
    if field.load is None:
        return value
    constants[f"load{place}"] = field.load
    load = ast.Name(f"load{place}", ast.Load())
    if not field.optional and field.empty is None:
        return ast.Call(load, [value], [])
    constants[f"empty{place}"] = field.empty
    name = f"value{place}"
    bound = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
    return ast.IfExp(absent, ast.Name(f"empty{place}", ast.Load()), ast.Call(load, [ast.Name(name, ast.Load())], []))


def _money(minor: int, currency: str) -> Money:
    made = object.__new__(Money)
    made.__dict__.update({"minor": minor, "currency": currency})
    return made


def _item(of: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(of, key, ast.Load())
