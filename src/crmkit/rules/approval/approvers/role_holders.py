"""Whoever holds a role."""

from typing import ClassVar

from crmkit.domain.ids import MemberId, RoleId
from crmkit.domain.model import model
from crmkit.rules.approval.search import Search

__all__ = ["RoleHolders"]


@model
class RoleHolders:
    """Every holder of the role."""

    kind: ClassVar[str] = "approver_role"

    role_id: RoleId

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """The holders, in the order of their ids."""
        return tuple(search.holders(self.role_id))
