"""What a reclaim policy will do, what it would do otherwise than another, and what it would have done."""

from crmkit.rules.reclaim.outlook.back_test import BackTest, LostWin, ToAbsent
from crmkit.rules.reclaim.outlook.comparison import Comparison, Difference, Shift
from crmkit.rules.reclaim.outlook.dry_run import Counted, DayOutlook, DryRun, Fate, OwnerOutlook, PoolOutlook

__all__ = [
    "BackTest",
    "Comparison",
    "Counted",
    "DayOutlook",
    "Difference",
    "DryRun",
    "Fate",
    "LostWin",
    "OwnerOutlook",
    "PoolOutlook",
    "Shift",
    "ToAbsent",
]
