"""The chain of the audit trail: each entry is bound to the one before, so that no change goes unseen.

An entry gets its number when it is sealed, not when it is written: transactions that run side by side end
in any order, and a number given at the end has no gaps. What an entry holds goes into the chain as a
digest, so that it may be erased and the chain still holds.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from attrs import evolve, frozen

from crmkit.domain.ids import Ref
from crmkit.domain.model import Key, model

__all__ = [
    "REDACTED",
    "START",
    "Break",
    "ChainBreak",
    "ChainedEntry",
    "Seal",
    "Verification",
    "content_digest",
    "linked",
    "verified",
]

START = "0" * 64
"""What the first entry is bound to."""
REDACTED = "audit.redacted"
"""The type of an entry that says which entries of its record were redacted: position → digest of what is left."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class ChainedEntry:
    """An audit entry as it is stored, with its place in the chain; ``link`` is 0 until it is sealed.

    ``changed``, ``data`` and ``recipients`` are the stored texts, encrypted where the store encrypts.
    ``content`` is the digest of what the first two and ``reason`` were when it was written; it stays when
    they are redacted.
    """

    id: str
    position: int
    record: Ref
    version: int
    type: str
    at: datetime
    actor: str
    on_behalf_of: str
    source: str
    reason: str
    changed: str | None
    data: str | None
    recipients: str | None
    link: int = 0
    content: str = ""
    hash: str = ""
    redacted: bool = False


@model
class Seal:
    """Entries up to ``last`` are sealed, and ``hash`` speaks for all of them; whoever keeps it can tell a forged trail.

    >>> from datetime import UTC, datetime
    >>> Seal(number=1, first=1, last=40, hash="0" * 64, at=datetime(2026, 1, 31, tzinfo=UTC)).last
    40
    """

    number: int
    first: int
    last: int
    hash: Key
    at: datetime


class Break(StrEnum):
    """What is wrong at a place of the chain."""

    CHANGED = "changed"
    """The entry is not what was sealed."""
    MISSING = "missing"
    """The entry of that number is gone."""
    DOUBLED = "doubled"
    """Two entries have that number."""
    CUT = "cut"
    """The chain ends before what was sealed."""
    UNSEALED = "unsealed"
    """The seal that ends there does not fit, or is gone."""


@model
class ChainBreak:
    """The first place at which a trail is not what was sealed."""

    link: int
    problem: Break
    record: Ref | None = None


@model
class Verification:
    """What a walk along the whole chain has shown; without ``broken`` the trail is what was sealed.

    ``erased`` counts entries that were redacted, each by an entry of the trail that says so.
    """

    entries: int = 0
    erased: int = 0
    broken: ChainBreak | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None


def content_digest(changed: str | None, data: str | None, reason: str) -> str:
    """The digest of what an entry holds that may be redacted."""
    return _digest("" if changed is None else f"={changed}", "" if data is None else f"={data}", reason)


def linked(tenant: str, entries: Iterable[ChainedEntry], *, link: int, previous: str) -> list[ChainedEntry]:
    """``entries`` in the chain behind the one of number ``link``, whose hash is ``previous``."""
    found = []
    for number, entry in enumerate(entries, link + 1):
        content = entry.content or _content(entry)
        placed = evolve(entry, link=number, content=content)
        previous = _hash(tenant, placed, previous)
        found.append(evolve(placed, hash=previous))
    return found


def verified(
    tenant: str, entries: Iterable[ChainedEntry], seals: Sequence[Seal], *, anchors: Collection[Seal] = ()
) -> Verification:
    """Whether ``entries``, which come in the order of their links, are what ``seals`` and the ``anchors`` kept elsewhere say."""
    ends = {seal.last: seal for seal in seals}
    kept = {seal.last: seal.hash for seal in anchors}
    count, previous, erased = 0, START, dict[int, ChainedEntry]()
    excused = dict[int, str]()
    for entry in entries:
        count += 1
        problem = _problem(tenant, entry, count, previous)
        if problem is not None:
            at = min(entry.link, count) if problem is Break.DOUBLED else count
            return Verification(entries=count, broken=ChainBreak(link=at, problem=problem, record=entry.record))
        previous = entry.hash
        if entry.redacted:
            erased[entry.position] = entry
        if entry.type == REDACTED:
            excused.update(_redacted_by(entry))
        if ((end := ends.get(count)) and end.hash != previous) or kept.get(count, previous) != previous:
            return Verification(entries=count, broken=ChainBreak(link=count, problem=Break.UNSEALED))
    broken = next(_unexcused(erased, excused), None) or _cut(count, seals, anchors)
    return Verification(entries=count, erased=len(erased), broken=broken)


def _problem(tenant: str, entry: ChainedEntry, expected: int, previous: str) -> Break | None:
    if entry.link != expected:
        return Break.MISSING if entry.link > expected else Break.DOUBLED
    if not entry.redacted and entry.content != _content(entry):
        return Break.CHANGED
    return None if entry.hash == _hash(tenant, entry, previous) else Break.CHANGED


def _unexcused(erased: dict[int, ChainedEntry], excused: dict[int, str]) -> Iterator[ChainBreak]:
    """Entries that were redacted and of which no entry says so, or says that something else is left of them."""
    for position, entry in erased.items():
        if excused.get(position) != _content(entry):
            yield ChainBreak(link=entry.link, problem=Break.CHANGED, record=entry.record)


def _cut(count: int, seals: Sequence[Seal], anchors: Collection[Seal]) -> ChainBreak | None:
    """The end of the chain against what was sealed, and the numbers of the seals."""
    last = max((seal.last for seal in (*seals, *anchors)), default=0)
    if last > count:
        return ChainBreak(link=count + 1, problem=Break.CUT)
    behind = 0
    for number, seal in enumerate(seals, 1):
        if seal.number != number or seal.first != behind + 1:
            return ChainBreak(link=behind + 1, problem=Break.UNSEALED)
        behind = seal.last
    return ChainBreak(link=behind + 1, problem=Break.UNSEALED) if behind < count else None


def _redacted_by(entry: ChainedEntry) -> dict[int, str]:
    left = json.loads(entry.data or "{}").get("left", {})
    return {int(position): digest for position, digest in left.items()}


def _content(entry: ChainedEntry) -> str:
    return content_digest(entry.changed, entry.data, entry.reason)


def _hash(tenant: str, entry: ChainedEntry, previous: str) -> str:
    return _digest(
        previous,
        tenant,
        str(entry.link),
        str(entry.position),
        entry.id,
        entry.record.entity,
        entry.record.id,
        str(entry.version),
        entry.type,
        str((entry.at - _EPOCH) // timedelta(microseconds=1)),
        entry.actor,
        entry.on_behalf_of,
        entry.source,
        entry.recipients or "",
        entry.content,
    )


def _digest(*parts: str) -> str:
    """SHA-256 of the parts, each behind its length, so that no two lists of parts look alike."""
    encoded = (part.encode() for part in parts)
    return sha256(b"".join(b"%d:%s" % (len(part), part) for part in encoded)).hexdigest()
