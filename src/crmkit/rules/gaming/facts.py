"""What the detectors look at: who had which record when, what was followed up, and until when.

>>> from datetime import UTC
>>> from crmkit.domain.stewardship.ownership import Cause
>>> start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
>>> def line(id: str, at: datetime, **who: str) -> OwnershipEntry:
...     of = {"record_entity": "account", "record_id": "A-1", "cause": "transferred"}
...     return OwnershipEntry(id=id, at=at, created_at=at, updated_at=at, **of, **who)
>>> there, back = line("H-1", start, to_owner_id="eva"), line("H-2", end, from_owner_id="eva")
>>> facts = GamingFacts(since=start, until=end, entries=(back, there))
>>> [[entry.id for entry in line] for line in facts.lines]
[['H-1', 'H-2']]
>>> facts.counts(there.at), facts.counts(back.at)
(True, False)
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import attrs
from attrs import frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.ids import InteractionId, MemberId
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.ownership import OwnershipEntry

__all__ = ["GamingFacts"]

Line = tuple[OwnershipEntry, ...]


def _in_time(entries: Iterable[OwnershipEntry]) -> tuple[OwnershipEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.id)))


def _spoken(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(interactions, key=lambda each: (each.at, each.id)))


def _lines(facts: "GamingFacts") -> tuple[Line, ...]:
    lines: dict[tuple[str, str], list[OwnershipEntry]] = {}
    for entry in facts.entries:
        lines.setdefault((entry.record_entity, entry.record_id), []).append(entry)
    return tuple(tuple(line) for line in lines.values())


@frozen(kw_only=True)
class GamingFacts:
    """History in which something is looked for that ended between ``since`` and ``until``.

    Args:
        since: the first instant that counts; what lies before it only explains what followed.
        until: the first instant that no longer counts.
        entries: ownership history in any order; in time order afterwards.
        interactions: follow-ups in any order; in time order afterwards.
        deadlines: until when the record was protected before each follow-up; those without one are unknown.
        members: for their absences.
        freeze: how long nobody may claim a record after it fell into its pool.
    """

    since: datetime
    until: datetime
    entries: tuple[OwnershipEntry, ...] = attrs.field(default=(), converter=_in_time)
    interactions: tuple[Interaction, ...] = attrs.field(default=(), converter=_spoken)
    deadlines: Mapping[InteractionId, datetime] = attrs.field(factory=dict)
    members: tuple[Member, ...] = ()
    freeze: timedelta = timedelta(0)
    lines: tuple[Line, ...] = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_lines, True))
    """The entries of each record."""

    def counts(self, at: datetime) -> bool:
        """Whether ``at`` lies in the period."""
        return self.since <= at < self.until

    def steps(self) -> Iterator[tuple[OwnershipEntry, OwnershipEntry]]:
        """Each change of hands in the period with the one before it on the same record."""
        return (pair for line in self.lines for pair in pairwise(line) if self.counts(pair[1].at))

    def away(self, member_id: MemberId, begins: datetime, ends: datetime) -> bool:
        """Whether a planned absence of the member overlaps that time."""
        return any(
            leave.begins < ends and begins < leave.ends
            for member in self.members
            if member.id == member_id
            for leave in member.leaves
        )
