"""What waits for an owner: how many, for how long, why, and what of the policy keeps them waiting."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import Ref
from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy
from crmkit.services.context import Context
from crmkit.services.custody import UNSETTLED, owned_by, owning, policy_for

__all__ = ["Waiting", "WaitingList", "condition_of", "waiting"]


@model
class Waiting:
    """A record that waits: since when it exists, for how long that is, and the code of the reason.

    The reason is empty until assignment has looked at it.
    """

    record: Ref
    since: datetime
    age: timedelta
    reason: Line = ""


@model
class WaitingList:
    """What waits at ``at``: counts by the code of the reason, and the oldest of them.

    ``problems`` says what would keep some waiting for ever: a policy that is missing or has gaps.
    """

    at: datetime
    total: int
    by_reason: Mapping[str, int]
    oldest: tuple[Waiting, ...]
    problems: tuple[Reason, ...] = ()


def waiting(ctx: Context, *, entity: str = "lead", limit: int = 100) -> WaitingList:
    """The records that neither have an owner nor lie in a pool, the oldest first; nothing is written.

    Two queries beside the policy, whatever the number of records.

    Raises:
        InvalidInput: ``limit`` is not positive, or the entity has no owners.
    """
    if limit < 1:
        raise InvalidInput("must be positive.", field="limit", hint="100 is usual.")
    now = ctx.clock.now()
    condition = condition_of(entity)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        repository = owned_by(uow, entity)
        by_reason = dict(sorted(repository.count_by("unassigned_reason", condition, now=now).items()))
        found = repository.find(condition, order=["created_at"], limit=limit, now=now)
        problems = _problems(uow, entity, now)
    return WaitingList(
        at=now,
        total=sum(by_reason.values()),
        by_reason=by_reason,
        oldest=tuple(
            Waiting(
                record=record.ref,
                since=record.created_at,
                age=now - record.created_at,
                reason=record.unassigned_reason,
            )
            for record in found
        ),
        problems=problems,
    )


def condition_of(entity: str) -> Condition:
    """Which records of the entity wait.

    Raises:
        InvalidInput: it has no owners.
    """
    return F.owner_id.missing() & F.pool_id.missing() & UNSETTLED[owning(entity)]


def _problems(uow: UnitOfWork, entity: str, now: datetime) -> tuple[Reason, ...]:
    policy = policy_for(uow, AssignmentPolicy, entity, now=now)
    if policy is None:
        return (Reason.of("assignment.no_policy", entity=entity),)
    return () if policy.covers_all else (Reason.of("assignment.no_fallback", policy=str(policy.ref)),)
