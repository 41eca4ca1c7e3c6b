"""What a decay is asked."""

from datetime import timedelta
from typing import ClassVar, Protocol

__all__ = ["Decay"]


class Decay(Protocol):
    """How the points of one event wear off as the event grows older."""

    kind: ClassVar[str]

    def losses(self, points: int) -> tuple[timedelta, ...]:
        """The age at which each of ``points`` is lost, the first one lost first; fewer ages mean that the rest stays.

        ``points`` is positive; a negative signal loses its points towards zero in the same way. A score
        so changes in whole points at known instants, and never has to be asked in between.
        """
        ...
