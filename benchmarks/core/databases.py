"""The two databases that store lines run on, with the raw driver as a competent engineer would use it.

The raw side is given what crmkit has to work out: statement texts, and parameter tuples read back from a
database that crmkit wrote to. So both sides write the same rows, and raw is the physical limit.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from attrs import frozen
from psycopg.types.json import set_json_loads
from sqlalchemy.engine import make_url

from crmkit.adapters.sql import SqlStore
from harness import COMPUTING, WALL, Bench

__all__ = ["DATABASES", "Database", "Postgres", "Raw", "Sqlite", "insert_text", "store_at"]


@frozen
class Raw:
    """A driver's connection and one cursor on it."""

    connection: Any
    cursor: Any
    mark: str
    """How the driver writes a parameter."""
    begin_write: str
    """The statement that begins a transaction; empty where the driver begins by itself."""

    def begin(self, *, writing: bool = False) -> None:
        """A transaction has begun."""
        if self.begin_write:
            self.cursor.execute(self.begin_write if writing else "BEGIN")


class Sqlite:
    """A file with crmkit's own pragmas."""

    name = "SQLite"
    clock = COMPUTING

    def url(self, bench: Bench) -> str:
        return bench.sqlite_url()

    def instant(self, at: datetime) -> int:
        """``at`` as it stands in a column: microseconds."""
        return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def connect(self, bench: Bench, url: str, **_: object) -> Raw:
        connection = sqlite3.connect(make_url(url).database, isolation_level=None)
        bench.until_the_line_ends(connection.close)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA trusted_schema = OFF")
        return Raw(connection, connection.cursor(), "?", "BEGIN IMMEDIATE")


class Postgres:
    """A schema of a server that was started for the run; plain psycopg."""

    name = "Postgres"
    clock = WALL

    def url(self, bench: Bench) -> str:
        return bench.postgres_url()

    def instant(self, at: datetime) -> datetime:
        """``at`` as it stands in a column."""
        return at

    def connect(self, bench: Bench, url: str, *, json_as_text: bool = False) -> Raw:
        connection = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1))
        bench.until_the_line_ends(connection.close)
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()
        if json_as_text:
            # what is read can then be written as it is
            set_json_loads(bytes.decode, connection)
        return Raw(connection, connection.cursor(), "%s", "")


Database = Sqlite | Postgres
DATABASES: tuple[Database, ...] = (Sqlite(), Postgres())


def store_at(bench: Bench, url: str) -> SqlStore:
    """A store with its tables made, closed when the line ends."""
    store = SqlStore(url)
    bench.until_the_line_ends(store.close)
    return store


def insert_text(table: str, columns: Sequence[str], mark: str) -> str:
    """``INSERT`` of one row."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608
