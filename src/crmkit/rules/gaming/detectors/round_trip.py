"""Round trips: a record goes from hand to hand and comes back, and its clock began anew each time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import OwnershipEntry
from crmkit.rules.gaming.detectors.hands import handed_over
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["RoundTrip"]


@model
class RoundTrip:
    """The same members let records go round, back to where they were within ``within_days``, ``least`` times.

    Transfers only, over any number of hands. Somebody who was on leave meanwhile was covered for, not helped.

    >>> from datetime import UTC, datetime
    >>> def line(day: int, giver: str, taker: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, day, tzinfo=UTC)
    ...     of = {"record_entity": "account", "record_id": "A-1", "cause": "transferred"}
    ...     who = {"from_owner_id": giver, "to_owner_id": taker}
    ...     return OwnershipEntry(id=f"H-{day}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (line(1, "wei", "eva"), line(3, "eva", "wei"), line(5, "wei", "eva"))
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in RoundTrip(least=2).find(facts)]
    [(('eva', 'wei'), ('H-1', 'H-3', 'H-5'))]
    """

    kind: ClassVar[str] = "round_trip"

    within_days: int = 30
    least: int = 2

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each set of members among whom records went round."""
        rings: dict[tuple[MemberId, ...], list[tuple[OwnershipEntry, ...]]] = {}
        for line in facts.lines:
            for place, entry in enumerate(line):
                if facts.counts(entry.at) and (ring := self._ring(line, place, facts)):
                    members = {each.from_owner_id for each in ring if each.from_owner_id is not None}
                    rings.setdefault(tuple(sorted(members)), []).append(ring)
        for who, trips in sorted(rings.items()):
            if len(trips) >= self.least:
                shown = [entry for ring in trips for entry in ring]
                yield found(self.kind, who, times=len(trips), least=self.least, entries=shown, days=self.within_days)

    def _ring(self, line: tuple[OwnershipEntry, ...], place: int, facts: GamingFacts) -> tuple[OwnershipEntry, ...]:
        """The transfers from when the one who receives it at ``place`` gave it away; empty when there is no ring."""
        last = line[place]
        for begin in range(place, -1, -1):
            entry = line[begin]
            if not handed_over(entry) or last.at - entry.at > timedelta(days=self.within_days):
                break
            if entry.from_owner_id == last.to_owner_id:
                covered = facts.away(entry.from_owner_id or MemberId(""), entry.at, last.at)
                return () if covered else line[begin : place + 1]
        return ()
