"""A store of each kind that is empty for every test, without making its tables anew."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.testing.postgres import PostgresServer, fresh_schema
from crmkit.testing.strategies import SCHEMA


class Database:
    """A database whose tables are made once and emptied often."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_for(url)
        self.store = SqlStore(self.engine, custom=SCHEMA)

    def emptied(self) -> SqlStore:
        metadata = self.store._database.tables.metadata
        with self.engine.begin() as connection:
            for table in metadata.tables.values():
                if table.name != "crm_schema":
                    connection.execute(table.delete())
        return self.store

    def reopened(self) -> SqlStore:
        """What another process would open."""
        return SqlStore(self.url, custom=SCHEMA)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('kit') / 'crm.db'}")
    yield database
    database.store.close()


@pytest.fixture(scope="module")
def postgres(postgres_server: PostgresServer) -> Iterator[Database]:
    database = Database(fresh_schema(postgres_server.url))
    yield database
    database.store.close()


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore(custom=SCHEMA)


@pytest.fixture
def sqlite_store(sqlite: Database) -> SqlStore:
    return sqlite.emptied()


@pytest.fixture
def postgres_store(postgres: Database) -> SqlStore:
    return postgres.emptied()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``any_store`` runs on each kind."""
    if "any_store" in metafunc.fixturenames:
        metafunc.parametrize("any_store", ["memory_store", "sqlite_store", "postgres_store"], indirect=True)


@pytest.fixture
def any_store(request: pytest.FixtureRequest):
    return request.getfixturevalue(request.param)
