"""``ClaimPolicy``: who may take how much out of a pool.

>>> policy = ClaimPolicy(
...     holding_cap=100,
...     uncounted="standing in ('existing', 'key')",
...     quotas=(Limit(most=10, per="day"), Limit(most=30, per="week")),
...     cooldown_days=7,
...     freeze_days=1,
... )
>>> ClaimPolicy(holding_cap=-1)
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: ClaimPolicy.holding_cap: must not be negative. None means no limit.
"""

from typing import ClassVar

from crmkit.domain.conditions import parse
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, model
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim.fields import owned

__all__ = ["ClaimPolicy"]


@model
class ClaimPolicy(Policy):
    """The limits of claims on an entity's records, over all pools.

    Args:
        entity: whose records; the policy in force for an entity carries its name as ``id``, unless
            it is the only one.
        holding_cap: records of the entity that a member may hold; one more is refused.
        uncounted: held records for which this condition holds do not count towards the cap.
        quotas: claims within a time, counted on claims and not on what is still held: whoever claims,
            returns and claims again has claimed twice. What others assign does not count.
        interval_minutes: between one claim of a member and the next; the records of one batch are one claim.
        cooldown_days: whoever gave up or lost a record cannot claim it for so many times 24 hours,
            also when others owned it in between.
        freeze_days: nobody can claim a record for so many times 24 hours after it fell into its pool.
        calendar_id: in whose time zone the days, weeks and months of quotas begin; without one in UTC.
    """

    kind: ClassVar[str] = "claim"

    entity: Code = "account"
    holding_cap: int | None = None
    uncounted: str = "not always()"
    quotas: tuple[Limit, ...] = ()
    interval_minutes: int = 0
    cooldown_days: int = 0
    freeze_days: int = 0
    calendar_id: CalendarId | None = None

    def check(self) -> None:
        """No limit is negative, and the condition can be read."""
        owned(self.entity, "ClaimPolicy.entity")
        for name in ("holding_cap", "cooldown_days", "freeze_days", "interval_minutes"):
            limit = getattr(self, name)
            if limit is not None and limit < 0:
                hint = "None means no limit." if name == "holding_cap" else "0 means none."
                raise InvalidInput("must not be negative.", field=f"ClaimPolicy.{name}", hint=hint)
        parse(self.uncounted)
