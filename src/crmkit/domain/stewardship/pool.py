"""A public pool (公海): records without an owner that members may claim."""

from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import parse
from crmkit.domain.ids import MemberId, PoolId, TeamId
from crmkit.domain.model import Code, Line, model
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput

__all__ = ["Pool"]


@model
class Pool(Record):
    """Which records fall into it, and who may claim from it.

    ``accepts`` is a condition in text form; of all enabled pools of an entity that accept a record, the
    one with the highest ``priority`` receives it (ties: the smaller id). Without ``member_ids`` and
    ``team_ids`` every active member may claim.
    """

    entity: ClassVar[str] = "pool"

    id: PoolId
    name: Line
    holds: Code = "account"
    """The entity whose records lie here: ``"lead"`` or ``"account"``."""
    accepts: str = "always()"
    priority: int = 0
    enabled: bool = True
    member_ids: tuple[MemberId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()
    admin_ids: tuple[MemberId, ...] = ()
    """Who moves records in and out, decides on extensions, and sees everything."""
    visible_fields: tuple[Code, ...] = ()
    """What members see of a record before they claim it; none named, everything."""
    masked_fields: tuple[Code, ...] = ("phones", "emails", "handles")
    """Of these they see that there is something, and its first and last characters."""
    views: Limit | None = None
    """How many different records a member may look at within a time; ``None`` for no limit."""

    def check(self) -> None:
        """Only leads and accounts have owners, so only they can lie in a pool; and the condition can be read."""
        parse(self.accepts)
        if self.holds not in ("lead", "account"):
            raise InvalidInput("must be lead or account.", field="Pool.holds", hint="Choose one of the two.")

    def admits(self, member_id: MemberId, team_id: TeamId | None) -> bool:
        """Whether the member may claim from here."""
        if not self.member_ids and not self.team_ids:
            return True
        return member_id in self.member_ids or team_id in self.team_ids

    def administers(self, member_id: str) -> bool:
        """Whether the member runs this pool; one that names nobody is everybody's."""
        return not self.admin_ids or member_id in self.admin_ids
