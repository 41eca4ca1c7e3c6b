"""Points for how often something happened, in bands."""

from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring.facts import ScoreFacts
from crmkit.rules.scoring.signals.events import about_events
from crmkit.rules.scoring.signals.signal import MOST_POINTS, Measure

__all__ = ["Band", "Frequency"]


@model
class Band:
    """``points`` in all from ``at_least`` events on, up to where the next band begins."""

    at_least: int
    points: int


@model
class Frequency:
    """The points of the highest band that the number of events reaches; below the first band there are none.

    >>> Frequency(
    ...     label="Calls this month",
    ...     events="kind == 'call' and within(at, days=30)",
    ...     bands=(Band(at_least=1, points=5), Band(at_least=4, points=10)),
    ... ).points_of(3)
    5
    """

    kind: ClassVar[str] = "frequency"

    label: Key
    events: str
    bands: tuple[Band, ...]
    when: str = "always()"

    def check(self) -> None:
        """Bands rise, points are bounded, and the condition fits events."""
        starts = (0, *(band.at_least for band in self.bands))
        if not self.bands or any(earlier >= later for earlier, later in pairwise(starts)):
            raise InvalidInput(
                "must begin at one event or more, each higher than the one before it.",
                field="Frequency.bands",
                hint="Sort them by at_least.",
            )
        if any(abs(band.points) > MOST_POINTS for band in self.bands):
            raise InvalidInput(f"must lie within ±{MOST_POINTS}.", field="Frequency.bands", hint="Give fewer points.")
        about_events(self.events)

    def points_of(self, count: int) -> int:
        """The points for ``count`` events."""
        return next((band.points for band in reversed(self.bands) if count >= band.at_least), 0)

    def measure(self, facts: ScoreFacts, *, now: datetime) -> Measure:
        """The points for the number of events that count at ``now``."""
        question = about_events(self.events)
        count = len(question.select(facts.events, now))
        points = self.points_of(count)
        return Measure(points, _reason(self.label, count, points), question.next_flip(facts.events, now))


@lru_cache(maxsize=4_096)
def _reason(label: str, count: int, points: int) -> Reason:
    return Reason.of("score.frequency", label=label, count=count, points=points)
