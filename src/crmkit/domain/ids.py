"""Typed ids. At run time each is a plain ``str``, so that any store keeps it; to the type checker they differ."""

from hashlib import blake2b
from typing import NewType

from crmkit.domain.model import Code, Key, model

__all__ = [
    "AccountId",
    "ApprovalId",
    "AutomationRunId",
    "CalendarId",
    "CollaborationId",
    "ConsentId",
    "ContactId",
    "CrossingId",
    "ErasureId",
    "EventId",
    "ExtensionId",
    "FilingId",
    "FilingMarkId",
    "InteractionId",
    "LeadId",
    "LegalHoldId",
    "MatchReviewId",
    "MemberId",
    "MergeId",
    "MessageId",
    "OpportunityId",
    "OwnershipEntryId",
    "PipelineId",
    "PoolId",
    "Ref",
    "RequestId",
    "RoleId",
    "SegmentId",
    "SegmentMembershipId",
    "SlaClockId",
    "SuppressionId",
    "TaskId",
    "TeamId",
    "TerritoryId",
    "TransferId",
    "TurnId",
    "derived_id",
]

MOST_ID = 200
"""Characters of an id."""

LeadId = NewType("LeadId", str)
AccountId = NewType("AccountId", str)
ContactId = NewType("ContactId", str)
OpportunityId = NewType("OpportunityId", str)
PipelineId = NewType("PipelineId", str)
InteractionId = NewType("InteractionId", str)
TaskId = NewType("TaskId", str)
MemberId = NewType("MemberId", str)
TeamId = NewType("TeamId", str)
RoleId = NewType("RoleId", str)
CalendarId = NewType("CalendarId", str)
PoolId = NewType("PoolId", str)
RequestId = NewType("RequestId", str)
MergeId = NewType("MergeId", str)
MatchReviewId = NewType("MatchReviewId", str)
OwnershipEntryId = NewType("OwnershipEntryId", str)
ExtensionId = NewType("ExtensionId", str)
TerritoryId = NewType("TerritoryId", str)
TurnId = NewType("TurnId", str)
TransferId = NewType("TransferId", str)
CollaborationId = NewType("CollaborationId", str)
FilingId = NewType("FilingId", str)
FilingMarkId = NewType("FilingMarkId", str)
SegmentId = NewType("SegmentId", str)
SegmentMembershipId = NewType("SegmentMembershipId", str)
SlaClockId = NewType("SlaClockId", str)
ApprovalId = NewType("ApprovalId", str)
AutomationRunId = NewType("AutomationRunId", str)
ErasureId = NewType("ErasureId", str)
LegalHoldId = NewType("LegalHoldId", str)
SuppressionId = NewType("SuppressionId", str)
ConsentId = NewType("ConsentId", str)
CrossingId = NewType("CrossingId", str)
MessageId = NewType("MessageId", str)
EventId = NewType("EventId", str)


@model
class Ref:
    """Which record: the entity's name (``"lead"``) and the id.

    >>> str(Ref(entity="lead", id="L-1"))
    'lead:L-1'
    """

    entity: Code
    id: Key

    def __str__(self) -> str:
        return f"{self.entity}:{self.id}"


def derived_id(*parts: object) -> str:
    """The one id of what these parts name together; their digest, where they are longer than an id may be.

    >>> derived_id("task", "T-1", "answer")
    'task:T-1:answer'
    >>> len(derived_id("task", "T" * 200, "answer"))
    40
    """
    text = ":".join(map(str, parts))
    return text if len(text) <= MOST_ID else blake2b(text.encode(), digest_size=20).hexdigest()
