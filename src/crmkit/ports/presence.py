"""``Presence``: who is there just now, as the host knows it from its own sessions, phones or chat."""

from collections.abc import Collection
from typing import Protocol

from crmkit.domain.ids import MemberId

__all__ = ["Presence"]


class Presence(Protocol):
    """Optional: without one everybody counts as present."""

    def absent(self, member_ids: Collection[MemberId]) -> Collection[MemberId]:
        """Those of the members who cannot be reached now.

        It is asked while an assignment holds its lock, so it should answer at once from what it knows.
        """
        ...
