"""``FilingPolicy``: how long a filed prospect is protected, what its member owes, and how many one may file.

>>> policy = FilingPolicy(days=90, act_days=14, quotas=(Limit(most=5, per="week"),), extend_days=30)
>>> FilingPolicy(days=0)
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: FilingPolicy.days: must lie between 1 and 3660. Give whole days.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["FilingPolicy"]

_LONGEST = 3_660


@model
class FilingPolicy(Policy):
    """The terms of filings; those of the version under which a prospect was filed hold until its end.

    Args:
        days: how long an approved filing protects, times 24 hours from its approval.
        act_days: within which the member has to follow up; ``None`` for no such duty.
        needs_approval: whether somebody has to approve; otherwise a filing protects at once.
        needs_evidence: whether a text or an attachment has to prove it.
        most_running: filings that one member may have running at once; ``None`` for any number.
        quotas: filings of one member within a time.
        extend_days: how far one extension puts the end off; 0 for no extensions.
        most_extensions: how often a filing may be extended.
    """

    kind: ClassVar[str] = "filing"

    days: int = 90
    act_days: int | None = 14
    needs_approval: bool = True
    needs_evidence: bool = True
    most_running: int | None = None
    quotas: tuple[Limit, ...] = ()
    extend_days: int = 30
    most_extensions: int = 1

    def terms(self, now: datetime) -> tuple[datetime, datetime | None]:
        """Until when a filing protects that begins to at ``now``, and by when its member has to act."""
        act_by = None if self.act_days is None else now + timedelta(days=self.act_days)
        return now + timedelta(days=self.days), act_by

    def check(self) -> None:
        """Every time is one."""
        for name in ("days", "act_days"):
            days = getattr(self, name)
            if days is not None and not 1 <= days <= _LONGEST:
                raise InvalidInput(
                    f"must lie between 1 and {_LONGEST}.", field=f"FilingPolicy.{name}", hint="Give whole days."
                )
        for name in ("most_running", "extend_days", "most_extensions"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= _LONGEST:
                raise InvalidInput("must not be negative.", field=f"FilingPolicy.{name}", hint="0 means none.")
