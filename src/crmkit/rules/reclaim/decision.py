"""What the engine decides: keep, warn or reclaim; and for a claim: granted or refused."""

from enum import StrEnum

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import model
from crmkit.domain.stewardship.protection import Protection
from crmkit.rules.policy import Decision

__all__ = ["ClaimDecision", "ClaimOutcome", "ReclaimCause", "ReclaimDecision", "ReclaimOutcome"]


class ReclaimCause(StrEnum):
    """Which clock sets the deadline."""

    PROTECTION_ENDED = "protection_ended"
    """The default protection."""
    NO_FOLLOW_UP = "no_follow_up"
    """The protection that the last follow-up gave."""
    NO_PROGRESS = "no_progress"
    """The time allowed without the work getting further."""
    NOT_WON = "not_won"
    """The time allowed without a sale."""
    MAXIMUM_REACHED = "maximum_reached"
    """The absolute maximum."""
    OWNER_LEFT = "owner_left"
    """The time allowed after the owner left the organisation."""
    GRACE_ENDED = "grace_ended"
    """The grace of a record whose clock had never run, or whose policy is new or had paused."""
    EXTENSION_ENDED = "extension_ended"
    """The extension that was granted on request."""
    EXEMPTION_ENDED = "exemption_ended"
    """The protection that was renewed because the record was spared."""
    EVIDENCE_ENDED = "evidence_ended"
    """The end of the evidence that spared it, with the time to renew that."""
    NO_POOL = "no_pool"
    """It was due, but no pool takes it; tried again at the deadline."""


class ReclaimOutcome(StrEnum):
    """What happens to the record now."""

    KEEP = "keep"
    WARN = "warn"
    RECLAIM = "reclaim"


@model
class ReclaimDecision(Decision):
    """What happens to the record, where it falls to, and the deadlines that are to stand on it from now on.

    ``recipients`` are told of a warning or a reclaim.
    """

    outcome: ReclaimOutcome
    protection: Protection
    pool_id: PoolId | None = None
    recipients: tuple[MemberId, ...] = ()


class ClaimOutcome(StrEnum):
    """Whether the member gets the record."""

    GRANTED = "granted"
    REFUSED = "refused"


@model
class ClaimDecision(Decision):
    """Whether ``member_id`` gets ``record``; a refusal lists every reason, not the first."""

    outcome: ClaimOutcome
    record: Ref
    member_id: MemberId
    protection: Protection | None = None
    """How long the record is protected for the new owner, where it was granted and a policy says so."""

    @property
    def granted(self) -> bool:
        """Whether the member gets the record."""
        return self.outcome is ClaimOutcome.GRANTED
