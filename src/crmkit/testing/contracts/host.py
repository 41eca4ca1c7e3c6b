"""The contract of joining: crmkit works inside the host's own transaction, and the host alone ends it.

This is no part of ``ports.Store``: a store that lives in the host's database offers ``join`` beside it.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol

import pytest

from crmkit.domain.change import changed, created
from crmkit.errors import StaleVersion, StorageFailed
from crmkit.ports.store import Store, UnitOfWork
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import noted, read, save

__all__ = ["Host", "HostTransactionContract"]


class Host(Protocol):
    """A host application with a table of its own in the database of the store."""

    store: Store
    """Empty, opened with ``custom=crmkit.testing.strategies.SCHEMA``."""

    def transaction(self) -> AbstractContextManager[Any]:
        """A connection with a transaction that the host began; rolled back at the end unless it was committed."""
        ...

    def commit(self, connection: Any) -> None:
        """The host commits its transaction."""
        ...

    def join(self, connection: Any) -> AbstractContextManager[UnitOfWork]:
        """A unit of work of ``store`` inside of that transaction."""
        ...

    def write(self, connection: Any, text: str) -> None:
        """A row in the host's own table."""
        ...

    def written(self) -> list[str]:
        """What stands in the host's own table, read by another transaction."""
        ...


class HostTransactionContract:
    """A unit of work inside the host's transaction. Required fixture: ``host``, a ``Host``."""

    def test_the_host_s_commit_counts(self, host: Host) -> None:
        """What was committed here and there stays together."""
        with host.transaction() as connection:
            host.write(connection, "before")
            with host.join(connection) as uow:
                uow.save(created(a_lead(), noted()))
                uow.commit()
            host.write(connection, "after")
            host.commit(connection)

        assert (host.written(), read(host.store, a_lead()).id) == (["before", "after"], "L-1")
        assert host.store.outbox.backlog() == 1

    def test_the_host_s_transaction_is_never_committed_here(self, host: Host) -> None:
        """What was committed here goes when the host rolls back."""
        with host.transaction() as connection:
            host.write(connection, "before")
            with host.join(connection) as uow:
                uow.save(created(a_lead(), noted()))
                uow.commit()

        assert (host.written(), _count(host), host.store.outbox.backlog()) == ([], 0, 0)

    def test_only_its_own_work_is_rolled_back_here(self, host: Host) -> None:
        """Without a commit here the host's own work stays, and the host may go on."""

        def fail(connection: Any) -> None:
            with host.join(connection) as uow:
                uow.save(created(a_lead()))
                raise ZeroDivisionError

        with host.transaction() as connection:
            host.write(connection, "before")
            with pytest.raises(ZeroDivisionError):
                fail(connection)
            host.write(connection, "after")
            host.commit(connection)

        assert (host.written(), _count(host)) == (["before", "after"], 0)

    def test_a_refused_save_leaves_the_host_s_transaction_usable(self, host: Host) -> None:
        """An error here does not spoil what the host does."""
        save(host.store, created(a_lead()))
        save(host.store, changed(a_lead(), now=NOW, score=1))

        with host.transaction() as connection:
            with pytest.raises(StaleVersion), host.join(connection) as uow:
                uow.save(changed(a_lead(), now=NOW, score=2))
            host.write(connection, "after")
            host.commit(connection)
        assert host.written() == ["after"]

    def test_units_of_work_follow_each_other(self, host: Host) -> None:
        """Several in one transaction, each seeing what the earlier ones committed."""
        with host.transaction() as connection:
            for number in range(3):
                with host.join(connection) as uow:
                    assert uow.tasks.count() == number
                    uow.save(created(a_task(id=f"T-{number}")))
                    uow.commit()
            host.commit(connection)

        with host.store.begin() as uow:
            assert uow.tasks.count() == 3

    def test_a_connection_without_a_transaction_is_refused(self, host: Host) -> None:
        """There must be something to join."""
        with host.transaction() as connection:
            host.commit(connection)
            with pytest.raises(StorageFailed), host.join(connection):
                pass

    def test_instants_are_read_alike(self, host: Host) -> None:
        """The host's connection may have settings of its own: a time zone, a format of dates."""
        save(host.store, created(a_lead(reclaim_at=NOW)))

        with host.transaction() as connection, host.join(connection) as uow:
            lead = uow.leads.get("L-1")
            uow.save(changed(lead, now=NOW, score=1))
            assert (lead.reclaim_at, uow.leads.get("L-1").reclaim_at) == (NOW, NOW)


def _count(host: Host) -> int:
    with host.store.begin(read_only=True) as uow:
        return uow.leads.count()
