"""What was bought: lines of orders, less what was brought back, summed up by customer and item."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import define, frozen

from crmkit.domain.model import Key, model
from crmkit.errors import InvalidInput

__all__ = ["Bought", "History", "Purchase"]

DAY = timedelta(days=1)


@model
class Purchase:
    """One line of an order; a negative quantity is a return or a cancellation.

    Args:
        customer_id: who bought.
        item_id: what.
        order_id: the same for all that was bought at once.
        at: when.
        quantity: in the item's own unit, in steps of one; not 0.

    Raises:
        InvalidInput: the quantity is 0.
    """

    customer_id: Key
    item_id: Key
    order_id: Key
    at: datetime
    quantity: int = 1

    def check(self) -> None:
        """Something was bought or brought back."""
        if not self.quantity:
            raise InvalidInput("must not be 0.", field="Purchase.quantity", hint="Leave the line out.")


@model
class Bought:
    """An item that a customer bought and kept: in how many orders, and when first and last.

    Raises:
        InvalidInput: it was in no order, or the last came before the first.
    """

    item_id: Key
    times: int
    first_at: datetime
    last_at: datetime

    def check(self) -> None:
        """It was bought at least once."""
        if self.times < 1 or self.last_at < self.first_at:
            raise InvalidInput("does not fit the dates.", field="Bought.times", hint="Count orders, from 1.")

    @property
    def every_days(self) -> int | None:
        """Whole days from one purchase to the next on average, ``None`` for what was bought on one day only.

        >>> from datetime import UTC
        >>> first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
        >>> Bought(item_id="tea", times=3, first_at=first, last_at=last).every_days
        30
        """
        days = (self.last_at - self.first_at) // DAY
        return max(1, round(days / (self.times - 1))) if self.times > 1 and days else None


@frozen
class History:
    """Who bought what: for each customer the items that were kept, by item.

    >>> from datetime import UTC
    >>> def line(day: int, quantity: int, item: str = "tea") -> Purchase:
    ...     at = datetime(2026, 1, day, tzinfo=UTC)
    ...     return Purchase(customer_id="C-1", item_id=item, order_id=f"O-{day}", at=at, quantity=quantity)
    >>> kept = History.of([line(1, 5), line(2, 3), line(2, 1, "cup"), line(3, -1, "cup"), line(4, -2)])
    >>> [(each.item_id, each.times) for each in kept.of_customer("C-1")]
    [('tea', 2)]
    """

    customers: Mapping[str, Mapping[str, Bought]]

    @classmethod
    def of(cls, lines: Iterable[Purchase]) -> "History":
        """The history that ``lines`` tell, in any order.

        A return takes back what the same customer bought of the item before it, the latest first; what is left over,
        because the purchase lies further back than the lines, takes back nothing. A purchase that came back
        altogether was none.
        """
        shelves: dict[tuple[str, str], list[_Kept]] = {}
        # at one instant purchases come before returns
        for line in sorted(lines, key=lambda line: (line.at, line.quantity < 0, line.order_id)):
            _put(shelves.setdefault((line.customer_id, line.item_id), []), line)
        customers: dict[str, dict[str, Bought]] = {}
        for (customer, item), kept in sorted(shelves.items()):
            if kept:
                customers.setdefault(customer, {})[item] = Bought(
                    item_id=item,
                    times=len({each.order_id for each in kept}),
                    first_at=kept[0].at,
                    last_at=kept[-1].at,
                )
        return cls(customers=customers)

    def of_customer(self, customer_id: str) -> tuple[Bought, ...]:
        """What the customer bought and kept, by item; nothing for somebody unknown."""
        return tuple(self.customers.get(customer_id, {}).values())


@define
class _Kept:
    order_id: str
    at: datetime
    quantity: int


def _put(kept: list[_Kept], line: Purchase) -> None:
    if line.quantity > 0:
        kept.append(_Kept(line.order_id, line.at, line.quantity))
        return
    back = -line.quantity
    while back and kept:
        taken = min(back, kept[-1].quantity)
        back -= taken
        kept[-1].quantity -= taken
        if not kept[-1].quantity:
            kept.pop()
