"""What the engine decides: whether the record changes hands, and what becomes of each related record."""

from enum import StrEnum

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.protection import Protection
from crmkit.rules.policy import Decision
from crmkit.rules.transfer.policy import Treatment

__all__ = ["TransferDecision", "TransferOutcome", "TransferStep"]


class TransferOutcome(StrEnum):
    """Whether the record changes hands."""

    TRANSFERRED = "transferred"
    REFUSED = "refused"


@model
class TransferStep:
    """What becomes of one related record, and why; ``to_member_id`` has it afterwards."""

    record: Ref
    treatment: Treatment
    to_member_id: MemberId | None = None
    reason: Reason


@model
class TransferDecision(Decision):
    """Whether ``record`` goes to ``to_owner_id`` or into ``to_pool_id``; a refusal lists every reason."""

    outcome: TransferOutcome
    record: Ref
    from_owner_id: MemberId | None = None
    to_owner_id: MemberId | None = None
    to_pool_id: PoolId | None = None
    steps: tuple[TransferStep, ...] = ()
    protection: Protection | None = None
    """How long the record is protected for the new owner, where it is transferred and a policy says so."""

    @property
    def transferred(self) -> bool:
        """Whether the record changes hands."""
        return self.outcome is TransferOutcome.TRANSFERRED
