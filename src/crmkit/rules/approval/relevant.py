"""What of a record is approved: its relevant values, sealed, and whether others are worse.

>>> fields = (RelevantField(field="amount", worse=Worse.LOWER), RelevantField(field="percent", worse=Worse.HIGHER))
>>> asked, lower = '{"amount":{"money":[90000,"CNY"]},"percent":12}', '{"amount":{"money":[90000,"CNY"]},"percent":10}'
>>> no_worse(fields, seen=asked, now=lower), no_worse(fields, seen=lower, now=asked)
(True, False)
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any

from crmkit.domain.change import Record
from crmkit.domain.conditions import BoundCondition, FieldCatalogue, Kind, bind, compile_read, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Key, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.request import Request
from crmkit.domain.values.money import Money

__all__ = [
    "APPROVABLE",
    "ORDERED",
    "RelevantField",
    "Worse",
    "about",
    "asked_of",
    "differing",
    "fields_of",
    "no_worse",
    "sealed",
    "values_of",
]

APPROVABLE: dict[str, type[Record]] = {cls.entity: cls for cls in (Opportunity, Request, Account, Contact, Lead)}
"""The entities whose records can be submitted."""
ORDERED = {Kind.INTEGER, Kind.DECIMAL, Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.INSTANT}
"""What has a direction in which it gets worse."""


class Worse(StrEnum):
    """Which change of a value makes a record worse than what was approved."""

    ANY = "any"
    HIGHER = "higher"
    """A discount: what was approved at 12 % is approved at 10 %."""
    LOWER = "lower"
    """A price: what was approved at 90 is approved at 100."""


@model
class RelevantField:
    """A field of the record whose value is part of what is approved."""

    field: Key
    worse: Worse = Worse.ANY


@lru_cache(maxsize=256)
def fields_of(entity: str, custom: tuple[CustomField, ...]) -> FieldCatalogue:
    """The fields of records of ``entity``, with the host's own."""
    return FieldCatalogue.of(APPROVABLE[entity], custom=[field for field in custom if field.entity == entity])


@lru_cache(maxsize=1_024)
def asked_of(text: str, entity: str, custom: tuple[CustomField, ...]) -> BoundCondition:
    """What ``text`` asks of a record of ``entity``.

    Raises:
        InvalidCondition: it cannot be read, or asks what such a record does not have.
    """
    return bind(parse(text), fields_of(entity, custom))


@lru_cache(maxsize=1_024)
def about(text: str, entity: str, custom: tuple[CustomField, ...]) -> Callable[[object, datetime], bool]:
    """The same as a test."""
    return compile_test(asked_of(text, entity, custom))


@lru_cache(maxsize=1_024)
def _reader(names: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]) -> Callable[[object], Any]:
    return compile_read([fields_of(entity, custom)[name] for name in names])


def values_of(record: Record, fields: tuple[RelevantField, ...], custom: tuple[CustomField, ...] = ()) -> str:
    """The values of ``fields`` as canonical JSON: names in order, no spaces, and what JSON does not know tagged.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> own = {"process": "discount", "state": "new", "subject_entity": "account", "subject_id": "A-1"}
    >>> request = Request(id="R-1", percent=12, amount=Money.of(900, "CNY"), created_at=now, updated_at=now, **own)
    >>> values_of(request, (RelevantField(field="percent"), RelevantField(field="amount")))
    '{"amount":{"money":[90000,"CNY"]},"percent":12}'
    """
    names = tuple(each.field for each in fields)
    read = _reader(names, record.entity, custom)
    plain = {name: _plain(value) for name, value in zip(names, read(record), strict=True)}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sealed(values: str) -> str:
    """The SHA-256 (FIPS 180-4) of ``values``: two records with one seal are the same in all that is relevant."""
    return sha256(values.encode()).hexdigest()


def differing(seen: str, now: str) -> tuple[str, ...]:
    """The names of the fields whose values are not the same."""
    before, after = json.loads(seen or "{}"), json.loads(now or "{}")
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def no_worse(fields: tuple[RelevantField, ...], *, seen: str, now: str) -> bool:
    """Whether nothing in ``now`` is worse than what was ``seen``, so that who agreed then agrees now."""
    if seen == now:
        return True
    before, after = json.loads(seen or "{}"), json.loads(now or "{}")
    return all(_no_worse(each.worse, before.get(each.field), after.get(each.field)) for each in fields)


def _no_worse(worse: Worse, seen: Any, now: Any) -> bool:
    if seen == now:
        return True
    if worse is Worse.ANY or seen is None or now is None:
        return False
    (kind, before), (like, after) = _ordered(seen), _ordered(now)
    if kind != like:  # two currencies, for example
        return False
    return bool(after <= before if worse is Worse.HIGHER else after >= before)


def _ordered(plain: Any) -> tuple[str, Any]:
    """A value that can be compared with others of the same kind."""
    if not isinstance(plain, dict):
        return "", plain
    [(tag, value)] = plain.items()
    if tag == "money":
        return value[1], value[0]
    return tag, Decimal(value) if tag == "decimal" else value


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"money": [value.minor, value.currency]}
    if isinstance(value, Decimal):
        return {"decimal": format(value.normalize(), "f")}
    if isinstance(value, datetime):
        return {"instant": value.isoformat(timespec="microseconds")}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Enum):
        return value.value
    return list(_sorted(value)) if isinstance(value, tuple | frozenset) else value


def _sorted(values: tuple[object, ...] | frozenset[object]) -> Iterator[str]:
    return iter(sorted(str(value) for value in values))
