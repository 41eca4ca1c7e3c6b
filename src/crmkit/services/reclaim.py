"""The sweep: whoever is due is warned, then the record falls back to its pool.

A run has one ``now``. It asks the store for what is due by the columns ``reclaim_at`` and ``warn_at``, which
were written when the clock last moved, and lets the pure engine decide each record anew. Every chunk is a
transaction of its own: a run that dies loses nothing and tells nobody twice, because the notice and the
next date of warning are saved together.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from attrs import define, evolve, field, frozen

from crmkit.domain.change import Change
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.model import model
from crmkit.domain.organization.limits import Span
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Cause, Owned
from crmkit.errors import CrmError, InvalidInput, StorageFailed, UnreadableRecord
from crmkit.ports.store import UnitOfWork
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim import ReclaimDecision, ReclaimOutcome, ReclaimPolicy
from crmkit.rules.reclaim import remedies as rescues
from crmkit.services.context import Context
from crmkit.services.custody import UNSETTLED, Custody, history, owned_by, owning

__all__ = ["Forecast", "Foreseen", "SweepProblem", "SweepReport", "explain", "preview", "remedies", "sweep"]

MOST_AT_ONCE = 500
"""Records of one transaction."""
MOST_PROBLEMS = 500
"""Records that fail before a run stops: by then something general is wrong."""


@model
class SweepProblem:
    """A record that the run could not deal with, and why; the others went on."""

    record: Ref
    reason: Reason


@model
class SweepReport:
    """What a run did.

    ``kept`` were due and stay, by exemption or because their clock had moved; ``started`` had an owner
    and no clock; ``postponed`` are due and wait, because no more may fall back today. ``problems`` need somebody: records that no pool takes, and records that failed.
    """

    at: datetime
    warned: int = 0
    reclaimed: int = 0
    kept: int = 0
    started: int = 0
    postponed: int = 0
    problems: tuple[SweepProblem, ...] = ()
    complete: bool = True
    """Whether everything that was due has been dealt with; not when another policy came into force meanwhile."""


@model
class Foreseen:
    """What would happen to one record."""

    record: Ref
    owner_id: MemberId | None
    outcome: ReclaimOutcome
    deadline: datetime | None
    pool_id: PoolId | None
    reasons: tuple[Reason, ...]


@model
class Forecast:
    """What a sweep at ``at`` would do, if nothing happened until then; the earliest deadlines first."""

    at: datetime
    records: tuple[Foreseen, ...]
    complete: bool
    """Whether these are all."""


def sweep(ctx: Context, *, entity: str = "account", limit: int | None = None, batch: int = 500) -> SweepReport:
    """Everything of ``entity`` that is due now is warned or reclaimed; records without a clock get one.

    Any number of workers may sweep at once: each leaves out what another one holds. Records that fail
    are reported and left as they are; the rest of their batch is saved without them. ``limit`` is how
    many records to deal with at most, ``batch`` how many in one transaction (1 to 500). A run goes by one
    version of the policy: when another comes into force (also one that pauses), it stops.

    Raises:
        InvalidInput: ``batch`` or ``limit`` is out of range, or the entity has no owners.
        StorageFailed: the store fails; batches saved before stay saved.
    """
    if not 1 <= batch <= MOST_AT_ONCE or (limit is not None and limit < 1):
        raise InvalidInput("must be positive, a batch at most 500.", field="batch", hint="500 is usual.")
    run = _Run(ctx, owning(entity), ctx.clock.now(), limit)
    phases = (
        Phase(F.reclaim_at <= run.now, "reclaim_at", falls=True),
        Phase((F.warn_at <= run.now) & (F.reclaim_at > run.now), "warn_at"),
        Phase(F.reclaim_at.missing() & ~F.owner_id.missing() & UNSETTLED[entity], "created_at"),
    )
    for phase in phases:
        while run.goes_on and run.one_batch(phase, batch):
            pass
    return run.report()


def preview(ctx: Context, at: datetime, *, entity: str = "account", limit: int = 500) -> Forecast:
    """What a sweep at ``at`` would find due and decide: the same decision over a later clock; nothing is written.

    Raises:
        InvalidInput: ``at`` has no time zone, ``limit`` is not within 1 and 10000, or the entity has no owners.
    """
    if not 1 <= limit <= 10_000:
        raise InvalidInput("must lie within 1 and 10000.", field="limit", hint="500 is usual.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        # one after the other, as the sweep does it: each by its own index, and all that is due is earlier
        records: list[Owned] = []
        for due in (F.reclaim_at <= at, (F.warn_at <= at) & (F.reclaim_at > at)):
            room = limit + 1 - len(records)
            records += owned_by(uow, entity).find(due, order=["reclaim_at"], limit=room, now=at) if room else []
        custody = Custody.of(uow, entity, now=at, owners=(record.owner_id for record in records))
        if custody.policy is None:
            return Forecast(at=at, records=(), complete=True)
        foreseen = [_foreseen(record, custody.decided(record, now=at)) for record in records[:limit]]
    return Forecast(at=at, records=tuple(foreseen), complete=len(records) <= limit)


def explain(ctx: Context, ref: Ref, *, at: datetime | None = None) -> ReclaimDecision:
    """What would happen to the record at ``at`` (now, if not given), and why: the sweep's own decision.

    Raises:
        NotAllowed: no reclaim policy is in force for the entity.
        NotFound: no such record.
    """
    moment = at or ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        record = owned_by(uow, ref.entity).get(ref.id)
        return Custody.of(uow, ref.entity, now=moment, owners=(record.owner_id,)).decided(record, now=moment)


def remedies(ctx: Context, ref: Ref) -> tuple[Reason, ...]:
    """What would keep the record with its owner beyond the deadline it has now, if done before it.

    Raises:
        NotAllowed: no reclaim policy is in force for the entity.
        NotFound: no such record.
    """
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        record = owned_by(uow, ref.entity).get(ref.id)
        custody = Custody.of(uow, ref.entity, now=now, owners=(record.owner_id,))
        return rescues(custody.policy_of(record.owner_id), custody.facts(record), now=now)


def _foreseen(record: Owned, decision: ReclaimDecision) -> Foreseen:
    return Foreseen(
        record=record.ref,
        owner_id=record.owner_id,
        outcome=decision.outcome,
        deadline=decision.protection.reclaim_at,
        pool_id=decision.pool_id,
        reasons=decision.reasons,
    )


def carried_out(record: Owned, decision: ReclaimDecision, *, now: datetime) -> Change[Any] | None:
    """The change that does what was decided; ``None`` when the record stands as it should already."""
    stands = decision.protection
    if decision.outcome is ReclaimOutcome.RECLAIM and decision.pool_id is not None:
        return record.reclaim(decision.pool_id, cause=stands.reclaim_cause, now=now, recipients=decision.recipients)
    if decision.outcome is ReclaimOutcome.WARN:
        return record.warn(now=now, recipients=decision.recipients, again_at=stands.warn_at)
    if stands == record.protection:
        return None
    return record.protect(stands, now=now)


def followed(record: Owned, decision: ReclaimDecision, *, now: datetime) -> Change[Any]:
    """The change that does what was decided about a record whose time has come.

    Raises:
        InvalidInput: nothing follows from it; such a record would be due for ever.
    """
    change = carried_out(record, decision, now=now)
    if change is None:
        raise InvalidInput("is due, and nothing follows from it.", field=str(record.ref))
    return change


Done = tuple[str, SweepProblem | None]
"""What became of one record: the count it belongs to, and what is wrong with it."""


def fallen_since(uow: UnitOfWork, entity: str, since: datetime) -> int:
    """How many records of ``entity`` have fallen back since then."""
    fallen = (F.record_entity == entity) & (F.cause == Cause.RECLAIMED.value) & (F.at >= since)
    return uow.ownership.count(fallen)


@frozen
class Phase:
    """Which records a part of the run looks for, in which order, and whether they fall back."""

    condition: Condition
    order: str
    falls: bool = False


@define
class _Run:
    """One run of the sweep: its clock, what it did so far, and which records failed."""

    ctx: Context
    entity: str
    now: datetime
    left: int | None
    counts: Counter[str] = field(factory=Counter)
    problems: dict[str, SweepProblem] = field(factory=dict)
    failed: list[str] = field(factory=list)
    policy: PolicyRef | None = None
    overtaken: bool = False
    postponed: int = 0

    @property
    def goes_on(self) -> bool:
        """There is room for more, not everything fails, and the policy is the one it began with."""
        return self.left != 0 and len(self.failed) < MOST_PROBLEMS and not self.overtaken

    def one_batch(self, phase: Phase, size: int) -> bool:
        """One transaction of up to ``size`` records; whether there may be more."""
        size = size if self.left is None else min(size, self.left)
        if self.failed:
            phase = evolve(phase, condition=phase.condition & ~F.id.in_(self.failed))
        ids: list[str] = []
        try:
            done = self.ctx.store.run(lambda uow: self.settle(uow, phase, size, ids), self.ctx.acting)
        except UnreadableRecord as error:
            if error.params["entity"] != self.entity:
                raise
            self.book([failure(Ref(entity=self.entity, id=str(error.params["id"])), error)])
            return True
        except StorageFailed:
            raise
        except Exception:
            if not ids:  # no record was looked at, so none is to blame
                raise
            # find out which record it was, and save the others
            for id_ in ids:
                self.alone(id_, phase)
        else:
            self.book(done)
        return bool(ids)

    def alone(self, id_: str, phase: Phase) -> None:
        """One record in a transaction of its own, if it is still due."""
        only = evolve(phase, condition=(F.id == id_) & phase.condition)
        try:
            self.book(self.ctx.store.run(lambda uow: self.settle(uow, only, 1, []), self.ctx.acting))
        except StorageFailed:
            raise
        except Exception as error:  # noqa: BLE001 - one bad record must not stop the run
            self.book([failure(Ref(entity=self.entity, id=id_), error)])

    def settle(self, uow: UnitOfWork, phase: Phase, size: int, ids: list[str]) -> list[Done]:
        """Decide on what is due and save the changes set-wise; ``ids`` are those looked at."""
        custody = Custody.of(uow, self.entity, now=self.now)
        size = min(size, self.room(uow, custody, phase))
        if size == 0:
            ids.clear()
            return []
        found = owned_by(uow, self.entity).find(
            phase.condition, order=[phase.order], limit=size, now=self.now, locking="skip"
        )
        ids[:] = [record.id for record in found]
        custody = custody.knowing(uow, (record.owner_id for record in found))
        done: list[Done] = []
        changes: list[Change[Any]] = []
        for record in found:
            try:
                decision = custody.decided(record, now=self.now)
                changes.extend(self.changes(record, decision))
            except Exception as error:  # noqa: BLE001 - one bad record must not stop the run
                done.append(failure(record.ref, error))
            else:
                done.append(done_with(record, decision))
        if changes:
            uow.save(*changes)
        return done

    def room(self, uow: UnitOfWork, custody: Custody, phase: Phase) -> int:
        """How many records may be dealt with now: none without a policy, under another one, or in a pause."""
        policy = custody.policy
        if policy is None:
            return 0
        self.overtaken = self.policy not in (None, policy.ref)
        self.policy = self.policy or policy.ref
        if self.overtaken or policy.pausing(self.now):
            return 0
        return self.left_today(uow, policy, custody) if phase.falls and policy.most_a_day is not None else MOST_AT_ONCE

    def left_today(self, uow: UnitOfWork, policy: ReclaimPolicy, custody: Custody) -> int:
        """How many more may fall back today, counted under a lock, so that any number of workers keep to it."""
        uow.lock(f"reclaim:{self.entity}")
        since = Span.DAY.begins(self.now, custody.calendar)
        left = (policy.most_a_day or 0) - fallen_since(uow, self.entity, since)
        if left <= 0:
            self.postponed = owned_by(uow, self.entity).count(F.reclaim_at <= self.now, now=self.now)
        return max(left, 0)

    def changes(self, record: Owned, decision: ReclaimDecision) -> list[Change[Any]]:
        change = followed(record, decision, now=self.now)
        if decision.outcome is not ReclaimOutcome.RECLAIM:
            return [change]
        return [change, history(change, id=self.ctx.ids.new())]

    def book(self, done: Sequence[Done]) -> None:
        """What a committed transaction did is counted."""
        for what, problem in done:
            self.counts[what] += 1
            if problem is not None:
                self.problems[problem.record.id] = problem
            if what == FAILED and problem is not None:
                self.failed.append(problem.record.id)
            elif self.left is not None:
                self.left -= 1

    def report(self) -> SweepReport:
        """The answer of the run."""
        return SweepReport(
            at=self.now,
            warned=self.counts["warned"],
            reclaimed=self.counts["reclaimed"],
            kept=self.counts["kept"],
            started=self.counts["started"],
            postponed=self.postponed,
            problems=tuple(self.problems.values())[:MOST_PROBLEMS],
            complete=self.goes_on,
        )


FAILED = "failed"


def failure(record: Ref, error: Exception) -> Done:
    """What is booked of a record that could not be dealt with."""
    code = error.code if isinstance(error, CrmError) else type(error).__name__
    return FAILED, SweepProblem(record=record, reason=Reason.of("reclaim.failed", error=code))


def done_with(record: Owned, decision: ReclaimDecision) -> Done:
    """What is booked of a record once its decision has been carried out."""
    if decision.outcome is ReclaimOutcome.RECLAIM:
        return "reclaimed", None
    if decision.outcome is ReclaimOutcome.WARN:
        return "warned", None
    nowhere = next((reason for reason in decision.reasons if reason.code == "reclaim.no_pool"), None)
    problem = None if nowhere is None else SweepProblem(record=record.ref, reason=nowhere)
    return "started" if record.reclaim_at is None else "kept", problem
