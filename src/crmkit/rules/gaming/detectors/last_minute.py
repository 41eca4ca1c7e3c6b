"""Last-minute follow-ups: somebody writes one down whenever a record is about to fall back, and only then."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause
from crmkit.rules.gaming.detectors.standing_out import Outlier, standing_out
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["LastMinute"]


@model
class LastMinute:
    """Of a member's follow-ups, ``share_percent`` and at least ``least`` came in the last ``hours`` before a deadline.

    And that is ``times_others`` the share of everybody else: where protections are short, all are late.
    Only follow-ups whose deadline is known count.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 1, 30, 20, tzinfo=UTC)
    >>> about = {"subject_entity": "account", "subject_id": "A-1", "kind": "call", "member_id": "eva"}
    >>> call = Interaction(id="I-1", at=at, created_at=at, updated_at=at, **about)
    >>> late = {"I-1": datetime(2026, 1, 31, tzinfo=UTC)}
    >>> facts = GamingFacts(since=at, until=late["I-1"], interactions=(call,), deadlines=late)
    >>> [(each.members, each.interactions) for each in LastMinute(least=1).find(facts)]
    [(('eva',), ('I-1',))]
    """

    kind: ClassVar[str] = "last_minute"

    hours: int = 24
    least: int = 5
    share_percent: int = 50
    times_others: int = 2

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each member."""
        late: dict[MemberId, list[Interaction]] = {}
        all_: Counter[MemberId] = Counter()
        for each in facts.interactions:
            deadline = facts.deadlines.get(each.id)
            if deadline is None or each.member_id is None or each.at >= deadline or not facts.counts(each.at):
                continue
            all_[each.member_id] += 1
            if deadline - each.at <= timedelta(hours=self.hours):
                late.setdefault(each.member_id, []).append(each)
        for out in standing_out(
            late, all_, least=self.least, share_percent=self.share_percent, times_others=self.times_others
        ):
            yield self._told(out, facts)

    def _told(self, out: Outlier[Interaction], facts: GamingFacts) -> Finding:
        records = {each.subject_id for each in out.cases}
        lost = [
            entry
            for entry in facts.entries
            if entry.cause is Cause.RECLAIMED
            and entry.from_owner_id == out.member_id
            and entry.record_id in records
            and facts.counts(entry.at)
        ]
        return found(
            self.kind,
            (out.member_id,),
            times=len(out.cases),
            least=self.least,
            entries=lost,
            interactions=out.cases,
            of=out.of,
            percent=out.percent,
            others=out.others,
            hours=self.hours,
            reclaimed=len(lost),
        )
