"""What a reclaim policy will do, before it does it: a dry run of one policy, or two of them compared.

>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.crm import Crm
>>> from crmkit.rules.reclaim import ReclaimPolicy
>>> from crmkit.testing import FixedClock, a_member, a_pool, an_account
>>> clock = FixedClock()
>>> crm = Crm(store=MemoryStore(), clock=clock)
>>> crm.add(a_member(id="wei", name="陈伟"), a_pool(), an_account(owner_id="wei", owned_since=clock.now()))
>>> foreseen = dry_run(crm.ctx, ReclaimPolicy(protect_days=10, grace_days=3, warn_days=(2,)), days=14)
>>> foreseen.at_once.reclaimed, foreseen.reclaimed, [each.outcome.value for each in foreseen.records]
(0, 1, ['reclaim'])
"""

from collections.abc import Callable
from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.reclaim.outlook import Comparison, Difference, DryRun, Fate
from crmkit.services.context import Context
from crmkit.services.custody import owned_by, owning, unruled
from crmkit.services.foresight import Foresight
from crmkit.services.tallies import Firsts, Pairs, Tally

__all__ = ["compare", "dry_run"]

MOST_DAYS = 366
DAYS = 28


def dry_run(
    ctx: Context,
    policy: ReclaimPolicy | None = None,
    *,
    entity: str = "account",
    days: int = DAYS,
    limit: int = 500,
    tell: Callable[[Fate], object] | None = None,
) -> DryRun:
    """What a sweep now and one every 24 hours after it (``days`` of them) do, if nobody does anything meanwhile.

    Without a ``policy`` it is what the policies in force will do; a draft is tried as if it were adopted
    now, and is not stored. Everything that is known today is followed: warnings, protections that an
    exemption renews, evidence and leave that end, pauses, the pilot, grandfathering, so many a day, and
    versions that come into force within the horizon. What people will do is not known.

    Args:
        ctx: the ports and who asks.
        policy: a draft; on days on which it is not in force the stored ones go.
        entity: whose records.
        days: sweeps, the first of them now.
        limit: records that are told of one by one in the answer, those that fall back first.
        tell: is given every record whose time comes, as it is read; memory stays flat.

    Raises:
        InvalidInput: ``days`` is not within 1 and 366, ``limit`` is negative, or the entity has no owners.
        NotAllowed: no policy is in force within the horizon.
        NotFound: a policy's calendar does not exist.
    """
    now = _asked(ctx, entity, policy, days=days, limit=limit)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        members: dict[str, Member] = {member.id: member for member in uow.members.scan()}
        foresight = Foresight.of(uow, entity, members, policy=policy, days=days, now=now)
        tally = Tally(foresight, _ref(policy, foresight), now, Firsts(limit), tell)
        for record in owned_by(uow, entity).scan(~F.owner_id.missing()):
            course = foresight.course(record)
            if course is not None:
                tally.add(course)
        for course in foresight.rest(uow):
            tally.add(course)
        return tally.dry_run(members, _pools(uow))


def compare(
    ctx: Context,
    one: ReclaimPolicy | None,
    other: ReclaimPolicy | None,
    *,
    entity: str = "account",
    days: int = DAYS,
    limit: int = 500,
    tell: Callable[[Difference], object] | None = None,
) -> Comparison:
    """What ``other`` would do otherwise than ``one``, each as in ``dry_run``; ``None`` is what is in force.

    The records are read once. ``limit`` is how many differences are told of one by one, ``tell`` is
    given all of them.

    Raises:
        InvalidInput, NotAllowed, NotFound: as in ``dry_run``.
    """
    now = _asked(ctx, entity, one, other, days=days, limit=limit)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        members: dict[str, Member] = {member.id: member for member in uow.members.scan()}
        sides = [Foresight.of(uow, entity, members, policy=policy, days=days, now=now) for policy in (one, other)]
        tallies = [
            Tally(foresight, _ref(policy, foresight), now, Firsts(limit))
            for policy, foresight in zip((one, other), sides, strict=True)
        ]
        pairs = Pairs(entity, [sweep.at for sweep in sides[0].sweeps], Firsts(limit), tell)
        for record in owned_by(uow, entity).scan(~F.owner_id.missing()):
            for side, foresight in enumerate(sides):
                course = foresight.course(record)
                if course is not None:
                    tallies[side].add(course)
                    pairs.add(side, course)
        for side, foresight in enumerate(sides):
            for course in foresight.rest(uow):
                tallies[side].add(course)
                pairs.add(side, course)
        return pairs.comparison(*(tally.dry_run(members, _pools(uow)) for tally in tallies))


def _asked(ctx: Context, entity: str, *drafts: ReclaimPolicy | None, days: int, limit: int) -> datetime:
    """Now, if what is asked makes sense."""
    owning(entity)
    if not 1 <= days <= MOST_DAYS or limit < 0:
        raise InvalidInput(f"must lie within 1 and {MOST_DAYS}.", field="days", hint="28 are four weeks.")
    for draft in drafts:
        if draft is not None and draft.entity != entity:
            raise InvalidInput(f"speaks of {draft.entity}.", field="policy", hint=f"Give entity={draft.entity!r}.")
    return ctx.clock.now()


def _pools(uow: UnitOfWork) -> dict[str, Pool]:
    return {pool.id: pool for pool in uow.pools.scan()}


def _ref(draft: ReclaimPolicy | None, foresight: Foresight) -> PolicyRef:
    """Of the draft, or else of the first policy that is in force within the horizon."""
    policy = draft or foresight.policy
    if policy is None:
        raise unruled(foresight.entity, hint="Give the policy to try.")
    return policy.ref
