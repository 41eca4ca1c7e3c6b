"""Trying a whole unit of work again when a passing fault stopped it."""

from collections.abc import Callable
from typing import TypeVar

from attrs import frozen

from crmkit.errors import StaleVersion, StorageBusy

__all__ = ["Retry"]

T = TypeVar("T")


@frozen(kw_only=True)
class Retry:
    """Up to ``tries`` runs with exponential pauses under full jitter.

    Source of the formula: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
    ``random`` gives a number in [0, 1), ``sleep`` takes seconds.
    """

    random: Callable[[], float]
    sleep: Callable[[float], None]
    tries: int = 8
    first: float = 0.02
    """Seconds: the longest first pause; each next one may be twice as long."""
    longest: float = 1.0

    def call(self, work: Callable[[], T]) -> T:
        """What ``work`` returns; the last passing fault is raised when all tries meet one."""
        for attempt in range(self.tries):
            try:
                return work()
            except (StorageBusy, StaleVersion):
                if attempt + 1 == self.tries:
                    raise
                self.sleep(self.random() * min(self.longest, self.first * 2**attempt))
        raise AssertionError("unreachable: the last try returns or raises")
