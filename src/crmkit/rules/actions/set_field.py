"""Setting a field of the record."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from crmkit.domain.change import Change, CustomValue, Record, changed
from crmkit.domain.conditions import F, bind
from crmkit.domain.conditions.compile import compile_read
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, Line, model
from crmkit.errors import CrmError, InvalidInput, Problem
from crmkit.rules.actions.action import Effect
from crmkit.rules.actions.subjects import catalogue_of

__all__ = ["SETTABLE", "SetField"]

SETTABLE: Mapping[str, tuple[str, ...]] = {
    "lead": ("title", "source", "campaign", "industry", "region", "language", "description", "next_contact_at"),
    "account": ("industry", "employees", "source", "description", "next_contact_at"),
    "contact": ("title", "department", "occupation", "source", "description", "next_contact_at"),
    "opportunity": ("name", "product", "expected_close"),
    "request": ("title", "details"),
    "task": ("title", "details", "due_at", "priority"),
    "interaction": (),
}
"""What rules may set, besides the host's own fields: no owner, no state, no score, nothing that has a use case."""


@model
class SetField:
    """The field ``name`` holds ``value``, or what the field ``copy_of`` holds; neither empties a custom field.

    >>> SetField(name="region", value="East").name
    'region'
    """

    kind: ClassVar[str] = "set_field"

    name: Code
    value: CustomValue | None = None
    copy_of: Line = ""

    def check(self) -> None:
        """It says one of the two."""
        if self.copy_of and self.value is not None:
            raise InvalidInput("has both a value and a field to copy.", field="SetField", hint="Leave one out.")

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        """A field that rules may not set, one to copy that is not there, or a value that does not fit."""
        known = catalogue_of(entity, custom)
        own = self.name.startswith("custom.") and self.name in known
        if not own and self.name not in SETTABLE[entity]:
            may = ", ".join(SETTABLE[entity]) or "none but custom fields"
            yield Problem(
                "name", "field.not_settable", f"{self.name!r} is not for rules to set.", f"They may set: {may}."
            )
        elif self.copy_of and self.copy_of not in known:
            yield Problem("copy_of", "field.unknown", "there is no such field.", known.suggestion(self.copy_of))
        elif self.copy_of and known[self.copy_of].kind is not known[self.name].kind:
            yield Problem("copy_of", "field.kind", f"is a {known[self.copy_of].kind}.", "Copy one of the same kind.")
        elif not self.copy_of and self.value is None and not own:
            yield Problem("value", "value.missing", "is missing.", "Say what it is to hold.")
        elif self.value is not None:
            yield from self._unfit(entity, custom)

    def _unfit(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        try:
            bind(F[self.name] == self.value, catalogue_of(entity, custom))
        except CrmError as error:
            yield Problem("value", "value.unfit", "does not fit the field.", error.hint)

    def effects(self, entity: str) -> tuple[Effect, ...]:
        """That field."""
        fields = {self.name: None if self.copy_of else self.value}
        return (Effect(entity=entity, events=(f"{entity}.changed",), fields=fields),)

    def change(self, record: Record, custom: tuple[CustomField, ...], *, now: datetime) -> Change[Any] | None:
        """The record with the field set; ``None`` where it holds that already.

        Raises:
            InvalidInput: the value does not fit the field.
        """
        known = catalogue_of(record.entity, custom)
        [before] = compile_read([known[self.name]])(record)
        value = compile_read([known[self.copy_of]])(record)[0] if self.copy_of else self.value
        if value == before:
            return None
        if not self.name.startswith("custom."):
            return changed(record, now=now, **{self.name: value})
        name = self.name.removeprefix("custom.")
        others = {key: held for key, held in record.custom.items() if key != name}
        return changed(record, now=now, custom=others if value is None else {**others, name: value})
