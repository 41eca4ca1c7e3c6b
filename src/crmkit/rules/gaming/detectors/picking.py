"""Picking: leads that were assigned are given back at once, in the hope of better ones."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.rules.gaming.detectors.standing_out import standing_out
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["Picking"]


@model
class Picking:
    """Of what a member was assigned, ``share_percent`` and at least ``least`` went back within ``hours``.

    And that is ``times_others`` the share of everybody else, for bad leads are given back by all. It gains
    nothing in round robin, where what is given back counts as received; the customers pay for it.

    >>> from datetime import UTC, datetime
    >>> def line(hour: int, cause: str, **who: str) -> OwnershipEntry:
    ...     at = datetime(2026, 1, 1, hour, tzinfo=UTC)
    ...     of = {"record_entity": "lead", "record_id": "L-1", "cause": cause}
    ...     return OwnershipEntry(id=f"H-{hour}", at=at, created_at=at, updated_at=at, **of, **who)
    >>> entries = (line(1, "assigned", to_owner_id="eva"), line(3, "returned", from_owner_id="eva"))
    >>> facts = GamingFacts(since=entries[0].at, until=datetime(2026, 2, 1, tzinfo=UTC), entries=entries)
    >>> [(each.members, each.entries) for each in Picking(least=1).find(facts)]
    [(('eva',), ('H-1', 'H-3'))]
    """

    kind: ClassVar[str] = "picking"

    hours: int = 48
    least: int = 5
    share_percent: int = 30
    times_others: int = 2

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each member."""
        received: Counter[MemberId] = Counter(
            entry.to_owner_id
            for entry in facts.entries
            if entry.cause is Cause.ASSIGNED and entry.to_owner_id is not None and facts.counts(entry.at)
        )
        refused: dict[MemberId, list[tuple[OwnershipEntry, OwnershipEntry]]] = {}
        for before, after in facts.steps():
            member_id = after.from_owner_id
            fits = before.cause is Cause.ASSIGNED and after.cause is Cause.RETURNED and before.to_owner_id == member_id
            soon = after.at - before.at <= timedelta(hours=self.hours)
            if fits and soon and member_id is not None and facts.counts(before.at):
                refused.setdefault(member_id, []).append((before, after))
        for out in standing_out(
            refused, received, least=self.least, share_percent=self.share_percent, times_others=self.times_others
        ):
            yield found(
                self.kind,
                (out.member_id,),
                times=len(out.cases),
                least=self.least,
                entries=(entry for pair in out.cases for entry in pair),
                of=out.of,
                percent=out.percent,
                others=out.others,
                hours=self.hours,
            )
