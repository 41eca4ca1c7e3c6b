"""Time and ids come from outside, so that the core repeats itself exactly."""

from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "IdSource"]


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class IdSource(Protocol):
    """New ids."""

    def new(self) -> str:
        """An id never given before; later ones sort after earlier ones (UUIDv7, RFC 9562)."""
        ...
