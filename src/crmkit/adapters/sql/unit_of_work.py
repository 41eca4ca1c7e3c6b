"""A unit of work over one database transaction."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Protocol, TypeVar, cast

from crmkit.adapters.keyless import Keyless
from crmkit.adapters.sql.chain import SqlChain
from crmkit.adapters.sql.commands import SqlCommands
from crmkit.adapters.sql.connection import Connection
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.keys import SqlKeys
from crmkit.adapters.sql.parts import PartStatements, SqlPolicies, SqlTrail
from crmkit.adapters.sql.repository import SqlRepository
from crmkit.domain.change import Change, Record
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import StorageFailed
from crmkit.ports.store import REPOSITORIES, Repository

__all__ = ["SqlUnitOfWork", "Transaction"]

R = TypeVar("R", bound=Record)
_PLURALS = {cls: plural for plural, cls in REPOSITORIES.items()}


class Transaction(Protocol):
    """How a unit of work ends: its own transaction, or a savepoint in the host's."""

    def commit(self) -> None:
        """What was done stays."""
        ...

    def rollback(self) -> None:
        """What was done goes."""
        ...


class SqlUnitOfWork:
    """Documented at ``ports.UnitOfWork``; repositories are attributes named as in ``REPOSITORIES``."""

    def __init__(
        self,
        database: Database,
        parts: PartStatements,
        connection: Connection,
        transaction: Transaction,
        acting: Acting,
        *,
        read_only: bool,
    ) -> None:
        self.acting = acting
        self._database = database
        self._connection = connection
        self._transaction = transaction
        self._read_only = read_only
        self._broken = False
        tenant = acting.tenant
        self._seals = None if database.sealer is None else database.sealer.on(connection, tenant)
        self.keys = SqlKeys(database.keys, connection, tenant, self.check_writable, self._seals)
        self.trail = SqlTrail(database, parts, connection, acting, self.check_writable, self._seals)
        self.chain = SqlChain(database, parts.chain, connection, acting, self.check_writable)
        self.keyring = Keyless() if self._seals is None else self._seals.keyring
        self.policies = SqlPolicies(database, parts, connection, tenant, self.check_writable)
        self.commands = SqlCommands(database, parts, connection, tenant, self.check_writable, self._seals)

    def __getattr__(self, name: str) -> Any:
        """A repository, made when it is first asked for: most units of work use two or three of them."""
        cls = REPOSITORIES.get(name)
        if cls is None:
            raise AttributeError(name)
        queries = self._database.queries[cls]
        made: SqlRepository[Any] = SqlRepository(queries, self._connection, self.acting.tenant, self._seals)
        self.__dict__[name] = made
        return made

    def repository(self, cls: type[R]) -> Repository[R]:
        """The repository that holds ``cls``."""
        return cast(Repository[R], getattr(self, _PLURALS[cls]))

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written with their audit entries, set by set."""
        self.check_writable()
        try:
            for change in changes:
                after = change.after_or_none
                if after is not None and (change.before is None or after.custom is not change.before.custom):
                    self._database.schema.verify(after.entity, after.custom)
            for group in _rounds(changes):
                self._database.write(self._connection, self.acting, group, self._seals)
        except BaseException:
            self._broken = True
            raise

    def lock(self, *names: str) -> None:
        """Nobody else holds the names until the end; SQLite has one writer at a time anyway."""
        self.check_writable()
        take = self._database.advisory_locks
        if take is not None:
            numbers = sorted({_lock_number(self.acting.tenant, name) for name in names})
            self._connection.rows(take, {"numbers": numbers})

    def commit(self) -> None:
        """What was saved is durable, or part of the host's transaction."""
        self._connection.check()
        self._check_whole()
        self._connection.close_streams()
        self._transaction.commit()
        self._connection.open = False

    def rollback(self) -> None:
        """Nothing that was saved stays."""
        self._connection.check()
        self._connection.close_streams()
        self._connection.open = False
        self._transaction.rollback()

    def close(self) -> None:
        """The end of the block; not committed means rolled back."""
        if self._connection.open:
            self.rollback()

    def check_writable(self) -> None:
        """This unit of work may write."""
        self._connection.check()
        self._check_whole()
        if self._read_only:
            raise StorageFailed("This unit of work only reads.", hint="Begin one without read_only.")

    def _check_whole(self) -> None:
        if self._broken or self._connection.broken:
            raise StorageFailed("A write was refused in this unit of work.", hint="Roll back and begin a new one.")


def _rounds(changes: Sequence[Change[Any]]) -> list[list[Change[Any]]]:
    """Groups in which no record stands twice, so that each can be written set by set."""
    if len(changes) == 1:
        return [list(changes)]
    rounds: list[list[Change[Any]]] = []
    times: dict[tuple[str, str], int] = {}
    for change in changes:
        record = change.record
        key = record.entity, record.id
        place = times[key] = times.get(key, -1) + 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(change)
    return rounds


def _lock_number(tenant: str, name: str) -> int:
    """A 64-bit number for the name; two names that share one only wait for each other now and then."""
    digest = blake2b(f"{len(tenant)}:{tenant}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
