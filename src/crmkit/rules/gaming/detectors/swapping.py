"""Swapping pairs: two members exchange different records again and again, and every clock begins anew."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import OwnershipEntry
from crmkit.rules.gaming.detectors.hands import handed_over
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["Swapping"]


@model
class Swapping:
    """Two members gave each other a record of theirs within ``within_days``, and did so ``least`` times.

    Each transfer counts for one exchange only; the same record there and back is a round trip instead.

    >>> from datetime import UTC, datetime
    >>> def line(day: int, record: str, giver: str, taker: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, day, tzinfo=UTC)
    ...     of = {"record_entity": "account", "record_id": record, "cause": "transferred"}
    ...     who = {"from_owner_id": giver, "to_owner_id": taker}
    ...     return OwnershipEntry(id=f"H-{day}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (line(1, "A-1", "wei", "eva"), line(2, "A-2", "eva", "wei"))
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in Swapping(least=1).find(facts)]
    [(('eva', 'wei'), ('H-1', 'H-2'))]
    """

    kind: ClassVar[str] = "swapping"

    within_days: int = 7
    least: int = 3

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each pair."""
        pairs: dict[tuple[MemberId, ...], list[OwnershipEntry]] = {}
        for entry in facts.entries:
            if handed_over(entry):
                both = tuple(sorted(filter(None, (entry.from_owner_id, entry.to_owner_id))))
                pairs.setdefault(both, []).append(entry)
        for both, entries in sorted(pairs.items()):
            swaps = self._swaps(entries, facts)
            if len(swaps) >= self.least:
                shown = [entry for swap in swaps for entry in swap]
                yield found(self.kind, both, times=len(swaps), least=self.least, entries=shown, days=self.within_days)

    def _swaps(self, entries: list[OwnershipEntry], facts: GamingFacts) -> list[tuple[OwnershipEntry, OwnershipEntry]]:
        """Each transfer with the latest unanswered one the other way round, of another record."""
        swaps, waiting = [], list[OwnershipEntry]()
        for entry in entries:
            waiting = [each for each in waiting if entry.at - each.at <= timedelta(days=self.within_days)]
            answered = next(
                (
                    each
                    for each in reversed(waiting)
                    if each.from_owner_id == entry.to_owner_id and each.record_id != entry.record_id
                ),
                None,
            )
            if answered is None:
                waiting.append(entry)
                continue
            waiting.remove(answered)
            if facts.counts(entry.at):
                swaps.append((answered, entry))
        return swaps
