"""References: how rows of the host's own that name a lead, a contact or an account take part in a merge."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from crmkit.domain.ids import Ref

__all__ = ["References"]


class References(Protocol):
    """Rows of one kind, outside crmkit, that refer to leads, contacts or accounts by id.

    A merge moves them with everything else, and its undo moves back those that it had moved. They are read
    and written in the host's transaction, which is one with crmkit's when the store was joined to it.
    """

    @property
    def name(self) -> str:
        """What the rows are called in journals and previews, such as ``"order"``; never an entity of crmkit."""
        ...

    def find(self, record: Ref) -> Iterable[str]:
        """The keys of the rows that refer to ``record``, as text.

        Ordering: none.
        """
        ...

    def move(self, keys: Sequence[str], old: Ref, new: Ref) -> None:
        """Of the rows ``keys``, those that refer to ``old`` refer to ``new``.

        Raises:
            anything: the merge is not done, and what was written before is rolled back.
        """
        ...
