"""Records passed on through the pool: given back, and claimed by the same friend before others can look."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["PassedOn"]


@model
class PassedOn:
    """Of what a member gave back, ``share_percent`` and at least ``least`` went to one other within ``minutes``.

    A transfer would have been seen; the way through the pool is meant not to be. Time counts from when the
    record could be claimed.

    >>> from datetime import UTC, datetime
    >>> def line(minute: int, cause: str, **who: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, 1, 9, minute, tzinfo=UTC)
    ...     of = {"record_entity": "account", "record_id": "A-1", "cause": cause}
    ...     return OwnershipEntry(id=f"H-{minute}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (line(1, "returned", from_owner_id="wei"), line(3, "claimed", to_owner_id="eva"))
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in PassedOn(least=1).find(facts)]
    [(('wei', 'eva'), ('H-1', 'H-3'))]
    """

    kind: ClassVar[str] = "passed_on"

    minutes: int = 30
    least: int = 3
    share_percent: int = 50

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each giver with each receiver."""
        pairs: dict[tuple[MemberId, MemberId], list[OwnershipEntry]] = {}
        claimed: Counter[MemberId] = Counter()
        for before, after in facts.steps():
            giver, taker = before.from_owner_id, after.to_owner_id
            if before.cause is not Cause.RETURNED or after.cause is not Cause.CLAIMED or giver is None or taker is None:
                continue
            claimed[giver] += 1
            if giver != taker and after.at - before.at - facts.freeze <= timedelta(minutes=self.minutes):
                pairs.setdefault((giver, taker), []).extend((before, after))
        for (giver, taker), entries in sorted(pairs.items()):
            times, of = len(entries) // 2, claimed[giver]
            if times >= self.least and 100 * times >= self.share_percent * of:
                yield found(
                    self.kind,
                    (giver, taker),
                    times=times,
                    least=self.least,
                    entries=entries,
                    of=of,
                    minutes=self.minutes,
                )
