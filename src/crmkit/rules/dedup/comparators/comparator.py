"""What a comparator is: one field of two records compared, with blanks handled as it says."""

from enum import StrEnum
from typing import ClassVar, Protocol

from crmkit.rules.dedup.decision import Evidence
from crmkit.rules.dedup.facts import Candidate

__all__ = ["Blank", "Comparator"]


class Blank(StrEnum):
    """What it means for the group when one of the two records, or both, has nothing in the field."""

    FAILS = "fails"
    """The demand is not met: both must have it."""
    HOLDS = "holds"
    """Nothing speaks against it: only two different values fail; values that merely resemble each other do not."""


class Comparator(Protocol):
    """Compares one field of two records; a frozen class with a ``kind`` that the rule book knows.

    Must be symmetric and pure: the order of the two records never matters.
    """

    kind: ClassVar[str]

    def compare(self, one: Candidate, other: Candidate) -> Evidence:
        """What the two records say about each other in this field."""
        ...
