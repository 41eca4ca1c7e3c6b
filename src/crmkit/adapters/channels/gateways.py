"""Gateways that cannot take a message twice without sending it twice: SMS above all.

When the answer to a submission is lost, nobody knows whether it was taken. Such a message is never sent again before
the gateway was asked, by the id under which it was submitted, and asked late enough for the gateway to know.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from crmkit.adapters.channels.pacing import Budget
from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import DeliveryFailed, DeliveryUnknown

__all__ = ["Gateway", "GatewayChannel", "Receipt", "TextMessage"]


class Receipt(StrEnum):
    """What a gateway knows of an id."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNHEARD = "unheard"
    """It has never heard of it."""
    UNKNOWN = "unknown"
    """It cannot say just now."""


@frozen(kw_only=True)
class TextMessage:
    """A text to a number, under an id that stays the same."""

    id: str
    to: str = field(repr=False)
    text: str = field(repr=False)


class Gateway(Protocol):
    """A host's client of its vendor."""

    def submit(self, message: TextMessage) -> None:
        """The vendor has taken the message, and keeps its id (``OutId``, ``SessionContext``).

        Raises:
            DeliveryFailed: it said that it has not.
            Exception: it may have; a time-out, a broken connection.
        """
        ...

    def receipt(self, id: str) -> Receipt:
        """What became of the message.

        Raises:
            Exception: the vendor cannot be asked.
        """
        ...


@frozen(kw_only=True)
class GatewayChannel:
    """Sends each message once, as far as the gateway can tell; what it cannot tell is asked again ``settle`` seconds later.

    It asks before every submission, also the first: what is sent may have been sent by a process that stopped, or be a
    dead letter that somebody replays. After the last attempt an unknown message is a dead letter, whose error is
    ``DeliveryUnknown``: somebody looks it up.
    """

    gateway: Gateway = field(repr=False)
    write: Callable[[Notice], TextMessage | None] = field(repr=False)
    settle: float = 300.0
    """Seconds after which "never heard of it" is believed."""
    budgets: Sequence[Budget] = (Budget(messages=60, seconds=60, burst=5),)
    most_together: int = field(default=1, init=False, repr=False)

    def quiet(self) -> float:
        """Gateways know no quiet times here; when customers may be written to, other rules say."""
        return 0.0

    def written(self, notices: Sequence[Notice]) -> TextMessage | None:
        """The text of the notice."""
        [notice] = notices
        return self.write(notice)

    def deliver(self, message: TextMessage) -> None:
        """The gateway has the message.

        Raises:
            DeliveryFailed: it has not.
            DeliveryUnknown: it may have.
        """
        before = self._asked(message)
        if before is Receipt.TAKEN:
            return
        if before is Receipt.UNKNOWN:
            raise self._unknown()
        try:
            self.gateway.submit(message)
        except DeliveryUnknown:
            silent = True
        except DeliveryFailed:
            raise
        except Exception:  # noqa: BLE001 - the port says so: anything else may have come after it was taken
            silent = True
        else:
            silent = False
        if not silent:
            return
        after = self._asked(message)
        if after is Receipt.REFUSED:
            raise DeliveryFailed("The gateway refused the message.")
        if after is not Receipt.TAKEN:
            raise self._unknown()  # "never heard of it" is not believed so soon

    def _asked(self, message: TextMessage) -> Receipt:
        try:
            return self.gateway.receipt(message.id)
        except Exception:  # noqa: BLE001 - whatever it is, nobody knows
            return Receipt.UNKNOWN

    def _unknown(self) -> DeliveryUnknown:
        return DeliveryUnknown("The gateway may have taken the message.", retry_after=self.settle)
