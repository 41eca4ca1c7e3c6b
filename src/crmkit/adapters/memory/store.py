"""The store itself: one unit of work at a time, taken back step by step when it is not committed."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar, cast

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.memory.outbox import MemoryOutbox
from crmkit.adapters.memory.state import MemoryState
from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork, VersionedKeys
from crmkit.adapters.recording import Recorder
from crmkit.adapters.retrying import Retry
from crmkit.domain.change import Record
from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.keys import KEYS_VERSION
from crmkit.errors import StorageBusy, StorageFailed
from crmkit.ports.store import REPOSITORIES, UnitOfWork
from crmkit.rules.dedup.keys import match_keys

__all__ = ["MemoryStore"]

T = TypeVar("T")
LONGEST_WAIT = 30.0
"""Seconds that a unit of work waits for the one before it."""


class MemoryStore:
    """Keeps everything in dicts; serialisable isolation by running one unit of work at a time.

    >>> store = MemoryStore()
    >>> with store.begin() as uow:
    ...     uow.leads.count()
    0
    """

    def __init__(
        self,
        *,
        custom: CustomSchema | None = None,
        keys: Callable[[Record], Sequence[str]] = match_keys,
        keys_version: int = KEYS_VERSION,
        retry: Retry | None = None,
    ) -> None:
        self._state = MemoryState()
        self._schema = custom or CustomSchema()
        self._keys = VersionedKeys(keys, keys_version)
        self._retry = retry or Retry(random=random.random, sleep=time.sleep)
        self._turn = threading.Lock()
        self._holder: int | None = None
        self._catalogues = _catalogues_of(self._schema)
        self._recorder = Recorder(StoredCodec())
        self.outbox = MemoryOutbox(self._state, self._hold)

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work; rolled back unless it was committed."""
        with self._hold():
            uow = MemoryUnitOfWork(
                self._state, acting or Acting(), self._catalogues, self._schema, self._recorder, self._keys, read_only
            )
            try:
                yield cast(UnitOfWork, uow)
            finally:
                uow.close()

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in a unit of work that is committed; tried again when the store is busy."""

        def once() -> T:
            with self.begin(acting) as uow:
                result = work(uow)
                uow.commit()
                return result

        return self._retry.call(once)

    def close(self) -> None:
        """There is nothing to give back."""

    @contextmanager
    def _hold(self) -> Iterator[None]:
        if self._holder == threading.get_ident():
            raise StorageFailed("This thread is inside a unit of work already.", hint="End it first.")
        if not self._turn.acquire(timeout=LONGEST_WAIT):
            raise StorageBusy("Another unit of work does not end.", hint="Try again.")
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._holder = None
            self._turn.release()


@lru_cache(maxsize=8)
def _catalogues_of(schema: CustomSchema) -> Mapping[type[Record], FieldCatalogue]:
    """Kept, because a test run opens thousands of stores over one schema."""
    return {cls: FieldCatalogue.of(cls, custom=schema.of_entity(cls.entity).values()) for cls in REPOSITORIES.values()}
