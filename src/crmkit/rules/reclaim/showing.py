"""What a member sees of a record that lies in a pool: the pool's visible fields, some of them masked.

>>> masked("13800138000"), masked("li.wei@example.com"), masked("张伟")
('13*******00', 'li.w**********.com', '张*')
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from attrs import frozen

from crmkit.domain.ids import Ref
from crmkit.domain.model import annotations_of
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.masks import masked
from crmkit.domain.values.names import CompanyName, PersonName

__all__ = ["Shown", "masked", "shown"]

INTERNAL = frozenset({"id", "version", "custom", "clock", "evidence", "owner_id"})
"""Fields that say nothing about the customer; those of the host are asked for by name."""


@frozen
class Shown:
    """A record as a member of the pool sees it: field → text, in the order of the pool's fields."""

    record: Ref
    fields: Mapping[str, str]


def shown(record: Owned, pool: Pool, *, whole: bool = False) -> Shown:
    """``record`` as the members of ``pool`` see it; ``whole`` for who may see everything. Blanks are left out."""
    names = pool.visible_fields or tuple(name for name in annotations_of(type(record)) if name not in INTERNAL)
    fields: dict[str, str] = {}
    for name in names:
        text = ", ".join(_texts(_value(record, name)))
        if text:
            hidden = name in pool.masked_fields and not whole
            fields[name] = ", ".join(map(masked, _texts(_value(record, name)))) if hidden else text
    return Shown(record.ref, fields)


def _value(record: Owned, name: str) -> Any:
    return (
        record.custom.get(name.removeprefix("custom.")) if name.startswith("custom.") else getattr(record, name, None)
    )


def _texts(value: Any) -> Iterator[str]:
    """What a field holds, as people write it; one text for each of several."""
    if isinstance(value, tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Phone):
        yield value.e164 or value.raw
    elif isinstance(value, Email):
        yield value.address or value.raw
    elif isinstance(value, Handle):
        yield value.value or value.raw
    elif isinstance(value, Enum):
        yield str(value.value)
    elif isinstance(value, str | int | Decimal | datetime | CompanyName | PersonName) and str(value):
        yield str(value)
    elif value is not None and hasattr(value, "__attrs_attrs__"):
        yield from (str(part) for part in vars(value).values() if isinstance(part, str) and part)
