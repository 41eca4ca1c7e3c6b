"""Threads that a check can wait for: each keeps what its work returned or raised."""

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["PATIENCE", "Thread", "in_thread", "side_by_side"]

PATIENCE = 60.0
"""Seconds after which a check gives up on a thread; longer than any machine is slow."""


class Thread:
    """Work that began in a thread of its own."""

    def __init__(self, work: Callable[..., Any], *args: Any) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work, args), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            self._result = work(*args)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error

    def error(self) -> BaseException | None:
        """What the work raised, once it has ended."""
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            return TimeoutError("a thread of this check does not end")
        return self._error

    def result(self) -> Any:
        """What the work returned, once it has ended; what it raised is raised here."""
        error = self.error()
        if error is not None:
            raise error
        return self._result


def in_thread(work: Callable[..., Any], *args: Any) -> Thread:
    """``work`` has begun in another thread."""
    return Thread(work, *args)


def side_by_side(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What ``count`` threads return that begin ``work(0)``, ``work(1)`` … at the same moment."""
    ready = threading.Barrier(count)

    def start(number: int) -> Any:
        ready.wait(PATIENCE)
        return work(number)

    return [thread.result() for thread in [Thread(start, number) for number in range(count)]]
