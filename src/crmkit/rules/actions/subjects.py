"""The records that actions are for, their fields, and the conditions on them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Record
from crmkit.domain.conditions import BoundCondition, FieldCatalogue, bind, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.request import Request

__all__ = ["SUBJECTS", "catalogue_of", "condition_of", "criterion"]

SUBJECTS: Mapping[str, type[Record]] = {
    cls.entity: cls for cls in (Lead, Account, Contact, Opportunity, Request, Task, Interaction)
}
"""The entities that rules may act on."""


@lru_cache(maxsize=256)
def catalogue_of(entity: str, custom: tuple[CustomField, ...]) -> FieldCatalogue:
    """The fields of records of ``entity``, with those of ``custom`` that are the entity's."""
    return FieldCatalogue.of(SUBJECTS[entity], custom=[field for field in custom if field.entity == entity])


@lru_cache(maxsize=1_024)
def condition_of(text: str, entity: str, custom: tuple[CustomField, ...]) -> BoundCondition:
    """What ``text`` asks of a record of ``entity``.

    Raises:
        InvalidCondition: it cannot be read, or asks what such a record does not have.
    """
    return bind(parse(text), catalogue_of(entity, custom))


@lru_cache(maxsize=1_024)
def criterion(text: str, entity: str, custom: tuple[CustomField, ...]) -> Callable[[object, datetime], bool]:
    """The same, compiled.

    Raises:
        InvalidCondition: it cannot be read, or asks what such a record does not have.
    """
    return compile_test(condition_of(text, entity, custom))
