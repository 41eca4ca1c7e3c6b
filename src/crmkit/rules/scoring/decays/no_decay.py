"""No decay: what happened once counts for ever."""

from datetime import timedelta
from typing import ClassVar

from crmkit.domain.model import model

__all__ = ["NoDecay"]


@model
class NoDecay:
    """Every point stays.

    >>> NoDecay().losses(3)
    ()
    """

    kind: ClassVar[str] = "no_decay"

    def losses(self, points: int) -> tuple[timedelta, ...]:  # noqa: ARG002 - the Protocol's shape
        """No point is ever lost."""
        return ()
