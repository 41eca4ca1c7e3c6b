"""Opening a request about the record."""

from collections.abc import Iterator
from typing import ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, Line, model
from crmkit.errors import Problem
from crmkit.rules.actions.action import Effect
from crmkit.rules.actions.template import placeholders, problems_in

__all__ = ["OpenRequest"]


@model
class OpenRequest:
    """There is a request about the record in the process in force.

    >>> OpenRequest(process="complaint", title="{id}").process
    'complaint'
    """

    kind: ClassVar[str] = "open_request"

    process: Code
    title: Line = ""
    percent: int | None = None

    def check(self) -> None:
        """Its title has places only."""
        placeholders(self.title, field="OpenRequest.title")

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        """Places for fields that such records do not have."""
        return problems_in(self.title, entity, custom, field="title")

    def effects(self, entity: str) -> tuple[Effect, ...]:  # noqa: ARG002 - the same whatever it is about
        """A new request."""
        return (Effect(entity="request", events=("request.opened",)),)
