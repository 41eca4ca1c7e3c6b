"""Stopping a reclaim policy and letting it go on: each is a new version, so that every decision says what held.

A pause resets no clock. Deadlines that passed meanwhile lie at least the policy's grace after the pause.
"""

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.model import revise
from crmkit.errors import NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim import Pause, ReclaimPolicy
from crmkit.services.context import Context
from crmkit.services.custody import policy_for, unruled

__all__ = ["pause", "resume"]


def pause(ctx: Context, *, entity: str = "account", why: str = "", idempotency_key: str | None = None) -> PolicyRef:
    """From now on nobody is warned and nothing falls back; a sweep that runs stops before its next batch.

    Raises:
        NotAllowed: no reclaim policy is in force for the entity, or it pauses already.
    """

    def work(uow: UnitOfWork, now: datetime) -> PolicyRef:
        policy = _standing(uow, entity, now)
        if policy.pausing(now):
            raise NotAllowed(f"{policy.ref} pauses already.", hint="Let it resume first.", id=policy.id)
        return _put(uow, policy, (*policy.pauses, Pause(begins=now, why=why)))

    return ctx.command(work, PolicyRef, idempotency_key=idempotency_key)


def resume(ctx: Context, *, entity: str = "account", idempotency_key: str | None = None) -> PolicyRef:
    """The policy goes on where it was.

    Raises:
        NotAllowed: no reclaim policy is in force for the entity, or it does not pause.
    """

    def work(uow: UnitOfWork, now: datetime) -> PolicyRef:
        policy = _standing(uow, entity, now)
        if not policy.pausing(now):
            raise NotAllowed(f"{policy.ref} does not pause.", hint="There is nothing to do.", id=policy.id)
        # one that began at this very instant has lasted no time
        ended = [revise(each, ends=now) if each.holds(now) else each for each in policy.pauses if each.begins != now]
        return _put(uow, policy, ended)

    return ctx.command(work, PolicyRef, idempotency_key=idempotency_key)


def _standing(uow: UnitOfWork, entity: str, now: datetime) -> ReclaimPolicy:
    uow.lock(f"policy:reclaim:{entity}")
    policy = policy_for(uow, ReclaimPolicy, entity, now=now)
    if policy is None:
        raise unruled(entity)
    return policy


def _put(uow: UnitOfWork, policy: ReclaimPolicy, pauses: Sequence[Pause]) -> PolicyRef:
    latest = uow.policies.versions(ReclaimPolicy, policy.id)[-1].version
    following = revise(policy, version=latest + 1, pauses=tuple(pauses))
    uow.policies.put(following)
    return following.ref
