"""Values as plain JSON terms, and the texts that stand in them.

>>> from crmkit.domain.values.contact_points import Phone
>>> plain_of_value(Phone.parse("138 0013 8000"))["e164"]
'+8613800138000'
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import attrs

__all__ = ["holding", "plain_of_value", "texts_of"]


def plain_of_value(value: Any) -> Any:
    """``value`` as JSON has it: mappings, lists, texts, numbers; instants and amounts as text.

    >>> plain_of_value((date(2026, 1, 2), True, {"a": None}))
    ['2026-01-02', True, {'a': None}]
    """
    if attrs.has(type(value)):
        return {field.name: plain_of_value(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(name): plain_of_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_of_value(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def texts_of(value: Any) -> Iterator[str]:
    """Every text in ``value``, with the names in mappings.

    >>> list(texts_of({"phones": [{"raw": "138"}], "score": 3}))
    ['phones', 'raw', '138', 'score']
    """
    plain = plain_of_value(value)
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, Mapping):
        for name, each in plain.items():
            yield name
            yield from texts_of(each)
    elif isinstance(plain, list):
        for each in plain:
            yield from texts_of(each)


def holding(texts: Iterable[str], ids: Iterable[str] = ()) -> Callable[[Any], bool]:
    """Whether a value has one of ``texts`` in it, whole or in part, or one of ``ids`` as it stands: not within a longer one.

    >>> of_one = holding(["李伟"], ["L-1"])
    >>> of_one({"title": "李伟's boss"}), of_one(["lead:L-1"]), of_one(["L-10", "XL-1"])
    (True, True, False)
    """
    parts = [re.escape(text) for text in texts]
    parts += [f"(?<![A-Za-z0-9_-]){re.escape(id_)}(?![A-Za-z0-9_-])" for id_ in ids]
    find = re.compile("|".join(parts)).search if parts else lambda _text: None
    return lambda value: any(find(text) for text in texts_of(value))
