"""``DryRun``: what daily sweeps would do over a horizon, counted per day, owner and pool, and told per record."""

from datetime import datetime

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import Code, Key, Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim.decision import ReclaimOutcome

__all__ = ["Counted", "DayOutlook", "DryRun", "Fate", "OwnerOutlook", "PoolOutlook"]


@model
class Fate:
    """What becomes of one record within the horizon.

    ``outcome`` is ``reclaim`` for one that falls back, ``warn`` for one whose owner is warned and that
    does not, ``keep`` for one that is due and stays. ``deadline`` and ``cause`` are those by which it
    falls back, or those that stand on it in the end.
    """

    record: Ref
    owner_id: MemberId
    outcome: ReclaimOutcome
    falls_at: datetime | None = None
    """When a sweep takes it."""
    pool_id: PoolId | None = None
    deadline: datetime | None = None
    cause: Line = ""
    warned_at: tuple[datetime, ...] = ()
    spared_by: tuple[Key, ...] = ()
    """The exemptions that kept it, in the order in which they did."""
    reasons: tuple[Reason, ...] = ()
    """Those of the last decision."""


@model
class DayOutlook:
    """What the sweep at ``at`` would do: the counts are those of its report."""

    at: datetime
    warned: int = 0
    reclaimed: int = 0
    kept: int = 0
    started: int = 0
    postponed: int = 0
    failed: int = 0


@model
class OwnerOutlook:
    """What an owner holds now, and how many of these are warned of, fall back, and are spared."""

    owner_id: MemberId
    name: Line = ""
    held: int = 0
    at_once: int = 0
    """Those that the first sweep takes."""
    reclaimed: int = 0
    warned: int = 0
    spared: int = 0


@model
class PoolOutlook:
    """How many records fall to a pool, by the sweeps in their order."""

    pool_id: PoolId
    name: Line = ""
    by_day: tuple[int, ...] = ()

    @property
    def reclaimed(self) -> int:
        """All of them."""
        return sum(self.by_day)


@model
class Counted:
    """How many records there are of ``name``: an exemption, or the cause of a deadline."""

    name: Code
    records: int


@model
class DryRun:
    """What a sweep now and one every 24 hours after it would do, if nobody did anything meanwhile.

    ``owners`` begin with who loses most, ``pools`` with who receives most. ``records`` are those whose
    time comes within the horizon, who falls back first comes first.
    """

    policy: PolicyRef
    at: datetime
    days: tuple[DayOutlook, ...]
    held: int = 0
    """Records that have owners."""
    owners: tuple[OwnerOutlook, ...] = ()
    pools: tuple[PoolOutlook, ...] = ()
    spared: tuple[Counted, ...] = ()
    """Records kept by each exemption."""
    causes: tuple[Counted, ...] = ()
    """Records that fall back by each clock."""
    records: tuple[Fate, ...] = ()
    complete: bool = True
    """Whether ``records`` are all whose time comes."""

    @property
    def at_once(self) -> DayOutlook:
        """What happens the moment that the policy holds: look here before you adopt it."""
        return self.days[0]

    @property
    def reclaimed(self) -> int:
        """All that fall back within the horizon."""
        return sum(day.reclaimed for day in self.days)

    def table(self, language: str = "en") -> str:
        """The dry run as text, in English or Chinese (``zh``)."""
        from crmkit.rules.reclaim.outlook.table import dry_run_table

        return dry_run_table(self, language)

    def __str__(self) -> str:
        return self.table()
