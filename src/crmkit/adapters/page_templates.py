"""Longer texts with conditions and lists, for e-mails and documents: the one door to Jinja.

Needs the extra ``templates``. A template is data that somebody typed, so it is given nothing to climb on: of Jinja's
language only places, ``if`` and ``for`` are there, without calls, arithmetic, filters or assignments; values are plain
data, looked up by name; what is missing is an error, and texts and results have limits.

>>> letter = PageTemplate("{{ name }} ordered:{% for item in items %} {{ item.title }};{% endfor %}")
>>> letter.fill({"name": "Li Na", "items": [{"title": "Pump"}, {"title": "Valve"}]})
'Li Na ordered: Pump; Valve;'
>>> PageTemplate("{{ name.__class__ }}")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: text: '__class__' is no name. Names begin with a letter.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmkit.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["MOST_ITEMS", "MOST_RESULT", "MOST_TEXT", "PageTemplate"]

MOST_TEXT = 20_000
"""Characters of a template."""
MOST_RESULT = 200_000
"""Characters of what comes out."""
MOST_ITEMS = 1_000
"""Items of one list, and fields of one mapping."""
MOST_LEVELS = 2
"""Lists within lists that a template walks through."""
MOST_DEPTH = 5
"""Values within values."""
_ALLOWED = frozenset(
    {
        *("Template", "Output", "TemplateData", "Name", "Getattr", "Getitem", "Const", "If", "For", "CondExpr"),
        *("Compare", "Operand", "And", "Or", "Not"),
    }
)
_JINJAS = frozenset({"self", "loop", "caller", "varargs", "kwargs", "super"})
"""Names that Jinja itself fills."""
_Scalar = str | int | float | bool | Decimal | date | datetime | None


class PageTemplate:
    """A text that is checked when it is made, and filled as often as you like.

    Args:
        text: with places such as ``{{ customer.name }}``, ``{% if … %}`` and ``{% for … in … %}``.
        html: whether values are escaped for HTML; the text itself is not.

    Raises:
        InvalidInput: the text is too long, cannot be read, or uses what is not there.
        MissingExtra: Jinja is not installed.
    """

    def __init__(self, text: str, *, html: bool = False) -> None:
        environment = _environment(html=html)
        if len(text) > MOST_TEXT:
            raise InvalidInput(f"may have {MOST_TEXT} characters.", field="text", hint="Shorten it.")
        from jinja2 import TemplateError

        try:
            _expect(environment.parse(text), levels=0)
            self._template = environment.from_string(text)
        except (TemplateError, RecursionError, ValueError) as error:
            place = getattr(error, "lineno", None)
            told = "cannot be read" if place is None else f"cannot be read in line {place}"
            raise InvalidInput(f"{told}.", field="text", hint="Use {{ name }}, if and for.") from error

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with ``values`` in their places.

        Raises:
            InvalidInput: a value is missing or no plain data, or the result would be too long.
        """
        from jinja2 import TemplateError

        pieces: list[str] = []
        room = MOST_RESULT
        try:
            for piece in self._template.generate(_plain(values, "values", 0)):
                pieces.append(piece)
                room -= len(piece)
                if room < 0:
                    raise InvalidInput(f"would have more than {MOST_RESULT} characters.", field="text")
        except (TemplateError, TypeError) as error:
            raise InvalidInput(
                "asks for a value that is not there or does not fit.", field="values", hint="Give every name a value."
            ) from error
        return "".join(pieces)


def _environment(*, html: bool) -> "Environment":
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError as error:
        raise MissingExtra.named("templates", package="jinja2") from error

    class Environment(ImmutableSandboxedEnvironment):
        """Names lead to values of mappings and items of lists, never to what an object is made of."""

        def getitem(self, obj: Any, argument: Any) -> Any:
            there = argument in obj if isinstance(obj, dict) else isinstance(obj, list) and isinstance(argument, int)
            if there and (isinstance(obj, dict) or -len(obj) <= argument < len(obj)):
                return obj[argument]
            return self.undefined(obj=obj, name=argument)

        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

    environment = Environment(undefined=StrictUndefined, autoescape=html, finalize=_shown, cache_size=0)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


def _expect(node: Any, *, levels: int) -> None:
    """Nothing is in the template but what is allowed."""
    kind = type(node).__name__
    if kind not in _ALLOWED:
        raise InvalidInput(f"has {kind.lower()}, which is not there.", field="text", hint="Use {{ name }}, if and for.")
    name = getattr(node, "attr", None) if kind == "Getattr" else getattr(node, "name", None)
    if isinstance(name, str) and (name.startswith("_") or (kind == "Name" and name in _JINJAS)):
        raise InvalidInput(f"{name!r} is no name.", field="text", hint="Names begin with a letter.")
    levels += kind == "For"
    if levels > MOST_LEVELS or (kind == "For" and node.recursive):
        raise InvalidInput(f"has lists within more than {MOST_LEVELS} lists.", field="text", hint="Flatten them.")
    for child in node.iter_child_nodes():
        _expect(child, levels=levels)


def _shown(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise TypeError("a list cannot be shown as one text")
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value


def _plain(value: Any, field: str, depth: int) -> Any:
    """A copy that holds nothing but plain data."""
    if type(value) in _Scalar.__args__:
        return value
    if depth >= MOST_DEPTH:
        raise InvalidInput(f"lies more than {MOST_DEPTH} deep.", field=field, hint="Flatten it.")
    if isinstance(value, Mapping) and len(value) <= MOST_ITEMS:
        return {name: _plain(item, f"{field}.{name}", depth + 1) for name, item in _named(value, field)}
    if isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return [_plain(item, f"{field}[{place}]", depth + 1) for place, item in enumerate(value)]
    raise InvalidInput(
        f"is no plain data: {type(value).__name__}.",
        field=field,
        hint=f"Give texts, numbers, dates, and lists and mappings of these with up to {MOST_ITEMS} items.",
    )


def _named(value: Mapping[Any, Any], field: str) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if not isinstance(name, str):
            raise InvalidInput("has a name that is no text.", field=field, hint="Name every value.")
        yield name, item
