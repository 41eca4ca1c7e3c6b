"""``SameValue``: a plain field of the two records is equal."""

from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.rules.dedup.comparators.comparator import Blank
from crmkit.rules.dedup.decision import Evidence, Verdict
from crmkit.rules.dedup.facts import Candidate

__all__ = ["SameValue"]


@model
class SameValue:
    """Agrees when ``field`` is equal, text without regard to case and outer blanks.

    ``custom.NAME`` reads a field of the host. A record whose entity has no such field counts as blank.
    """

    kind: ClassVar[str] = "same_value"

    field: Code
    blank: Blank = Blank.FAILS

    def compare(self, one: Candidate, other: Candidate) -> Evidence:
        """Agrees, differs, or says nothing because a side has no value."""
        mine, theirs = self._value(one), self._value(other)
        if mine in _BLANK or theirs in _BLANK:
            verdict, holds = Verdict.BLANK, self.blank is Blank.HOLDS
        elif mine == theirs:
            verdict, holds = Verdict.AGREES, True
        else:
            verdict, holds = Verdict.DIFFERS, False
        return Evidence.of(
            verdict,
            comparator=self.kind,
            field=self.field,
            holds=holds,
            similarity=100 if verdict is Verdict.AGREES else 0,
        )

    def _value(self, candidate: Candidate) -> object:
        head, _, name = self.field.partition(".")
        if head == "custom" and name:
            value: object = candidate.record.custom.get(name)
        else:
            value = getattr(candidate.record, self.field, None)
        return value.strip().casefold() if isinstance(value, str) else value


_BLANK: tuple[object, ...] = (None, "", ())
