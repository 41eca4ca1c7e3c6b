"""Generated constructors: a value that plainly fits its field is kept without a call.

Of what entities and events are built from, nearly all is an exact ``str``, ``datetime``, member or
``None``. The constructor asks for those in line and calls the field's check only for the rest, which
makes it several times faster than one call a field. It is built when a class is first constructed.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, NewType, get_args, get_origin

import attrs

from crmkit.domain.checks import INT64, Check, FrozenDict, Text, optional_of, plain_of
from crmkit.domain.codegen import build

__all__ = ["constructor", "keeper", "signature"]

ID = Text(most=200, least=1)
"""The limit of a ``NewType`` over text."""


def constructor(cls: type) -> Callable[..., None]:
    """The ``__init__`` of ``cls``, which has attrs fields with a ``check`` in their metadata."""
    constants: dict[str, Any] = {"c_fill": object.__setattr__, "c_absent": attrs.NOTHING}
    names: list[str] = []
    defaults: dict[str, Any] = {}
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for field in attrs.fields(cls):
        names.append(field.name)
        value: ast.expr = _name(field.name)
        if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
            constants[f"c_default_{field.name}"] = field.default.factory
            defaults[field.name] = attrs.NOTHING
            made = ast.Call(_name(f"c_default_{field.name}"), [], [])
            value = ast.IfExp(_is(_name(field.name), _name("c_absent")), made, _kept(field, constants))
        else:
            if field.default is not attrs.NOTHING:
                defaults[field.name] = field.default
            value = _kept(field, constants)
        keys.append(ast.Constant(field.name))
        values.append(value)
    fill = ast.Call(_name("c_fill"), [_name("self"), ast.Constant("__dict__"), ast.Dict(keys, values)], [])
    body: list[ast.stmt] = [ast.Expr(fill)]
    if hasattr(cls, "check"):
        body.append(ast.Expr(ast.Call(ast.Attribute(_name("self"), "check", ast.Load()), [], [])))
    return build("__init__", ["self"], body, constants, keywords=names, defaults=defaults)


def keeper(field: "attrs.Attribute[Any]") -> Check:
    """``check(name, value)`` of one field, which keeps what plainly fits without a further call."""
    constants: dict[str, Any] = {}
    value = _kept(field, constants, name="value")
    return build("keep", ["name", "value"], [ast.Return(value)], constants)


def signature(cls: type) -> inspect.Signature:
    """What documentation tools show for the constructor of ``cls``."""
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is attrs.NOTHING else field.default,
            annotation=field.type,
        )
        for field in attrs.fields(cls)
    ]
    return inspect.Signature(parameters)


def _kept(field: "attrs.Attribute[Any]", constants: dict[str, Any], *, name: str = "") -> ast.expr:
    """``value if <it plainly fits> else check("", value)``."""
    value = name or field.name
    check = f"c_check_{field.name}"
    constants[check] = field.metadata["check"]
    checked = ast.Call(_name(check), [ast.Constant(""), _name(value)], [])
    fits = None if field.converter is not None else _fits(field.type, value, field.name, constants)
    return checked if fits is None else ast.IfExp(fits, _name(value), checked)


def _fits(annotation: Any, value: str, field: str, constants: dict[str, Any]) -> ast.expr | None:
    """The expression that is true of values which need no check; ``None`` when each needs it."""
    inner, optional = optional_of(annotation)
    test = _fits_plain(inner, value, field, constants)
    if not optional:
        return test
    missing = _is(_name(value), ast.Constant(None))
    return missing if test is None else ast.BoolOp(ast.Or(), [missing, test])


def _fits_plain(annotation: Any, value: str, field: str, constants: dict[str, Any]) -> ast.expr | None:
    plain, origin = plain_of(annotation), get_origin(annotation)
    if plain is str:
        limits = [each for each in get_args(annotation) if isinstance(each, Text)]
        limit = limits[0] if limits else ID if isinstance(annotation, NewType) else Text()
        return None if origin is Annotated and not limits else _fits_text(limit, value, field, constants)
    if origin is tuple:
        return ast.BoolOp(ast.And(), [_exactly(tuple, value, constants), ast.UnaryOp(ast.Not(), _name(value))])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return ast.BoolOp(ast.And(), [_exactly(FrozenDict, value, constants), ast.UnaryOp(ast.Not(), _name(value))])
    if plain is int:
        constants |= {"c_least_int": -INT64, "c_beyond_int": INT64}
        inside = ast.Compare(_name("c_least_int"), [ast.LtE(), ast.Lt()], [_name(value), _name("c_beyond_int")])
        return ast.BoolOp(ast.And(), [_exactly(int, value, constants), inside])
    if plain is datetime:
        constants["c_utc"] = UTC
        zone = _is(ast.Attribute(_name(value), "tzinfo", ast.Load()), _name("c_utc"))
        return ast.BoolOp(ast.And(), [_exactly(datetime, value, constants), zone])
    if plain in (bool, date) or (isinstance(plain, type) and (attrs.has(plain) or _has_members(plain))):
        return _exactly(plain, value, constants)
    return None


def _fits_text(limit: Text, value: str, field: str, constants: dict[str, Any]) -> ast.expr:
    """ASCII without NUL and within its limits; other text is looked at letter by letter."""
    constants |= {"c_length": len, f"c_least_{field}": limit.least, f"c_most_{field}": limit.most}
    size = ast.Call(_name("c_length"), [_name(value)], [])
    ascii_only = ast.Call(ast.Attribute(_name(value), "isascii", ast.Load()), [], [])
    return ast.BoolOp(
        ast.And(),
        [
            _exactly(str, value, constants),
            ast.Compare(_name(f"c_least_{field}"), [ast.LtE(), ast.LtE()], [size, _name(f"c_most_{field}")]),
            ascii_only,
            ast.Compare(ast.Constant("\0"), [ast.NotIn()], [_name(value)]),
        ],
    )


def _has_members(cls: type) -> bool:
    return issubclass(cls, Enum) and len(cls) > 0


def _exactly(cls: type, value: str, constants: dict[str, Any]) -> ast.expr:
    constants |= {"c_type_of": type, f"c_class_{cls.__name__}_{id(cls)}": cls}
    return _is(ast.Call(_name("c_type_of"), [_name(value)], []), _name(f"c_class_{cls.__name__}_{id(cls)}"))


def _is(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [ast.Is()], [right])


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())
