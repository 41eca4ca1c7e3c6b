"""The chain over the audit trail of one tenant: what is sealed, and what waits for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.chain import ChainedEntry, Seal

__all__ = ["Anchor", "AuditChain"]


class AuditChain(Protocol):
    """Kept in the same transaction as the trail; whoever seals holds the lock ``audit chain``."""

    def pending(self, *, limit: int) -> Sequence[ChainedEntry]:
        """Entries that are in no seal yet, the lowest positions first.

        A transaction that ends late may leave entries with lower positions than some that are sealed.
        """
        ...

    def append(self, seal: Seal, entries: Sequence[ChainedEntry]) -> None:
        """``seal`` and its entries, with their links, stand in the chain.

        Raises:
            Duplicate: the seal or a link is there; somebody sealed without the lock.
        """
        ...

    def last(self) -> Seal | None:
        """The newest seal."""
        ...

    def seals(self, *, after: int = 0, limit: int = 1_000) -> Sequence[Seal]:
        """Seals of higher numbers than ``after``, in their order."""
        ...

    def entries(self, *, after: int = 0, limit: int = 1_000) -> Sequence[ChainedEntry]:
        """Entries of the ``limit`` links behind ``after``, in their order; none for a link that is missing."""
        ...

    def redact(self, record: Ref, *, now: datetime) -> int:
        """What the entries of ``record`` held, and the reasons for it, are gone; their digests stay, and an entry says so.

        Answers how many there were.

        Undelivered notices of them are told without data.
        """
        ...


class Anchor(Protocol):
    """A place outside the database where seals are kept, so that a trail that was cut or rewritten is found out."""

    def publish(self, tenant: str, seal: Seal) -> None:
        """The seal is kept where whoever changes the database cannot change it; twice is as good as once.

        Raises:
            DeliveryFailed: it is not; the next seal speaks for this one too.
        """
        ...
