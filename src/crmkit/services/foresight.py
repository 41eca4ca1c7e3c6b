"""Sweeps that are yet to come, tried on records as they stand: the same decisions, and nothing is written.

A sweep now and one every 24 hours after it. Whatever a sweep would write on a record (a warning given, a
protection renewed by an exemption, a deadline found to be later) is what the next one finds there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from attrs import define, evolve, field, frozen

from crmkit.domain.ids import MemberId, PoolId
from crmkit.domain.organization.limits import Span
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.protection import Protection
from crmkit.ports.store import UnitOfWork
from crmkit.rules.reclaim import ReclaimDecision, ReclaimOutcome, ReclaimPolicy
from crmkit.services.custody import Custody, owned_by
from crmkit.services.reclaim import done_with, failure, fallen_since, followed

__all__ = ["Coming", "Course", "Foresight", "Waiting"]

DAY = timedelta(days=1)
AT_ONCE = 500
"""Records that are read again by one query."""


@define
class Course:
    """What becomes of one record; sweeps are told by their numbers."""

    id: str
    owner_id: MemberId
    deadline: datetime | None = None
    """By which it falls back, or which stands on it in the end."""
    cause: str = ""
    falls_on: int | None = None
    pool_id: PoolId | None = None
    warned_on: tuple[int, ...] = ()
    spared_by: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Those of the last decision; none, when its time does not come."""
    changed_at: datetime | None = None
    failed_on: int | None = None
    """The last sweep that could not deal with it; the next one tries again."""

    def ends_with(self, record: Owned) -> None:
        """The deadline is the one that stands on ``record``."""
        self.deadline, self.cause = record.reclaim_at, record.reclaim_cause

    def goes_on(self, decision: ReclaimDecision, number: int) -> None:
        """What was decided in the sweep of that number is told."""
        self.reasons, self.changed_at = decision.reasons, decision.at
        if decision.outcome is ReclaimOutcome.RECLAIM:
            self.falls_on, self.pool_id = number, decision.pool_id
            self.deadline, self.cause = decision.protection.reclaim_at, decision.protection.reclaim_cause
        elif decision.outcome is ReclaimOutcome.WARN:
            self.warned_on += (number,)
        else:
            names = (str(reason.params["exemption"]) for reason in decision.reasons if "exemption" in reason.params)
            self.spared_by = tuple(dict.fromkeys((*self.spared_by, *names)))


@frozen
class Coming:
    """A sweep that is yet to come; it ``rests`` while the policy pauses, or where none is in force."""

    at: datetime
    custody: Custody
    rests: bool = False

    @property
    def most(self) -> int | None:
        """How many may fall back that day, where that is limited."""
        return None if self.custody.policy is None else self.custody.policy.most_a_day


class Waiting(NamedTuple):
    """A record that is due where only so many a day may fall back; the record itself is read again in its turn.

    In order of their turns; ids differ, so that no more than these two are ever compared.
    """

    deadline: datetime
    id: str
    course: Course
    protection: Protection


@define
class Foresight:
    """The sweeps of a horizon; ``counts`` has one entry a sweep, as its report would have it."""

    entity: str
    sweeps: Sequence[Coming]
    counts: Sequence[Counter[str]]
    opens: Sequence[int]
    """For each sweep the first one from there on that does not rest."""
    last: datetime
    """When the last sweep is."""
    waiting: dict[int, list[Waiting]] = field(factory=dict)
    """Those that are due from a sweep on, by its number."""

    @classmethod
    def of(
        cls,
        uow: UnitOfWork,
        entity: str,
        members: Mapping[str, Member],
        *,
        policy: ReclaimPolicy | None = None,
        days: int,
        now: datetime,
    ) -> "Foresight":
        """What the policies in force will do on each day, or the draft ``policy`` on those in which it is in force.

        Raises:
            NotFound: a policy's calendar does not exist.
            InvalidCondition: what a pool accepts does not fit the entity's fields.
        """
        sweeps: list[Coming] = []
        for number in range(days):
            at = now + number * DAY
            draft = policy if policy is not None and policy.in_force(at) else None
            custody = evolve(Custody.of(uow, entity, policy=draft, now=at), owners=members)
            standing = custody.policy
            rests = standing is None or any(pause.holds(at) for pause in standing.pauses)
            sweeps.append(Coming(at, custody, rests))
        opens = [days] * (days + 1)
        for number in reversed(range(days)):
            opens[number] = opens[number + 1] if sweeps[number].rests else number
        return cls(entity, sweeps, [Counter() for _ in sweeps], opens, sweeps[-1].at)

    @property
    def policy(self) -> ReclaimPolicy | None:
        """The first that is in force, also one that pauses."""
        return next((sweep.custody.policy for sweep in self.sweeps if sweep.custody.policy is not None), None)

    @classmethod
    def every_day(cls, custody: Custody, since: datetime, until: datetime) -> "Foresight":
        """Sweeps by ``custody`` at ``since`` and every 24 hours after it, before ``until``."""
        number = -((since - until) // DAY)
        sweeps = [Coming(since + day * DAY, custody) for day in range(number)]
        return cls(custody.entity, sweeps, [Counter() for _ in sweeps], range(number + 1), until)

    def course(self, record: Owned) -> Course | None:
        """What becomes of ``record``; ``None`` where that depends on how many others are due: see ``rest``."""
        due, warn = record.reclaim_at, record.warn_at
        course = Course(record.id, record.owner_id or MemberId(""), due, record.reclaim_cause)
        if due is not None and due > self.last and (warn is None or warn > self.last):
            return course
        return course if self._live(course, record, 0) else None

    def rest(self, uow: UnitOfWork) -> Iterator[Course]:
        """What becomes of those that waited for their turn, in each sweep the longest overdue first."""
        queue: list[Waiting] = []
        for number, sweep in enumerate(self.sweeps):
            queue += self.waiting.pop(number, ())
            queue.sort()
            if queue and not sweep.rests:
                yield from self._turns(uow, queue, number)
                self.counts[number]["postponed"] = len(queue)
        for each in queue:
            each.course.deadline, each.course.cause = each.deadline, each.protection.reclaim_cause
            yield each.course

    # --- one record -------------------------------------------------------------------------------

    def _live(self, course: Course, record: Owned, begin: int) -> bool:
        """It goes through the sweeps from ``begin`` on; false when it waits for its turn in one."""
        number = begin
        while (number := self.meets(record, number)) < len(self.sweeps):
            sweep, deadline = self.sweeps[number], record.reclaim_at
            if deadline is not None and deadline <= sweep.at and sweep.most is not None:
                waits = Waiting(deadline, record.id, course, record.protection)
                self.waiting.setdefault(number, []).append(waits)
                return False
            following = self.swept(course, record, number)
            if following is None:
                return True
            record, number = following, number + 1
        course.ends_with(record)
        return True

    def meets(self, record: Owned, number: int) -> int:
        """The first sweep from ``number`` on that looks at the record."""
        due = record.reclaim_at
        if due is not None:
            if record.warn_at is not None and record.warn_at < due:
                due = record.warn_at
            number = max(number, -((self.sweeps[0].at - due) // DAY))
        return self.opens[min(number, len(self.sweeps))]

    def swept(self, course: Course, record: Owned, number: int) -> Owned | None:
        """The record as that sweep leaves it: reclaims come first, then warnings, then clocks that never ran.

        ``None`` when no later one looks at it.
        """
        at = self.sweeps[number].at
        swept: Owned | None = record
        if record.reclaim_at is not None and record.reclaim_at <= at:
            swept = self._decided(course, record, number)
        while swept is not None and swept.reclaim_at is not None and swept.warn_at is not None and swept.warn_at <= at:
            if course.failed_on == number:
                return swept
            swept = self._decided(course, swept, number)
        if swept is None or swept.reclaim_at is not None:
            return swept
        return None if self._settled(swept, number) else self._decided(course, swept, number)

    def _settled(self, record: Owned, number: int) -> bool:
        sweep = self.sweeps[number]
        return sweep.custody.policy_of(record.owner_id).prepared.settled(record, sweep.at) is not None

    def _decided(self, course: Course, record: Owned, number: int) -> Owned | None:
        """The record after one decision of that sweep; ``None`` when it has fallen back."""
        sweep = self.sweeps[number]
        try:
            decision = sweep.custody.decided(record, now=sweep.at)
            change = followed(record, decision, now=sweep.at)
        except Exception as error:  # noqa: BLE001 - as in the sweep, one bad record must not stop the run
            what, problem = failure(record.ref, error)
            self.counts[number][what] += 1
            course.reasons = () if problem is None else (problem.reason,)
            course.failed_on = number
            return record
        what, _ = done_with(record, decision)
        self.counts[number][what] += 1
        course.goes_on(decision, number)
        if decision.outcome is ReclaimOutcome.RECLAIM:
            return None
        after: Owned = change.after
        return after

    # --- so many a day ----------------------------------------------------------------------------

    def _turns(self, uow: UnitOfWork, queue: list[Waiting], number: int) -> Iterator[Course]:
        """As many of ``queue`` as may fall back in that sweep have their turn, and leave it."""
        left = self._room(uow, number, len(queue))
        while queue and left > 0:
            size = min(AT_ONCE, left)
            some, queue[:size] = queue[:size], []
            records = owned_by(uow, self.entity).get_many(each.id for each in some)
            # one that is gone by now was removed while this was read
            for each in (each for each in some if each.id in records):
                following = self.swept(each.course, _resumed(records[each.id], each), number)
                left -= each.course.falls_on == number
                if following is None or self._live(each.course, following, number + 1):
                    yield each.course

    def _room(self, uow: UnitOfWork, number: int, due: int) -> int:
        """How many more may fall back on the day of that sweep, counted as the sweep does."""
        coming, most = self.sweeps[number], self.sweeps[number].most
        if most is None:
            return due
        since = Span.DAY.begins(coming.at, coming.custody.calendar)
        before = zip(self.sweeps[:number], self.counts, strict=False)
        foreseen = sum(counts["reclaimed"] for sweep, counts in before if sweep.at >= since)
        return most - fallen_since(uow, self.entity, since) - foreseen


def _resumed(record: Owned, waiting: Waiting) -> Owned:
    """The record as sweeps before left it, where there were any."""
    changed_at = waiting.course.changed_at
    return record if changed_at is None else record.protect(waiting.protection, now=changed_at).after
