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
            stamp = self._last = max(time.time_ns() // 1_000_000 << 12 | bits & 0x7FF, self._last + 1)
        value = (stamp >> 12) << 80 | (0x7000 | stamp & 0xFFF) << 64 | (0x8000 | bits >> 59) << 48
        text = f"{value | bits >> 11 & 0xFFFFFFFFFFFF:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
