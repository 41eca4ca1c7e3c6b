"""Conditions on leads and accounts, bound to their fields and compiled once."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from crmkit.domain.conditions import BoundCondition, FieldCatalogue, bind, compile_all, compile_first, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput

__all__ = ["answers_to", "first_of", "owned"]

OWNED: dict[str, type[Owned]] = {"lead": Lead, "account": Account}


def owned(entity: str, field: str) -> None:
    """``entity`` has owners.

    Raises:
        InvalidInput: it has none.
    """
    if entity not in OWNED:
        raise InvalidInput("must be lead or account.", field=field, hint="Choose one of the two.")


@lru_cache(maxsize=1_024)
def answers_to(
    texts: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]
) -> Callable[[object, datetime], tuple[bool, ...]]:
    """A function ``(record, now)`` with one answer per text.

    Raises:
        InvalidCondition: one of them cannot be read, or asks what the entity does not have.
    """
    return compile_all(_bound(texts, entity, custom))


@lru_cache(maxsize=1_024)
def first_of(
    texts: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]
) -> Callable[[object, datetime], int | None]:
    """A function ``(record, now)`` that gives the place of the first text that holds.

    Raises:
        InvalidCondition: one of them cannot be read, or asks what the entity does not have.
    """
    return compile_first(_bound(texts, entity, custom))


def _bound(texts: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]) -> list[BoundCondition]:
    fields = _fields(entity, custom)
    return [bind(parse(text), fields) for text in texts]


@lru_cache(maxsize=256)
def _fields(entity: str, custom: tuple[CustomField, ...]) -> FieldCatalogue:
    return FieldCatalogue.of(OWNED[entity], custom=[field for field in custom if field.entity == entity])
