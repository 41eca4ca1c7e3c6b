"""What the decision looks at: who asks, whom and what they come to, and the record that is asked for."""

from attrs import field, frozen

from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId, RoleId, TeamId
from crmkit.domain.organization.member import MemberStatus
from crmkit.rules.access.policy import Scope, Verb

__all__ = ["AccessFacts", "Person", "Place", "Share"]


@frozen(kw_only=True)
class Share:
    """A record that is shared with the member or the team, now."""

    entity: str
    id: str
    write: bool = False


@frozen(kw_only=True)
class Place:
    """A pool that admits the member, or a territory in which they have a seat, by its condition."""

    entity: str
    id: str
    accepts: str = "always()"


@frozen(kw_only=True)
class Person:
    """A member as access sees them; what no grant needs may be left empty.

    Args:
        status: ``None`` for somebody who is not known.
        mates: everybody in the team.
        below: everybody whom they lead or manage, at any depth.
        parents: ids of records of an entity that a scope reaches, for what is reached through them.
    """

    member_id: MemberId
    status: MemberStatus | None = MemberStatus.ACTIVE
    role_ids: tuple[RoleId, ...] = ()
    team_id: TeamId | None = None
    mates: tuple[MemberId, ...] = ()
    below: tuple[MemberId, ...] = ()
    pools: tuple[Place, ...] = ()
    territories: tuple[Place, ...] = ()
    shares: tuple[Share, ...] = ()
    parents: tuple[tuple[Scope, str, tuple[str, ...]], ...] = ()

    @property
    def here(self) -> bool:
        """Whether they are a member who has not left."""
        return self.status is not None and self.status is not MemberStatus.LEFT

    def parents_in(self, scope: Scope, entity: str) -> tuple[str, ...]:
        """The ids of records of ``entity`` within ``scope``."""
        return next((ids for of, kind, ids in self.parents if (of, kind) == (scope, entity)), ())


@frozen(kw_only=True)
class AccessFacts:
    """The question: may this person do that with this record, or with any of the entity where there is none?"""

    person: Person
    verb: Verb = field(converter=Verb)
    entity: str
    record: Record | None = None
