"""One clock: started, paused, met and reopened, and what has been reached of its time.

Working time is counted up to the moment at which the clock last changed, and from there by the calendar, so a clock
needs no history and a question costs the same after an hour and after ten years.
"""

from datetime import UTC, date, datetime, timedelta

from attrs import evolve, frozen

from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.business_time import BusinessTime
from crmkit.domain.stewardship.sla_clock import ClockStatus, SlaClock
from crmkit.errors import InvalidInput
from crmkit.rules.policy import PolicyRef
from crmkit.rules.sla.decision import Happened, Notice
from crmkit.rules.sla.policy import Mark, Milestone, Reopened

__all__ = ["EVERY_HOUR", "Timer", "used"]

TICK, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
BREACH = 100


def _whole(day: date) -> list[tuple[datetime, datetime]]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [(midnight, midnight + timedelta(days=1))]


EVERY_HOUR = BusinessTime(_whole)
"""Time that runs by day and night."""


@frozen(kw_only=True)
class Timer:
    """A milestone's clock, or none yet, with what it is counted by; each step gives the timer after it.

    What is reached of the time is told once; an instant at which all of it has passed is too late.
    """

    milestone: Milestone
    record: Ref
    policy: PolicyRef
    time: BusinessTime
    clock: SlaClock | None
    notices: tuple[Notice, ...] = ()

    def at(self, moment: datetime) -> "Timer":
        """Every mark that is reached by ``moment`` is told, and the next one known."""
        clock = self.clock
        if clock is None or clock.running_since is None:
            return self
        since, counted = clock.running_since, used(clock, moment, self.time)
        reached = [mark for mark in self.marks if needed(clock.target, mark) <= counted]
        due_at = self._instant(clock, since, clock.target)
        told = tuple(
            Notice(milestone=clock.milestone, percent=mark.percent, tell=mark.tell, due_at=due_at)
            for mark in reached[clock.marks :]
        )
        breached = any(mark.percent == BREACH for mark in reached)
        ahead = [self._instant(clock, since, needed(clock.target, mark)) for mark in self.marks[len(reached) :]]
        after = revise(
            clock,
            marks=max(clock.marks, len(reached)),
            due_at=due_at,
            next_at=min((instant for instant in ahead if instant is not None), default=None),
            breached_at=clock.breached_at or (max(due_at or moment, since) if breached else None),
        )
        return evolve(self, clock=after, notices=(*self.notices, *told))

    def happened(self, event: Happened, target: int | None, *, now: datetime) -> "Timer":
        """The clock after ``event``; ``target`` are the ticks that a clock started by it would have."""
        step = self.at(event.at)
        clock = step.clock
        if clock is None or (clock.status is ClockStatus.MET and self.milestone.rolling):
            starts = event.kind in self.milestone.starts and target is not None
            step = step.started(event.at, target or 0, now=now) if starts else step
        elif clock.status is ClockStatus.MET and event.kind in self.milestone.reopens:
            step = step.reopened(event.at, now=now)
        elif clock.status is not ClockStatus.MET and event.kind in self.milestone.ends:
            return step.met(clock, event.at)
        return step.standing(event.state, event.at)

    def started(self, at: datetime, target: int, *, now: datetime) -> "Timer":
        """A clock that runs from ``at``; one that ran before begins anew."""
        old = self.clock
        fresh = SlaClock(
            id=SlaClock.id_of(self.record, self.milestone.name),
            record_entity=self.record.entity,
            record_id=self.record.id,
            milestone=self.milestone.name,
            policy=self.policy.id,
            policy_version=self.policy.version,
            status=ClockStatus.RUNNING,
            started_at=at,
            running_since=at,
            target=target,
            version=1 if old is None else old.version,
            created_at=now if old is None else old.created_at,
            updated_at=now,
        )
        return evolve(self, clock=fresh)

    def reopened(self, at: datetime, *, now: datetime) -> "Timer":
        """The clock of a record that was done and is not."""
        clock = self.clock
        if clock is None or self.milestone.reopened is Reopened.STAYS:
            return self
        if self.milestone.reopened is Reopened.RESTARTS:
            return self.started(at, clock.target, now=now)
        return evolve(self, clock=revise(clock, status=ClockStatus.RUNNING, running_since=at, met_at=None))

    def met(self, clock: SlaClock, at: datetime) -> "Timer":
        """What was owed is there."""
        notice = Notice(milestone=clock.milestone, late=clock.breached_at is not None, due_at=clock.due_at)
        done = revise(self._stopped(clock, at), status=ClockStatus.MET, met_at=at)
        return evolve(self, clock=done, notices=(*self.notices, notice))

    def standing(self, state: str, at: datetime) -> "Timer":
        """The clock of a record in ``state``: it runs, or stands still."""
        clock = self.clock
        if clock is None or clock.status is ClockStatus.MET:
            return self
        if state in self.milestone.paused_in:
            return evolve(self, clock=revise(self._stopped(clock, at), status=ClockStatus.PAUSED, due_at=None))
        if clock.status is ClockStatus.PAUSED:
            return evolve(self, clock=revise(clock, status=ClockStatus.RUNNING, running_since=at))
        return self

    def targeted(self, target: int | None, moment: datetime) -> "Timer":
        """The clock with another target from ``moment`` on: marks that lie ahead again will be told again."""
        clock = self.clock
        if clock is None or target is None or target == clock.target or clock.status is ClockStatus.MET:
            return self
        counted = used(clock, moment, self.time)
        reached = [mark for mark in self.marks if needed(target, mark) <= counted]
        breached_at = clock.breached_at if any(mark.percent == BREACH for mark in reached) else None
        marks = min(clock.marks, len(reached))
        return evolve(self, clock=revise(clock, target=target, marks=marks, breached_at=breached_at))

    @property
    def marks(self) -> list[Mark]:
        """The marks in order, the breach among them."""
        marks = {BREACH: Mark(percent=BREACH, tell=())} | {mark.percent: mark for mark in self.milestone.marks}
        return [marks[percent] for percent in sorted(marks)]

    def _stopped(self, clock: SlaClock, at: datetime) -> SlaClock:
        return revise(clock, worked=used(clock, at, self.time), running_since=None, next_at=None)

    def _instant(self, clock: SlaClock, running_since: datetime, worked: int) -> datetime | None:
        """When so many ticks have passed; ``None`` where the calendar never has the time."""
        try:
            return self.time.add(running_since, (worked - clock.worked) * TICK)
        except InvalidInput:
            return None


def used(clock: SlaClock, moment: datetime, time: BusinessTime) -> int:
    """The ticks of working time that the clock has counted up to ``moment``."""
    if clock.running_since is None:
        return clock.worked
    return clock.worked + max(0, time.between(clock.running_since, moment) // TICK)


def needed(target: int, mark: Mark) -> int:
    """The ticks that have passed when ``mark`` is reached."""
    return target * mark.percent // 100
