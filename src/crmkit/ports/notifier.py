"""Where notices go: a console, an inbox, a chat robot. A host plugs in its own."""

from typing import Protocol

from crmkit.domain.stewardship.audit import Notice

__all__ = ["Notifier"]


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
