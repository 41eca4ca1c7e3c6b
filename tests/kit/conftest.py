"""A store of each kind that is empty for every test, without making its tables anew."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.testing.postgres import PostgresServer, fresh_schema
from crmkit.testing.strategies import SCHEMA

NOTES = sa.Table("host_notes", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


class Database:
    """A database whose tables are made once and emptied often."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_for(url)
        self.store = SqlStore(self.engine, custom=SCHEMA)

    def emptied(self) -> SqlStore:
        tables = self.store._database.tables.metadata.tables.values()
        with self.engine.begin() as connection:
            for table in tables:
                if table.name != "crm_schema":
                    connection.execute(table.delete())
        return self.store

    def closed(self) -> None:
        self.engine.dispose()

    def reopened(self) -> SqlStore:
        """What another process would open."""
        return SqlStore(self.url, custom=SCHEMA)


class EngineHost:
    """A host with an engine of its own making, a table beside crmkit's, and a time zone that is not ours."""

    def __init__(self, database: Database) -> None:
        self.engine = sa.create_engine(database.engine.url)
        if database.engine.dialect.name == "postgresql":
            sa.event.listen(self.engine, "connect", lambda driver, _: _set_zone(driver))
        database.emptied()
        NOTES.drop(self.engine, checkfirst=True)
        NOTES.create(self.engine)
        self.store = SqlStore(self.engine, custom=SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            connection.begin()
            yield connection

    def commit(self, connection: sa.Connection) -> None:
        connection.commit()

    def join(self, connection: sa.Connection):
        return self.store.join(connection)

    def write(self, connection: sa.Connection, text: str) -> None:
        connection.execute(NOTES.insert().values(text=text))

    def written(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(NOTES.c.text).order_by(NOTES.c.id)).scalars())


class SessionHost(EngineHost):
    """A host that works with an ORM session."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            session.begin()
            yield session

    def join(self, connection: Session):
        return self.store.join(connection.connection() if connection.in_transaction() else connection)


def _set_zone(driver) -> None:
    driver.autocommit = True
    driver.execute("SET TIME ZONE 'Asia/Kathmandu'")
    driver.autocommit = False


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('kit') / 'crm.db'}")
    yield database
    database.closed()


@pytest.fixture(scope="module")
def postgres(postgres_server: PostgresServer) -> Iterator[Database]:
    database = Database(fresh_schema(postgres_server.url))
    yield database
    database.closed()


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore(custom=SCHEMA)


@pytest.fixture
def sqlite_store(sqlite: Database) -> SqlStore:
    return sqlite.emptied()


@pytest.fixture
def postgres_store(postgres: Database) -> SqlStore:
    return postgres.emptied()


@pytest.fixture
def sqlite_host(sqlite: Database) -> Iterator[EngineHost]:
    yield from _hosted(EngineHost(sqlite))


@pytest.fixture
def postgres_host(postgres: Database) -> Iterator[EngineHost]:
    yield from _hosted(EngineHost(postgres))


@pytest.fixture
def sqlite_session_host(sqlite: Database) -> Iterator[SessionHost]:
    yield from _hosted(SessionHost(sqlite))


@pytest.fixture
def postgres_session_host(postgres: Database) -> Iterator[SessionHost]:
    yield from _hosted(SessionHost(postgres))


def _hosted(host: EngineHost) -> Iterator[EngineHost]:
    yield host
    host.engine.dispose()
