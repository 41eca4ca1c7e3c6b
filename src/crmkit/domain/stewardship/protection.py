"""``Protection``: how long an owner keeps a record, and the ``Clock`` that this is worked out from.

Both are written on the record whenever one of their inputs changes; ``rules.reclaim`` works them out.
"""

from datetime import datetime
from typing import Any

from crmkit.domain.model import Line, model

__all__ = ["Clock", "Protection", "written"]


@model
class Clock:
    """What the deadlines of an owned record are counted from, where that is not when its owner took it.

    A record without one has been with its owner since ``owned_since``, and nothing has prolonged that.
    """

    since: datetime
    """What the default protection counts from."""
    held_since: datetime
    """What the longest time to hold it counts from; a transfer between teammates leaves it as it is."""
    refreshed_at: datetime | None = None
    """The follow-up that protects longest, as the owner's leave was known then, and for how many days."""
    refreshed_days: int = 0
    progressed_at: datetime | None = None
    """When the work with the customer last got further."""
    extended_until: datetime | None = None
    """Until when an extension that was granted protects."""


@model
class Protection:
    """How long the owner keeps the record: the earliest deadline with its cause, and when to warn before it.

    All instants are UTC; ``None`` means never. ``clock`` is what they were worked out from.
    """

    reclaim_at: datetime | None = None
    reclaim_cause: Line = ""
    warn_at: datetime | None = None
    clock: Clock | None = None


def written(protection: Protection) -> dict[str, Any]:
    """The fields of a record that say how long its owner keeps it, as ``protection`` has them."""
    return {
        "reclaim_at": protection.reclaim_at,
        "reclaim_cause": protection.reclaim_cause,
        "warn_at": protection.warn_at,
        "clock": protection.clock,
    }
