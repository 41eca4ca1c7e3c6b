"""``SimilarName``: the names are the same but for order, spelling or a slip of the finger."""

from typing import ClassVar

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.comparators.comparator import Blank
from crmkit.rules.dedup.decision import Evidence, Verdict
from crmkit.rules.dedup.facts import Candidate
from crmkit.rules.dedup.keys import KeyKind
from crmkit.rules.dedup.similarity import likeness, resembles_company, resembles_person

__all__ = ["SimilarName"]


@model
class SimilarName:
    """Agrees from ``least`` per cent likeness on; compares persons or companies by their keys.

    A nickname, an initial, a name in pinyin, a company without its city only *resembles*: nothing speaks
    against the match, so it holds where a blank would, and it never counts as evidence for it.
    """

    kind: ClassVar[str] = "similar_name"

    of: KeyKind = KeyKind.PERSON
    least: int = 90
    blank: Blank = Blank.FAILS

    def check(self) -> None:
        """Only persons and companies have names; a per cent lies between 1 and 100."""
        if self.of not in (KeyKind.PERSON, KeyKind.COMPANY):
            raise InvalidInput("must be person or company.", field="SimilarName.of", hint="Use SameKey for other keys.")
        if not 1 <= self.least <= 100:
            raise InvalidInput("must lie between 1 and 100.", field="SimilarName.least", hint="Give whole per cent.")

    def compare(self, one: Candidate, other: Candidate) -> Evidence:
        """Agrees when the likest pair of names reaches ``least``, else resembles or differs."""
        mine, theirs = one.keys.get(self.of), other.keys.get(self.of)
        if not mine or not theirs:
            best, verdict, holds = 0, Verdict.BLANK, self.blank is Blank.HOLDS
        else:
            best = 100 if mine == theirs else max([likeness(name, their) for name in mine for their in theirs])
            verdict, holds = Verdict.AGREES, True
            if best < self.least:
                alike = resembles_person if self.of is KeyKind.PERSON else resembles_company
                likened = any(alike(name, their) for name in mine for their in theirs)
                verdict = Verdict.RESEMBLES if likened else Verdict.DIFFERS
                holds = likened and self.blank is Blank.HOLDS
        return Evidence.of(verdict, comparator=self.kind, field=self.of, holds=holds, similarity=best)
