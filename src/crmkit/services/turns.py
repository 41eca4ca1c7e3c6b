"""The places of members in a rotation, read and written with what is assigned by them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from attrs import frozen

from crmkit.domain.change import Change, changed, created
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.turn import Turn
from crmkit.ports.store import UnitOfWork

__all__ = ["Turns"]


@frozen(kw_only=True)
class Turns:
    """Where each of some members stands; right as long as the lock of assignment is held."""

    entity: str
    known: Mapping[str, Turn]

    @classmethod
    def of(cls, uow: UnitOfWork, entity: str, members: Iterable[Member]) -> "Turns":
        """The places of ``members`` for the entity's records: one query."""
        ids = sorted(Turn.id_of(entity, member.id) for member in members)
        return cls(entity=entity, known=uow.turns.get_many(ids))

    def ahead(self, member_id: MemberId) -> float:
        """How far the member is ahead; who has had no turn yet is among the next."""
        turn = self.known.get(Turn.id_of(self.entity, member_id))
        return 0.0 if turn is None else turn.ahead

    def changes(self, ahead: Mapping[MemberId, float], *, now: datetime) -> Iterator[Change[Turn]]:
        """The members of ``ahead`` stand where it says from now on."""
        for member_id, place in ahead.items():
            turn = self.known.get(Turn.id_of(self.entity, member_id))
            if turn is not None:
                yield changed(turn, now=now, ahead=place)
            else:
                yield created(self._new(member_id, place, now))

    def _new(self, member_id: MemberId, place: float, now: datetime) -> Turn:
        return Turn(
            id=Turn.id_of(self.entity, member_id),
            record_entity=self.entity,
            member_id=member_id,
            ahead=place,
            created_at=now,
            updated_at=now,
        )
