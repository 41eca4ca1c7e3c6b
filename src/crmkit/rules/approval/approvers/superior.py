"""The submitter's superior, or the one some levels up."""

from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.search import Search

__all__ = ["Superior"]


@model
class Superior:
    """The superior ``level`` steps above the submitter; 1 is the direct one."""

    kind: ClassVar[str] = "approver_superior"

    level: int = 1

    def check(self) -> None:
        """It lies above."""
        if self.level < 1:
            raise InvalidInput("must be positive.", field="Superior.level", hint="1 is the direct superior.")

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """That one, or nobody where the hierarchy ends before."""
        above = tuple(search.superiors(search.submitter_id))
        return above[self.level - 1 : self.level]
