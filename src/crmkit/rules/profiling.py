"""Who is not to be profiled: one policy an entity, asked wherever people are scored, predicted or sorted.

>>> from datetime import UTC
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> quiet = Lead(id="L-1", tags=("no_profiling",), created_at=monday, updated_at=monday)
>>> policy = ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')")
>>> policy.refuses(quiet, now=monday)
True
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

import attrs

from crmkit.domain.change import Record
from crmkit.domain.conditions import FieldCatalogue, bind, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["KINDS", "ProfilingPolicy"]

PROFILED: dict[str, type[Record]] = {cls.entity: cls for cls in (Lead, Account, Contact)}


@model
class ProfilingPolicy(Policy):
    """Records of the entity that the id names are neutral in every score, forecast and segment if ``opt_out`` holds.

    Args:
        id: the entity, so that no two of these policies ever stand beside each other for one.
        opt_out: a condition on the record; one of which it cannot be asked has opted out.
        custom_fields: the host's fields that the condition speaks of.

    Raises:
        InvalidInput: nobody profiles such records.
        InvalidCondition: ``opt_out`` cannot be read or does not fit the record.
    """

    kind: ClassVar[str] = "profiling"

    id: Code
    opt_out: str
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """The condition fits the record."""
        if self.id not in PROFILED:
            hint = f"Choose from: {', '.join(PROFILED)}."
            raise InvalidInput("names no entity that is profiled.", field="ProfilingPolicy.id", hint=hint)
        try:
            _asked(self.opt_out, self.id, self.custom_fields)
        except InvalidCondition as error:
            problems = [
                attrs.evolve(each, field=f"ProfilingPolicy.opt_out {each.field}".rstrip()) for each in error.problems
            ]
            raise InvalidCondition(problems=problems) from error

    def refuses(self, record: Record, *, now: datetime) -> bool:
        """Whether ``record`` is not to be profiled."""
        try:
            return _asked(self.opt_out, self.id, self.custom_fields)(record, now)
        except Exception:  # noqa: BLE001 - a wrong value must not cost people their choice
            return True


@lru_cache(maxsize=256)
def _asked(text: str, entity: str, custom: tuple[CustomField, ...]) -> Callable[[object, datetime], bool]:
    own = [field for field in custom if field.entity == entity]
    return compile_test(bind(parse(text), FieldCatalogue.of(PROFILED[entity], custom=own)))


KINDS: tuple[type, ...] = (ProfilingPolicy,)
