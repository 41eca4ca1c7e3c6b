"""What an approval is after an act, and whether what is approved still holds."""

from enum import StrEnum

from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import Line, model
from crmkit.domain.stewardship.approval import Approval
from crmkit.rules.approval.facts import Act
from crmkit.rules.policy import Decision

__all__ = ["ApprovalDecision", "ApprovalOutcome", "HoldingDecision", "HoldingOutcome"]


class ApprovalOutcome(StrEnum):
    """Where the approval stands after the act, or that the act is refused."""

    NOT_NEEDED = "not_needed"
    """The policy asks for no approval of this record."""
    REFUSED = "refused"
    """The act is not possible, and nothing changes."""
    PENDING = "pending"
    RESTARTED = "restarted"
    """The data changed: it is pending, from the first step on that has not agreed to such data."""
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@model
class ApprovalDecision(Decision):
    """The approval as it is to be kept, and who is told.

    ``asked`` are those whose turn has come now, ``reminded`` those whose turn it has been for long. ``seal`` is the
    seal of the record's relevant values: what an approver says to have seen.
    """

    outcome: ApprovalOutcome
    act: Act
    record: Ref
    approval: Approval | None = None
    asked: tuple[MemberId, ...] = ()
    reminded: tuple[MemberId, ...] = ()
    seal: Line = ""


class HoldingOutcome(StrEnum):
    """Whether a record stands as it was approved."""

    HOLDS = "holds"
    CHANGED = "changed"
    """It got worse than what was approved, and has to be submitted again."""
    UNAPPROVED = "unapproved"
    """It needs an approval and has none."""
    NOT_NEEDED = "not_needed"


@model
class HoldingDecision(Decision):
    """Whether what is, is what was approved."""

    outcome: HoldingOutcome
    record: Ref
