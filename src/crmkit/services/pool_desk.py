"""Looking into a pool, and putting records into it or moving them on."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.ids import PoolId, Ref
from crmkit.domain.model import Code, model
from crmkit.domain.organization.limits import Limit
from crmkit.domain.organization.member import Member, MemberStatus, PoolViewed
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import ClaimPolicy, shown
from crmkit.services.context import Context
from crmkit.services.custody import calendar_of, history, lock_of, owned_by, policy_for

__all__ = ["InPool", "Placed", "PoolPage", "browse", "place"]

MOST_ON_A_PAGE = 200
MOST_IN_A_TRAIL = 10_000
"""Views of one member that are read to count a budget."""


@model
class InPool:
    """A record as this member sees it: field → text."""

    record: Ref
    since: datetime | None
    fields: Mapping[Code, str]


@model
class PoolPage:
    """Records of a pool, the newest first; ``left`` is how many more new ones the member may look at."""

    records: tuple[InPool, ...]
    left: int | None = None


@model
class Placed:
    """Into which pool a record went, and from where."""

    record: Ref
    pool_id: PoolId
    previous_pool_id: PoolId | None = None


def browse(ctx: Context, pool_id: str, member_id: str, *, limit: int = 20, before: datetime | None = None) -> PoolPage:
    """Up to ``limit`` records of the pool that fell into it ``before`` (the newest, if not given), as the member sees them.

    Members of the pool see its visible fields, some masked; its administrators see everything. What is
    looked at is logged, and different records count against the pool's budget; one seen before is free.

    Raises:
        InvalidInput: ``limit`` is not within 1 and 200.
        NotAllowed: the member is not active, or neither belongs to the pool nor administers it.
        NotFound: no such pool or member.
    """
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise InvalidInput(f"must lie within 1 and {MOST_ON_A_PAGE}.", field="limit", hint="20 is usual.")

    def work(uow: UnitOfWork, now: datetime) -> PoolPage:
        # before the budget is counted, so that it holds however many pages are asked for at once
        uow.lock(lock_of(member_id))
        pool, member = uow.pools.get(pool_id), uow.members.get(member_id, locking="wait")
        runs_it = member.id in pool.admin_ids
        if member.status is not MemberStatus.ACTIVE or not (runs_it or pool.admits(member.id, member.team_id)):
            raise NotAllowed(
                f"{member_id} does not look into pool {pool.id}.", hint="Ask its administrator.", id=pool.id
            )
        lying = F.pool_id == pool.id
        found = owned_by(uow, pool.holds).find(
            lying if before is None else lying & (F.pool_since < before), order=["-pool_since"], limit=limit
        )
        budget = None if runs_it else pool.views
        seen = frozenset[str]() if budget is None else _seen(uow, pool, member, budget, now)
        page, left = _within(budget, found, seen)
        if page:
            view = PoolViewed(at=now, pool_id=pool.id, records=tuple(record.id for record in page))
            uow.save(member.has_viewed(view))
        rows = tuple(
            InPool(record=record.ref, since=record.pool_since, fields=shown(record, pool, whole=runs_it).fields)
            for record in page
        )
        return PoolPage(records=rows, left=left)

    return ctx.command(work, PoolPage)


def place(ctx: Context, ref: Ref, pool_id: str, by: str, *, idempotency_key: str | None = None) -> Placed:
    """The record, which nobody owns, lies in ``pool_id``: put there straight, or moved from another pool.

    Raises:
        NotAllowed: it has an owner, or lies there already; the pool is closed or for another entity; or
            ``by`` administers neither the pool it comes from nor, where it comes from none, this one.
        NotFound: no such record, pool or member.
    """

    def work(uow: UnitOfWork, now: datetime) -> Placed:
        record = owned_by(uow, ref.entity).get(ref.id, locking="wait")
        pool, member = uow.pools.get(pool_id), uow.members.get(by)
        if not pool.enabled or pool.holds != ref.entity:
            raise NotAllowed(f"Pool {pool.id} takes no {ref.entity}.", hint="Choose another pool.", id=pool.id)
        leaves = pool if record.pool_id is None else uow.pools.get(record.pool_id)
        if not leaves.administers(member.id):
            raise NotAllowed(f"{by} does not administer pool {leaves.id}.", hint="Ask its administrator.", id=leaves.id)
        change = record.place(pool.id, now=now)
        uow.save(change, history(change, id=ctx.ids.new()))
        return Placed(record=ref, pool_id=pool.id, previous_pool_id=record.pool_id)

    return ctx.command(work, Placed, idempotency_key=idempotency_key)


def _seen(uow: UnitOfWork, pool: Pool, member: Member, budget: Limit, now: datetime) -> frozenset[str]:
    """The records of the pool that the member has looked at within the budget's time."""
    policy = policy_for(uow, ClaimPolicy, pool.holds, now=now)
    begins = budget.begins(now, calendar_of(uow, None if policy is None else policy.calendar_id))
    views = uow.trail.of(member.ref, type=PoolViewed.type, since=begins, limit=MOST_IN_A_TRAIL)
    return frozenset(id for view in views if view.data["pool_id"] == pool.id for id in view.data["records"])


def _within(budget: Limit | None, found: Iterable[Owned], seen: frozenset[str]) -> tuple[list[Owned], int | None]:
    """What may be shown of ``found``, and how many new records after that."""
    if budget is None:
        return list(found), None
    left, page = max(budget.most - len(seen), 0), list[Owned]()
    for record in found:
        if record.id in seen:
            page.append(record)
        elif left:
            page.append(record)
            left -= 1
    return page, left
