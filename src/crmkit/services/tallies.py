"""What becomes of many records, counted while they pass by: memory grows with owners, pools and days only."""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from attrs import define, field

from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.pool import Pool
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim import ReclaimOutcome
from crmkit.rules.reclaim.outlook import (
    Comparison,
    Counted,
    DayOutlook,
    Difference,
    DryRun,
    Fate,
    OwnerOutlook,
    PoolOutlook,
    Shift,
)
from crmkit.services.foresight import DAY, Course, Foresight

__all__ = ["Firsts", "Pairs", "Tally"]

T = TypeVar("T")


@define
class Firsts(Generic[T]):
    """The ``most`` first of all that were added, by their keys."""

    most: int
    heap: list[tuple[float, int, T]] = field(factory=list)
    added: int = 0
    complete: bool = True

    def add(self, key: float, make: Callable[[], T]) -> None:
        """What is made is kept, if it is among the first; it is made only then."""
        self.added += 1
        # the heap drops the smallest, so keys are turned round
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, (-key, -self.added, make()))
            return
        self.complete = False
        if self.heap and -key > self.heap[0][0]:
            heapq.heapreplace(self.heap, (-key, -self.added, make()))

    def sorted(self) -> tuple[T, ...]:
        """Those that were kept, the first first."""
        return tuple(entry[-1] for entry in sorted(self.heap, key=lambda entry: entry[:2], reverse=True))


@define
class Tally:
    """Counts what becomes of the records under one policy."""

    foresight: Foresight
    policy: PolicyRef
    now: datetime
    firsts: Firsts[Fate]
    tell: Callable[[Fate], object] | None = None
    held: Counter[MemberId] = field(factory=Counter)
    falls: Counter[tuple[MemberId, PoolId, int]] = field(factory=Counter)
    warned: Counter[MemberId] = field(factory=Counter)
    spared: Counter[MemberId] = field(factory=Counter)
    exemptions: Counter[str] = field(factory=Counter)
    causes: Counter[str] = field(factory=Counter)

    def add(self, course: Course) -> None:
        """One more record."""
        owner = course.owner_id
        self.held[owner] += 1
        if not course.reasons:
            return
        if course.falls_on is not None and course.pool_id is not None:
            self.falls[owner, course.pool_id, course.falls_on] += 1
            self.causes[course.cause] += 1
        self.warned[owner] += bool(course.warned_on)
        self.spared[owner] += bool(course.spared_by)
        self.exemptions.update(course.spared_by)
        when = len(self.foresight.sweeps) if course.falls_on is None else course.falls_on
        self.firsts.add(when, lambda: self.fate(course))
        if self.tell is not None:
            self.tell(self.fate(course))

    def fate(self, course: Course) -> Fate:
        """The record, told by itself."""
        sweeps = self.foresight.sweeps
        falls = course.falls_on is not None
        outcome = ReclaimOutcome.WARN if course.warned_on else ReclaimOutcome.KEEP
        return Fate(
            record=Ref(entity=self.foresight.entity, id=course.id),
            owner_id=course.owner_id,
            outcome=ReclaimOutcome.RECLAIM if falls else outcome,
            falls_at=None if course.falls_on is None else sweeps[course.falls_on].at,
            pool_id=course.pool_id,
            deadline=course.deadline,
            cause=course.cause,
            warned_at=tuple(sweeps[number].at for number in course.warned_on),
            spared_by=course.spared_by,
            reasons=course.reasons,
        )

    def dry_run(self, members: Mapping[str, Member], pools: Mapping[str, Pool]) -> DryRun:
        """The whole."""
        foresight = self.foresight
        return DryRun(
            policy=self.policy,
            at=self.now,
            days=tuple(
                DayOutlook(at=sweep.at, **counts)
                for sweep, counts in zip(foresight.sweeps, foresight.counts, strict=True)
            ),
            held=self.held.total(),
            owners=self._owners(members),
            pools=self._pools(pools),
            spared=_counted(self.exemptions),
            causes=_counted(self.causes),
            records=self.firsts.sorted(),
            complete=self.firsts.complete,
        )

    def _owners(self, members: Mapping[str, Member]) -> tuple[OwnerOutlook, ...]:
        lost, at_once = Counter[MemberId](), Counter[MemberId]()
        for (owner, _, number), records in self.falls.items():
            lost[owner] += records
            at_once[owner] += records if number == 0 else 0
        rows = [
            OwnerOutlook(
                owner_id=owner,
                name=members[owner].name if owner in members else "",
                held=held,
                at_once=at_once[owner],
                reclaimed=lost[owner],
                warned=self.warned[owner],
                spared=self.spared[owner],
            )
            for owner, held in self.held.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.reclaimed, row.owner_id)))

    def _pools(self, pools: Mapping[str, Pool]) -> tuple[PoolOutlook, ...]:
        days: dict[PoolId, list[int]] = {}
        for (_, pool, number), records in self.falls.items():
            days.setdefault(pool, [0] * len(self.foresight.sweeps))[number] += records
        rows = [PoolOutlook(pool_id=pool, name=pools[pool].name, by_day=tuple(each)) for pool, each in days.items()]
        return tuple(sorted(rows, key=lambda row: (-row.reclaimed, row.pool_id)))


@define
class Pairs:
    """What becomes of each record under one policy beside what becomes of it under another."""

    entity: str
    sweeps: Sequence[datetime]
    firsts: Firsts[Difference]
    tell: Callable[[Difference], object] | None = None
    alone: dict[str, Course] = field(factory=dict)
    """Those of which one side is known so far."""
    counts: Counter[str] = field(factory=Counter)
    moved: dict[str, list[float]] = field(factory=lambda: {"earlier": [0, 0.0, 0.0], "later": [0, 0.0, 0.0]})
    """Records, the sum of days, the most days."""

    def add(self, side: int, course: Course) -> None:
        """One side more; the pair is counted when both are known."""
        known = self.alone.pop(course.id, None)
        if known is None:
            self.alone[course.id] = course
        else:
            self._count(*((course, known) if side == 0 else (known, course)))

    def _count(self, one: Course, other: Course) -> None:
        lost = (one.falls_on is not None, other.falls_on is not None)
        self.counts[_LOST[lost]] += 1
        if one.deadline is not None and other.deadline is not None and one.deadline != other.deadline:
            days = (other.deadline - one.deadline) / DAY
            moved = self.moved["later" if days > 0 else "earlier"]
            moved[:] = [moved[0] + 1, moved[1] + abs(days), max(moved[2], abs(days))]
        if (one.falls_on, one.deadline) == (other.falls_on, other.deadline):
            return
        ends = len(self.sweeps)
        first = min(ends if each.falls_on is None else each.falls_on for each in (one, other))
        self.firsts.add(first, lambda: self._difference(one, other))
        if self.tell is not None:
            self.tell(self._difference(one, other))

    def _difference(self, one: Course, other: Course) -> Difference:
        return Difference(
            record=Ref(entity=self.entity, id=one.id),
            owner_id=one.owner_id,
            one=None if one.falls_on is None else self.sweeps[one.falls_on],
            other=None if other.falls_on is None else self.sweeps[other.falls_on],
            one_deadline=one.deadline,
            other_deadline=other.deadline,
        )

    def comparison(self, one: DryRun, other: DryRun) -> Comparison:
        """The whole."""
        return Comparison(
            one=one,
            other=other,
            both=self.counts["both"],
            only_one=self.counts["only_one"],
            only_other=self.counts["only_other"],
            earlier=_shift(*self.moved["earlier"]),
            later=_shift(*self.moved["later"]),
            differences=self.firsts.sorted(),
            complete=self.firsts.complete,
        )


_LOST = {(True, True): "both", (True, False): "only_one", (False, True): "only_other", (False, False): "neither"}


def _shift(records: float, days: float, most: float) -> Shift:
    return Shift(records=int(records), mean_days=days / records, most_days=most) if records else Shift()


def _counted(counts: Counter[str]) -> tuple[Counted, ...]:
    return tuple(
        Counted(name=name, records=records)
        for name, records in sorted(counts.items(), key=lambda each: (-each[1], each))
    )
