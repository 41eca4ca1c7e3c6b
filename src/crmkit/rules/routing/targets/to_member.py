"""To a named member."""

from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.targets.target import Offer

__all__ = ["ToMember"]


@model
class ToMember:
    """The request goes to this very member."""

    kind: ClassVar[str] = "to_member"

    member_id: MemberId

    def find(self, facts: RoutingFacts) -> Offer:  # noqa: ARG002 - the Protocol's shape
        """The member."""
        return Offer(members=(self.member_id,))
