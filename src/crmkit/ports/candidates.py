"""Look-up of records by match keys, kept in the same transaction as the records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from crmkit.domain.change import Record
from crmkit.domain.ids import Ref

__all__ = ["CandidateIndex", "KeyEntry"]


class KeyEntry(NamedTuple):
    """One key that one record is found by."""

    key: str
    record: Ref


class CandidateIndex(Protocol):
    """Which records share a key: the blocking step of duplicate search.

    A key is a text such as ``"phone:+8613800138000"``. ``UnitOfWork.save`` keeps the keys of every lead,
    contact and account by itself, through the key function the store was opened with. That function has a
    version; keys made by another one are not found by today's, so ``find`` says so (``OutdatedKeys``, a
    warning) until ``services.rekey`` has made them anew with the other methods here.
    """

    def find(self, keys: Iterable[str], *, limit: int = 50) -> Mapping[str, Sequence[Ref]]:
        """For each key that is known, up to ``limit`` records that have it, in the order of their ids.

        A key with exactly ``limit`` records may have more: it is shared by many and so says little.
        """
        ...

    def outdated(self) -> bool:
        """Whether the tenant's stored keys were made by another version than the store's function has."""
        ...

    def of(self, record: Record) -> Sequence[str]:
        """What is kept for the keys that the store's function gives ``record`` today, in their order.

        These are the keys themselves, unless the store encrypts; then others stand for them, as in ``entries``.
        """
        ...

    def add(self, records: Iterable[Record]) -> None:
        """Each of ``records``, which are stored, is found by all of its keys; older ones stay."""
        ...

    def entries(self, *, after: KeyEntry | None = None, limit: int = 1_000) -> Sequence[KeyEntry]:
        """The tenant's stored keys behind ``after``, in an order that stays the same from call to call."""
        ...

    def remove(self, entries: Iterable[KeyEntry]) -> None:
        """Records are no longer found by these keys; those that are gone already do no harm."""
        ...

    def settle(self) -> None:
        """From now on the tenant's keys count as made by the store's own function."""
        ...
