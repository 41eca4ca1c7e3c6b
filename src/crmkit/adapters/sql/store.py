"""The store over SQLite or Postgres."""

import os
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.codec import Codec
from crmkit.adapters.crypto.encryption import Encryption
from crmkit.adapters.retrying import Retry
from crmkit.adapters.sql.connection import Connection, is_lost, translated
from crmkit.adapters.sql.database import KEY_FIELDS, Database
from crmkit.adapters.sql.engine import dialect_of, engine_for, namespace_of
from crmkit.adapters.sql.inbox import SqlInbox
from crmkit.adapters.sql.keys import KeyFunction
from crmkit.adapters.sql.mapping import Dialect
from crmkit.adapters.sql.migrations import migrate
from crmkit.adapters.sql.outbox import SqlOutbox
from crmkit.adapters.sql.parts import PartStatements
from crmkit.adapters.sql.row_security import ALL_TENANTS, protect, tenant_setting
from crmkit.adapters.sql.unit_of_work import SqlUnitOfWork
from crmkit.adapters.system import Uuid7
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.keys import KEYS_VERSION
from crmkit.errors import InvalidInput, StorageFailed
from crmkit.ports.clock import IdSource
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.rulebook import RuleBook

__all__ = ["SqlStore"]

T = TypeVar("T")


class SqlStore:
    """Keeps records in SQLite or Postgres through SQLAlchemy Core.

    Args:
        url: ``"sqlite:///crm.db"`` or ``"postgresql+psycopg://…"``, or a SQLAlchemy ``Engine`` of the host.
        custom: the fields that the host declares.
        book: the rule book that policies are decoded through.
        keys: the match keys of a record, kept for duplicate search; made of ``key_fields`` only.
        keys_version: rises whenever ``keys`` answers differently for the same record; then ``rekey``.
        create: make the tables, and bring an older schema up to date; otherwise an older one is refused.
        encryption: which fields are encrypted, and with whose keys; part of the database from its first day on.
        row_security: on Postgres, tables are made with row-level security for tenants, and every
            transaction says whose rows it works on.

    Raises:
        SchemaMismatch: the database is newer than this library, or older and ``create`` is false.
        StorageFailed: it cannot be reached.
    """

    def __init__(  # noqa: PLR0913 - all but the first have defaults that fit nearly everybody
        self,
        url: "str | sa.Engine",
        *,
        custom: CustomSchema | None = None,
        book: RuleBook | None = None,
        ids: IdSource | None = None,
        keys: KeyFunction = match_keys,
        key_fields: Collection[str] = KEY_FIELDS,
        keys_version: int = KEYS_VERSION,
        retry: Retry | None = None,
        create: bool = True,
        row_security: bool = False,
        encryption: Encryption | None = None,
    ) -> None:
        self._engine = url if isinstance(url, sa.Engine) else engine_for(url)
        self._own_engine = not isinstance(url, sa.Engine)
        self._dialect = dialect_of(self._engine)
        if row_security and self._dialect is not Dialect.POSTGRES:
            raise InvalidInput("is for Postgres only.", field="row_security", hint="Leave it out.")
        self._database = Database(
            self._dialect,
            schema=custom or CustomSchema(),
            codec=Codec(book),
            keys=keys,
            key_fields=key_fields,
            keys_version=keys_version,
            ids=ids or Uuid7(),
            namespace=namespace_of(self._engine),
            encryption=encryption,
        )
        self._parts = PartStatements(self._database)
        self._retry = retry or Retry(random=random.random, sleep=time.sleep)
        self._pid = os.getpid()
        self._generation = 0
        self._tenant_setting = self._database.statements.compile(tenant_setting()) if row_security else None
        made = protect if row_security else None
        try:
            tables = self._database.tables
            self._retry.call(lambda: migrate(self._engine, tables, create=create, made=made, keys_version=keys_version))
        except BaseException:
            self.close()
            raise
        self.outbox = SqlOutbox(self._database, self._transact)

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work in a transaction of its own; rolled back unless it was committed."""
        acting = acting or Acting()
        with self._connected(acting.tenant, read_only=read_only) as connection:
            uow = SqlUnitOfWork(self._database, self._parts, connection, _Own(connection), acting, read_only=read_only)
            try:
                yield cast(UnitOfWork, uow)
            finally:
                uow.close()

    @contextmanager
    def join(
        self, host: "sa.Connection", acting: Acting | None = None, *, read_only: bool = False
    ) -> Iterator[UnitOfWork]:
        """A unit of work inside the transaction that the host began on ``host``.

        Its ``commit`` releases a savepoint, so that its work shares the fate of the host's transaction;
        without it only its own work is rolled back. The host's transaction is never committed here.
        """
        if not host.in_transaction():
            raise StorageFailed("The host's connection is in no transaction.", hint="Begin one: connection.begin().")
        with closing(Connection(host.connection.dbapi_connection, self._dialect)) as connection:
            _refuse_autocommit(connection)
            _ensure_begun(connection)
            connection.execute("SAVEPOINT crm_unit_of_work")
            acting = acting or Acting()
            self._say_tenant(connection, acting.tenant)
            own = _Joined(connection)
            uow = SqlUnitOfWork(self._database, self._parts, connection, own, acting, read_only=read_only)
            try:
                yield cast(UnitOfWork, uow)
            finally:
                uow.close()

    def joined(self, host: "sa.Connection") -> Store:
        """A store whose units of work all join the transaction on ``host``, so that any use case runs inside it.

        It never tries again: a passing fault has spoilt the host's transaction, which only the host can repeat.
        """
        return cast(Store, _JoinedStore(self, host))

    def inbox(self) -> SqlInbox:
        """A channel that keeps what each member has been told in this database."""
        return SqlInbox(self._database, self._transact)

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in a unit of work that is committed; tried again when the store is busy."""

        def once() -> T:
            with self.begin(acting) as uow:
                result = work(uow)
                uow.commit()
                return result

        return self._retry.call(once)

    def scrub(self) -> None:
        """What was deleted or overwritten is no longer in the files of the database: run it after erasures.

        On SQLite the file is written anew and its journal emptied, which takes as long as copying it and waits
        for other writers. On Postgres dead rows are removed; their blocks and old log files are reused over time.

        Raises:
            StorageBusy: others use the database just now.
        """
        with (
            closing(self._pooled()) as pooled,
            closing(Connection(pooled.dbapi_connection, self._dialect)) as connection,
        ):
            if self._dialect is Dialect.SQLITE:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return
            driver = connection.driver
            driver.rollback()
            driver.autocommit = True
            try:
                connection.execute("VACUUM")
            finally:
                driver.autocommit = False

    def close(self) -> None:
        """Connections are given back; an engine that the host made stays the host's to dispose of."""
        if self._own_engine:
            self._engine.dispose()

    @contextmanager
    def _transact(self, tenant: str = ALL_TENANTS) -> Iterator[Connection]:
        with self._connected(tenant, read_only=False) as connection:
            transaction = _Own(connection)
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            transaction.commit()

    @contextmanager
    def _connected(self, tenant: str, *, read_only: bool) -> Iterator[Connection]:
        if os.getpid() != self._pid:
            # after a fork the pool's connections belong to the parent: leave them alone, do not close them
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        pooled = self._pooled()
        lost = True
        try:
            connection = Connection(pooled.dbapi_connection, self._dialect)
            try:
                _begin(connection, read_only=read_only)
                self._say_tenant(connection, tenant)
                yield connection
            finally:
                connection.close()
                lost = connection.lost
        finally:
            if lost:
                # what cut this one has most likely cut the idle ones too
                self._generation += 1
                pooled.invalidate()
            pooled.close()

    def _pooled(self) -> "sa.PoolProxiedConnection":
        """A connection that has not been idle since another one was lost."""
        try:
            while True:
                pooled = self._engine.raw_connection()
                if pooled.info.setdefault("crm_generation", self._generation) == self._generation:
                    return pooled
                pooled.invalidate()
                pooled.close()
        except Exception as error:
            raise _unreachable(error) from error

    def _say_tenant(self, connection: Connection, tenant: str) -> None:
        if self._tenant_setting is not None:
            connection.row(self._tenant_setting, (tenant,))


@frozen
class _JoinedStore:
    """Documented at ``ports.Store`` and ``SqlStore.joined``."""

    store: SqlStore
    host: "sa.Connection"

    @property
    def outbox(self) -> SqlOutbox:
        """Outside the host's transaction, like every outbox."""
        return self.store.outbox

    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A savepoint in the host's transaction."""
        return self.store.join(self.host, acting, read_only=read_only)

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in such a savepoint, once."""
        with self.begin(acting) as uow:
            result = work(uow)
            uow.commit()
            return result

    def close(self) -> None:
        """The connection is the host's."""


@frozen
class _Own:
    """A transaction that this unit of work began."""

    connection: Connection

    def commit(self) -> None:
        """COMMIT."""
        try:
            if self.connection.dialect is Dialect.SQLITE:
                self.connection.driver.execute("COMMIT")
            else:
                self.connection.driver.commit()
        except Exception as error:
            raise self.connection.failed(error, committing=True) from error

    def rollback(self) -> None:
        """ROLLBACK; a connection that is lost has nothing left to roll back."""
        try:
            self.connection.driver.rollback()
        except Exception as error:  # the fault that led here is the one to report
            if self.connection.failed(error) is error:
                raise


@frozen
class _Joined:
    """A savepoint in the host's transaction."""

    connection: Connection

    def commit(self) -> None:
        """Into the host's transaction."""
        self.connection.execute("RELEASE SAVEPOINT crm_unit_of_work")

    def rollback(self) -> None:
        """Back to where the host was."""
        self.connection.execute("ROLLBACK TO SAVEPOINT crm_unit_of_work")
        self.connection.execute("RELEASE SAVEPOINT crm_unit_of_work")


def _refuse_autocommit(connection: Connection) -> None:
    """On such a connection nothing could ever be rolled back."""
    if connection.dialect is Dialect.POSTGRES and getattr(connection.driver, "autocommit", False):
        raise StorageFailed("The connection commits by itself.", hint="Use an engine without AUTOCOMMIT.")


def _begin(connection: Connection, *, read_only: bool) -> None:
    _refuse_autocommit(connection)
    if connection.dialect is Dialect.SQLITE:
        # a deferred transaction that turns to writing later loses against every other writer
        connection.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
    elif read_only:
        connection.execute("SET TRANSACTION READ ONLY")


def _ensure_begun(connection: Connection) -> None:
    """SQLAlchemy leaves BEGIN to sqlite3, which waits for the first write; a savepoint must not be the outermost."""
    # under run_sync the connection is SQLAlchemy's bridge, and aiosqlite's own lies behind it
    driver = getattr(connection.driver, "driver_connection", connection.driver)
    if connection.dialect is Dialect.SQLITE and not driver.in_transaction:
        connection.execute("BEGIN IMMEDIATE")


def _unreachable(error: Exception) -> Exception:
    original: Any = getattr(error, "orig", None) or error
    mended = translated(original)
    if mended is original or is_lost(original):
        return StorageFailed("The store cannot be reached.", hint="Check its URL.")
    return mended
