"""A store that does not take back who was erased: the one door that every new record goes through.

Whatever gets a phone, an address or a number by which an erased person was known is refused, whoever saves it:
a capture, an import, a filing, the host. Only keyed hashes are compared; see ``domain.stewardship.privacy``.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, TypeVar, cast

from attrs import frozen

from crmkit.domain.change import Change, Record
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import model
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.filing import Filing
from crmkit.errors import Suppressed
from crmkit.ports.store import Store, UnitOfWork
from crmkit.services.context import Context

__all__ = ["Lifted", "hashes_of", "lift_suppression", "suppressing"]

T = TypeVar("T")
_PREFIXES = ("phone:", "email:", "handle:", "id:")
_WATCHED = frozenset({"lead", "contact", "account", "filing"})


@model
class Lifted:
    """How many hashes of an erasure keep nobody out any more."""

    count: int


def hashes_of(secret: bytes, tenant: str, keys: Iterable[str]) -> Mapping[str, str]:
    """The keyed hash of each key that says who somebody is: HMAC-SHA256, apart for every tenant.

    Without a secret the key is made of the tenant's name alone, and whoever has the hashes can try all phone
    numbers; give one.

    >>> list(hashes_of(b"secret", "main", ["phone:+8613800138000", "lead-company:x"]))
    ['phone:+8613800138000']
    """
    key = hmac.digest(secret or b"crmkit suppression", tenant.encode(), "sha256")
    return {each: hmac.digest(key, each.encode(), "sha256").hex() for each in keys if each.startswith(_PREFIXES)}


def lift_suppression(
    ctx: Context, erasure_id: str, *, by: MemberId | None = None, idempotency_key: str | None = None
) -> Lifted:
    """Who was erased by ``erasure_id`` may be held again: they have come back by themselves, and it is on record.

    Raises:
        NotFound: there is no such erasure.
    """

    def work(uow: UnitOfWork, now: datetime) -> Lifted:
        hashes = uow.erasures.get(erasure_id).hashes
        kept = [each for each in uow.suppressions.get_many(hashes).values() if each.lifted_at is None]
        uow.save(*(each.lift(by=by, now=now) for each in kept))
        return Lifted(count=len(kept))

    return ctx.command(work, Lifted, idempotency_key=idempotency_key)


def suppressing(store: Store, secret: bytes) -> Store:
    """``store``, refusing who was erased; one that does already is returned as it is."""
    return store if isinstance(store, _Suppressing) else cast(Store, _Suppressing(store, secret))


@frozen
class _Suppressing:
    """Documented at ``ports.Store``."""

    _store: Store
    _secret: bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work whose saves are looked at."""
        return self._store.begin(acting, read_only=True) if read_only else self._begin(acting)

    @contextmanager
    def _begin(self, acting: Acting | None) -> Iterator[UnitOfWork]:
        with self._store.begin(acting) as uow:
            yield cast(UnitOfWork, _Unit(uow, self._secret))

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in such a unit of work."""
        return self._store.run(lambda uow: work(cast(UnitOfWork, _Unit(uow, self._secret))), acting)


@frozen
class _Unit:
    """Documented at ``ports.UnitOfWork``."""

    _uow: UnitOfWork
    _secret: bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written, unless one brings somebody back who was erased.

        Raises:
            Suppressed: it does; nothing is written.
        """
        self._refuse(changes)
        self._uow.save(*changes)

    def _refuse(self, changes: Sequence[Change[Any]]) -> None:
        wanted: dict[str, Ref] = {}
        for change in changes:
            after = change.after_or_none
            if after is not None and after.entity in _WATCHED:
                fresh = self._keys(after) - (set() if change.before is None else self._keys(change.before))
                hashes = hashes_of(self._secret, self._uow.acting.tenant, fresh)
                wanted |= dict.fromkeys(hashes.values(), after.ref)
        known = self._uow.suppressions.get_many(sorted(wanted)) if wanted else {}
        for hash_, suppression in known.items():
            if suppression.lifted_at is None:
                raise Suppressed(
                    "Whoever this record is about was erased.",
                    hint="Lift the suppression if they came back by themselves.",
                    entity=wanted[hash_].entity,
                    erasure_id=suppression.erasure_id,
                )

    def _keys(self, record: Record) -> set[str]:
        return set(record.keys if isinstance(record, Filing) else self._uow.keys.of(record))
