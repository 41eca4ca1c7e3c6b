"""A condition that did not hold before, and holds now."""

from collections.abc import Callable
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.model import model
from crmkit.rules.automation.triggers.trigger import Happened

__all__ = ["OnTurningTrue"]


@model
class OnTurningTrue:
    """The save by which the rule's condition came to hold; a new record did not fulfil it before.

    >>> OnTurningTrue.kind
    'on_turning_true'
    """

    kind: ClassVar[str] = "on_turning_true"

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:
        """Whether the condition did not hold before the save."""
        return happened.is_save and (happened.before is None or not holds(happened.before))
