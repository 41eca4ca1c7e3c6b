"""What a detector must be able to do."""

from collections.abc import Iterable
from typing import ClassVar, Protocol, runtime_checkable

from crmkit.rules.gaming.facts import GamingFacts
from crmkit.rules.gaming.finding import Finding

__all__ = ["Detector"]


@runtime_checkable
class Detector(Protocol):
    """Looks for one pattern; a rule part, stored under its ``kind``."""

    kind: ClassVar[str]

    def find(self, facts: GamingFacts) -> Iterable[Finding]:
        """What shows the pattern within the period of ``facts``, in an order of its own that never changes."""
        ...
