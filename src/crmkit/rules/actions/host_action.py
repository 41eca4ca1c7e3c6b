"""Something that only the host can do: its own code, by name."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from crmkit.domain.change import NOTHING, CustomValue
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, model
from crmkit.errors import Problem
from crmkit.rules.actions.action import Effect

__all__ = ["HostAction"]


@model
class HostAction:
    """The function that the host registered under ``name`` has done its work.

    It is called outside any transaction, at least once, always with the same idempotency key.

    >>> HostAction(name="send_brochure", params={"language": "de"}).name
    'send_brochure'
    """

    kind: ClassVar[str] = "host_action"

    name: Code
    params: Mapping[str, CustomValue] = NOTHING

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:  # noqa: ARG002
        """None that could be known here: which names there are, the host says where it runs."""
        return iter(())

    def effects(self, entity: str) -> tuple[Effect, ...]:  # noqa: ARG002
        """None that could be known here."""
        return ()
