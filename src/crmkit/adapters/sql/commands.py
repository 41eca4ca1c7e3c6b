"""Remembered answers in the database; documented at ``ports.Commands``."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from crmkit.adapters.sql.connection import Connection
from crmkit.adapters.sql.database import Database
from crmkit.adapters.sql.parts import PartStatements
from crmkit.adapters.sql.sealing import Seals
from crmkit.domain.plain import holding
from crmkit.errors import Conflict, Duplicate

__all__ = ["SqlCommands"]

T = TypeVar("T")


class SqlCommands:
    """Documented at ``ports.Commands``."""

    def __init__(
        self,
        database: Database,
        statements: PartStatements,
        connection: Connection,
        tenant: str,
        check_writable: Callable[[], None],
        seals: Seals | None,
    ) -> None:
        self._seals = seals
        self._codec = database.codec
        self._statements = statements
        self._connection = connection
        self._tenant = tenant
        self._check_writable = check_writable

    def recall(self, key: str, answer: type[T]) -> T | None:
        """The answer remembered under ``key``."""
        rows = self._connection.rows(self._statements.recall, {"tenant": self._tenant, "key": key})
        for name, body in rows:
            if name != _name_of(answer):
                raise Conflict("This idempotency key belongs to another command.", hint="Take a new key.", key=key)
            opened = body if self._seals is None else self._seals.open(body, "command", key)
            return None if opened is None else self._codec.loads(answer, opened)
        return None

    def remember(self, key: str, answer: object) -> None:
        """A repeat of ``key`` gets ``answer``."""
        self._check_writable()
        body = self._codec.dumps(answer)
        if self._seals is not None:
            owner = self._seals.owner("command", key)
            self._seals.prepare([owner])
            body = self._seals.seal(owner, body, "command", key)
        try:
            values = (self._tenant, key, _name_of(type(answer)), body)
            self._connection.run(self._statements.remember, values)
        except Duplicate as error:
            raise Duplicate("This idempotency key has an answer.", hint="Recall it first.", key=key) from error

    def forget(self, texts: Iterable[str], *, ids: Iterable[str] = ()) -> int:
        """Answers that hold one of ``texts`` or ``ids`` are gone."""
        self._check_writable()
        sought, statements = holding(texts, ids), self._statements.forgetting
        found = [
            key
            for key, body in self._connection.rows(statements.answers, {"tenant": self._tenant})
            if sought(self._opened(body, key))
        ]
        for key in found:
            self._connection.run(statements.forget, statements.forget.values({"tenant": self._tenant, "key": key}))
        return len(found)

    def _opened(self, body: str, key: str) -> Any:
        """The answer in JSON terms; nothing, where its key was destroyed."""
        opened = body if self._seals is None else self._seals.open(body, "command", key)
        return None if opened is None else json.loads(opened)


def _name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
