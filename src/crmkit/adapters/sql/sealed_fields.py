"""Encrypted fields: one text column each, with what a reader gets when the key is gone, and a blind column to ask."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import attrs
from attrs import frozen

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.codec.stored import dumps, loads
from crmkit.adapters.sql.mapping import ColumnKind, Encoded, Field
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict, optional_of, plain_of
from crmkit.domain.model import annotations_of
from crmkit.domain.values.names import CompanyName, PersonName

__all__ = ["ERASED", "Sealed", "blind_column", "sealed_fields"]

ERASED: Final = "[erased]"
"""What stands for a required text whose key was destroyed."""

_ERASED_VALUES: Mapping[Any, Any] = {
    str: ERASED,
    PersonName: PersonName(raw=ERASED, given=ERASED),
    CompanyName: CompanyName(legal=ERASED),
}


@frozen
class Sealed:
    """One encrypted field of an entity."""

    name: str
    lost: str | None
    """The text read in its place when the key is gone; ``None`` reads as an empty value."""
    readable: bool
    """Whether there is such a text; otherwise the record cannot be read without its key."""
    blind: bool
    """Whether a blind column stands beside it."""


def blind_column(name: str) -> str:
    """The name of the blind column of the field ``name``."""
    return f"{name}_blind"


def sealed_fields(
    cls: type[Record],
    names: frozenset[str],
    indexed: frozenset[str],
    fields: Sequence[Field],
    codec: StoredCodec,
) -> tuple[list[Field], dict[str, Sealed]]:
    """``fields`` with those of ``names`` as texts to be encrypted, and what is known of each of these.

    Raises:
        TypeError: a field that there is none of, or a blind index on one that is no text; a mistake of the host.
    """
    annotations = annotations_of(cls)
    if unknown := names - annotations.keys():
        raise TypeError(f"{cls.__name__} has no field {sorted(unknown)}")
    sealed: dict[str, Sealed] = {}
    found = []
    for field in fields:
        if field.name not in names:
            found.append(field)
            continue
        text = _as_text(field, annotations[field.name], codec)
        if field.name in indexed and text.dump is not None:
            raise TypeError(f"{cls.__name__}.{field.name} is no text: it has no blind index")
        found.append(text)
        lost, readable = _lost(cls, text, annotations[field.name])
        sealed[field.name] = Sealed(field.name, lost, readable, field.name in indexed)
    return found, sealed


def _as_text(field: Field, annotation: Any, codec: StoredCodec) -> Field:
    """A text as it is, anything else as JSON."""
    inner, optional = optional_of(annotation)
    if plain_of(inner) is str:
        return Field(field.name, ColumnKind.TEXT, optional, None, None)
    to_plain, from_plain = codec.plainer(inner), codec.loader(inner)

    def dump(value: Any) -> str:
        return dumps(value if to_plain is None else to_plain(value))

    def load(text: str) -> Any:
        plain = loads(text)
        return plain if from_plain is None else from_plain(plain)

    return Field(field.name, ColumnKind.TEXT, optional, dump, load, empty=field.empty, encoded=Encoded.NO)


def _lost(cls: type[Record], field: Field, annotation: Any) -> tuple[str | None, bool]:
    if field.optional or field.empty is not None:
        return None, True
    default = next(each.default for each in attrs.fields(cast(Any, cls)) if each.name == field.name)
    value = default if default is not attrs.NOTHING else _ERASED_VALUES.get(plain_of(annotation))
    if value is None or isinstance(value, FrozenDict):
        return None, False
    dumped: str = value if field.dump is None else field.dump(value)
    return dumped, True
