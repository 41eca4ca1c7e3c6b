"""Who is not to be profiled, as the tenant's policies have it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from crmkit.domain.change import Record
from crmkit.ports.store import UnitOfWork
from crmkit.rules.profiling import ProfilingPolicy

__all__ = ["profiled", "refusing"]

AT_ONCE = 500
"""Records read by one query."""


def refusing(uow: UnitOfWork, entity: str, now: datetime) -> Callable[[Record], bool]:
    """Whether a record of ``entity`` is not to be profiled at ``now``; nobody, where no policy says so."""
    policy = uow.policies.in_force(ProfilingPolicy, now, id=entity)
    return lambda record: policy is not None and policy.refuses(record, now=now)


def profiled(uow: UnitOfWork, cls: type[Record], ids: Iterable[str], now: datetime) -> set[str]:
    """Those of the records that are there and may be profiled; one query for 500 of them."""
    refuses, rest, found = refusing(uow, cls.entity, now), iter(ids), set[str]()
    while some := list(islice(rest, AT_ONCE)):
        records = uow.repository(cls).get_many(some)
        found.update(id_ for id_, record in records.items() if not refuses(record))
    return found
