"""A repository that knows of nothing but what the member reaches, and shows of it what they may see."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from attrs import evolve

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import AuditEntry
from crmkit.ports.store import EVERY, Locking, Repository
from crmkit.rules.access import Sight, Verb
from crmkit.services.access.rights import Rights, no_such

__all__ = ["GuardedRepository", "GuardedTrail"]

R = TypeVar("R", bound=Record)


class GuardedRepository(Generic[R]):
    """Documented at ``ports.Repository``; what lies outside the member's scope is not there.

    The scope is part of every query. A field that the member does not see cannot be asked, sorted or counted by.
    """

    def __init__(self, cls: type[R], rights: Rights) -> None:
        self._cls = cls
        self._rights = rights
        self._inner: Repository[R] = rights.uow.repository(cls)

    def get(self, id: str, *, locking: Locking = "none") -> R:
        """The record of that id, if it is within reach."""
        found = self._inner.find((F.id == id) & self._scope, limit=1, now=self._rights.now, locking=locking)
        if not found:
            raise no_such(self._cls.entity, id)
        return self._shown(found[0])

    def get_many(self, ids: Iterable[str]) -> Mapping[str, R]:
        """Those within reach, by id."""
        wanted = list(ids)
        found = self._rights.within(self._cls.entity, Verb.READ, wanted)
        return {id: self._rights.shown(found[id]) for id in wanted if id in found}

    def find(
        self,
        condition: Condition = EVERY,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        now: datetime | None = None,
        locking: Locking = "none",
    ) -> Sequence[R]:
        """The records within reach for which ``condition`` holds."""
        asked = self._asked(condition, order)
        found = self._inner.find(asked, order=order, limit=limit, now=now or self._rights.now, locking=locking)
        return [self._shown(record) for record in found] if self._rights.sights(self._cls.entity) else found

    def scan(self, condition: Condition = EVERY, *, now: datetime | None = None) -> Iterator[R]:
        """The same by id, read piece by piece."""
        found = self._inner.scan(self._asked(condition), now=now or self._rights.now)
        return (self._shown(record) for record in found)

    def count(self, condition: Condition = EVERY, *, now: datetime | None = None) -> int:
        """How many of those within reach the condition holds for."""
        return self._inner.count(self._asked(condition), now=now or self._rights.now)

    def count_by(
        self,
        field: str,
        condition: Condition = EVERY,
        *,
        now: datetime | None = None,
    ) -> Mapping[Any, int]:
        """How many of them for each value of ``field``."""
        return self._inner.count_by(field, self._asked(condition, [field]), now=now or self._rights.now)

    @property
    def _scope(self) -> Condition:
        return self._rights.scope(self._cls.entity, Verb.READ)

    def _asked(self, condition: Condition, fields: Sequence[str] = ()) -> Condition:
        self._rights.refuse_blind_questions(self._cls.entity, condition, fields)
        scope = self._scope
        if scope == EVERY:
            return condition
        return scope if condition == EVERY else condition & scope

    def _shown(self, record: R) -> R:
        shown: R = self._rights.shown(record)
        return shown


class GuardedTrail:
    """Documented at ``ports.AuditTrail``; only of records whose history the member may view, without hidden fields."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._inner = rights.uow.trail

    def of(self, record: Ref, **narrowed: Any) -> Sequence[AuditEntry]:
        """The entries of a record within reach; of another there are none."""
        if not self._rights.within(record.entity, Verb.VIEW_AUDIT, [record.id]):
            return ()
        return [self._shown(entry) for entry in self._inner.of(record, **narrowed)]

    def as_of(self, cls: type[R], id: str, at: datetime) -> R | None:
        """The record as it was, if it is within reach now."""
        return self.as_of_many(cls, {id: at}).get(id)

    def of_many(self, entity: str, ids: Iterable[str], *, types: Iterable[str]) -> Mapping[str, Sequence[AuditEntry]]:
        """The entries of those within reach."""
        within = sorted(self._rights.within(entity, Verb.VIEW_AUDIT, ids))
        found = self._inner.of_many(entity, within, types=types) if within else {}
        return {id: [self._shown(entry) for entry in entries] for id, entries in found.items()}

    def as_of_many(self, cls: type[R], moments: Mapping[str, datetime]) -> Mapping[str, R]:
        """Those within reach, as they were."""
        within = self._rights.within(cls.entity, Verb.VIEW_AUDIT, moments)
        found = self._inner.as_of_many(cls, {id: moments[id] for id in sorted(within)}) if within else {}
        return {id: self._rights.shown(record) for id, record in found.items()}

    def _shown(self, entry: AuditEntry) -> AuditEntry:
        """The entry without the fields that the member does not see; where there are any, without the events' own words."""
        sights = self._rights.sights(entry.record.entity)
        unseen = {name.partition(".")[0] for name, sight in sights.items() if sight in (Sight.HIDE, Sight.MASK)}
        if not unseen:
            return entry
        changed = {name: value for name, value in entry.changed.items() if name.partition(".")[0] not in unseen}
        return evolve(entry, changed=changed, data={})
