"""What is bought these days: purchases by how long ago they were."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from crmkit.errors import InvalidInput
from crmkit.rules.recommendation.purchases import History

__all__ = ["freshness", "trend"]


def freshness(at: datetime, *, half_life_days: int, now: datetime) -> float:
    """1 for what is bought at ``now``, half of it ``half_life_days`` earlier; 0 for what is still to come.

    Raises:
        InvalidInput: the half-life is not positive.

    >>> from datetime import UTC
    >>> freshness(datetime(2026, 1, 1, tzinfo=UTC), half_life_days=14, now=datetime(2026, 1, 29, tzinfo=UTC))
    0.25
    """
    if half_life_days < 1:
        raise InvalidInput("must be positive.", field="half_life_days", hint="Give whole days.")
    return float(0.5 ** ((now - at) / timedelta(days=half_life_days))) if at <= now else 0.0


def trend(
    history: History, *, half_life_days: int = 14, customers: Iterable[str] | None = None, now: datetime
) -> Mapping[str, float]:
    """How many customers buy each item these days: each counts by the ``freshness`` of its last purchase.

    ``customers`` are those who count, all without it.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    for customer in sorted(history.customers if customers is None else customers):
        for bought in history.customers.get(customer, {}).values():
            sums[bought.item_id] += freshness(bought.last_at, half_life_days=half_life_days, now=now)
    return {item: fresh for item, fresh in sums.items() if fresh}
