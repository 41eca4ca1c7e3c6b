"""Texts with places for a record's fields: plain substitution, and nothing else.

A place is ``{field}``, where the field is one of the record's own, such as ``{name.given}``, ``{custom.size}`` or
``{id}``. There are no expressions, no formats, no calls: what stands between the braces is looked up in the list of
the record's fields, when the text is made, and any other brace is refused. What a field holds is never read as a
template again.

>>> from datetime import UTC, datetime
>>> from crmkit.domain.sales.lead import Lead
>>> at = datetime(2026, 3, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", region="East {id}", score=70, created_at=at, updated_at=at)
>>> fill("{region}: {score} points. {grade}", lead, "lead", ())
'East {id}: 70 points. –'
>>> placeholders("{name.__class__}")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: text: may have braces only around the name of a field. Write for example {id}.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from crmkit.domain.change import Record
from crmkit.domain.conditions.compile import Read, compile_read
from crmkit.domain.custom_fields import CustomField
from crmkit.errors import InvalidInput, Problem
from crmkit.rules.actions.subjects import catalogue_of

__all__ = ["MOST_PLACES", "MOST_TEXT", "fill", "placeholders", "problems_in"]

MOST_TEXT = 4_000
"""Characters of a template."""
MOST_PLACES = 50
MOST_VALUE = 500
"""Characters of one field that a text shows."""
# every part begins with a letter: nothing that begins with an underscore is ever a field
_PLACE = re.compile(r"\{([a-zA-Z]\w{0,99}(?:\.[a-zA-Z]\w{0,99}){0,3})\}", re.ASCII)


def placeholders(text: str, *, field: str = "text") -> tuple[str, ...]:
    """The fields that ``text`` has places for, in order.

    Raises:
        InvalidInput: it is too long, has too many places, or a brace that is no place.
    """
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"may have {MOST_TEXT} characters.", field=field, hint="Shorten it.")
    found: list[str] = _PLACE.findall(text)
    if len(found) > MOST_PLACES:
        raise InvalidInput(f"may have {MOST_PLACES} places.", field=field, hint="Leave some out.")
    rest = _PLACE.sub("", text)
    if "{" in rest or "}" in rest or any("__" in name for name in found):
        raise InvalidInput(
            "may have braces only around the name of a field.", field=field, hint="Write for example {id}."
        )
    return tuple(found)


def problems_in(text: str, entity: str, custom: tuple[CustomField, ...], *, field: str) -> Iterator[Problem]:
    """Places for what records of ``entity`` do not have."""
    known = catalogue_of(entity, custom)
    for name in dict.fromkeys(placeholders(text, field=field)):
        if name not in known:
            yield Problem(field, "template.field", f"has a place for {name!r}.", known.suggestion(name))


def fill(text: str, record: Record, entity: str, custom: tuple[CustomField, ...]) -> str:
    """``text`` with the fields of ``record`` in their places; a missing one is a dash.

    Raises:
        UnknownField: it has a place for what such a record does not have.
    """
    names = tuple(dict.fromkeys(placeholders(text)))
    values = dict(zip(names, _reader(names, entity, custom)(record), strict=True))
    return _PLACE.sub(lambda place: _shown(values[place[1]]), text)


@lru_cache(maxsize=1_024)
def _reader(names: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]) -> Read:
    catalogue = catalogue_of(entity, custom)
    return compile_read([catalogue[name] for name in names])


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= MOST_VALUE else f"{text[:MOST_VALUE]}…"
