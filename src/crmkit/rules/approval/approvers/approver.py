"""What an approver kind is asked."""

from typing import ClassVar, Protocol

from crmkit.domain.ids import MemberId
from crmkit.rules.approval.search import Search

__all__ = ["Approver"]


class Approver(Protocol):
    """Who is to approve. A host's own is a frozen class with a ``kind`` and this method.

    A field named ``member_ids``, ``role_id`` or ``field`` tells the service whom to look up besides the submitter's
    superiors and leaders. Who is away, has left, or submitted the record is seen to by the engine.
    """

    kind: ClassVar[str]

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """The members, in the order in which they are asked one after the other; nobody is an empty answer."""
        ...
