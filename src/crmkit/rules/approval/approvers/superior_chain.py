"""The superiors one after the other, up to a level or up to a role."""

from typing import ClassVar

from crmkit.domain.ids import MemberId, RoleId
from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.search import Search

__all__ = ["SuperiorChain"]


@model
class SuperiorChain:
    """The submitter's superiors up to ``levels``, or up to the first who holds ``up_to``, that one included.

    Bottom-up begins with the direct superior, ``top_down`` with the highest; the order counts where a step is
    sequential. Without ``levels`` and ``up_to`` it reaches to the top.
    """

    kind: ClassVar[str] = "approver_superior_chain"

    levels: int | None = None
    up_to: RoleId | None = None
    top_down: bool = False

    def check(self) -> None:
        """It has a level."""
        if self.levels is not None and self.levels < 1:
            raise InvalidInput("must be positive.", field="SuperiorChain.levels", hint="None reaches to the top.")

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """The chain, in the order in which it is asked."""
        chain: list[MemberId] = []
        for member_id in search.superiors(search.submitter_id):
            chain.append(member_id)
            member = search.members.get(member_id)
            there = self.up_to is not None and member is not None and self.up_to in member.role_ids
            if there or len(chain) == self.levels:
                break
        return tuple(reversed(chain) if self.top_down else chain)
