"""What the engine decides: whether somebody may, with every grant that leads there and everything against it."""

from enum import StrEnum

from crmkit.domain.ids import MemberId
from crmkit.domain.model import Code, Line, model
from crmkit.rules.access.policy import Verb
from crmkit.rules.access.sight import Sight
from crmkit.rules.policy import Decision

__all__ = ["AccessDecision", "AccessOutcome", "FieldSight"]


class AccessOutcome(StrEnum):
    """Whether they may."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@model
class FieldSight:
    """A field that rules name, and how it is seen."""

    field: Code
    sight: Sight


@model
class AccessDecision(Decision):
    """Whether the member may do ``verb`` with the record; ``fields`` are those that they do not see and write as others do."""

    outcome: AccessOutcome
    member_id: MemberId
    verb: Verb
    entity: Code
    record_id: Line = ""
    fields: tuple[FieldSight, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether they may."""
        return self.outcome is AccessOutcome.ALLOWED
