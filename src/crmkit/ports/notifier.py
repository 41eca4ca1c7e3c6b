"""Where notices go: a console, an inbox, a chat robot. A host plugs in its own."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from attrs import frozen

from crmkit.domain.stewardship.audit import Notice

__all__ = ["Notifier", "PacedNotifier", "Room"]


class Notifier(Protocol):
    """A channel."""

    def send(self, notice: Notice) -> None:
        """The channel has taken ``notice``.

        Called at least once for each notice, after a crash perhaps again with the same ``notice.id``:
        a channel that must not tell twice remembers the ids. Notices of one record come in order.

        Raises:
            Exception: anything raised means "not taken"; the relay tries again later.
        """
        ...


@frozen(kw_only=True)
class Room:
    """What a channel takes just now: so many ``messages``, each of up to ``notices`` notices told together."""

    messages: int
    notices: int = 1


@runtime_checkable
class PacedNotifier(Notifier, Protocol):
    """A channel that says beforehand how much it takes, so that what it has no room for stays in the outbox untried."""

    def room(self, waiting: int) -> Room:
        """How much may be sent now, when ``waiting`` notices wait in all; nothing while the channel is down."""
        ...

    def send_together(self, notices: Sequence[Notice]) -> None:
        """The channel has taken all ``notices`` in one message, each of another record.

        Raises:
            DeliveryDeferred: there is no room just now.
            Exception: anything raised means "none of them taken".
        """
        ...
