"""What the decisions look at: who files what with which proof, and what stands in the way."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from crmkit.domain.ids import MemberId, Ref, TeamId
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.filing import Filing

__all__ = ["ApprovalFacts", "ExtensionFacts", "FilingFacts", "Obstacle", "ObstacleKind"]


class ObstacleKind(StrEnum):
    """What protects somebody else."""

    FILING = "filing"
    CUSTOMER = "customer"


@frozen(kw_only=True)
class Obstacle:
    """Somebody else's right to the prospect, as much of it as the asker may learn; the rest is ``None``."""

    kind: ObstacleKind
    owner_id: MemberId | None = None
    team_id: TeamId | None = None
    record: Ref | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class FilingFacts:
    """A prospect on its way to be filed.

    Args:
        member: who files it.
        known_by: how many keys (phones, addresses, numbers, a company's name) the prospect is known by.
        proven: whether there is a text or an attachment.
        obstacles: what others have of the same prospect.
        running: filings of the member that run.
        filed: filings of the member within the time of each quota, in their order.
    """

    member: Member
    known_by: int = 0
    proven: bool = False
    obstacles: tuple[Obstacle, ...] = ()
    running: int = 0
    filed: tuple[int, ...] = ()


@frozen(kw_only=True)
class ExtensionFacts:
    """A filing whose member asks for more time, and why."""

    filing: Filing
    by: MemberId
    reason: str


@frozen(kw_only=True)
class ApprovalFacts:
    """A filing that somebody wants to approve, and what others have of the same prospect by now."""

    filing: Filing
    by: MemberId
    obstacles: tuple[Obstacle, ...] = ()
