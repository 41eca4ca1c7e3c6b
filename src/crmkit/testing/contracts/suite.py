"""The whole contract of a store in one class, and a way to run checks without pytest."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from crmkit.testing.contracts.audit_trail import AuditTrailContract
from crmkit.testing.contracts.candidates import CandidateIndexContract
from crmkit.testing.contracts.commands import CommandsContract
from crmkit.testing.contracts.concurrency import ConcurrencyContract
from crmkit.testing.contracts.conditions import ConditionsContract
from crmkit.testing.contracts.keeping import KeepingContract
from crmkit.testing.contracts.outbox import DeadLetterContract, OutboxContract
from crmkit.testing.contracts.policies import PolicyStoreContract
from crmkit.testing.contracts.repository import RepositoryContract
from crmkit.testing.contracts.tenants import TenantsContract
from crmkit.testing.contracts.unit_of_work import SavingContract, UnitOfWorkContract

__all__ = ["StoreContract", "checks_of", "failures_of"]


class StoreContract(
    KeepingContract,
    RepositoryContract,
    ConditionsContract,
    UnitOfWorkContract,
    SavingContract,
    ConcurrencyContract,
    TenantsContract,
    OutboxContract,
    DeadLetterContract,
    AuditTrailContract,
    CandidateIndexContract,
    PolicyStoreContract,
    CommandsContract,
):
    """Everything that ``ports.Store`` and the ports inside of it promise. Required fixture: ``store``, empty,
    opened with ``custom=crmkit.testing.strategies.SCHEMA``, the standard key function and rule book.
    """


def checks_of(contract: type) -> list[str]:
    """The names of the checks of ``contract``, in their order.

    >>> "test_a_stale_save_is_refused" in checks_of(StoreContract)
    True
    """
    return [name for name in dir(contract) if name.startswith("test_")]


def failures_of(
    contract: type, *, only: Callable[[str], bool] = lambda _: True, **fixtures: Callable[[], Any]
) -> dict[str, BaseException]:
    """The checks of ``contract`` that do not hold, by name, with what they raised; skipped ones are left out.

    ``fixtures`` make what the checks ask for, anew for each check; one may return a context manager.
    """
    failed: dict[str, BaseException] = {}
    for name in filter(only, checks_of(contract)):
        try:
            _run(getattr(contract(), name), fixtures)
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, the check did not hold
            failed[name] = error
    return failed


def _run(check: Callable[..., None], fixtures: dict[str, Callable[[], Any]]) -> None:
    with ExitStack() as until_the_end:
        check(**dict(_made(check, fixtures, until_the_end)))


def _made(
    check: Callable[..., None], fixtures: dict[str, Callable[[], Any]], until_the_end: ExitStack
) -> Iterator[tuple[str, Any]]:
    for name in inspect.signature(check).parameters:
        made = fixtures[name]()
        yield name, until_the_end.enter_context(made) if isinstance(made, AbstractContextManager) else made
