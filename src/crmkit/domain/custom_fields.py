"""Fields that the host adds to an entity: declared once, typed, validated, usable in conditions.

>>> schema = CustomSchema.of(CustomField(entity="lead", name="region", kind=FieldKind.CHOICE, choices=("East", "West")))
>>> dict(schema.check("lead", {"region": "East"}))
{'region': 'East'}
>>> schema.check("lead", {"region": "Eats"})
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: lead.custom.region: is not one of the choices. Choose from: East, West.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any

import attrs

from crmkit.domain.change import CustomValue
from crmkit.domain.checks import Check, FrozenDict, Text, check_for
from crmkit.domain.model import Code, Line, model
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, Problem

__all__ = ["MAX_FIELDS", "CustomField", "CustomSchema", "FieldKind"]

DECIMAL_PLACES = 6
"""Places that a custom decimal keeps: stores hold it as a whole number of millionths, exactly."""
MAX_FIELDS = 500


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    ID = "id"


_TYPES: dict[FieldKind, Any] = {
    FieldKind.TEXT: str,
    FieldKind.INTEGER: int,
    FieldKind.DECIMAL: Decimal,
    FieldKind.MONEY: Money,
    FieldKind.BOOLEAN: bool,
    FieldKind.DATE: date,
    FieldKind.INSTANT: datetime,
    FieldKind.CHOICE: str,
    FieldKind.ID: str,
}


@model
class CustomField:
    """One field of the host: on which entity, its name, its kind, and what it accepts."""

    entity: Code
    name: Code
    kind: FieldKind
    label: Line = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    most: int = 2000
    """Characters that a text may have."""
    refers_to: Line = ""
    """The entity that an ``ID`` field points to."""

    def check(self) -> None:
        """A name is an identifier; a choice has choices."""
        if not (self.name.isascii() and self.name.isidentifier()):
            raise InvalidInput(
                f"{self.name!r} is not an ASCII identifier.",
                field="CustomField.name",
                hint="Use for example credit_limit.",
            )
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise InvalidInput(
                "go with the kind CHOICE, and only with it.",
                field="CustomField.choices",
                hint="Give the allowed values.",
            )


@attrs.frozen
class CustomSchema:
    """All fields that the host declares."""

    fields: tuple[CustomField, ...] = ()
    _by_entity: Mapping[str, Mapping[str, CustomField]] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        by_entity: dict[str, dict[str, CustomField]] = {}
        for field in self.fields:
            of_entity = by_entity.setdefault(field.entity, {})
            if field.name in of_entity:
                raise InvalidInput("is declared twice.", field=f"{field.entity}.custom.{field.name}")
            of_entity[field.name] = field
            if len(of_entity) > MAX_FIELDS:
                raise InvalidInput(f"has more than {MAX_FIELDS} fields.", field=f"{field.entity}.custom")
        object.__setattr__(self, "_by_entity", by_entity)

    @classmethod
    def of(cls, *fields: CustomField) -> "CustomSchema":
        """The schema of ``fields``."""
        return cls(tuple(fields))

    def of_entity(self, entity: str) -> Mapping[str, CustomField]:
        """The fields of ``entity`` by name."""
        return self._by_entity.get(entity, {})

    def check(self, entity: str, values: Mapping[str, Any]) -> Mapping[str, CustomValue]:
        """``values`` as the entity keeps them, blanks left out.

        Raises:
            InvalidInput: lists every unknown field (with a suggestion), wrong value and missing required one.
        """
        fields = self.of_entity(entity)
        kept: dict[str, CustomValue] = {}
        problems: list[Problem] = []
        for name, value in values.items():
            if name not in fields:
                problems.append(_unknown(entity, name, fields))
            elif value is not None:
                try:
                    kept[name] = _checked(fields[name], value)
                except InvalidInput as error:
                    problems.extend(error.problems)
        for name, field in fields.items():
            if field.required and name not in kept and not any(p.field.endswith(f".{name}") for p in problems):
                problems.append(Problem(f"{entity}.custom.{name}", "field.required", "is required.", "Give a value."))
        if problems:
            raise InvalidInput(problems=problems)
        return FrozenDict(kept)

    def verify(self, entity: str, values: Mapping[str, Any]) -> None:
        """``values`` are what ``check`` returns for them: every store asks this before it writes.

        Raises:
            InvalidInput: as ``check``, or a value that was not passed through it.
        """
        if not values and not self._by_entity.get(entity):
            return
        kept = self.check(entity, values)
        for name, value in values.items():
            if type(kept.get(name)) is not type(value):
                raise InvalidInput(
                    f"is a {type(value).__name__} where a {type(kept.get(name)).__name__} belongs.",
                    field=f"{entity}.custom.{name}",
                    hint="Pass the values through CustomSchema.check first.",
                )


def _unknown(entity: str, name: str, fields: Iterable[str]) -> Problem:
    close = get_close_matches(name, list(fields), n=1)
    hint = f"Did you mean {close[0]}?" if close else "Declare it as a CustomField."
    return Problem(f"{entity}.custom.{name}", "field.unknown", "is not declared.", hint)


def _checked(field: CustomField, value: Any) -> CustomValue:
    name = f"{field.entity}.custom.{field.name}"
    kept: CustomValue = _check_of(field)(name, value)
    if isinstance(kept, Decimal) and kept != round(kept, DECIMAL_PLACES):
        raise InvalidInput(f"has more than {DECIMAL_PLACES} decimal places.", field=name, hint="Round it.")
    if isinstance(kept, Decimal) and kept.adjusted() >= 12:
        raise InvalidInput("has more than 12 digits before the point.", field=name, hint="Pass a smaller number.")
    if field.choices and kept not in field.choices:
        raise InvalidInput("is not one of the choices.", field=name, hint=f"Choose from: {', '.join(field.choices)}.")
    return kept


def _check_of(field: CustomField) -> Check:
    kind = _TYPES[field.kind]
    if kind is str:
        return check_for(Annotated[str, Text(most=field.most)])
    return check_for(kind)
