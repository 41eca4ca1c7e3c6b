"""Which pool receives a record: of those that accept it, the one with the highest priority.

>>> from datetime import UTC, datetime
>>> from crmkit.domain.parties.account import Account
>>> from crmkit.domain.values.names import CompanyName
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> at = {"created_at": now, "updated_at": now}
>>> east = Pool(id="east", name="East", accepts="address.province == 'Zhejiang'", priority=10, **at)
>>> rest = Pool(id="rest", name="Rest", **at)
>>> account = Account(id="A-1", name=CompanyName(legal="云杉贸易"), **at)
>>> choose_pool([east, rest], account, now=now).id
'rest'
>>> choose_pool([east], account, now=now) is None
True
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import frozen

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.rules.reclaim.fields import first_of

__all__ = ["PoolOrder", "choose_pool"]


@frozen(eq=False)
class PoolOrder:
    """The enabled pools of one entity in the order in which they are offered a record, compiled once."""

    pools: tuple[Pool, ...] = ()
    _first: Callable[[object, datetime], int | None] = lambda _record, _now: None

    @classmethod
    def of(cls, pools: Iterable[Pool], entity: str, *, custom: tuple[CustomField, ...] = ()) -> "PoolOrder":
        """Those of ``pools`` that hold ``entity``: highest priority first, of equal ones the smaller id.

        ``custom`` are the host's fields that the pools' conditions speak of.

        Raises:
            InvalidCondition: what a pool accepts does not fit the entity's fields.
        """
        offered = [pool for pool in pools if pool.enabled and pool.holds == entity]
        offered.sort(key=lambda pool: (-pool.priority, pool.id))
        return cls(tuple(offered), first_of(tuple(pool.accepts for pool in offered), entity, custom))

    def choose(self, record: Owned, *, now: datetime) -> Pool | None:
        """The pool that receives ``record``, or ``None`` when none accepts it."""
        place = self._first(record, now)
        return None if place is None else self.pools[place]


def choose_pool(
    pools: Iterable[Pool], record: Owned, *, custom: tuple[CustomField, ...] = (), now: datetime
) -> Pool | None:
    """The pool of ``pools`` that receives ``record``; for many records make one ``PoolOrder``."""
    return PoolOrder.of(pools, record.entity, custom=custom).choose(record, now=now)
