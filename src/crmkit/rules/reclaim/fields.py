"""The conditions of policies and pools, bound to the fields of leads or accounts and compiled once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, lru_cache

from attrs import frozen

from crmkit.domain.conditions import BoundCondition, FieldCatalogue, bind, compile_all, compile_test, parse
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.reclaim.policy import SETTLED, ReclaimPolicy

__all__ = ["PreparedReclaim", "bound_to", "prepared"]

OWNED: dict[str, type[Owned]] = {"lead": Lead, "account": Account}


@cache
def standard_fields(entity: str) -> FieldCatalogue:
    """The fields that an entity has without the host's own."""
    return FieldCatalogue.of(OWNED[entity])


def bound_to(entity: str, texts: Sequence[str], fields: FieldCatalogue | None) -> list[BoundCondition]:
    """``texts`` as conditions on records of ``entity``; ``fields`` where the host has fields of its own.

    Raises:
        InvalidCondition: one of them does not fit.
    """
    known = standard_fields(entity) if fields is None else fields
    return [bind(parse(text), known) for text in texts]


@frozen(eq=False)
class PreparedReclaim:
    """The compiled conditions of one policy: ``test(record, now)``."""

    settled: Callable[[object, datetime], bool]
    spared_by: Callable[[object, datetime], tuple[bool, ...]]
    """One answer per exemption."""


@lru_cache(maxsize=256)
def prepared(policy: ReclaimPolicy, fields: FieldCatalogue | None) -> PreparedReclaim:
    """The conditions of ``policy`` compiled; the same call costs a look-up the next time.

    Raises:
        InvalidCondition: an exemption does not fit the fields.
    """
    (settled,) = bound_to(policy.entity, [SETTLED[policy.entity]], fields)
    exemptions = bound_to(policy.entity, [exemption.when for exemption in policy.exemptions], fields)
    return PreparedReclaim(compile_test(settled), compile_all(exemptions))
