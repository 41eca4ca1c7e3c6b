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
from crmkit.domain.organization.member import Member
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim.caps import NOTHING, Cap, Resolution, cap_of
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
        caps: other caps for some members, roles or teams.
        resolution: which counts, where several of these speak of one member.
        quotas: claims within a time, counted on claims and not on what is still held: whoever claims,
            returns and claims again has claimed twice.
        counts_assigned: whether quotas also count what others gave the member.
        interval_minutes: between one claim of a member and the next; the records of one batch are one claim.
        cooldown_days: whoever gave up or lost a record cannot claim it for so many times 24 hours,
            also when others owned it in between.
        freeze_days: nobody can claim a record for so many times 24 hours after it fell into its pool.
        calendar_id: in whose time zone the days, weeks and months of quotas begin; without one in UTC.
    """

    kind: ClassVar[str] = "claim"

    entity: Code = "account"
    holding_cap: int | None = None
    uncounted: str = NOTHING
    caps: tuple[Cap, ...] = ()
    resolution: Resolution = Resolution.SPECIFIC
    quotas: tuple[Limit, ...] = ()
    counts_assigned: bool = False
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
        own = () if self.holding_cap is None else (Cap(most=self.holding_cap, uncounted=self.uncounted),)
        # kept beside the fields, not among them: it is neither compared nor stored
        self.__dict__["_caps"] = (*own, *self.caps)

    def cap_of(self, member: Member) -> Cap | None:
        """The cap that holds for ``member``; ``None`` for none."""
        caps: tuple[Cap, ...] = self.__dict__["_caps"]
        return cap_of(caps, member, self.resolution)
