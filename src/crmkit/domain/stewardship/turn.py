"""Whose turn it is: how far each member is ahead of those who are next."""

from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId, TurnId, derived_id
from crmkit.domain.model import Code, model

__all__ = ["Turn"]


@model
class Turn(Record):
    """A member's place in the rotation of one entity's records.

    ``ahead`` is counted in records of a full share (weight 100); nobody is further ahead than what one
    record is worth at the member's weight. Who has no turn yet stands at 0, and so is among the next.

    >>> Turn.id_of("lead", "wei")
    'lead:wei'
    """

    entity: ClassVar[str] = "turn"

    id: TurnId
    record_entity: Code
    member_id: MemberId
    ahead: float = 0.0

    @staticmethod
    def id_of(entity: str, member_id: str) -> TurnId:
        """There is one for each entity and member."""
        return TurnId(derived_id(entity, member_id))
