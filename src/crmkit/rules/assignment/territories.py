"""Which territory a record belongs to.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> at = {"created_at": now, "updated_at": now, "state": "active"}
>>> china = Territory(id="cn", name="China", accepts="region in ('East', 'West')", **at)
>>> east = Territory(id="cn-east", name="East", parent_id="cn", accepts="region == 'East'", **at)
>>> order = TerritoryOrder.of([china, east], "lead")
>>> [
...     order.first(Lead(id="L", region=region, created_at=now, updated_at=now), now=now).id
...     for region in ("East", "West")
... ]
['cn-east', 'cn']
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import frozen

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import TerritoryId
from crmkit.domain.organization.territory import Territory, TerritoryState
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.policy import Answers, answers_to

__all__ = ["TerritoryOrder"]


@frozen
class TerritoryOrder:
    """The active territories of an entity, the one that is asked first standing first."""

    territories: tuple[Territory, ...]
    accepting: Answers

    @classmethod
    def of(
        cls, territories: Iterable[Territory], entity: str, *, custom: tuple[CustomField, ...] = ()
    ) -> "TerritoryOrder":
        """By priority, then depth in the hierarchy, then id.

        Raises:
            InvalidCondition: what a territory accepts does not fit the entity's fields.
        """
        known = {each.id: each for each in territories}
        active = [each for each in known.values() if each.state is TerritoryState.ACTIVE and each.holds == entity]
        active.sort(key=lambda each: (-each.priority, -_depth(each, known), each.id))
        return cls(tuple(active), answers_to(tuple(each.accepts for each in active), entity, custom))

    def first(self, record: Owned, *, now: datetime) -> Territory | None:
        """The territory that ``record`` belongs to."""
        accepted = zip(self.territories, self.accepting(record, now), strict=True)
        return next((territory for territory, accepts in accepted if accepts), None)


def _depth(territory: Territory, known: Mapping[TerritoryId, Territory]) -> int:
    """How many territories lie above it; a circle ends where it closes."""
    above: set[TerritoryId] = {territory.id}
    parent_id = territory.parent_id
    while parent_id is not None and parent_id not in above:
        above.add(parent_id)
        parent = known.get(parent_id)
        parent_id = None if parent is None else parent.parent_id
    return len(above)
