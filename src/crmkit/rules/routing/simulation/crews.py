"""The people of a simulation: who is free, who waits for them, and how much they have worked."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from crmkit.domain.organization.business_time import BusinessTime
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.rules.routing.simulation.plan import Crew
from crmkit.rules.routing.simulation.tokens import Token

__all__ = ["Clock", "People"]

Start = Callable[[Token, "People", float, float], None]


class Clock:
    """Seconds since ``origin`` in every hour, or in the working time of a calendar."""

    def __init__(self, origin: datetime, calendar: WorkingCalendar | None) -> None:
        self._origin = origin
        self._time: BusinessTime | None = None if calendar is None else calendar.business_time()

    def begin(self, at: float) -> float:
        """``at``, or when it is worked next."""
        if self._time is None:
            return at
        opens = self._time.next_open(self._instant(at))
        return at if opens is None else max(at, self._seconds(opens))

    def add(self, at: float, seconds: float) -> float:
        """When so much time has been worked since ``at``."""
        if self._time is None:
            return at + seconds
        return max(at, self._seconds(self._time.add(self._instant(at), timedelta(seconds=seconds))))

    def between(self, begin: float, end: float) -> float:
        """The time worked."""
        if self._time is None or end <= begin:
            return max(0.0, end - begin)
        return self._time.between(self._instant(begin), self._instant(end)).total_seconds()

    def _instant(self, at: float) -> datetime:
        return self._origin + timedelta(seconds=at)

    def _seconds(self, at: datetime) -> float:
        return (at - self._origin).total_seconds()


class People:
    """A crew at work: first come, first served."""

    def __init__(self, crew: Crew, origin: datetime) -> None:
        self.crew = crew
        self.clock = Clock(origin, crew.calendar)
        self.busy = 0
        self.worked = 0.0
        self.waits: list[float] = []
        self._queue: deque[tuple[Token, int, float]] = deque()

    def take(self, token: Token, seconds: float, at: float, start: Start) -> None:
        """So much work is begun, if somebody is free, or waits."""
        if self.busy < self.crew.size:
            self.busy += 1
            start(token, self, seconds, at)
        else:
            self._queue.append((token, token.visit, seconds))

    def free(self, at: float, start: Start) -> None:
        """Somebody is free, and begins what has waited longest and is still there."""
        while self._queue:
            token, visit, seconds = self._queue.popleft()
            if token.visit == visit:
                start(token, self, seconds, at)
                return
        self.busy -= 1
