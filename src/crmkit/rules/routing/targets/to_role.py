"""To somebody who holds a role."""

from typing import ClassVar

from crmkit.domain.ids import RoleId
from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToRole"]


@model
class ToRole:
    """The request goes to a holder of the role: the first by id who is there."""

    kind: ClassVar[str] = "to_role"

    role_id: RoleId

    def find(self, facts: RoutingFacts) -> Offer:
        """The holders."""
        return Offer(members=tuple(sorted(member.id for member in facts.members if self.role_id in member.role_ids)))
