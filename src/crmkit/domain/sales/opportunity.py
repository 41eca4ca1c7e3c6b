"""An opportunity: a deal we work on, in a stage of a pipeline, until it is won or lost."""

from datetime import date, datetime
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import AccountId, LeadId, MemberId, OpportunityId, PipelineId
from crmkit.domain.model import Code, Key, Line, model
from crmkit.domain.sales.pipeline import Stage, StageKind
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput

__all__ = ["Opportunity", "OpportunityCreated", "OpportunityLost", "OpportunityWon", "StageChanged"]


@model
class OpportunityCreated(Event):
    """A deal was opened."""

    type: ClassVar[str] = "opportunity.created"
    stage: Code


@model
class StageChanged(Event):
    """A deal moved to another stage; also when it is reopened."""

    type: ClassVar[str] = "opportunity.stage_changed"
    from_stage: Code
    to_stage: Code


@model
class OpportunityWon(Event):
    """A deal was won."""

    type: ClassVar[str] = "opportunity.won"
    from_stage: Code
    amount: Money | None = None


@model
class OpportunityLost(Event):
    """A deal was lost, and why."""

    type: ClassVar[str] = "opportunity.lost"
    from_stage: Code
    reason: Line


@model
class Opportunity(Record):
    """A deal with its account, amount, stage and expected close; ``status`` is the kind of its stage."""

    entity: ClassVar[str] = "opportunity"

    id: OpportunityId
    account_id: AccountId | None = None
    lead_id: LeadId | None = None
    owner_id: MemberId | None = None
    name: Line
    product: Line = ""
    pipeline_id: PipelineId
    stage: Key
    stage_since: datetime
    status: StageKind = StageKind.OPEN
    probability: int = 0
    amount: Money | None = None
    expected_close: date | None = None
    closed_at: datetime | None = None
    lost_reason: Line = ""

    def create(self) -> "Change[Opportunity]":
        """The deal as a new record."""
        return created(self, OpportunityCreated(at=self.created_at, stage=self.stage))

    def move(self, stage: Stage, *, now: datetime, reason: str = "") -> "Change[Opportunity]":
        """The deal is in ``stage``; won, lost and reopened follow from the stage's kind.

        Raises:
            InvalidInput: it is lost without a ``reason``.
        """
        if stage.kind is StageKind.LOST and not reason:
            raise InvalidInput("is required for a lost deal.", field="reason", hint="Say why it was lost.")
        ended = stage.kind is not StageKind.OPEN
        return changed(
            self,
            self._moved(stage, now, reason),
            now=now,
            stage=stage.code,
            stage_since=now,
            status=stage.kind,
            probability=stage.probability,
            closed_at=now if ended else None,
            lost_reason=reason if stage.kind is StageKind.LOST else "",
        )

    def _moved(self, stage: Stage, now: datetime, reason: str) -> Event:
        if stage.kind is StageKind.WON:
            return OpportunityWon(at=now, from_stage=self.stage, amount=self.amount)
        if stage.kind is StageKind.LOST:
            return OpportunityLost(at=now, from_stage=self.stage, reason=reason)
        return StageChanged(at=now, from_stage=self.stage, to_stage=stage.code)
