"""``SameKey``: the two records share a key."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.rules.dedup.comparators.comparator import Blank
from crmkit.rules.dedup.decision import Evidence, Verdict
from crmkit.rules.dedup.facts import Candidate
from crmkit.rules.dedup.keys import STRONG, KeyKind

__all__ = ["SameKey"]


@model
class SameKey:
    """Agrees when one of the many keys of that kind is the same, differs when both have some and share none."""

    kind: ClassVar[str] = "same_key"

    on: KeyKind
    blank: Blank = Blank.FAILS

    def compare(self, one: Candidate, other: Candidate) -> Evidence:
        """Agrees, differs, or says nothing because a side has no such key."""
        mine, theirs = one.keys.get(self.on), other.keys.get(self.on)
        if not mine or not theirs:
            verdict, holds = Verdict.BLANK, self.blank is Blank.HOLDS
        elif mine.isdisjoint(theirs):
            verdict, holds = Verdict.DIFFERS, False
        else:
            verdict, holds = Verdict.AGREES, True
        return Evidence.of(
            verdict,
            comparator=self.kind,
            field=self.on,
            holds=holds,
            strong=self.on in STRONG,
            similarity=100 if verdict is Verdict.AGREES else 0,
        )
