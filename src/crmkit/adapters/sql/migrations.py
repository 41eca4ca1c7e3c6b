"""The schema and its numbered upgrades: each runs once, in the transaction that records its number."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from crmkit.adapters.sql.connection import translated
from crmkit.adapters.sql.tables import Tables
from crmkit.domain.values.keys import KEYS_VERSION
from crmkit.errors import SchemaMismatch

__all__ = ["UPGRADES", "Upgrade", "migrate"]

Upgrade = Callable[[sa.Connection, Tables], None]
"""Brings a database one number on; runs inside a transaction and must not commit."""

UPGRADES: Sequence[Upgrade] = ()
"""Upgrades in order: the first takes a database from schema 1 to 2. Append, never change one that was released."""

LOCK = 0x63726D6B6974  # "crmkit", so that two processes that open a database do not both create it


def migrate(
    engine: sa.Engine,
    tables: Tables,
    *,
    create: bool,
    upgrades: Sequence[Upgrade] | None = None,
    made: Upgrade | None = None,
    keys_version: int = KEYS_VERSION,
) -> None:
    """The database has the newest schema; ``made`` runs in the transaction that makes it from nothing,
    for match keys of ``keys_version``.

    Raises:
        SchemaMismatch: it is newer than this library, or older (or empty) and ``create`` is false.
    """
    steps = UPGRADES if upgrades is None else upgrades
    newest = 1 + len(steps)
    try:
        found = _version_if_current(engine, tables)
        if found == newest:
            _check_sealing(engine, tables)
            return
        with engine.connect() as connection:
            _begin_exclusively(connection)
            found = _version(connection, tables)
            if found is not None and found > newest:
                raise SchemaMismatch(
                    f"The database has schema {found}, this crmkit knows {newest}.", hint="Upgrade crmkit."
                )
            if not create and found != newest:
                raise SchemaMismatch(
                    f"The database has schema {found or 0}, this crmkit needs {newest}.",
                    hint="Open it with create=True.",
                )
            _bring_on(connection, tables, found, steps, keys_version)
            if found is None and made is not None:
                made(connection, tables)
            _commit(connection)
    except sa.exc.DBAPIError as error:
        raise translated(error.orig) from error  # type: ignore[arg-type]


def _version_if_current(engine: sa.Engine, tables: Tables) -> int | None:
    with engine.connect() as connection:
        found = _version(connection, tables)
        connection.rollback()
        return found


def _check_sealing(engine: sa.Engine, tables: Tables) -> None:
    with engine.connect() as connection:
        found = connection.execute(sa.select(tables.schema.c.sealed)).scalar()
        connection.rollback()
    if found != tables.sealing:
        hint = "Open it with the encryption that it was made with, or move its records to a new database."
        raise SchemaMismatch("Other fields are encrypted in the database than here.", hint=hint)


def _version(connection: sa.Connection, tables: Tables) -> int | None:
    if not sa.inspect(connection).has_table(tables.schema.name, schema=tables.schema.schema):
        return None
    return connection.execute(sa.select(tables.schema.c.version)).scalar()


def _bring_on(
    connection: sa.Connection, tables: Tables, found: int | None, steps: Sequence[Upgrade], keys_version: int
) -> None:
    if found is None:
        tables.metadata.create_all(connection)
        newest = {"version": 1 + len(steps), "keys": keys_version, "sealed": tables.sealing}
        connection.execute(tables.schema.insert().values(newest))
        return
    for upgrade in steps[found - 1 :]:
        upgrade(connection, tables)
    connection.execute(tables.schema.update().values(version=1 + len(steps)))


def _begin_exclusively(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def _commit(connection: sa.Connection) -> None:
    # sqlite3 does not know of the transaction we began by hand, SQLAlchemy's commit would pass it by
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
    connection.commit()
