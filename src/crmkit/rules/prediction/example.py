"""What a model is trained on: records as they were, and what became of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import TeamId
from crmkit.domain.model import Line, model

__all__ = ["Example"]


@model
class Example:
    """One record: its fields as they stood when it is to be predicted, and the outcome.

    Args:
        row: the fields; give what was known at the time, not what was filled in later.
        outcome: whether it happened; ``None`` while it is open. Open records teach nothing, but they show
            which fields a new record lacks.
        team_id: whose record it is.
        opted_out: of profiling: the record is not trained on.
        closed_at: when the outcome was known.
        filled_at: when fields were filled in, where somebody wrote it down.
    """

    row: Mapping[Line, str | int | float | bool | Decimal | None]
    outcome: bool | None = None
    team_id: TeamId | None = None
    opted_out: bool = False
    closed_at: datetime | None = None
    filled_at: Mapping[Line, datetime] = FrozenDict()
