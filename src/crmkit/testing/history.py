"""What happened in a store, recorded through its ports, and whether that can have happened.

After a race, a crash or a fault a store may look sound record by record and still be wrong. ``History``
reads the records with their audit trails, the ownership ledger and the match keys, and lists every
contradiction between them.

>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.domain.change import created
>>> from crmkit.testing.builders import an_account
>>> from crmkit.testing.clock import NOW
>>> store = MemoryStore()
>>> store.run(lambda uow: uow.save(created(an_account(pool_id="PO-1"))))
>>> store.run(lambda uow: uow.save(uow.accounts.get("A-1").claim("M-1", now=NOW)))
>>> print(*History.of(store).breaches())
account:A-1 went from pool PO-1 to owner M-1 at version 2, and the ledger has no line of it
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from attrs import define, field, frozen

from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting, AuditEntry, Notice
from crmkit.domain.stewardship.chain import REDACTED
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.ownership import Owned, OwnershipEntry
from crmkit.ports.outbox import Outbox
from crmkit.ports.store import REPOSITORIES, Store, UnitOfWork
from crmkit.rules.dedup.keys import match_keys

__all__ = ["History", "Told"]

PAGE = 1_000
UNTRACKED = {"version", "updated_at"}
"""What every save changes: the trail tells it only where a record went or came back."""


class _Hold(NamedTuple):
    """Who has a record: an owner, a pool, or nobody."""

    owner_id: str | None
    pool_id: str | None

    def __str__(self) -> str:
        if self.owner_id is not None:
            return f"owner {self.owner_id}"
        return f"pool {self.pool_id}" if self.pool_id is not None else "nobody"


NOBODY = _Hold(None, None)


class _Move(NamedTuple):
    """A record went from one to another."""

    at: datetime
    before: _Hold
    after: _Hold


@define
class Told:
    """A channel that keeps every notice it was sent, in order; a ``Notifier``."""

    notices: list[Notice] = field(factory=list)

    def send(self, notice: Notice) -> None:
        """The notice is kept."""
        self.notices.append(notice)

    def drain(self, outbox: Outbox, *, now: datetime) -> None:
        """Everything in ``outbox`` is handed over, as if all leases and pauses had passed."""
        later = now + timedelta(days=3_650)
        while notices := outbox.claim(limit=PAGE, now=later, until=later + timedelta(minutes=5)):
            self.notices.extend(notices)
            outbox.delivered(notices)

    def in_words(self) -> str:
        """The notices of each record in their order, without ids, which differ from run to run."""
        lanes: dict[str, list[str]] = {}
        for notice in self.notices:
            words = f"{notice.version} {notice.type} {notice.at} {dict(notice.data)} {notice.recipients}"
            lanes.setdefault(f"{notice.tenant} {notice.record}", []).append(words)
        return "\n".join(f"{lane}: {'; '.join(lanes[lane])}" for lane in sorted(lanes))


@frozen(kw_only=True)
class History:
    """One tenant's records with everything that was written about them."""

    rows: Mapping[Ref, Record]
    trails: Mapping[Ref, Sequence[AuditEntry]]
    """The entries of each record that is there, was merged away, or was told of; oldest first."""
    holders: Mapping[str, frozenset[Ref]]
    """Who is found by each match key that a record has."""
    keys_of: Callable[[Record], Sequence[str]]

    @classmethod
    def of(
        cls,
        store: Store,
        acting: Acting | None = None,
        *,
        keys_of: Callable[[Record], Sequence[str]] = match_keys,
        told_of: Iterable[Ref] = (),
    ) -> "History":
        """What ``store`` holds for the tenant of ``acting``; ``told_of`` are further records to look up."""
        with store.begin(acting, read_only=True) as uow:
            rows = {record.ref: record for kind in REPOSITORIES.values() for record in uow.repository(kind).scan()}
            gone = [Ref(entity=row.record_entity, id=row.loser_id) for row in rows.values() if isinstance(row, Merge)]
            refs = dict.fromkeys((*rows, *gone, *told_of))
            found = uow.keys.find({key for row in rows.values() for key in keys_of(row)}, limit=PAGE)
            return cls(
                rows=rows,
                trails={ref: tuple(_trail(uow, ref)) for ref in refs},
                holders={key: frozenset(refs) for key, refs in found.items()},
                keys_of=keys_of,
            )

    def breaches(self) -> list[str]:
        """Every contradiction, each as a sentence; none when all is well.

        The trail of a record goes from how it came into being, by versions that grow, to the version of
        its row; what an entry says was there before is what the entry before it left, up to the row
        itself, so that nobody's change was lost; a record is claimed only from a pool, and each change
        of hands has exactly one line in the ledger, which never changes; a record is found by its own
        match keys and by no others.
        """
        found: list[str] = []
        for ref, trail in self.trails.items():
            row = self.rows.get(ref)
            if row is not None and row.ledger:
                found.extend([f"{ref} was changed, and it is a line of history"] if trail or row.version != 1 else [])
                continue
            found.extend(_gaps(ref, row, trail))
            found.extend(_lost_changes(ref, row, trail))
        found.extend(self._ledger_breaches())
        found.extend(self._key_breaches())
        return found

    def breaches_of(self, notices: Sequence[Notice], *, all_told: bool = True) -> list[str]:
        """Contradictions between the trail and what a channel was told, in the order it was told.

        No notice without its entry, the notices of a record in their order, one that came again under the
        id it had before; and with ``all_told`` every event that the trail has was told.
        """
        entries = {entry.id: entry for trail in self.trails.values() for entry in trail}
        found: list[str] = []
        reached: dict[Ref, int] = {}
        for notice in notices:
            entry = entries.get(notice.id)
            if entry is None or (entry.record, entry.version, entry.type) != _of_notice(notice):
                found.append(f"{notice.record} told {notice.type} of version {notice.version}, which the trail lacks")
                continue
            if entry.position < reached.get(notice.record, 0):
                found.append(f"{notice.record} told {notice.type} of version {notice.version} after a later one")
            reached[notice.record] = entry.position
        if all_told:
            told = {notice.id for notice in notices}
            lost = [entry for entry in entries.values() if entry.id not in told and _is_event(entry)]
            found.extend(f"{entry.record} never told {entry.type} of version {entry.version}" for entry in lost)
        return found

    def in_words(self) -> dict[str, str]:
        """Each record with its trail, in words in which two runs that did the same do not differ."""
        words = {}
        for ref, trail in self.trails.items():
            entries = [
                f"{entry.version} {entry.type} {entry.at} {entry.acting} {sorted(entry.changed.items())} "
                f"{_data_of(entry)} {entry.recipients}"
                for entry in trail
            ]
            words[str(ref)] = "\n    ".join([repr(self.rows.get(ref)), *entries])
        return words

    def _ledger_breaches(self) -> Iterator[str]:
        lines: dict[Ref, Counter[_Move]] = {}
        for row in self.rows.values():
            if isinstance(row, OwnershipEntry):
                before, after = _Hold(row.from_owner_id, row.from_pool_id), _Hold(row.to_owner_id, row.to_pool_id)
                about = Ref(entity=row.record_entity, id=row.record_id)
                lines.setdefault(about, Counter())[_Move(row.at, before, after)] += 1
        for ref in {*lines, *(ref for ref, row in self.rows.items() if isinstance(row, Owned))}:
            yield from self._ledger_breaches_of(ref, lines.get(ref, Counter()))

    def _ledger_breaches_of(self, ref: Ref, lines: Counter[_Move]) -> Iterator[str]:
        row = self.rows.get(ref)
        hold = _Hold(row.owner_id, row.pool_id) if isinstance(row, Owned) else NOBODY
        left = lines.copy()
        trail = self.trails.get(ref, ())
        for entry in reversed(trail):
            if not entry.changed.keys() & {"owner_id", "pool_id"}:
                continue
            before = _Hold(*(_before(entry, name, getattr(hold, name)) for name in _Hold._fields))
            if before == hold:
                continue  # it went or came back, and nobody had it
            move = _Move(entry.at, before, hold)
            if left[move] < 1:
                went = f"{ref} went from {before} to {hold} at version {entry.version}"
                yield f"{went}, and the ledger has no line of it"
            if entry.type == "ownership.claimed" and before.owner_id is not None:
                yield f"{ref} was claimed by {hold} while {before} had it"
            left[move] -= 1
            hold = before
        if trail:
            # a record may come into being with an owner or in a pool; a line that says so is welcome
            left[_Move(trail[0].at, NOBODY, hold)] -= 1
        for move in left:
            if left[move] > 0:
                yield f"{ref} did not go from {move.before} to {move.after}, but the ledger says so"

    def _key_breaches(self) -> Iterator[str]:
        due: dict[str, set[Ref]] = {}
        for ref, row in self.rows.items():
            for key in self.keys_of(row):
                due.setdefault(key, set()).add(ref)
        for key, refs in due.items():
            found = self.holders.get(key, frozenset())
            kind = key.partition(":")[0]
            yield from (f"{ref} is not found by its {kind} key" for ref in refs - found if len(found) < PAGE)
            yield from (f"{ref} is found by a {kind} key that it does not have" for ref in found - refs)


def _trail(uow: UnitOfWork, ref: Ref) -> Iterator[AuditEntry]:
    after, full = 0, True
    while full:
        entries = uow.trail.of(ref, after=after, limit=PAGE)
        yield from entries
        full = len(entries) == PAGE
        after = entries[-1].position if full else after


def _gaps(ref: Ref, row: Record | None, trail: Sequence[AuditEntry]) -> Iterator[str]:
    versions = list(dict.fromkeys(entry.version for entry in trail))
    if versions != sorted(set(versions)):
        yield f"{ref} has versions {versions} in its trail"
    if trail and trail[0].changed:
        yield f"{ref} has a trail that does not begin with how it came into being"
    if row is None and trail and not _is_removal(trail):
        yield f"{ref} is gone, and its trail does not tell"
    if row is not None and (not versions or row.version != versions[-1]):
        yield f"{ref} is at version {row.version}, its trail at {versions[-1] if versions else 'none'}"


def _is_removal(trail: Sequence[AuditEntry]) -> bool:
    """Whether the last save took the record away: every field it had went."""
    last = next((entry for entry in reversed(trail) if entry.changed), trail[-1])
    return "id" in last.changed and last.changed["id"][1] is None


def _lost_changes(ref: Ref, row: Record | None, trail: Sequence[AuditEntry]) -> Iterator[str]:
    """Walk the trail forward: each field's value before is the one that was left there."""
    left: dict[str, Any] = {}
    for entry in trail:
        for name, (before, after) in entry.changed.items():
            if name in UNTRACKED:
                continue
            if name in left and left[name] != before:
                yield f"{ref} lost a change of {name} before version {entry.version}"
            left[name] = after
    for name, value in left.items() if row is not None else ():
        stored = getattr(row, name, None)
        # other values stand in the trail as JSON
        if isinstance(stored, str | int | None) and isinstance(value, str | int | None) and stored != value:
            yield f"{ref} has another {name} than its trail says"


def _before(entry: AuditEntry, name: str, now: str | None) -> str | None:
    value: str | None = entry.changed[name][0] if name in entry.changed else now
    return value


def _of_notice(notice: Notice) -> tuple[Ref, int, str]:
    return notice.record, notice.version, notice.type


def _is_event(entry: AuditEntry) -> bool:
    """Whether the entry was to be told; a save without an event is called created or changed and tells nothing."""
    bare = {f"{entry.record.entity}.created", f"{entry.record.entity}.changed"}
    return entry.type not in bare or bool(entry.data)


def _data_of(entry: AuditEntry) -> str:
    """What the entry tells; digests without the positions that they belong to, which differ from run to run."""
    if entry.type == REDACTED:
        return str(sorted(entry.data["left"].values()))
    return str(sorted(entry.data.items()))
