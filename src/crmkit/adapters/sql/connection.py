"""A raw cursor on a SQLAlchemy connection: statements are compiled once, rows come as the driver gives them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import sqlalchemy as sa
from attrs import define, field, frozen

from crmkit.adapters.sql.mapping import Dialect
from crmkit.errors import Duplicate, OutcomeUnknown, StorageBusy, StorageFailed

__all__ = ["MOST", "ZERO", "Connection", "Statement", "Statements", "is_lost", "translated"]

MOST = sa.bindparam("most", type_=sa.Integer)
"""How many rows at most, named at run time."""
ZERO: Any = sa.literal_column("0", sa.Integer)
"""Written out: where an offset is absent SQLite's dialect would bind one."""

_BUSY_STATES = {"40001", "40P01", "55P03", "57014"}
"""SQLSTATE: serialisation failure, deadlock, lock not available, query cancelled."""
_UNIQUE_STATE = "23505"
_LOST_STATES = ("08", "57P", "25P03")
"""SQLSTATE: connection exceptions, shut-downs, and a transaction that idled for too long."""
_SCANS = count(1)


@frozen
class Statement:
    """SQL text with the names of its parameters in the order the driver wants their values."""

    text: str
    names: Sequence[str]

    def values(self, values: Mapping[str, Any]) -> list[Any]:
        """``values`` in the driver's order."""
        return [values[name] for name in self.names]


class _BoundText(sa.Text):
    """Text parameters as TEXT: SQLAlchemy says VARCHAR, for which anybody who may create functions or operators in
    a schema of the search path could offer better fitting ones than those of Postgres itself (CVE-2018-1058).
    """

    render_bind_cast = True


class Statements:
    """Compiles SQLAlchemy statements for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        if dialect is Dialect.POSTGRES:
            from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

            self._dialect: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
            self._dialect.colspecs = {**PGDialect_psycopg.colspecs, sa.String: _BoundText}
        else:
            from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

            self._dialect = SQLiteDialect_pysqlite(paramstyle="qmark")

    def name_of(self, table: sa.Table) -> str:
        """The quoted name of ``table``, with its schema."""
        return self._dialect.identifier_preparer.format_table(table)

    def compile(self, statement: "sa.ClauseElement") -> Statement:
        """The text of ``statement``; every value in it must be a named ``bindparam`` or a constant of ours."""
        compiled: Any = statement.compile(dialect=self._dialect)
        unnamed = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
        if unnamed:
            raise TypeError(f"a value stands in the statement itself: {sorted(unnamed)}")
        return Statement(str(compiled), tuple(compiled.positiontup or ()))


@define
class Connection:
    """A driver connection inside a transaction, used by one thread."""

    driver: Any
    dialect: Dialect
    _cursor: Any = field(init=False)
    _thread: int = field(factory=threading.get_ident)
    open: bool = True
    broken: bool = False
    """Whether a statement failed: Postgres then takes no other, and its COMMIT would roll back without a word."""
    lost: bool = False
    """Whether the server is no longer there: nobody may use this connection again."""
    _streams: list[Any] = field(factory=list)
    """Cursors of scans; a scan that is not read to its end leaves its own behind."""

    def __attrs_post_init__(self) -> None:
        with self._failing():
            self._cursor = self.driver.cursor()

    @property
    def copies(self) -> bool:
        """Whether there is COPY: psycopg has it, SQLAlchemy's bridge to its async side has not."""
        return hasattr(self._cursor, "copy")

    def check(self) -> None:
        """This thread may use the connection now."""
        if self._thread != threading.get_ident():
            raise StorageFailed("A unit of work belongs to the thread that began it.", hint="Begin one here.")
        if not self.open:
            raise StorageFailed("This unit of work has ended.", hint="Begin a new one.")

    def close_streams(self) -> None:
        """Scans that were not read to their end are cut off: after the transaction the connection is somebody else's."""
        while self._streams:
            # on a lost connection there is nothing left to close; the end of the transaction reports it
            with suppress(Exception):
                self._streams.pop().close()

    def close(self) -> None:
        """The driver's connection is free for somebody else: no statement of ours is half read.

        A cursor that is left to the garbage collector resets its statement from whatever thread collects it, while
        another cursor may run that very statement out of the driver's cache; and until then an unread SELECT keeps
        the old snapshot, so that the next BEGIN IMMEDIATE on this connection fails at once.
        """
        self.close_streams()
        with suppress(Exception):
            self._cursor.close()

    def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows that ``statement`` gives."""
        self.check()
        try:
            self._cursor.execute(statement.text, statement.values(values))
            found: list[tuple[Any, ...]] = self._cursor.fetchall()
        except Exception as error:
            raise self.failed(error) from error
        return found

    def row(self, statement: Statement, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The one row, or ``None``; ``values`` are in the driver's order."""
        self.check()
        try:
            self._cursor.execute(statement.text, values)
            found: tuple[Any, ...] | None = self._cursor.fetchone()
        except Exception as error:
            raise self.failed(error) from error
        return found

    def run(self, statement: Statement, values: Sequence[Any]) -> int:
        """Run ``statement`` once; how many rows it touched."""
        self.check()
        try:
            self._cursor.execute(statement.text, values)
            touched: int = self._cursor.rowcount
        except Exception as error:
            raise self.failed(error) from error
        return touched

    def run_many(self, statement: Statement, values: Sequence[Sequence[Any]]) -> int:
        """Run ``statement`` for each of ``values``; how many rows were touched in all."""
        if len(values) == 1:
            return self.run(statement, values[0])
        self.check()
        try:
            self._cursor.executemany(statement.text, values)
        except Exception as error:
            raise self.failed(error) from error
        touched: int = self._cursor.rowcount
        return touched

    def stream(self, statement: Statement, values: Mapping[str, Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in pieces of ``size``, over a cursor of their own."""
        self.check()
        cursor = self._stream_cursor()
        try:
            with self._failing():
                cursor.execute(statement.text, statement.values(values))
            while True:
                self.check()
                with self._failing():
                    rows = cursor.fetchmany(size)
                if not rows:
                    return
                yield rows
        finally:
            if cursor in self._streams and self._thread == threading.get_ident():
                self._streams.remove(cursor)
                cursor.close()

    def _stream_cursor(self) -> Any:
        """A server-side cursor on Postgres, so that memory stays flat; SQLite reads as it goes anyway."""
        postgres = self.dialect is Dialect.POSTGRES
        # scans may run side by side, and the host may have joined units of work one inside the other
        cursor = self.driver.cursor(f"crm_scan_{next(_SCANS)}") if postgres else self.driver.cursor()
        self._streams.append(cursor)
        return cursor

    def execute(self, text: str) -> None:
        """Run a constant statement of ours that gives nothing: BEGIN, SAVEPOINT, PRAGMA."""
        try:
            self._cursor.execute(text)
        except Exception as error:
            raise self.failed(error) from error

    def copy(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """Load ``rows`` by Postgres COPY."""
        self.check()
        try:
            with self._cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        except Exception as error:
            raise self.failed(error) from error

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise self.failed(error) from error

    def failed(self, error: Exception, *, committing: bool = False) -> Exception:
        """The driver's ``error`` as one of ours, after which nothing here can be committed any more."""
        self.broken = True
        self.lost = self.lost or is_lost(error)
        return translated(error, committing=committing)


def translated(error: Exception, *, committing: bool = False) -> Exception:
    """The driver's ``error`` as one of ours; anything that is not the driver's passes as it is."""
    module = type(error).__module__.partition(".")[0]
    if module not in ("sqlite3", "psycopg"):
        return error
    state = getattr(error, "sqlstate", None) or ""
    name = getattr(error, "sqlite_errorname", "") or ""
    if state in _BUSY_STATES or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StorageBusy("The store is busy.", hint="Try again.", cause=state or name)
    if state == _UNIQUE_STATE or name in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"):
        return Duplicate("A value that must be unique is taken.", hint="Read what is there.", cause=state or name)
    if is_lost(error):
        if committing:
            return OutcomeUnknown(
                "The connection broke while committing.", hint="Look the idempotency key up, then try again."
            )
        # whatever was not committed is gone with it, so the whole unit of work may be tried on another one
        return StorageBusy("The connection was lost.", hint="Try again.", cause=state or name)
    # the driver's own text may quote values, so it stays in the chained cause only
    return StorageFailed(f"{type(error).__name__} from the store.", cause=state or name)


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone; psycopg gives no state where the server could not say why."""
    if type(error).__module__.partition(".")[0] != "psycopg":
        return False
    state: str = getattr(error, "sqlstate", None) or ""
    return state.startswith(_LOST_STATES) or (
        not state and type(error).__name__ in ("OperationalError", "InterfaceError")
    )
