"""Territories: parts of the market, each with the members who look after it."""

from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import parse
from crmkit.domain.ids import MemberId, TerritoryId
from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput

__all__ = ["Seat", "Territory", "TerritoryState"]


class TerritoryState(StrEnum):
    """Whether records are given by it; only an active one gives any."""

    PLANNING = "planning"
    ACTIVE = "active"
    ARCHIVED = "archived"


@model
class Seat:
    """A member in a territory, with the role they have there."""

    member_id: MemberId
    role: Code = "sales"


@model
class Territory(Record):
    """Which records belong to it, and who receives them.

    ``accepts`` is a condition in text form. Of all active territories that accept a record the one with the
    highest ``priority`` receives it; of equal ones the deepest in the hierarchy, then the smaller id.

    >>> from datetime import UTC, datetime
    >>> made = datetime(2026, 1, 2, tzinfo=UTC)
    >>> seats = [Seat(member_id="wei"), Seat(member_id="eva", role="presales")]
    >>> Territory(id="east", name="East", seats=seats, created_at=made, updated_at=made).members(["sales"])
    ('wei',)
    """

    entity: ClassVar[str] = "territory"

    id: TerritoryId
    name: Line
    holds: Code = "lead"
    """The entity whose records it accepts: ``"lead"`` or ``"account"``."""
    parent_id: TerritoryId | None = None
    priority: int = 0
    accepts: str = "always()"
    seats: tuple[Seat, ...] = ()
    state: TerritoryState = TerritoryState.PLANNING

    def check(self) -> None:
        """Only leads and accounts have owners, and the condition can be read."""
        if self.holds not in ("lead", "account"):
            raise InvalidInput("must be lead or account.", field="Territory.holds", hint="Choose one of the two.")
        parse(self.accepts)

    def members(self, roles: tuple[Code, ...] = ()) -> tuple[MemberId, ...]:
        """Who has one of ``roles`` here; without any, everybody."""
        return tuple(seat.member_id for seat in self.seats if not roles or seat.role in roles)
