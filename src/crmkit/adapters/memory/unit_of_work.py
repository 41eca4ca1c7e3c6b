"""A unit of work over the memory state: writes in place, and takes back what was not committed."""

import threading
import warnings
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import attrs

from crmkit.adapters.keyless import Keyless
from crmkit.adapters.memory.chain import MemoryChain
from crmkit.adapters.memory.history import MemoryCommands, MemoryTrail
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.memory.state import Delivery, MemoryState, Undo, holds
from crmkit.adapters.recording import Recorded, Recorder
from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.ids import EventId, Ref
from crmkit.domain.stewardship.audit import Acting, AuditEntry
from crmkit.errors import Conflict, Duplicate, OutdatedKeys, StaleVersion, StorageFailed
from crmkit.ports.candidates import KeyEntry
from crmkit.ports.store import REPOSITORIES, Repository
from crmkit.rules.policy import Policy, highest_in_force

__all__ = ["MemoryUnitOfWork"]

R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Policy)

_PLURALS = {cls: plural for plural, cls in REPOSITORIES.items()}


class VersionedKeys(NamedTuple):
    """A key function and its version."""

    of: Callable[[Record], Sequence[str]]
    version: int


class MemoryUnitOfWork:
    """Documented at ``ports.UnitOfWork``; repositories are attributes named as in ``REPOSITORIES``."""

    def __init__(
        self,
        state: MemoryState,
        acting: Acting,
        catalogues: Mapping[type[Record], FieldCatalogue],
        schema: CustomSchema,
        recorder: Recorder,
        keys: VersionedKeys,
        read_only: bool,  # noqa: FBT001 - the store passes it on
    ) -> None:
        self.acting = acting
        self._state = state
        self._schema = schema
        self._recorder = recorder
        self.keys_made_by = keys
        self._keys_of = keys.of
        self._undo = Undo()
        self._thread = threading.get_ident()
        self._read_only = read_only
        self._open = True
        self._broken = False
        for plural, cls in REPOSITORIES.items():
            setattr(self, plural, MemoryRepository(cls, self._reader(cls.entity), catalogues[cls]))
        self.keys = MemoryKeys(self)
        self.trail = MemoryTrail(self)
        self.chain = MemoryChain(self)
        self.keyring = Keyless()
        self.policies = MemoryPolicies(self)
        self.commands = MemoryCommands(self)

    def repository(self, cls: type[R]) -> Repository[R]:
        """The repository that holds ``cls``."""
        return cast(Repository[R], getattr(self, _PLURALS[cls]))

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written with their audit entries."""
        state = self.writable()
        try:
            for change in changes:
                self._check(change)
            # what the caller did wrong is told before what others did meanwhile
            recorded = [self._recorder.record(change) for change in changes]
            for change, entries in zip(changes, recorded, strict=True):
                self._write(change)
                self._index(change)
                self._record(state, change, entries)
        except BaseException:
            self._broken = True
            raise

    def lock(self, *names: str) -> None:  # noqa: ARG002 - one unit of work at a time
        """Held already: there is one unit of work at a time."""
        self.writable()

    def commit(self) -> None:
        """What was saved stays."""
        self.readable()
        self._check_whole()
        self._undo.forget()
        self._open = False

    def rollback(self) -> None:
        """What was saved is taken back."""
        self.readable()
        self._undo.all()
        self._open = False

    def close(self) -> None:
        """The end of the block; not committed means taken back."""
        if self._open:
            self.rollback()

    def readable(self) -> MemoryState:
        """The state, unless this unit of work has ended or belongs to another thread."""
        if self._thread != threading.get_ident():
            raise StorageFailed("A unit of work belongs to the thread that began it.", hint="Begin one here.")
        if not self._open:
            raise StorageFailed("This unit of work has ended.", hint="Begin a new one.")
        return self._state

    def writable(self) -> MemoryState:
        """The state, unless a write was refused before."""
        state = self.readable()
        self._check_whole()
        if self._read_only:
            raise StorageFailed("This unit of work only reads.", hint="Begin one without read_only.")
        return state

    def refused(self, error: Conflict) -> Conflict:
        """``error``, after which this unit of work can only be rolled back, as in a database."""
        self._broken = True
        return error

    def _check_whole(self) -> None:
        if self._broken:
            raise StorageFailed("A write was refused in this unit of work.", hint="Roll back and begin a new one.")

    @property
    def recorder(self) -> Recorder:
        """What turns values into JSON terms."""
        return self._recorder

    @property
    def undo(self) -> Undo:
        """Where what is written is noted, to be taken back."""
        return self._undo

    def _reader(self, entity: str) -> Callable[[], Mapping[str, Any]]:
        return lambda: self.readable().records[self.acting.tenant, entity]

    def _check(self, change: Change[Any]) -> None:
        after = change.after_or_none
        if after is not None and (change.before is None or after.custom is not change.before.custom):
            self._schema.verify(after.entity, after.custom)

    def _write(self, change: Change[Any]) -> None:
        before, after = change.before, change.after_or_none
        record = change.record
        records = self._state.records[self.acting.tenant, record.entity]
        stored = records.get(record.id)
        if before is None:
            if stored is not None:
                raise Duplicate(f"{record.ref} exists.", hint="Take a new id.", id=record.id)
        elif stored is None or stored.version != before.version:
            raise StaleVersion(
                f"{record.ref} changed since it was read.", hint="Read it again.", id=record.id, version=before.version
            )
        if after is None:
            self._undo.delete(records, record.id)
        else:
            self._undo.set(records, record.id, after)

    def _index(self, change: Change[Any]) -> None:
        old = set(self._keys_of(change.before)) if change.before is not None else set()
        new = set(self._keys_of(change.after_or_none)) if change.after_or_none is not None else set()
        name = (change.record.id, change.record.entity)
        self.remove_keys(old - new, name)
        self.add_keys(new - old, name)

    def remove_keys(self, keys: Iterable[str], name: tuple[str, str]) -> None:
        """The record (id, entity) is no longer found by ``keys``."""
        for key in keys:
            holders = self._state.keys[self.acting.tenant, key]
            if holds(holders, name):
                del holders[bisect_left(holders, name)]
                self._undo.then(partial(insort, holders, name))

    def add_keys(self, keys: Iterable[str], name: tuple[str, str]) -> None:
        """The record (id, entity) is found by ``keys``."""
        tenant, versions = self.acting.tenant, self._state.keys_versions
        for key in keys:
            if tenant not in versions:
                self._undo.set(versions, tenant, self.keys_made_by.version)
            holders = self._state.keys[tenant, key]
            if not holds(holders, name):
                insort(holders, name)
                self._undo.then(partial(holders.remove, name))

    def _record(self, state: MemoryState, change: Change[Any], entries_of_it: Sequence[Recorded]) -> None:
        for recorded in entries_of_it:
            # positions are never used twice, also not after a rollback: gaps mean nothing
            state.position += 1
            entry = self._entry(recorded, change, state.position)
            entries = state.entries[self.acting.tenant]
            entries.append(entry)
            self._undo.then(entries.pop)
            if recorded.told:
                self._undo.set(state.deliveries, entry.id, Delivery(entry, entry.at))

    def _entry(self, recorded: Recorded, change: Change[Any], position: int) -> AuditEntry:
        record = change.record
        return AuditEntry(
            id=EventId(f"{position:020d}"),
            position=position,
            record=record.ref,
            version=record.version,
            type=recorded.type,
            at=recorded.at,
            acting=self.acting,
            changed={name: (was, is_) for name, (was, is_) in recorded.changed.items()},
            data=recorded.data,
            recipients=recorded.recipients,
        )

    def records_as_of(self, cls: type[R], moments: Mapping[str, datetime]) -> dict[str, R]:
        """Each record as it was at its moment."""
        rows = self.readable().records[self.acting.tenant, cls.entity]
        later: dict[str, list[Mapping[str, Any]]] = {id: [] for id in moments}
        for entry in reversed(self.readable().entries[self.acting.tenant]):
            at = moments.get(entry.record.id) if entry.record.entity == cls.entity else None
            if at is not None and entry.at > at and entry.changed:
                later[entry.record.id].append(entry.changed)
        found = {id: cast(R | None, self._recorder.as_of(cls, rows.get(id), later[id])) for id in moments}
        return {id: was for id, was in found.items() if was is not None and was.created_at <= moments[id]}


@attrs.frozen
class MemoryKeys:
    """Documented at ``ports.CandidateIndex``."""

    _uow: MemoryUnitOfWork

    def find(self, keys: Iterable[str], *, limit: int = 50) -> Mapping[str, Sequence[Ref]]:
        """The records that have each key."""
        index, tenant = self._uow.readable().keys, self._uow.acting.tenant
        if self.outdated():
            warnings.warn(OutdatedKeys.between(self._stored(), self._uow.keys_made_by.version), stacklevel=2)
        found = {key: index.get((tenant, key), [])[:limit] for key in keys}
        return {key: [Ref(entity=entity, id=id) for id, entity in names] for key, names in found.items() if names}

    def outdated(self) -> bool:
        """Whether another version made the tenant's keys."""
        return self._stored() != self._uow.keys_made_by.version

    def _stored(self) -> int:
        return self._uow.readable().keys_versions.get(self._uow.acting.tenant, self._uow.keys_made_by.version)

    def of(self, record: Record) -> Sequence[str]:
        """The keys of ``record``."""
        return self._uow.keys_made_by.of(record)

    def add(self, records: Iterable[Record]) -> None:
        """Each is found by all of its keys."""
        self._uow.writable()
        for record in records:
            self._uow.add_keys(self.of(record), (record.id, record.entity))

    def entries(self, *, after: KeyEntry | None = None, limit: int = 1_000) -> Sequence[KeyEntry]:
        """The tenant's keys behind ``after``."""
        tenant = self._uow.acting.tenant
        index = self._uow.readable().keys
        names = sorted((key, id, entity) for (of, key), held in index.items() if of == tenant for id, entity in held)
        start = 0 if after is None else bisect_right(names, (after.key, after.record.id, after.record.entity))
        return [KeyEntry(key, Ref(entity=entity, id=id)) for key, id, entity in names[start : start + limit]]

    def remove(self, entries: Iterable[KeyEntry]) -> None:
        """Records are no longer found by these keys."""
        self._uow.writable()
        for key, record in entries:
            self._uow.remove_keys([key], (record.id, record.entity))

    def settle(self) -> None:
        """The tenant's keys count as of the store's own version."""
        versions = self._uow.writable().keys_versions
        self._uow.undo.set(versions, self._uow.acting.tenant, self._uow.keys_made_by.version)


@attrs.frozen
class MemoryPolicies:
    """Documented at ``ports.PolicyStore``."""

    _uow: MemoryUnitOfWork

    def put(self, policy: Policy) -> None:
        """A new version is stored."""
        policies = self._uow.writable().policies
        key = (self._uow.acting.tenant, policy.kind, policy.id, policy.version)
        if key in policies:
            raise self._uow.refused(Duplicate(f"{policy.ref} exists.", hint="Raise its version."))
        self._uow.undo.set(policies, key, policy)

    def in_force(self, cls: type[P], at: datetime, *, id: str = "") -> P | None:
        """The policy in force at ``at``."""
        known = [policy for policy in self._all(cls) if policy.in_force(at) and id in ("", policy.id)]
        return min(known, key=lambda policy: (policy.id, -policy.version), default=None)

    def all_in_force(self, cls: type[P], at: datetime) -> Sequence[P]:
        """The highest version in force of every id."""
        return highest_in_force(self._all(cls), at)

    def versions(self, cls: type[P], id: str) -> Sequence[P]:
        """All versions, oldest first."""
        return sorted((policy for policy in self._all(cls) if policy.id == id), key=lambda policy: policy.version)

    def _all(self, cls: type[P]) -> list[P]:
        tenant = self._uow.acting.tenant
        policies = self._uow.readable().policies.items()
        return [policy for (of, kind, _, _), policy in policies if of == tenant and kind == cls.kind]
