"""The audit trail and the remembered answers of a memory store, inside a unit of work."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import attrs

from crmkit.adapters.memory.chain import note
from crmkit.adapters.redacting import emptied, redacted
from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.plain import holding
from crmkit.domain.stewardship.audit import READ, AuditEntry
from crmkit.domain.stewardship.chain import REDACTED
from crmkit.errors import Conflict, Duplicate

if TYPE_CHECKING:
    from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork

__all__ = ["MemoryCommands", "MemoryTrail"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@attrs.frozen
class MemoryTrail:
    """Documented at ``ports.AuditTrail``."""

    _uow: "MemoryUnitOfWork"

    def of(
        self,
        record: Ref,
        *,
        type: str = "",  # noqa: A002
        actor: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """The entries of ``record``, oldest first."""
        return [
            entry
            for entry in self._uow.readable().entries[self._uow.acting.tenant]
            if entry.record == record
            and entry.position > after
            and type in ("", entry.type)
            and actor in ("", entry.acting.actor)
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
        ][:limit]

    def as_of(self, cls: type[R], id: str, at: datetime) -> R | None:
        """The record as it was at ``at``."""
        return self._uow.records_as_of(cls, {id: at}).get(id)

    def of_many(self, entity: str, ids: Iterable[str], *, types: Iterable[str]) -> Mapping[str, Sequence[AuditEntry]]:
        """The entries of many records by id, oldest first."""
        wanted, kinds = set(ids), set(types)
        found: dict[str, list[AuditEntry]] = {}
        for entry in self._uow.readable().entries[self._uow.acting.tenant]:
            if entry.record.entity == entity and entry.record.id in wanted and (not kinds or entry.type in kinds):
                found.setdefault(entry.record.id, []).append(entry)
        return found

    def as_of_many(self, cls: type[R], moments: Mapping[str, datetime]) -> Mapping[str, R]:
        """Each record as it was at its moment."""
        return self._uow.records_as_of(cls, moments)

    def seen(self, records: Iterable[Ref], *, fields: Sequence[str], purpose: str, now: datetime) -> None:
        """Who acts has read ``fields`` of ``records``."""
        self._uow.writable()
        for record in records:
            note(self._uow, record, READ, {"fields": list(fields), "purpose": purpose}, now)

    def redact(self, record: Record, *, fields: Collection[str], told: Collection[str], at: datetime) -> int:
        """Entries of ``record`` hold its ``fields`` as they are in it."""
        state = self._uow.writable()
        blanks = self._uow.recorder.plain_of(record, fields)
        entries, left = state.entries[self._uow.acting.tenant], dict[str, str]()
        for place, entry in enumerate(entries):
            if entry.record != record.ref or entry.type in (REDACTED, READ):
                continue
            fresh = attrs.evolve(
                entry,
                changed={name: (was, is_) for name, (was, is_) in redacted(entry.changed, blanks).items()},
                data=emptied(entry.data, told),
                acting=revise(entry.acting, reason=""),
            )
            if fresh != entry:
                fresh = attrs.evolve(fresh, redacted_at=at)
                left[str(entry.position)] = self._uow.chain.taken_out(entry, fresh)
                self._uow.undo.then(partial(entries.__setitem__, place, entry))
                entries[place] = fresh
                delivery = state.deliveries.get(entry.id)
                if delivery is not None:
                    self._uow.undo.set(state.deliveries, entry.id, attrs.evolve(delivery, entry=fresh))
        if left:
            note(self._uow, record.ref, REDACTED, {"left": left}, at)
        return len(left)


@attrs.frozen
class MemoryCommands:
    """Documented at ``ports.Commands``."""

    _uow: "MemoryUnitOfWork"

    def recall(self, key: str, answer: type[T]) -> T | None:
        """The answer remembered under ``key``."""
        known = self._uow.readable().commands.get((self._uow.acting.tenant, key))
        if known is not None and not isinstance(known, answer):
            raise Conflict("This idempotency key belongs to another command.", hint="Take a new key.", key=key)
        return known

    def remember(self, key: str, answer: object) -> None:
        """A repeat of ``key`` gets ``answer``."""
        commands = self._uow.writable().commands
        if (self._uow.acting.tenant, key) in commands:
            raise self._uow.refused(Duplicate("This idempotency key has an answer.", hint="Recall it first.", key=key))
        self._uow.undo.set(commands, (self._uow.acting.tenant, key), answer)

    def forget(self, texts: Iterable[str], *, ids: Iterable[str] = ()) -> int:
        """Answers that hold one of ``texts`` or ``ids`` are gone."""
        commands, sought = self._uow.writable().commands, holding(texts, ids)
        found = [name for name, answer in commands.items() if name[0] == self._uow.acting.tenant and sought(answer)]
        for name in found:
            self._uow.undo.delete(commands, name)
        return len(found)
