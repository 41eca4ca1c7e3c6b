"""Look-up of records by match keys, kept in the same transaction as the records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from crmkit.domain.ids import Ref

__all__ = ["CandidateIndex"]


class CandidateIndex(Protocol):
    """Which records share a key: the blocking step of duplicate search.

    A key is a text such as ``"phone:+8613800138000"``. ``UnitOfWork.save`` keeps the keys of every lead,
    contact and account by itself, through the key function the store was opened with.
    """

    def find(self, keys: Iterable[str], *, limit: int = 50) -> Mapping[str, Sequence[Ref]]:
        """For each key that is known, up to ``limit`` records that have it, in the order of their ids.

        A key with exactly ``limit`` records may have more: it is shared by many and so says little.
        """
        ...
