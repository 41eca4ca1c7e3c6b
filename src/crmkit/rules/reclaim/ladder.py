"""The ladder of warnings: who is told how many days before a record falls back, and who when it has."""

from collections.abc import Iterable
from enum import StrEnum

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim.decision import ReclaimCause

__all__ = ["Listener", "Rung", "listeners"]


class Listener(StrEnum):
    """Who is told."""

    OWNER = "owner"
    MANAGER = "manager"
    """The owner's superior."""
    ADMINS = "admins"
    """The administrators of the pool that the record falls to."""


@model
class Rung:
    """A warning so many days before the deadline; without ``causes`` for every clock."""

    days: int
    to: tuple[Listener, ...] = (Listener.OWNER,)
    causes: tuple[ReclaimCause, ...] = ()

    def check(self) -> None:
        """It comes before the deadline, and somebody hears it."""
        if self.days < 1 or not self.to:
            raise InvalidInput(
                "must be positive, and somebody told.", field="Rung.days", hint="Give days before the deadline."
            )


def listeners(told: Iterable[Listener], owner_id: MemberId, owner: Member | None, pool: Pool) -> tuple[MemberId, ...]:
    """The members who are told, each once.

    An owner who has left hears nothing; whoever stands in for that one (the superior, or else the
    pool's administrators) does.
    """
    wanted = list(dict.fromkeys(told))
    if owner is not None and owner.status is MemberStatus.LEFT and Listener.OWNER in wanted:
        wanted.remove(Listener.OWNER)
        wanted.append(Listener.MANAGER)
    superior = () if owner is None or owner.manager_id is None else (owner.manager_id,)
    if Listener.MANAGER in wanted and not superior:
        wanted.append(Listener.ADMINS)
    who = {Listener.OWNER: (owner_id,), Listener.MANAGER: superior, Listener.ADMINS: pool.admin_ids}
    return tuple(dict.fromkeys(member for listener in wanted for member in who[listener]))
