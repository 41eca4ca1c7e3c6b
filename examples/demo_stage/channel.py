"""Where notices go: an inbox for everybody, behind a channel that now and then is not in the mood."""

from collections import Counter
from zlib import crc32

from attrs import define, field

from crmkit.adapters.notifiers import Inbox
from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import DeliveryFailed

__all__ = ["Channel"]

ONE_IN = 500
"""So seldom the channel refuses a notice the first time."""


@define
class Channel:
    """Refuses some notices once; the relay tells them again under the same id."""

    inbox: Inbox = field(factory=lambda: Inbox(most=1_000_000))
    refused: list[str] = field(factory=list)
    """Ids of the notices that were refused."""
    retold: list[str] = field(factory=list)
    """Ids of those that came again."""
    taken: Counter[str] = field(factory=Counter)
    """Notices taken, by type."""

    def send(self, notice: Notice) -> None:
        """Everybody who is to be told has the notice in the inbox.

        Raises:
            DeliveryFailed: not this time.
        """
        if notice.attempt == 1 and crc32(notice.id.encode()) % ONE_IN == 0:
            self.refused.append(notice.id)
            raise DeliveryFailed("The channel is busy.", hint="Try again later.")
        self.inbox.send(notice)
        if notice.attempt > 1:
            self.retold.append(notice.id)
        self.taken[notice.type] += 1
