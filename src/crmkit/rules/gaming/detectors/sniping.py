"""Pool sniping: claims faster than anybody can read, at the very instant at which a record may be claimed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["Sniping"]


@model
class Sniping:
    """A member claimed ``least`` records within ``seconds`` of when each fell into the pool, or its freeze ended.

    >>> from datetime import UTC, datetime
    >>> def line(second: int, cause: str, **who: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, 1, 9, 0, second, tzinfo=UTC)
    ...     of = {"record_entity": "account", "record_id": "A-1", "cause": cause}
    ...     return OwnershipEntry(id=f"H-{second}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (line(1, "reclaimed", to_pool_id="east"), line(3, "claimed", to_owner_id="eva", from_pool_id="east"))
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in Sniping(least=1).find(facts)]
    [(('eva',), ('H-1', 'H-3'))]
    """

    kind: ClassVar[str] = "sniping"

    seconds: int = 5
    least: int = 3

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each member."""
        quick: dict[MemberId, list[OwnershipEntry]] = {}
        for before, after in facts.steps():
            if after.cause is not Cause.CLAIMED or before.to_pool_id is None or after.to_owner_id is None:
                continue
            waited = after.at - before.at - facts.freeze
            if timedelta(0) <= waited <= timedelta(seconds=self.seconds):
                quick.setdefault(after.to_owner_id, []).extend((before, after))
        for member_id, entries in sorted(quick.items()):
            times = len(entries) // 2
            if times >= self.least:
                yield found(
                    self.kind, (member_id,), times=times, least=self.least, entries=entries, seconds=self.seconds
                )
