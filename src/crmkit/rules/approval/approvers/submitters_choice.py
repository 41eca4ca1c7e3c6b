"""Whom the submitter chooses."""

from typing import ClassVar

from crmkit.domain.ids import MemberId, RoleId
from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.approval.search import Search

__all__ = ["SubmittersChoice"]


@model
class SubmittersChoice:
    """From ``least`` to ``most`` members whom the submitter names, among the holders of ``role_id`` where one is given.

    A submission that names too few or somebody else is refused, so that nobody passes a step by choosing nobody.
    """

    kind: ClassVar[str] = "approver_choice"

    least: int = 1
    most: int = 1
    role_id: RoleId | None = None

    def check(self) -> None:
        """Somebody is to be chosen."""
        if not 1 <= self.least <= self.most:
            raise InvalidInput("must lie between 1 and most.", field="SubmittersChoice.least", hint="1 is usual.")

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """The chosen ones, where they fit."""
        allowed = set(search.members if self.role_id is None else search.holders(self.role_id))
        fits = self.least <= len(search.chosen) <= self.most and set(search.chosen) <= allowed
        return search.chosen if fits else ()
