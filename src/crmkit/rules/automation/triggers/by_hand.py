"""Nothing starts the rule but a person."""

from collections.abc import Callable
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.model import model
from crmkit.rules.automation.triggers.trigger import BY_HAND, Happened

__all__ = ["ByHand"]


@model
class ByHand:
    """Started by a person only, as every rule can be.

    >>> ByHand.kind
    'by_hand'
    """

    kind: ClassVar[str] = "by_hand"

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:  # noqa: ARG002
        """Whether a person started it."""
        return BY_HAND in happened.types
