"""The report: a row for each member and each team, and how even it was by every measure."""

from datetime import datetime

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.fairness.evenness import Evenness
from crmkit.rules.fairness.share import Measure, Share

__all__ = ["FairnessReport", "MemberRow", "TeamRow"]


@model
class MemberRow:
    """What a member received and would have received by their share, and what there is to say about it."""

    share: Share
    expected: float
    """Records, by weight and working days."""
    reasons: tuple[Reason, ...]

    @property
    def difference(self) -> float:
        """Records more than the share; less than nothing, where there were fewer."""
        return self.share.count - self.expected


@model
class TeamRow:
    """A team's members together."""

    team_id: TeamId | None
    members: int
    available: int
    count: int
    expected: float
    value: int
    quality: int


@model
class FairnessReport:
    """Who received what between ``since`` and ``until``, against their share.

    ``rows`` and ``teams`` begin with whoever is furthest below. ``measures`` is empty when nobody was there.
    """

    since: datetime
    until: datetime
    rows: tuple[MemberRow, ...]
    teams: tuple[TeamRow, ...] = ()
    measures: tuple[Evenness, ...] = ()
    currency: Line = ""
    """Of all values."""
    unvalued: int = 0
    """Records that count without a value, because they have none in that currency."""

    def row(self, member_id: MemberId) -> MemberRow | None:
        """That member's row."""
        return next((row for row in self.rows if row.share.member_id == member_id), None)

    def measure(self, by: Measure) -> Evenness | None:
        """How even it was by that measure."""
        return next((each for each in self.measures if each.by is by), None)

    def table(self, language: str = "en") -> str:
        """The report as text, in English or Chinese (``zh``)."""
        from crmkit.rules.fairness.table import table

        return table(self, language)

    def __str__(self) -> str:
        return self.table()
