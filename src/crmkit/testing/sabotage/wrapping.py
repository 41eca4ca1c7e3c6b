"""A store around another store that passes everything on: a saboteur overrides the one thing it breaks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, cast

from crmkit.domain.change import Change, Record
from crmkit.domain.stewardship.audit import Acting
from crmkit.ports.outbox import Outbox
from crmkit.ports.store import REPOSITORIES, Repository, Store, UnitOfWork

__all__ = ["Passing", "WrappedStore", "WrappedUnitOfWork"]

T = TypeVar("T")


class Passing:
    """Anything, passed on to what is inside."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)


class WrappedUnitOfWork(Passing):
    """A unit of work whose parts pass through the hooks of its store."""

    def __init__(self, inside: UnitOfWork, store: "WrappedStore") -> None:
        super().__init__(inside)
        self.store = store

    def __getattr__(self, name: str) -> Any:
        part = getattr(self.inside, name)
        if name in REPOSITORIES:
            return self.store.repository(REPOSITORIES[name], part, self)
        if name in ("keys", "trail", "policies", "commands"):
            return self.store.part(name, part, self)
        return part

    def repository(self, cls: type[Record]) -> Any:
        """The repository, through the hook."""
        return self.store.repository(cls, self.inside.repository(cls), self)

    def save(self, *changes: Change[Any]) -> None:
        """The changes, through the hook."""
        self.store.save(self, changes)

    def lock(self, *names: str) -> None:
        """The names, through the hook."""
        self.store.lock(self, names)


class WrappedStore:
    """A store with a hook for each thing that a saboteur may want to break; by itself it breaks nothing."""

    caught_by = ""
    """The check of ``StoreContract`` that must see it."""

    def __init__(self, inside: Store) -> None:
        self.inside = inside
        self.outbox: Outbox = cast(Outbox, self.wrapped_outbox(inside.outbox))

    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work, wrapped."""
        return self._begin(self.acting(acting or Acting()), self.read_only(read_only))

    @contextmanager
    def _begin(self, acting: Acting, read_only: bool) -> Iterator[UnitOfWork]:  # noqa: FBT001 - passed on
        with self.inside.begin(acting, read_only=read_only) as uow:
            wrapped = cast(UnitOfWork, WrappedUnitOfWork(uow, self))
            try:
                yield wrapped
            finally:
                self.ending(wrapped)

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """The work, wrapped, under the inner store's own retries."""
        return self.inside.run(
            lambda uow: work(cast(UnitOfWork, WrappedUnitOfWork(uow, self))), self.acting(acting or Acting())
        )

    def close(self) -> None:
        """The inner store is closed."""
        self.inside.close()

    # --- the hooks ----------------------------------------------------------------------------------

    def acting(self, acting: Acting) -> Acting:
        """Who acts, as the inner store is told."""
        return acting

    def read_only(self, read_only: bool) -> bool:  # noqa: FBT001 - passed on
        """Whether the inner unit of work only reads."""
        return read_only

    def ending(self, uow: UnitOfWork) -> None:
        """The block of a unit of work is about to end."""

    def save(self, uow: "WrappedUnitOfWork", changes: tuple[Change[Any], ...]) -> None:
        """Changes are saved."""
        uow.inside.save(*changes)

    def lock(self, uow: "WrappedUnitOfWork", names: tuple[str, ...]) -> None:
        """Names are locked."""
        uow.inside.lock(*names)

    def repository(self, cls: type[Record], inside: Repository[Any], uow: "WrappedUnitOfWork") -> Any:  # noqa: ARG002
        """What reads go through."""
        return inside

    def part(self, name: str, inside: Any, uow: "WrappedUnitOfWork") -> Any:  # noqa: ARG002 - for those who need them
        """What ``keys``, ``trail``, ``policies`` or ``commands`` go through."""
        return inside

    def wrapped_outbox(self, inside: Outbox) -> Any:
        """What the outbox goes through."""
        return inside
