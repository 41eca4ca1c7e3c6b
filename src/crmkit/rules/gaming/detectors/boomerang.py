"""Boomerangs: a record is let go, a friend claims it, and it comes back once the cool-down is over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.rules.gaming.detectors.hands import let_go
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["Boomerang"]

Flight = tuple[OwnershipEntry, ...]


@model
class Boomerang:
    """What one member let go and another claimed was the first one's again within ``within_days``, ``least`` times.

    It may come back by a transfer, or through the pool by another claim.

    >>> from datetime import UTC, datetime
    >>> def line(day: int, cause: str, **who: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, day, tzinfo=UTC)
    ...     of = {"record_entity": "account", "record_id": "A-1", "cause": cause}
    ...     return OwnershipEntry(id=f"H-{day}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (
    ...     line(1, "reclaimed", from_owner_id="wei", to_pool_id="east"),
    ...     line(2, "claimed", to_owner_id="eva", from_pool_id="east"),
    ...     line(9, "transferred", from_owner_id="eva", to_owner_id="wei"),
    ... )
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in Boomerang(least=1).find(facts)]
    [(('wei', 'eva'), ('H-1', 'H-2', 'H-9'))]
    """

    kind: ClassVar[str] = "boomerang"

    within_days: int = 60
    least: int = 2

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each owner with each helper, in that order."""
        flights: dict[tuple[MemberId, MemberId], list[Flight]] = {}
        for line in facts.lines:
            for place in range(len(line) - 2):
                flight = self._flight(line[place : place + 4])
                owner, helper = line[place].from_owner_id, line[place + 1].to_owner_id
                if flight and owner is not None and helper is not None and facts.counts(flight[-1].at):
                    flights.setdefault((owner, helper), []).append(flight)
        for pair, flown in sorted(flights.items()):
            if len(flown) >= self.least:
                shown = [entry for flight in flown for entry in flight]
                yield found(self.kind, pair, times=len(flown), least=self.least, entries=shown, days=self.within_days)

    def _flight(self, entries: Flight) -> Flight:
        """The entries up to the one by which it is back; empty when it is not."""
        lost, claimed, *rest = entries
        owner, helper = lost.from_owner_id, claimed.to_owner_id
        if not let_go(lost) or claimed.cause is not Cause.CLAIMED or helper == owner:
            return ()
        # one entry where the helper hands it over, two where it goes through the pool
        way = 2 if let_go(rest[0]) else 1
        if len(rest) < way or rest[way - 1].to_owner_id != owner:
            return ()
        back = rest[way - 1]
        return entries[: way + 2] if back.at - lost.at <= timedelta(days=self.within_days) else ()
