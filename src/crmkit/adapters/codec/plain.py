"""Models in JSON terms, by a function that is generated for each: what a save does for every value in a list.

``cattrs`` gives the same, and takes twice as long: it asks a converter for every field.
"""

import ast
from collections.abc import Callable
from typing import Any

import attrs

from crmkit.domain.change import Record
from crmkit.domain.codegen import build

__all__ = ["plain_model"]

Plain = Callable[[Any], Any]


def plain_model(cls: type, plains: dict[str, Plain | None], *, compact: bool) -> Plain:
    """``value -> dict`` for instances of ``cls``; ``plains`` has for each field what makes its values plain.

    A value that is ``None`` stays so. Where it is ``compact``, fields at their default are left out.

    >>> from crmkit.domain.ids import Ref
    >>> plain_model(Ref, {"entity": None, "id": None}, compact=True)(Ref(entity="lead", id="L-1"))
    {'entity': 'lead', 'id': 'L-1'}
    """
    constants: dict[str, object] = {}
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    later: list[ast.stmt] = []
    if issubclass(cls, Record):
        keys.append(ast.Constant("entity"))
        values.append(ast.Constant(cls.entity))
    for place, field in enumerate(attrs.fields(cls)):
        read: ast.expr = ast.Attribute(_name("value"), field.name, ast.Load())
        to_plain = plains[field.name]
        if to_plain is not None:
            constants[f"plain{place}"] = to_plain
        left_out = compact and field.default is not attrs.NOTHING
        if left_out:
            later.append(_unless_default(field, place, read, to_plain, constants))
        # what comes behind a field that may be left out keeps its place
        elif later:
            later.append(_put(field.name, _plained(place, read, to_plain)))
        else:
            keys.append(ast.Constant(field.name))
            values.append(_plained(place, read, to_plain))
    begin: ast.stmt = ast.Assign([ast.Name("made", ast.Store())], ast.Dict(keys, values))
    return build("plain", ("value",), [begin, *later, ast.Return(_name("made"))], constants)


def _unless_default(
    field: "attrs.Attribute[Any]", place: int, read: ast.expr, to_plain: Plain | None, constants: dict[str, object]
) -> ast.stmt:
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = default.factory()
    here = f"field{place}"
    bound = ast.NamedExpr(ast.Name(here, ast.Store()), read)
    if default is None:
        differs: ast.expr = ast.Compare(bound, [ast.IsNot()], [ast.Constant(None)])
        value = _name(here) if to_plain is None else ast.Call(_name(f"plain{place}"), [_name(here)], [])
        return ast.If(differs, [_put(field.name, value)], [])
    constants[f"default{place}"] = default
    differs = ast.Compare(bound, [ast.NotEq()], [_name(f"default{place}")])
    return ast.If(differs, [_put(field.name, _plained(place, _name(here), to_plain))], [])


def _plained(place: int, read: ast.expr, to_plain: Plain | None) -> ast.expr:
    if to_plain is None:
        return read
    here = f"given{place}"
    absent = ast.Compare(ast.NamedExpr(ast.Name(here, ast.Store()), read), [ast.Is()], [ast.Constant(None)])
    return ast.IfExp(absent, ast.Constant(None), ast.Call(_name(f"plain{place}"), [_name(here)], []))


def _put(name: str, value: ast.expr) -> ast.stmt:
    target = ast.Subscript(_name("made"), ast.Constant(name), ast.Store())
    return ast.Assign([target], value)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())
