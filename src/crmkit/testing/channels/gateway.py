"""An SMS gateway in memory that takes, refuses, or breaks off before or after it has taken a message."""

from collections.abc import Iterator
from enum import StrEnum

from crmkit.adapters.channels import Receipt, TextMessage
from crmkit.errors import DeliveryFailed
from crmkit.ports.clock import Clock

__all__ = ["FakeGateway", "Submission"]


class Submission(StrEnum):
    """What becomes of a submission."""

    TAKEN = "taken"
    REFUSED = "refused"
    SILENT = "silent"
    """Taken, and the answer is lost."""
    LOST = "lost"
    """Not taken, and the answer is lost."""


class FakeGateway:
    """Not idempotent, as real ones are: each submission that it takes is a text on somebody's phone, in ``sent``.

    ``outcomes`` says what becomes of each; afterwards all are taken. Receipts know of a message ``lag`` seconds later.
    """

    def __init__(self, *, clock: Clock, outcomes: Iterator[Submission], lag: float = 60.0) -> None:
        self.clock = clock
        self.lag = lag
        self.sent: list[TextMessage] = []
        self.mute = False
        """Whether receipts cannot be asked for."""
        self._outcomes = outcomes
        self._known: dict[str, tuple[Receipt, float]] = {}

    def submit(self, message: TextMessage) -> None:
        """As ``outcomes`` says."""
        outcome = next(self._outcomes, Submission.TAKEN)
        at = self.clock.now().timestamp()
        if outcome in {Submission.TAKEN, Submission.SILENT}:
            self.sent.append(message)
            self._known[message.id] = (Receipt.TAKEN, at)
        if outcome is Submission.REFUSED:
            self._known[message.id] = (Receipt.REFUSED, at)
            raise DeliveryFailed("The number is busy.")
        if outcome in {Submission.SILENT, Submission.LOST}:
            raise TimeoutError

    def receipt(self, id: str) -> Receipt:
        """What it knows by now."""
        if self.mute:
            raise TimeoutError
        receipt, at = self._known.get(id, (Receipt.UNHEARD, 0.0))
        known = self.clock.now().timestamp() >= at + self.lag
        return receipt if known else Receipt.UNHEARD
