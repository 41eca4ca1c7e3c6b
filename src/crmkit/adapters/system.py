"""The machine's clock and random numbers, behind the ports."""

import os
import threading
import time
from datetime import UTC, datetime

__all__ = ["SystemClock", "Uuid7"]


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)


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
        random_bits = int.from_bytes(os.urandom(10))
        with self._lock:
            # 48 bits of milliseconds, 12 bits of sub-millisecond counter
            stamp = time.time_ns() // 1_000_000 << 12 | (random_bits >> 68) & 0x7FF
            self._last = stamp = max(stamp, self._last + 1)
        number = stamp >> 12 << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random_bits & (1 << 62) - 1
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
