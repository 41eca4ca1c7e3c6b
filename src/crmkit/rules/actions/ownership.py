"""Giving a lead or an account to somebody, or back to a pool."""

from collections.abc import Iterator
from typing import ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import MemberId, PoolId
from crmkit.domain.model import Line, model
from crmkit.errors import Problem
from crmkit.rules.actions.action import Effect

__all__ = ["Assign", "AssignTo", "ReturnToPool"]

OWNED = ("lead", "account")
_HANDS = {"owner_id": None, "pool_id": None}


def _not_owned(entity: str) -> Iterator[Problem]:
    if entity not in OWNED:
        yield Problem(
            "kind", "entity.not_owned", f"a {entity} has no owner to change.", "Use it for leads and accounts."
        )


@model
class Assign:
    """The record has the owner that the assignment policy gives it; one that has an owner keeps it.

    >>> Assign.kind
    'assign'
    """

    kind: ClassVar[str] = "assign"

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:  # noqa: ARG002
        """Such records have no owner."""
        return _not_owned(entity)

    def effects(self, entity: str) -> tuple[Effect, ...]:
        """Another owner."""
        events = ("ownership.assigned", "ownership.unassigned", "ownership.returned")
        return (Effect(entity=entity, events=events, fields=_HANDS),)


@model
class AssignTo:
    """``member_id`` owns the record, as if somebody had given it to them by hand.

    >>> AssignTo(member_id="wei").member_id
    'wei'
    """

    kind: ClassVar[str] = "assign_to"

    member_id: MemberId

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:  # noqa: ARG002
        """Such records have no owner."""
        return _not_owned(entity)

    def effects(self, entity: str) -> tuple[Effect, ...]:
        """That owner."""
        fields = {**_HANDS, "owner_id": self.member_id}
        return (Effect(entity=entity, events=("ownership.assigned", "ownership.transferred"), fields=fields),)


@model
class ReturnToPool:
    """The record lies in ``pool_id``, or in the pool that accepts it; one without an owner stays where it is.

    >>> ReturnToPool(reason="no answer").reason
    'no answer'
    """

    kind: ClassVar[str] = "return_to_pool"

    pool_id: PoolId | None = None
    reason: Line = ""

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:  # noqa: ARG002
        """Such records have no owner."""
        return _not_owned(entity)

    def effects(self, entity: str) -> tuple[Effect, ...]:
        """No owner, and a pool."""
        return (Effect(entity=entity, events=("ownership.returned",), fields=_HANDS),)
