"""What a target of a route is asked, and what it answers."""

from typing import ClassVar, Protocol

from attrs import frozen

from crmkit.domain.ids import MemberId, TeamId
from crmkit.domain.reasons import Reason
from crmkit.rules.routing.facts import RoutingFacts

__all__ = ["Offer", "Target"]


@frozen(kw_only=True)
class Offer:
    """Members who could take the request, the first of them who is there does; or a team that takes it as a queue.

    The requester is passed over, so that nobody decides on a request of their own, unless ``own``.
    ``reasons`` tell how they were found, where there is more to tell than their names.
    """

    members: tuple[MemberId, ...] = ()
    team_id: TeamId | None = None
    own: bool = False
    reasons: tuple[Reason, ...] = ()


class Target(Protocol):
    """Whom a route leads to. A host's own is a frozen class with a ``kind`` and this method.

    A field named ``member_id``, ``team_id`` or ``role_id`` tells the service whom to look up.
    """

    kind: ClassVar[str]

    def find(self, facts: RoutingFacts) -> Offer:
        """Who could take ``facts.request``; an empty offer for nobody."""
        ...
