"""Engines set up as crmkit needs them, and which dialect a host's own engine speaks."""

import sqlite3
import sys
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from crmkit.adapters.sql.mapping import Dialect
from crmkit.errors import InvalidInput, MissingExtra, StorageFailed

__all__ = ["dialect_of", "engine_for", "namespace_of"]

LOCK_TIMEOUT_MS = 30_000
"""How long a writer waits for another one."""


def engine_for(url: str) -> "sa.Engine":
    """An engine for ``url`` with a pool of connections, none of them opened yet.

    Raises:
        InvalidInput: not a URL of SQLite or Postgres.
        MissingExtra: psycopg is not installed.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise InvalidInput("is not a database URL.", field="url", hint="Use for example sqlite:///crm.db.") from error
    if parsed.get_backend_name() == "postgresql":
        try:
            engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), max_overflow=20)
        except ImportError as error:
            raise MissingExtra.named("postgres", package="psycopg") from error
        sa.event.listen(engine, "connect", _prepare_postgres)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise InvalidInput(
            f"{parsed.get_backend_name()} is not supported.", field="url", hint="Use SQLite or Postgres."
        )
    in_memory = parsed.database in (None, "", ":memory:")
    if in_memory:
        raise InvalidInput(
            "an SQLite database in memory is not shared.", field="url", hint="Use a file, or crmkit's MemoryStore."
        )
    engine = sa.create_engine(parsed, connect_args={"timeout": LOCK_TIMEOUT_MS / 1000, "check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def dialect_of(engine: "sa.Engine") -> Dialect:
    """The dialect of a host's engine.

    Raises:
        InvalidInput: neither SQLite nor Postgres with psycopg 3.
    """
    name, driver = engine.dialect.name, engine.dialect.driver
    if name == "sqlite" and driver == "pysqlite":
        return Dialect.SQLITE
    if name == "postgresql" and driver == "psycopg":
        return Dialect.POSTGRES
    raise InvalidInput(f"{name}+{driver} is not supported.", field="engine", hint="Use SQLite or postgresql+psycopg.")


def namespace_of(engine: "sa.Engine") -> str | None:
    """The schema that the connections of ``engine`` create tables in; ``None`` for SQLite, which has no schemas.

    Raises:
        StorageFailed: the database cannot be reached, or no schema of the search path exists.
    """
    if engine.dialect.name == "sqlite":
        return None
    try:
        with engine.connect() as connection:
            found: str | None = connection.execute(sa.select(sa.func.current_schema())).scalar()
    except sa.exc.DBAPIError as error:
        raise StorageFailed("The store cannot be reached.", hint="Check its URL.") from error
    if found is None:
        raise StorageFailed("No schema of the search path exists.", hint="Create one, or mend the search path.")
    return found


def _prepare_sqlite(driver: Any, _record: object) -> None:
    driver.isolation_level = None  # transactions begin when we say so
    if sys.version_info >= (3, 12):
        driver.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)
    cursor = driver.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.close()


def _prepare_postgres(driver: Any, _record: object) -> None:
    autocommit, driver.autocommit = driver.autocommit, True
    cursor = driver.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", (str(LOCK_TIMEOUT_MS),))
    cursor.close()
    driver.autocommit = autocommit
