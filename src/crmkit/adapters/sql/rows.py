"""Row code: for each entity one generated function from a row to the record and one back.

A loader builds the record without running its checks again: the row was checked when it was written.
"""

import ast
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from crmkit.adapters.codec.stored import scan
from crmkit.adapters.sql.mapping import EPOCH, MICROSECOND, Encoded, Field
from crmkit.domain.change import Record
from crmkit.domain.codegen import build

__all__ = ["RowCode", "row_code"]


EXACT_BELOW = 2**32 * 1_000_000
"""Microseconds since 1970, the year 2106: up to here the doubles lie closer than half a microsecond."""


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
    if field.parts:
        return _dumped_parts(field, value, place, constants)
    if field.dump is None:
        return [value]
    name = f"value{place}"
    bound = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    call = _encoded(field, ast.Name(name, ast.Load()), place, constants)
    if field.empty is not None:
        return [ast.IfExp(bound, call, ast.Constant(None))]
    absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
    return (
        [ast.IfExp(absent, ast.Constant(None), call)] if field.optional else [_encoded(field, value, place, constants)]
    )


def _dumped_parts(field: Field, value: ast.expr, place: int, constants: dict[str, object]) -> list[ast.expr]:
    """A column for each part, all NULL where the value is not there."""
    name = f"value{place}"
    flat = ast.Name(name, ast.Load())
    bound: ast.expr = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    columns: list[ast.expr] = []
    for number, part in enumerate(field.parts):
        column: ast.expr = ast.Attribute(flat, part.name, ast.Load())
        if part.dump is not None:
            constants[f"dump{place}_{number}"] = _sparing(part.dump) if part.optional else part.dump
            column = ast.Call(ast.Name(f"dump{place}_{number}", ast.Load()), [column], [])
        absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
        columns.append(ast.IfExp(absent, ast.Constant(None), column))
        bound = flat
    return columns


def _encoded(field: Field, value: ast.expr, place: int, constants: dict[str, object]) -> ast.expr:
    if field.encoded is Encoded.STAMP:
        constants |= {"epoch": EPOCH, "micro": MICROSECOND}
        since = ast.BinOp(value, ast.Sub(), ast.Name("epoch", ast.Load()))
        return ast.BinOp(since, ast.FloorDiv(), ast.Name("micro", ast.Load()))
    constants[f"dump{place}"] = field.dump
    return ast.Call(ast.Name(f"dump{place}", ast.Load()), [value], [])


def _loader(cls: type[Record], fields: Sequence[Field], *, many: bool) -> Callable[..., Any]:
    """``made = new(cls); fill(made, "__dict__", {…}); return made``, for one row or in a loop."""
    constants: dict[str, object] = {"new": object.__new__, "fill": object.__setattr__, "cls": cls}
    row = ast.Name("row", ast.Load())
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    column = 0
    for place, field in enumerate(fields):
        keys.append(ast.Constant(field.name))
        values.append(_loaded(field, row, column, place, constants))
        column += len(field.columns)
    made = ast.Name("made", ast.Load())
    make = _make(ast.Dict(keys, values))
    if not many:
        return build("load", ("row",), [*make, ast.Return(made)], constants)
    found = ast.Name("found", ast.Load())
    keep = ast.Expr(ast.Call(ast.Attribute(found, "append", ast.Load()), [made], []))
    loop = ast.For(ast.Name("row", ast.Store()), ast.Name("rows", ast.Load()), [*make, keep], [])
    start = ast.Assign([ast.Name("found", ast.Store())], ast.List([], ast.Load()))
    return build("load_all", ("rows",), [start, loop, ast.Return(found)], constants)


def _loaded(field: Field, row: ast.expr, column: int, place: int, constants: dict[str, object]) -> ast.expr:
    value = _item(row, ast.Constant(column))
    if field.parts:
        constants[f"make{place}"] = _maker(field)
        columns = [_item(row, ast.Constant(column + number)) for number in range(len(field.parts))]
        make = ast.Call(ast.Name(f"make{place}", ast.Load()), columns, [])
        return ast.IfExp(ast.Compare(value, [ast.Is()], [ast.Constant(None)]), ast.Constant(None), make)
    if field.load is None:
        return value
    if not field.optional and field.empty is None:
        return _decoded(field, value, place, constants)
    constants[f"empty{place}"] = field.empty
    name = f"value{place}"
    bound = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    absent = ast.Compare(bound, [ast.Is()], [ast.Constant(None)])
    decoded = _decoded(field, ast.Name(name, ast.Load()), place, constants)
    return ast.IfExp(absent, ast.Name(f"empty{place}", ast.Load()), decoded)


def _decoded(field: Field, value: ast.expr, place: int, constants: dict[str, object]) -> ast.expr:
    """``load(value)``, with the two most frequent decodings written out: a call costs as much as they do."""
    if field.encoded is Encoded.STAMP:
        return _stamp(value, constants)
    load = field.load
    if field.encoded is Encoded.JSON:
        constants["scan"] = scan
        value = _item(ast.Call(ast.Name("scan", ast.Load()), [value, ast.Constant(0)], []), ast.Constant(0))
        load = field.parse
    constants[f"load{place}"] = load
    return ast.Call(ast.Name(f"load{place}", ast.Load()), [value], [])


def _stamp(value: ast.expr, constants: dict[str, object]) -> ast.expr:
    """``at(stamp / 1e6, utc) if 0 <= stamp < limit else epoch + span(0, 0, stamp)``.

    Below the limit a float of seconds is nearer to its microsecond than to the next, so the quick way is exact.
    """
    constants |= {"at": datetime.fromtimestamp, "utc": UTC, "epoch": EPOCH, "span": timedelta, "limit": EXACT_BELOW}
    zero, limit = ast.Constant(0), ast.Name("limit", ast.Load())
    seconds = ast.BinOp(value, ast.Div(), ast.Constant(1e6))
    quick = ast.Call(ast.Name("at", ast.Load()), [seconds, ast.Name("utc", ast.Load())], [])
    span = ast.Call(ast.Name("span", ast.Load()), [zero, zero, value], [])
    slow = ast.BinOp(ast.Name("epoch", ast.Load()), ast.Add(), span)
    return ast.IfExp(ast.Compare(zero, [ast.LtE(), ast.Lt()], [value, limit]), quick, slow)


def _maker(field: Field) -> Callable[..., Any]:
    """A function from the columns of a flat value to the value."""
    constants: dict[str, object] = {"new": object.__new__, "fill": object.__setattr__, "cls": field.cls}
    names = [f"column{number}" for number in range(len(field.parts))]
    values: list[ast.expr] = []
    for name, part in zip(names, field.parts, strict=True):
        value: ast.expr = ast.Name(name, ast.Load())
        if part.load is not None:
            constants[f"load_{part.name}"] = _sparing(part.load) if part.optional else part.load
            value = ast.Call(ast.Name(f"load_{part.name}", ast.Load()), [value], [])
        values.append(value)
    filled = ast.Dict([ast.Constant(part.name) for part in field.parts], values)
    return build("make", names, [*_make(filled), ast.Return(ast.Name("made", ast.Load()))], constants)


def _sparing(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _make(state: ast.Dict) -> list[ast.stmt]:
    """``made = new(cls); fill(made, "__dict__", state)``: the checks of ``__init__`` are not run again."""
    new = ast.Call(ast.Name("new", ast.Load()), [ast.Name("cls", ast.Load())], [])
    fill = ast.Call(ast.Name("fill", ast.Load()), [ast.Name("made", ast.Load()), ast.Constant("__dict__"), state], [])
    return [ast.Assign([ast.Name("made", ast.Store())], new), ast.Expr(fill)]


def _item(of: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(of, key, ast.Load())
