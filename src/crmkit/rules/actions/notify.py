"""Telling people something about the record."""

from collections.abc import Iterator
from typing import ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import MemberId, RoleId
from crmkit.domain.model import Note, model
from crmkit.errors import InvalidInput, Problem
from crmkit.rules.actions.action import Effect
from crmkit.rules.actions.template import placeholders, problems_in

__all__ = ["Notify"]


@model
class Notify:
    """These people hear ``text``, with the record's fields in its places: as a notice, through the outbox.

    Args:
        text: see ``crmkit.rules.actions.template``.
        owner: whoever owns the record or has it on the desk.
        manager: their superior.
        members: by id.
        role_ids: whoever has one of these roles.

    >>> Notify(text="{id} came in from {source}.").owner
    True
    """

    kind: ClassVar[str] = "notify"

    text: Note
    owner: bool = True
    manager: bool = False
    members: tuple[MemberId, ...] = ()
    role_ids: tuple[RoleId, ...] = ()

    def check(self) -> None:
        """Somebody is told, and the text has places only."""
        if not (self.owner or self.manager or self.members or self.role_ids):
            raise InvalidInput("tells nobody.", field="Notify", hint="Name the owner, members or roles.")
        placeholders(self.text, field="Notify.text")

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        """Places for fields that such records do not have."""
        return problems_in(self.text, entity, custom, field="text")

    def effects(self, entity: str) -> tuple[Effect, ...]:  # noqa: ARG002 - what a notice brings about nobody knows
        """Nothing on any record."""
        return ()
