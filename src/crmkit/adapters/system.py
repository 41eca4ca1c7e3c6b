"""The machine's clock and random numbers, behind the ports."""

import os
import random
import threading
import time
from datetime import UTC, datetime

__all__ = ["SystemClock", "Uuid7"]


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)


# ids need not be secret, only distinct: a generator of our own, seeded anew in every forked child
_random = random.Random()  # noqa: S311
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


class Uuid7:
    """Ids that sort by time: UUID version 7, RFC 9562 section 5.7, monotonic within a process (section 6.2).

    >>> ids = Uuid7()
    >>> first, second = ids.new(), ids.new()
    >>> first < second and len(first) == 36
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        """An id greater than every one before it, also when the clock is set back."""
        bits = _random.getrandbits(73)
        with self._lock:
            # 48 bits of milliseconds, then 12 bits that begin at random and count on within the millisecond
            stamp = time.time_ns() // 1_000_000 << 12 | bits & 0x7FF
            if stamp <= self._last:
                stamp = self._last + 1
            self._last = stamp
        where = stamp >> 28, stamp >> 12 & 0xFFFF, stamp & 0xFFF
        parts = (*where, 0x8000 | bits >> 59, bits >> 11 & 0xFFFFFFFFFFFF)
        return "%08x-%04x-7%03x-%04x-%012x" % parts  # noqa: UP031 - quicker than format, and every entry has an id
