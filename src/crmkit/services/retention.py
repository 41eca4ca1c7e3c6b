"""Retention: people whom nobody has spoken to for so long are erased by schedule, with a dry run that says whom."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import F, any_of
from crmkit.domain.erasing import blanks
from crmkit.domain.ids import ErasureId, Ref
from crmkit.domain.model import Code, model
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.privacy import Erasure
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.privacy import PrivacyPolicy, Schedule, Treatment
from crmkit.services.context import Context
from crmkit.services.erasures import carry_out, decision_on, policy_of
from crmkit.services.subject_search import search_subject

__all__ = ["RetentionReport", "ScheduleReport", "sweep_retention"]

TOLD = 20
"""Records that a report names of each schedule."""
_CLASSES: Mapping[str, type[Record]] = {"lead": Lead, "contact": Contact}
_ERASED, _GONE = "erased", "gone"


@model
class ScheduleReport:
    """What one schedule came to: how many were (in a dry run: would be) erased, and how many kept, by the code of why."""

    schedule: Code
    entity: Code
    erased: int = 0
    kept: Mapping[Code, int] = {}
    first: tuple[Ref, ...] = ()
    """Some of those that were erased."""


@model
class RetentionReport:
    """Every schedule of the policy in force; ``more`` when the limit ended the run."""

    dry_run: bool
    more: bool = False
    schedules: tuple[ScheduleReport, ...] = ()


def sweep_retention(ctx: Context, *, dry_run: bool = False, limit: int | None = None) -> RetentionReport:
    """Whoever is due under a schedule of the privacy policy is erased, each in a transaction of their own.

    Kept is who a hold or an open deal keeps, and who has another record whose time is not over. Who is erased by
    schedule is not kept out: they may come back. ``dry_run`` decides the same, and writes nothing.

    A run that died goes on where it was when it is called again, for those that are done are blank. ``limit`` is how
    many are looked at for each schedule, where a run is to end early; those that are kept count.

    Raises:
        InvalidInput: ``limit`` is less than 1.
    """
    if limit is not None and limit < 1:
        raise InvalidInput("must be 1 or more.", field="limit", hint="Leave it out for all.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        policy, now = policy_of(uow, ctx.clock.now()), ctx.clock.now()
        due = [_due(uow, schedule, now) for schedule in policy.schedules]
    swept = zip(policy.schedules, due, strict=True)
    return RetentionReport(
        dry_run=dry_run,
        more=limit is not None and any(len(refs) > limit for refs in due),
        schedules=tuple(_swept(ctx, policy, schedule, refs[:limit], dry_run=dry_run) for schedule, refs in swept),
    )


def _swept(
    ctx: Context, policy: PrivacyPolicy, schedule: Schedule, refs: Sequence[Ref], *, dry_run: bool
) -> ScheduleReport:
    counts: Counter[str] = Counter()
    first: list[Ref] = []
    for ref in refs:
        one = _One(ctx, policy, schedule, ref)
        if dry_run:
            with ctx.store.begin(ctx.acting, read_only=True) as uow:
                outcome = one.treated(uow, dry_run=True)
        else:
            outcome = ctx.store.run(lambda uow, one=one: one.treated(uow, dry_run=False), ctx.acting)  # type: ignore[misc]
        counts[outcome] += 1
        if outcome == _ERASED and len(first) < TOLD:
            first.append(ref)
    kept = {why: count for why, count in sorted(counts.items()) if why not in {_ERASED, _GONE}}
    return ScheduleReport(
        schedule=schedule.name, entity=schedule.entity, erased=counts[_ERASED], kept=kept, first=tuple(first)
    )


def _due(uow: UnitOfWork, schedule: Schedule, now: datetime) -> list[Ref]:
    """Those whose time is over and who are not blank yet, by id."""
    found = uow.repository(_CLASSES[schedule.entity]).scan(schedule.due(now), now=now)
    return [record.ref for record in found if blanks(record)]


@frozen
class _One:
    """A record whose time was over when the sweep looked."""

    ctx: Context
    policy: PrivacyPolicy
    schedule: Schedule
    ref: Ref

    def treated(self, uow: UnitOfWork, *, dry_run: bool) -> str:
        """What became of it, or the code of what keeps it."""
        now = self.ctx.clock.now()
        due = (F.id == self.ref.id) & self.schedule.due(now)
        found = uow.repository(_CLASSES[self.ref.entity]).find(due, now=now)
        if not any(map(blanks, found)):
            return _GONE
        subject = search_subject(uow, [self.ref])
        for ref in subject.parties:
            record = subject.records.get(ref)
            if record is not None and blanks(record) and not self._is_due(uow, ref, now):
                return "privacy.younger"
        item = next(each for each in decision_on(uow, subject, now=now).items if each.ref == self.ref)
        if item.treatment is Treatment.KEEP:
            return item.why
        if not dry_run:
            planned = Erasure(
                id=self._id(now),
                subjects=tuple(subject.parties),
                regime=self.policy.regime,
                requested_at=now,
                created_at=now,
                updated_at=now,
            )
            approved = planned.approve(by=None, now=now)
            uow.save(planned.plan())
            uow.save(approved)
            carry_out(uow, approved.after, now)
        return _ERASED

    def _id(self, now: datetime) -> ErasureId:
        """The same for a run that is repeated: its digest stands in the trail of what was erased."""
        told = f"{self.schedule.name} {self.ref} {now.isoformat()}"
        return ErasureId(f"retention-{hashlib.sha256(told.encode()).hexdigest()[:32]}")

    def _is_due(self, uow: UnitOfWork, ref: Ref, now: datetime) -> bool:
        """Whether another record of the person is due, under whichever schedule."""
        due = [each.due(now) for each in self.policy.schedules if each.entity == ref.entity]
        return bool(due) and uow.repository(_CLASSES[ref.entity]).count((F.id == ref.id) & any_of(due), now=now) > 0
