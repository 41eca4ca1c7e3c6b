"""Empty follow-ups: written down so that something stands there."""

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.substance import Lack, Substance, said
from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["EmptyFollowUp"]


@model
class EmptyFollowUp:
    """Of a member's follow-ups, ``share_percent`` and at least ``least`` have no substance.

    A copy is a summary that the member wrote before, on whichever record.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 1, 30, 20, tzinfo=UTC)
    >>> about = {"subject_entity": "account", "subject_id": "A-1", "kind": "email", "member_id": "eva"}
    >>> mail = Interaction(id="I-1", at=at, created_at=at, updated_at=at, summary="ok", **about)
    >>> facts = GamingFacts(since=at, until=datetime(2026, 1, 31, tzinfo=UTC), interactions=(mail,))
    >>> [dict(each.reason.params) for each in EmptyFollowUp(least=1).find(facts)]
    [{'members': 'eva', 'times': 1, 'of': 1, 'percent': 100, 'silent': 1, 'copied': 0, 'untimed': 0}]
    """

    kind: ClassVar[str] = "empty_follow_up"

    substance: Substance = Substance()
    least: int = 5
    share_percent: int = 50

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each member."""
        written: dict[MemberId, set[str]] = {}
        empty: dict[MemberId, list[tuple[Interaction, tuple[Lack, ...]]]] = {}
        all_: Counter[MemberId] = Counter()
        for each in facts.interactions:
            if each.member_id is None:
                continue
            former = written.setdefault(each.member_id, set())
            lacks = self.substance.lacks(each, former=former)
            former.add(said(each))
            if facts.counts(each.at):
                all_[each.member_id] += 1
                if lacks:
                    empty.setdefault(each.member_id, []).append((each, lacks))
        for member_id, cases in sorted(empty.items()):
            times, of = len(cases), all_[member_id]
            if times >= self.least and 100 * times >= self.share_percent * of:
                lacking = Counter(lack for _, lacks in cases for lack in lacks)
                yield found(
                    self.kind,
                    (member_id,),
                    times=times,
                    least=self.least,
                    interactions=(each for each, _ in cases),
                    of=of,
                    percent=100 * times // of,
                    silent=lacking[Lack.SAYS_NOTHING],
                    copied=lacking[Lack.COPIED],
                    untimed=lacking[Lack.NO_MINUTES],
                )
