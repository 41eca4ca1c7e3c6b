"""Bursts: the same words on many records within minutes, for calls and visits that cannot have taken place."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.activities.substance import said
from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding, found

__all__ = ["Burst"]


@model
class Burst:
    """A member wrote the same on ``least`` records within ``minutes``, for any of ``kinds``.

    Time is when it was written down, not when it is said to have taken place. Mail is left out unless you
    name it: one text to many is what mail is for.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 30, 20, tzinfo=UTC)
    >>> about = {"subject_entity": "account", "kind": "visit", "member_id": "eva", "summary": "Visited, all well."}
    >>> def visit(number: int) -> Interaction:
    ...     on = {"id": f"I-{number}", "subject_id": f"A-{number}"}
    ...     return Interaction(at=at, created_at=at + timedelta(seconds=number), updated_at=at, **on, **about)
    >>> visits = tuple(visit(number) for number in range(5))
    >>> facts = GamingFacts(since=at, until=datetime(2026, 1, 31, tzinfo=UTC), interactions=visits)
    >>> [(each.members, len(each.interactions)) for each in Burst().find(facts)]
    [(('eva',), 5)]
    """

    kind: ClassVar[str] = "burst"

    minutes: int = 10
    least: int = 5
    kinds: tuple[InteractionKind, ...] = (InteractionKind.CALL, InteractionKind.MEETING, InteractionKind.VISIT)

    def find(self, facts: GamingFacts) -> Iterator[Finding]:
        """One finding for each member: the records of all bursts together."""
        texts: dict[tuple[MemberId, str], list[Interaction]] = {}
        for each in facts.interactions:
            if each.member_id is not None and each.kind in self.kinds and facts.counts(each.created_at):
                texts.setdefault((each.member_id, said(each)), []).append(each)
        bursts: dict[MemberId, dict[str, Interaction]] = {}
        for (member_id, _), cases in sorted(texts.items()):
            for each in self._bursts(cases):
                bursts.setdefault(member_id, {})[each.id] = each
        for member_id, shown in bursts.items():
            records = len({(each.subject_entity, each.subject_id) for each in shown.values()})
            yield found(
                self.kind,
                (member_id,),
                times=records,
                least=self.least,
                interactions=shown.values(),
                minutes=self.minutes,
            )

    def _bursts(self, cases: list[Interaction]) -> Iterator[Interaction]:
        """Those of one text that stand among ``least`` records within the minutes."""
        cases.sort(key=_written)
        begin = told = 0
        within: Counter[tuple[str, str]] = Counter()
        for end, last in enumerate(cases):
            within[last.subject_entity, last.subject_id] += 1
            while last.created_at - cases[begin].created_at > timedelta(minutes=self.minutes):
                first = cases[begin]
                _less(within, (first.subject_entity, first.subject_id))
                begin += 1
            if len(within) >= self.least:
                yield from cases[max(begin, told) : end + 1]
                told = end + 1


def _written(interaction: Interaction) -> tuple[datetime, str]:
    return interaction.created_at, interaction.id


def _less(counts: Counter[tuple[str, str]], record: tuple[str, str]) -> None:
    """One less of it; what is counted no more is gone."""
    counts[record] -= 1
    if not counts[record]:
        del counts[record]
