"""Events saved with the rows, waiting to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from crmkit.domain.ids import EventId
from crmkit.domain.stewardship.audit import Notice

__all__ = ["DeadLetter", "Outbox"]


@frozen(kw_only=True)
class DeadLetter:
    """A notice that was given up after too many attempts, with the last error's class and code."""

    notice: Notice
    error: str
    failed_at: datetime


class Outbox(Protocol):
    """Notices in the order of their saves, over all tenants. Each call is a transaction of its own.

    Ordering: of each record only the oldest undelivered notice is handed out, so that the notices of
    one record are told one after the other; a dead letter no longer holds up the record's later ones.
    """

    def claim(self, *, limit: int, now: datetime, until: datetime) -> Sequence[Notice]:
        """Up to ``limit`` notices that are due, oldest first, leased to the caller until ``until``.

        Nobody else is handed a leased notice before ``until``; ``attempt`` says the how-manieth time it is.

        Raises:
            StorageFailed: nothing is leased.
        """
        ...

    def delivered(self, notices: Sequence[Notice]) -> int:
        """The notices need not be told again; returns how many still were under this very lease.

        A lease is the pair of id and attempt: a worker that slept past its lease changes nothing.
        """
        ...

    def failed(self, notice: Notice, *, error: str, now: datetime, retry_at: datetime | None) -> bool:
        """The notice is due again at ``retry_at``, or is a dead letter when that is ``None``."""
        ...

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        """Dead letters, oldest first."""
        ...

    def replay(self, ids: Sequence[EventId], *, now: datetime) -> int:
        """The dead letters are due at ``now`` with a fresh count of attempts; returns how many."""
        ...

    def discard(self, ids: Sequence[EventId]) -> int:
        """The dead letters will never be told; returns how many."""
        ...

    def backlog(self) -> int:
        """How many notices are not delivered and not dead."""
        ...
