"""Where a record goes: to a member, into a pool, or nowhere with the reason why."""

from enum import StrEnum

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import Line, model
from crmkit.rules.policy import Decision

__all__ = ["AssignmentDecision", "AssignmentOutcome"]


class AssignmentOutcome(StrEnum):
    """Where the record goes."""

    ASSIGNED = "assigned"
    POOLED = "pooled"
    UNASSIGNED = "unassigned"


@model
class AssignmentDecision(Decision):
    """Who or which pool receives ``record``, by which entry, and why others were passed over."""

    outcome: AssignmentOutcome
    record: Ref
    member_id: MemberId | None = None
    pool_id: PoolId | None = None
    entry: Line = ""
    """The name of the entry that decided; empty when none did."""
    escalated_to: tuple[MemberId, ...] = ()
    """Who is to be told that the record waits."""
