"""From the annotations of an attrs class to the fields a condition may ask.

=============================================  ============================================
annotation                                     kind
=============================================  ============================================
``str``, ``Annotated[str, …]``                 text
``NewType`` over ``str`` named ``…Id``         id (of any other name: text)
``str``, when the field is called ``id``       id
``bool``, ``int``, ``Decimal``, ``float``      boolean, integer, decimal, number
``date``, ``datetime``                         date, instant
an enum of texts, ``Literal`` of texts         choice
an enum of whole numbers                       integer
a class with ``minor`` and ``currency``        money, and its two parts as integer and text
``tuple[str, …]``, ``frozenset[str]``          tags
another attrs class                            its fields under ``<name>.``, four levels deep
``X | None``                                   the kind of ``X``, optional
=============================================  ============================================

Anything else (mappings, tuples of records, unions of records) cannot be asked, nor can fields
whose names begin with an underscore.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, get_args, get_origin, get_type_hints

import attrs

from crmkit.domain.checks import optional_of, plain_of
from crmkit.domain.conditions.fields import CustomFieldLike, FieldSpec, Kind

__all__ = ["custom_specs", "specs_of"]

MAX_NESTING = 4

_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    Decimal: Kind.DECIMAL,
    float: Kind.NUMBER,
    date: Kind.DATE,
    datetime: Kind.INSTANT,
}


def specs_of(record: type, prefix: str = "", *, optional: bool = False, level: int = 1) -> Iterator[FieldSpec]:
    """The fields of the attrs class ``record``, each name after ``prefix``, in order of declaration."""
    hints = get_type_hints(record, include_extras=True)
    for attribute in attrs.fields(record):
        if not attribute.name.startswith("_"):
            annotation, may_miss = optional_of(hints[attribute.name])
            yield from _specs(prefix + attribute.name, annotation, optional=optional or may_miss, level=level)


def _specs(name: str, annotation: Any, *, optional: bool, level: int) -> Iterator[FieldSpec]:
    plain = plain_of(annotation)
    enum = plain if isinstance(plain, type) and issubclass(plain, Enum) else None
    if plain in _KINDS:
        entity = _entity(annotation)
        kind = Kind.ID if plain is str and (entity or name.rpartition(".")[2] == "id") else _KINDS[plain]
        yield FieldSpec(name=name, kind=kind, optional=optional, entity=entity)
    elif enum is not None:
        yield from _enum_spec(name, enum, optional=optional)
    elif get_origin(plain) is Literal and all(isinstance(choice, str) for choice in get_args(plain)):
        yield FieldSpec(name=name, kind=Kind.CHOICE, optional=optional, choices=get_args(plain))
    elif _is_tags(plain):
        yield FieldSpec(name=name, kind=Kind.TAGS, optional=optional)
    elif isinstance(plain, type) and attrs.has(plain):
        if {"minor", "currency"} <= {attribute.name for attribute in attrs.fields(plain)}:
            yield from _money_specs(name, optional=optional)
        elif level < MAX_NESTING:
            yield from specs_of(plain, f"{name}.", optional=optional, level=level + 1)


def _entity(annotation: Any) -> str:
    """The entity that a ``NewType`` called ``…Id`` speaks of, or nothing.

    >>> _entity(NewType("OpportunityId", str)), _entity(NewType("Code", str)), _entity(str)
    ('opportunity', '', '')
    """
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if isinstance(annotation, NewType) and annotation.__name__.endswith("Id"):
        return annotation.__name__.removesuffix("Id").lower()
    return ""


def _enum_spec(name: str, enum: type[Enum], *, optional: bool) -> Iterator[FieldSpec]:
    values = [member.value for member in enum]
    if all(isinstance(value, str) for value in values):
        yield FieldSpec(name=name, kind=Kind.CHOICE, optional=optional, choices=tuple(values), enum=enum)
    elif issubclass(enum, int):
        yield FieldSpec(name=name, kind=Kind.INTEGER, optional=optional)


def _is_tags(plain: Any) -> bool:
    args = get_args(plain)
    if get_origin(plain) is tuple and args[1:] != (...,):
        return False
    return get_origin(plain) in (tuple, frozenset) and plain_of(args[0]) is str


def _money_specs(name: str, *, optional: bool) -> Iterator[FieldSpec]:
    yield FieldSpec(name=name, kind=Kind.MONEY, optional=optional)
    yield FieldSpec(name=f"{name}.minor", kind=Kind.INTEGER, optional=optional)
    yield FieldSpec(name=f"{name}.currency", kind=Kind.TEXT, optional=optional)


def custom_specs(custom: Iterable[CustomFieldLike]) -> Iterator[FieldSpec]:
    """The fields that the host declares, under ``custom.``; every one may be missing."""
    for field in custom:
        name, kind = f"custom.{field.name}", Kind(field.kind)
        if kind is Kind.MONEY:
            yield from _money_specs(name, optional=True)
        else:
            entity = getattr(field, "refers_to", "")
            yield FieldSpec(name=name, kind=kind, optional=True, choices=field.choices, entity=entity)
