"""What is seen of a field: nothing, its ends, all of it.

>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.domain.values.names import PersonName
>>> blank_of(Lead, "title"), blank_of(Lead, "tags"), str(veiled(PersonName(given="张伟")))
('', (), '张*')
"""

from enum import StrEnum
from typing import Any, cast

import attrs

from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, plain_of
from crmkit.domain.model import Code, Key, annotations_of
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.masks import masked
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput

__all__ = ["Sight", "blank_of", "seen", "veiled"]

NOTHING_SHOWN = "–"
"""What stands where a text may not be empty."""


class Sight(StrEnum):
    """What somebody sees of a field, from the least to the most."""

    HIDE = "hide"
    MASK = "mask"
    READ = "read"
    WRITE = "write"


def blank_of(cls: type[Record], name: str) -> Any:
    """What stands in the field of somebody who may not see it.

    Raises:
        InvalidInput: a record cannot do without the field.
    """
    field = attrs.fields_dict(cast(Any, cls))[name]
    default: Any = field.default
    if default is not attrs.NOTHING:
        return default.factory() if hasattr(default, "takes_self") else default
    annotation = annotations_of(cls)[name]
    if annotation not in (Code, Key) and plain_of(annotation) is str and not hasattr(annotation, "__supertype__"):
        return NOTHING_SHOWN
    if annotation is PersonName:
        return PersonName(given=NOTHING_SHOWN)
    if annotation is CompanyName:
        return CompanyName(legal=NOTHING_SHOWN)
    raise InvalidInput(f"{cls.entity}.{name} cannot be hidden.", field="FieldRule.fields", hint="Restrict the records.")


def veiled(value: Any) -> Any:
    """The ends of texts, names, phones and addresses; ``None`` for what has no ends."""
    match value:
        case str() if type(value) is str:
            return masked(value) if value else value
        case PersonName():
            return PersonName(given=masked(str(value)))
        case CompanyName():
            return CompanyName(legal=masked(value.legal))
        case Phone() | Email():
            return type(value)(raw=masked(value.raw), invalid=True)
        case Handle():
            return Handle(network=value.network, raw=masked(value.raw), invalid=True)
        case tuple():
            shown = tuple(veiled(each) for each in value)
            return None if None in shown else shown
    return None


def seen(record: Record, sights: dict[str, Sight]) -> dict[str, Any]:
    """The fields of ``record`` that are not shown as they are, with what is shown."""
    shown: dict[str, Any] = {}
    custom = dict(record.custom)
    for name, sight in sights.items():
        if sight in (Sight.HIDE, Sight.MASK):
            own = name.removeprefix("custom.")
            value = custom.get(own) if own != name else getattr(record, name)
            veil = veiled(value) if sight is Sight.MASK else None
            if own == name:
                shown[name] = blank_of(type(record), name) if veil is None else veil
            elif own in custom:
                custom.pop(own)
                custom |= {} if veil is None else {own: veil}
    if len(custom) < len(record.custom) or any(custom[name] != value for name, value in record.custom.items()):
        shown["custom"] = FrozenDict(custom)
    return shown
