"""Any use case inside the host's transaction, and hosts whose connections could not be rolled back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import Crm, LeadForm
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.errors import SchemaMismatch, StorageFailed

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_use_case_shares_the_fate_of_the_hosts_transaction(database_url: str) -> None:
    store = SqlStore(database_url)
    host = engine_for(database_url)
    for keep in (False, True):
        with host.connect() as connection:
            transaction = connection.begin()
            Crm(store=store.joined(connection)).leads.capture(LeadForm(name="张三", phones=["13800138000"]))
            if keep:
                transaction.commit()
            else:
                transaction.rollback()
        with store.begin(read_only=True) as uow:
            assert uow.leads.count() == int(keep)
    host.dispose()
    store.close()


def test_a_joined_store_reads_tells_and_leaves_the_connection_to_the_host(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url)
    host = engine_for(sqlite_url)
    with host.begin() as connection:
        joined = store.joined(connection)
        with joined.begin(read_only=True) as uow:
            assert uow.leads.count() == 0
        joined.close()
        assert not connection.closed
        assert joined.outbox is store.outbox
    host.dispose()
    store.close()


def test_a_connection_that_commits_by_itself_is_refused(postgres_schema: str) -> None:
    store = SqlStore(postgres_schema)
    host = sa.create_engine(postgres_schema, isolation_level="AUTOCOMMIT")
    careless = SqlStore(host)
    with pytest.raises(StorageFailed, match="without AUTOCOMMIT"), careless.begin():
        pass
    with host.connect() as connection, connection.begin():
        joining = store.join(connection)
        with pytest.raises(StorageFailed, match="AUTOCOMMIT"):
            joining.__enter__()
    host.dispose()
    store.close()


def test_a_store_that_cannot_be_opened_gives_its_connections_back(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch):
        SqlStore(f"sqlite:///{tmp_path / 'empty.db'}", create=False)


def test_an_engine_of_the_host_is_the_hosts_to_dispose_of(sqlite_url: str) -> None:
    host = engine_for(sqlite_url)
    SqlStore(host).close()
    with host.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM crm_leads").scalar() == 0
    host.dispose()
