"""``Comparison``: who would lose what under one policy and not under another, and whose deadline moves."""

from datetime import datetime, timedelta

from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.model import model
from crmkit.rules.reclaim.outlook.dry_run import DryRun

__all__ = ["Comparison", "Difference", "Shift"]

DAY = timedelta(days=1)


@model
class Difference:
    """A record that the two policies do not treat alike; ``one`` and ``other`` are when it falls back, if it does."""

    record: Ref
    owner_id: MemberId
    one: datetime | None = None
    other: datetime | None = None
    one_deadline: datetime | None = None
    other_deadline: datetime | None = None

    @property
    def days(self) -> float | None:
        """By how many days the other's deadline is later; ``None`` where one of them has none."""
        if self.one_deadline is None or self.other_deadline is None:
            return None
        return (self.other_deadline - self.one_deadline) / DAY


@model
class Shift:
    """Deadlines that move the same way: how many, and by how many days in the mean and at most."""

    records: int = 0
    mean_days: float = 0.0
    most_days: float = 0.0


@model
class Comparison:
    """The same records under two policies.

    ``only_one`` fall back under the first and not under the second within the horizon, ``only_other`` the
    other way round. ``earlier`` and ``later`` say how the second moves deadlines.
    """

    one: DryRun
    other: DryRun
    both: int = 0
    only_one: int = 0
    only_other: int = 0
    earlier: Shift = Shift()
    later: Shift = Shift()
    differences: tuple[Difference, ...] = ()
    """Who loses a record earlier comes first."""
    complete: bool = True
    """Whether ``differences`` are all."""

    def table(self, language: str = "en") -> str:
        """The comparison as text, in English or Chinese (``zh``)."""
        from crmkit.rules.reclaim.outlook.table import comparison_table

        return comparison_table(self, language)

    def __str__(self) -> str:
        return self.table()
