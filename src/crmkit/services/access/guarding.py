"""A store whose units of work know nothing but what whoever acts may see, and write nothing but what they may.

It wraps any store. The rights are read when a unit of work begins, in its own transaction, so who was
shut out a moment ago gets nothing from the next one. The system, the host's services and everybody
where no ``AccessPolicy`` is in force get the store's own units of work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, TypeVar, cast

from crmkit.domain.change import Change, Record
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import NotAllowed
from crmkit.ports.clock import Clock
from crmkit.ports.outbox import Outbox
from crmkit.ports.policies import PolicyStore
from crmkit.ports.store import REPOSITORIES, Repository, Store, UnitOfWork
from crmkit.rules.access import Verb
from crmkit.rules.policy import Policy
from crmkit.services.access.reading import GuardedRepository, GuardedTrail
from crmkit.services.access.rights import Rights, rights_of
from crmkit.services.access.writing import allowed, refuse_strays

__all__ = ["guarded"]

T = TypeVar("T")
R = TypeVar("R", bound=Record)
POLICY = "policy"
"""What adopting policies needs ``administer`` of; only a grant that names no entity gives it."""


def guarded(store: Store, clock: Clock) -> Store:
    """``store`` as whoever acts may see and change it."""
    return cast(Store, _Guarded(store, clock))


class _Guarded:
    """Documented at ``ports.Store``."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def outbox(self) -> Outbox:
        """Notices of all; a unit of work of the host relays them."""
        return self._store.outbox

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work of ``acting``, with the rights that they have now."""
        with self._store.begin(acting, read_only=read_only) as uow:
            yield self._of(uow)

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in such a unit of work; a refusal rolls all of it back."""

        def once(uow: UnitOfWork) -> T:
            unit: Any = self._of(uow)
            result = work(unit)
            if type(unit) is _Unit:
                unit.refuse_what_was_refused()
            return result

        return self._store.run(once, acting)

    def close(self) -> None:
        """Connections are given back."""
        self._store.close()

    def _of(self, uow: UnitOfWork) -> UnitOfWork:
        rights = rights_of(uow, self._clock.now())
        return uow if rights is None else cast(UnitOfWork, _Unit(uow, rights))


class _Unit:
    """Documented at ``ports.UnitOfWork``."""

    def __init__(self, uow: UnitOfWork, rights: Rights) -> None:
        self.acting = uow.acting
        self._uow = uow
        self._rights = rights
        self._by_class: dict[type[Record], GuardedRepository[Any]] = {}
        self._refused: NotAllowed | None = None
        for plural, cls in REPOSITORIES.items():
            self._by_class[cls] = GuardedRepository(cls, rights)
            setattr(self, plural, self._by_class[cls])
        self.trail = GuardedTrail(rights)
        self.policies = _Policies(uow, rights)
        self.keys = _Keys(uow, rights)
        self.commands = _Closed("The answers of commands are not yours to read.")

    def repository(self, cls: type[R]) -> Repository[R]:
        """The guarded repository that holds ``cls``."""
        return cast(Repository[R], self._by_class[cls])

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written as far as they are the member's to make; otherwise nothing of this unit of work is.

        Raises:
            NotFound: a record is out of reach.
            NotAllowed: it may be seen, but that may not be done with it.
        """
        try:
            laid = allowed(self._rights, changes)
            self._uow.save(*laid)
            refuse_strays(self._rights, laid)
        except NotAllowed as refusal:
            self._refused = refusal
            raise

    def lock(self, *names: str) -> None:
        """As the store does."""
        self._uow.lock(*names)

    def commit(self) -> None:
        """Everything saved is durable; after a refusal there is nothing to commit.

        Raises:
            NotAllowed: a save was refused.
        """
        self.refuse_what_was_refused()
        self._uow.commit()

    def refuse_what_was_refused(self) -> None:
        """Whoever swallowed a refusal commits nothing."""
        if self._refused is not None:
            raise NotAllowed("A save was refused in this unit of work.", hint="Begin a new one.") from self._refused

    def rollback(self) -> None:
        """Nothing of this unit of work is written."""
        self._uow.rollback()


class _Policies:
    """Policies, for those who administer everything."""

    def __init__(self, uow: UnitOfWork, rights: Rights) -> None:
        self._uow = uow
        self._rights = rights

    def put(self, policy: Policy) -> None:
        """A new version."""
        self._ours().put(policy)

    def in_force(self, cls: type[Any], at: datetime, *, id: str = "") -> Any:
        """The policy in force."""
        return self._ours().in_force(cls, at, id=id)

    def all_in_force(self, cls: type[Any], at: datetime) -> Sequence[Any]:
        """Of every id the one in force."""
        return self._ours().all_in_force(cls, at)

    def versions(self, cls: type[Any], id: str) -> Sequence[Any]:
        """All versions."""
        return self._ours().versions(cls, id)

    def _ours(self) -> PolicyStore:
        if not self._rights.may_some(POLICY, Verb.ADMINISTER):
            raise NotAllowed("Policies are not yours to read or change.", hint="It needs administer of everything.")
        return self._uow.policies


class _Keys:
    """Look-up by match keys, of records within reach whose fields are all seen."""

    def __init__(self, uow: UnitOfWork, rights: Rights) -> None:
        self._uow = uow
        self._rights = rights

    def find(self, keys: Iterable[str], *, limit: int = 50) -> Mapping[str, Sequence[Ref]]:
        """For each key that is known, records within reach that have it."""
        found = self._uow.keys.find(keys, limit=limit)
        refs = {ref for each in found.values() for ref in each}
        known: set[Ref] = set()
        for entity in sorted({ref.entity for ref in refs}):
            if self._rights.sees_all(entity):
                ids = [ref.id for ref in refs if ref.entity == entity]
                known |= {record.ref for record in self._rights.within(entity, Verb.READ, ids).values()}
        within = {key: [ref for ref in each if ref in known] for key, each in found.items()}
        return {key: each for key, each in within.items() if each}

    def __getattr__(self, name: str) -> NoReturn:
        raise NotAllowed("The index of keys is the system's.", hint="Only find is yours.", name=name)


class _Closed:
    """A part of a unit of work that is the system's."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> NoReturn:
        raise NotAllowed(self._why, hint="Ask for the use case.", name=name)
