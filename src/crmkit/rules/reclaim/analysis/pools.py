"""Pools that never receive anything, that nobody may claim from, and records that no pool takes.

>>> from datetime import UTC, datetime
>>> at = {"created_at": datetime(2026, 1, 1, tzinfo=UTC), "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
>>> pools = (Pool(id="all", name="All", priority=9, **at), Pool(id="key", name="Key", accepts="level == 'A'", **at))
>>> for problem in analyse_pools(Organization(pools=pools), "account"):
...     print(problem.field, problem.code)
Pool[key].accepts pool.analysis.covered
"""

from collections.abc import Iterator, Sequence

from crmkit.domain.conditions import BoundCondition
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import InvalidCondition, Problem
from crmkit.rules.analysis import Organization, Wording, conditions_of
from crmkit.rules.reclaim.analysis.texts import TEXTS

__all__ = ["analyse_pools"]


def analyse_pools(
    organization: Organization,
    entity: str,
    *,
    custom: tuple[CustomField, ...] = (),
    spared: Sequence[str] = (),
    language: str = "en",
) -> tuple[Problem, ...]:
    """What is wrong with the pools that hold ``entity``; records for which a condition of ``spared`` holds stay away."""
    words = Wording(Catalogue.of(TEXTS), language)
    pools = [pool for pool in organization.pools if pool.enabled and pool.holds == entity]
    # the order in which they are offered a record
    pools.sort(key=lambda pool: (-pool.priority, pool.id))
    return tuple(_problems(pools, organization, entity, custom, spared, words))


def _problems(
    pools: Sequence[Pool],
    organization: Organization,
    entity: str,
    custom: tuple[CustomField, ...],
    spared: Sequence[str],
    words: Wording,
) -> Iterator[Problem]:
    if not pools:
        yield words.problem("Pool.enabled", "pool.analysis.none", entity=entity)
        return
    before: list[tuple[Pool, BoundCondition]] = []
    for pool in pools:
        try:
            (accepts,) = conditions_of((pool.accepts,), entity, custom)
        except InvalidCondition as error:
            yield words.problem(f"Pool[{pool.id}].accepts", "pool.analysis.unfit", pool=pool.name, why=str(error))
        else:
            yield from _reached(pool, accepts, before, words)
            before.append((pool, accepts))
        if (pool.member_ids or pool.team_ids) and not organization.people(pool.member_ids, pool.team_ids):
            yield words.problem(f"Pool[{pool.id}].member_ids", "pool.analysis.nobody", pool=pool.name)
    (every, *stays) = conditions_of(("always()", *spared), entity, custom)
    if not covers([*stays, *(accepts for _, accepts in before)], every):
        yield words.problem("Pool.accepts", "pool.analysis.gap", entity=entity)


def _reached(
    pool: Pool, accepts: BoundCondition, before: Sequence[tuple[Pool, BoundCondition]], words: Wording
) -> Iterator[Problem]:
    where = f"Pool[{pool.id}].accepts"
    if not can_hold(accepts):
        yield words.problem(where, "pool.analysis.never", pool=pool.name)
    elif covers([each for _, each in before], accepts):
        earlier = ", ".join(each.name for each, _ in before)
        yield words.problem(where, "pool.analysis.covered", pool=pool.name, earlier=earlier)
