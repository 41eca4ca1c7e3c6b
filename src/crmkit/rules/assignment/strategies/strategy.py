"""What a strategy must be able to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.facts import Candidate

__all__ = ["Strategy"]


@runtime_checkable
class Strategy(Protocol):
    """Chooses one of the members who can take a record; a rule part, stored under its ``kind``."""

    kind: ClassVar[str]

    def choose(self, eligible: Sequence[Candidate], record: Owned, *, now: datetime) -> tuple[Candidate, Reason]:
        """The member who receives ``record``, and why.

        Args:
            eligible: at least one member, all available and below capacity, in the order of their ids.
            record: as it stands.
            now: the instant of the run.
        """
        ...
