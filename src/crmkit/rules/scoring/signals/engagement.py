"""Points for each thing that happened, wearing off event by event."""

from bisect import bisect_right
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring.decays import Decay, NoDecay
from crmkit.rules.scoring.facts import ScoreFacts
from crmkit.rules.scoring.questions import Question
from crmkit.rules.scoring.signals.events import about_events
from crmkit.rules.scoring.signals.signal import MOST_POINTS, Measure

__all__ = ["Engagement"]


@model
class Engagement:
    """``points`` for each event for which ``events`` holds; each event decays on its own, counted from its ``at``.

    A time frame is part of the condition: ``within(at, days=90)``. With a ``cap`` all of them together give no more
    points than that (no fewer, for points against), so that what anybody can send a thousand times, such as a form,
    counts a few times.

    >>> from crmkit.rules.scoring.decays import HalfLife
    >>> visits = Engagement(
    ...     label="Visits", events="kind == 'visit'", points=20, decay=HalfLife(every=timedelta(days=30))
    ... )
    >>> visits.when
    'always()'
    """

    kind: ClassVar[str] = "engagement"

    label: Key
    events: str
    points: int
    decay: Decay = NoDecay()
    when: str = "always()"
    cap: int | None = None

    def check(self) -> None:
        """Points are bounded, the condition fits events, and the decay loses one point after the other."""
        if not 0 < abs(self.points) <= MOST_POINTS:
            raise InvalidInput(f"must lie within ±{MOST_POINTS}.", field="Engagement.points", hint="Not 0 either.")
        if self.cap is not None and self.cap < abs(self.points):
            raise InvalidInput(
                "must not be below the points of one event.",
                field="Engagement.cap",
                hint="Give it as a positive number.",
            )
        losses = tuple(self.decay.losses(abs(self.points)))
        falling = all(earlier <= later for earlier, later in pairwise((timedelta(0), *losses)))
        if len(losses) > abs(self.points) or not falling:
            raise InvalidInput(
                "must give at most one age per point, none before the one before it.",
                field="Engagement.decay",
                hint="Let losses() return ascending ages.",
            )
        self.__dict__["_compiled"] = (about_events(self.events), losses)

    def measure(self, facts: ScoreFacts, *, now: datetime) -> Measure:
        """What is left of the points of every event."""
        question, losses = self._prepared()
        full, total, counted = abs(self.points), 0, 0
        change = question.next_flip(facts.events, now)
        for event in question.select(facts.events, now):
            gone = bisect_right(losses, now - event.at)
            if gone < full:
                total += full - gone
                counted += 1
            if gone < len(losses):
                loss = event.at + losses[gone]
                change = loss if change is None or loss < change else change
        total = total if self.cap is None else min(total, self.cap)
        points = total if self.points > 0 else -total
        return Measure(points, _reason(self.label, counted, points), change)

    def _prepared(self) -> tuple[Question, tuple[timedelta, ...]]:
        prepared: tuple[Question, tuple[timedelta, ...]] = self.__dict__["_compiled"]
        return prepared


@lru_cache(maxsize=4_096)
def _reason(label: str, count: int, points: int) -> Reason:
    return Reason.of("score.engagement", label=label, count=count, points=points)
