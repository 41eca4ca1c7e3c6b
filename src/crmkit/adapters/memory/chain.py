"""The chain over the entries in memory; documented at ``ports.AuditChain``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.adapters.codec.stored import dumps
from crmkit.adapters.memory.state import Chain, Place
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import EventId, Ref
from crmkit.domain.model import revise
from crmkit.domain.stewardship.audit import READ, AuditEntry
from crmkit.domain.stewardship.chain import REDACTED, ChainedEntry, Seal, content_digest
from crmkit.errors import Duplicate

if TYPE_CHECKING:
    from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork

__all__ = ["MemoryChain", "note"]

NOWHERE = Place(0, "", "")
NOTHING = FrozenDict()


@attrs.frozen
class MemoryChain:
    """Documented at ``ports.AuditChain``."""

    _uow: "MemoryUnitOfWork"

    def pending(self, *, limit: int) -> Sequence[ChainedEntry]:
        """Entries that are in no seal yet."""
        places = self._chain().places
        loose = (entry for entry in self._entries() if places.get(entry.position, NOWHERE).link == 0)
        return [self._chained(entry) for entry, _ in zip(loose, range(limit), strict=False)]

    def append(self, seal: Seal, entries: Sequence[ChainedEntry]) -> None:
        """The seal and its entries stand in the chain."""
        self._uow.writable()
        chain = self._chain()
        if any(known.number == seal.number for known in chain.seals):
            raise self._uow.refused(Duplicate("There is a seal of this number.", hint="Hold the lock while you seal."))
        chain.seals.append(seal)
        self._uow.undo.then(chain.seals.pop)
        for entry in entries:
            place = Place(entry.link, entry.content, entry.hash, entry.redacted)
            self._uow.undo.set(chain.places, entry.position, place)

    def last(self) -> Seal | None:
        """The newest seal."""
        return next(reversed(self._chain().seals), None)

    def seals(self, *, after: int = 0, limit: int = 1_000) -> Sequence[Seal]:
        """Seals behind ``after``."""
        return [seal for seal in self._chain().seals if seal.number > after][:limit]

    def entries(self, *, after: int = 0, limit: int = 1_000) -> Sequence[ChainedEntry]:
        """Entries of the next ``limit`` links."""
        chained = (self._chained(entry) for entry in self._entries())
        return sorted((entry for entry in chained if after < entry.link <= after + limit), key=lambda entry: entry.link)

    def redact(self, record: Ref, *, now: datetime) -> int:
        """What the entries of ``record`` held is gone."""
        state = self._uow.writable()
        entries, places = state.entries[self._uow.acting.tenant], self._chain().places
        held = [
            (at, entry)
            for at, entry in enumerate(entries)
            if entry.record == record
            and (entry.changed or entry.data or entry.acting.reason)
            and entry.type not in (REDACTED, READ)
        ]
        for at, entry in held:
            chained = self._chained(entry)
            content = chained.content or content_digest(chained.changed, chained.data, chained.reason)
            self._uow.undo.set(places, entry.position, Place(chained.link, content, chained.hash, redacted=True))
            silent = revise(entry.acting, reason="")
            emptied = attrs.evolve(entry, changed=NOTHING, data=NOTHING, acting=silent)
            entries[at] = emptied
            self._uow.undo.then(lambda at=at, entry=entry: entries.__setitem__(at, entry))  # type: ignore[misc]
            delivery = state.deliveries.get(entry.id)
            if delivery is not None:
                self._uow.undo.set(state.deliveries, entry.id, attrs.evolve(delivery, entry=emptied))
        if held:
            told = {"left": {str(entry.position): content_digest(None, None, "") for _, entry in held}}
            note(self._uow, record, REDACTED, told, now)
        return len(held)

    def taken_out(self, entry: AuditEntry, fresh: AuditEntry) -> str:
        """The digest of what is left of ``entry``, which is to be ``fresh``; that of what it held is kept."""
        chained, after = self._chained(entry), self._chained(fresh)
        content = chained.content or content_digest(chained.changed, chained.data, chained.reason)
        place = Place(chained.link, content, chained.hash, redacted=True)
        self._uow.undo.set(self._chain().places, entry.position, place)
        return content_digest(after.changed, after.data, after.reason)

    def _chain(self) -> Chain:
        return self._uow.readable().chains[self._uow.acting.tenant]

    def _entries(self) -> Sequence[AuditEntry]:
        return self._uow.readable().entries[self._uow.acting.tenant]

    def _chained(self, entry: AuditEntry) -> ChainedEntry:
        place = self._chain().places.get(entry.position, NOWHERE)
        changed = {name: list(pair) for name, pair in entry.changed.items()}
        return ChainedEntry(
            id=entry.id,
            position=entry.position,
            record=entry.record,
            version=entry.version,
            type=entry.type,
            at=entry.at,
            actor=entry.acting.actor,
            on_behalf_of=entry.acting.on_behalf_of,
            source=entry.acting.source,
            reason=entry.acting.reason,
            changed=dumps(changed) if changed else None,
            data=dumps(dict(entry.data)) if entry.data else None,
            recipients=dumps(list(entry.recipients)) if entry.recipients else None,
            link=place.link,
            content=place.content,
            hash=place.hash,
            redacted=place.redacted,
        )


def note(
    uow: "MemoryUnitOfWork",
    record: Ref,
    type: str,  # noqa: A002
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """An entry of the audit trail that no save wrote, told to nobody."""
    state = uow.writable()
    state.position += 1
    entries = state.entries[uow.acting.tenant]
    entries.append(
        AuditEntry(
            id=EventId(f"{state.position:020d}"),
            position=state.position,
            record=record,
            version=max((entry.version for entry in entries if entry.record == record), default=0),
            type=type,
            at=now,
            acting=uow.acting,
            changed=NOTHING,
            data=FrozenDict(data),
        )
    )
    uow.undo.then(entries.pop)
