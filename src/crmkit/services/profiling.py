"""Who is not to be profiled, as the tenant's policies have it."""

from collections.abc import Callable
from datetime import datetime

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, parse
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.profiling import ProfilingPolicy

__all__ = ["refusing", "welcoming"]


def refusing(uow: UnitOfWork, entity: str, now: datetime) -> Callable[[Record], bool]:
    """Whether a record of ``entity`` is not to be profiled at ``now``; nobody, where no policy says so."""
    policy = uow.policies.in_force(ProfilingPolicy, now, id=entity)
    return lambda record: policy is not None and policy.refuses(record, now=now)


def welcoming(uow: UnitOfWork, entity: str, now: datetime) -> Condition:
    """The records of ``entity`` that may be profiled, as a condition for counts; every one, where no policy says so."""
    policy = uow.policies.in_force(ProfilingPolicy, now, id=entity)
    return EVERY if policy is None else ~parse(policy.opt_out)
