"""Members by name."""

from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.search import Search

__all__ = ["NamedMembers"]


@model
class NamedMembers:
    """These members, whatever is submitted by whom."""

    kind: ClassVar[str] = "approver_members"

    member_ids: tuple[MemberId, ...]

    def check(self) -> None:
        """Somebody is named, nobody twice."""
        if not self.member_ids or len(set(self.member_ids)) < len(self.member_ids):
            raise InvalidInput("must name somebody, each once.", field="NamedMembers.member_ids", hint="Give ids.")

    def find(self, search: Search) -> tuple[MemberId, ...]:  # noqa: ARG002 - what every kind is asked
        """All of them, in their order."""
        return self.member_ids
