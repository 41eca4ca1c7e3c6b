"""What a segment is told from: the orders of a customer, summed up."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["Orders"]


@model
class Orders:
    """The orders of one customer: how many, when the last one was, and what all brought.

    Args:
        last_at: the instant of the last order, ``None`` where there is none.
        count: orders; what was ordered at once is one.
        amount: minor units of one currency, returns taken off. It may be negative.

    Raises:
        InvalidInput: there are orders without a last one, or a last one without orders.
    """

    last_at: datetime | None = None
    count: int = 0
    amount: int = 0

    def check(self) -> None:
        """Whoever ordered has a last order."""
        if self.count < 0 or (self.last_at is None) != (self.count == 0):
            raise InvalidInput("does not fit the last order.", field="Orders.count", hint="Give both or neither.")

    @classmethod
    def of(cls, orders: Iterable[tuple[datetime, int]]) -> "Orders":
        """Summed up from the instant and the amount of each order, in any order.

        >>> from datetime import UTC
        >>> Orders.of([(datetime(2026, 1, 9, tzinfo=UTC), 500), (datetime(2026, 1, 2, tzinfo=UTC), 250)]).amount
        750
        """
        given = list(orders)
        return cls(
            last_at=max((at for at, _ in given), default=None),
            count=len(given),
            amount=sum(amount for _, amount in given),
        )

    def days(self, now: datetime) -> int:
        """Whole days from the last order to ``now``; 0 for one that is still to come.

        Raises:
            InvalidInput: there is no order.
        """
        if self.last_at is None:
            raise InvalidInput("is missing.", field="Orders.last_at", hint="Ask only where there are orders.")
        return max(0, (now - self.last_at) // timedelta(days=1))
