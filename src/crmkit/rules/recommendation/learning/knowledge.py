"""What is known of all items: which go together, what is bought these days and by whom, and what may be offered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

from crmkit.domain.model import Key, Line, model
from crmkit.rules.recommendation.learning.trend import trend
from crmkit.rules.recommendation.purchases import History

__all__ = ["Item", "Knowledge", "Neighbours"]

Neighbours = Mapping[str, tuple[tuple[str, float], ...]]
"""For each item those that are bought by its buyers, with a weight: the nearest first."""


@model
class Item:
    """An item of the catalogue.

    Args:
        id: as purchases name it.
        name: as people know it.
        offered: it may be recommended; ``False`` for what is not sold any more, and for postage, fees and the like.
        consumable: whoever has it may need another; ``False`` for what is bought once.
        step_up_to: the item that does more of the same, if there is one.
    """

    id: Key
    name: Line = ""
    offered: bool = True
    consumable: bool = True
    step_up_to: Line = ""


@frozen
class Knowledge:
    """What was learned from all purchases up to an instant; shared by the decisions on all customers.

    Args:
        neighbours: what goes together, from ``ItemWalk`` or any other ``ports.ItemLearner``.
        popularity: how many customers buy an item these days (``trend``).
        by_segment: the same within each segment.
        sold_at: when an item was last bought by anybody.
        items: the catalogue; what it does not list is offered, and consumable.
    """

    neighbours: Neighbours = field(factory=dict[str, tuple[tuple[str, float], ...]])
    popularity: Mapping[str, float] = field(factory=dict[str, float])
    by_segment: Mapping[str, Mapping[str, float]] = field(factory=dict[str, Mapping[str, float]])
    sold_at: Mapping[str, datetime] = field(factory=dict[str, datetime])
    items: Mapping[str, Item] = field(factory=dict[str, Item])

    @classmethod
    def of(
        cls,
        history: History,
        *,
        neighbours: Neighbours,
        items: Iterable[Item] = (),
        segments: Mapping[str, str] | None = None,
        half_life_days: int = 14,
        now: datetime,
    ) -> "Knowledge":
        """All that ``history`` says at ``now``; ``segments`` names the segment of each customer who has one.

        Somebody whose purchases must not be learned from is left out of ``history`` before.
        """
        members: defaultdict[str, list[str]] = defaultdict(list)
        for customer, segment in (segments or {}).items():
            members[segment].append(customer)
        sold_at: dict[str, datetime] = {}
        for bought in (each for kept in history.customers.values() for each in kept.values()):
            sold_at[bought.item_id] = max(bought.last_at, sold_at.get(bought.item_id, bought.last_at))
        return cls(
            neighbours=neighbours,
            popularity=trend(history, half_life_days=half_life_days, now=now),
            by_segment={
                segment: trend(history, half_life_days=half_life_days, customers=who, now=now)
                for segment, who in sorted(members.items())
            },
            sold_at=sold_at,
            items={item.id: item for item in items},
        )

    def item(self, item_id: str) -> Item:
        """The item as the catalogue has it, or as good as that."""
        return self.items.get(item_id) or Item(id=item_id)

    def name(self, item_id: str) -> str:
        """What people call it."""
        known = self.items.get(item_id)
        return known.name or item_id if known else item_id
