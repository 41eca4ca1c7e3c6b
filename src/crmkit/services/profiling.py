"""Who is not to be profiled, as the tenant's policies have it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, parse
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.profiling import ProfilingPolicy

__all__ = ["profiled", "refusing", "welcoming"]

R = TypeVar("R", bound=Record)
AT_ONCE = 500
"""Records read by one query."""


def refusing(uow: UnitOfWork, entity: str, now: datetime) -> Callable[[Record], bool]:
    """Whether a record of ``entity`` is not to be profiled at ``now``; nobody, where no policy says so."""
    policy = uow.policies.in_force(ProfilingPolicy, now, id=entity)
    return lambda record: policy is not None and policy.refuses(record, now=now)


def profiled(uow: UnitOfWork, cls: type[R], ids: Iterable[str], now: datetime) -> Iterator[R]:
    """Those of the records that are there and may be profiled; one query for 500 of them."""
    refuses, rest = refusing(uow, cls.entity, now), iter(ids)
    while some := list(islice(rest, AT_ONCE)):
        yield from (record for record in uow.repository(cls).get_many(some).values() if not refuses(record))


def welcoming(uow: UnitOfWork, entity: str, now: datetime) -> Condition:
    """The records of ``entity`` that may be profiled, as a condition for counts; every one, where no policy says so."""
    policy = uow.policies.in_force(ProfilingPolicy, now, id=entity)
    return EVERY if policy is None else ~parse(policy.opt_out)
