"""What people do with automation: start a rule by hand, see what it did and why, mend what failed."""

from collections.abc import Sequence
from datetime import datetime

from crmkit.domain.change import Record
from crmkit.domain.conditions import F
from crmkit.domain.ids import AutomationRunId, Ref, derived_id
from crmkit.domain.stewardship.automation_run import AutomationRun, RunState
from crmkit.errors import InvalidInput, NotFound
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import SUBJECTS
from crmkit.rules.automation import AutomationDecision, AutomationFacts, AutomationRule, Happened, decide
from crmkit.rules.automation.triggers.trigger import BY_HAND
from crmkit.rules.policy import PolicyRef
from crmkit.services.automation_turns import CLOCK
from crmkit.services.context import Context
from crmkit.services.hearing import decided, past_of, run_key

__all__ = [
    "automation_runs",
    "discard_run",
    "explain_automation",
    "replay_run",
    "start_run",
    "trigger_rule",
]

MOST = 1_000


def trigger_rule(ctx: Context, rule_id: str, ref: Ref, *, idempotency_key: str | None = None) -> AutomationDecision:
    """The rule starts for the record now, whatever it listens to, if its condition and its limits let it.

    The run goes before others, and no budget holds it up.

    Raises:
        InvalidInput: the rule is for other records.
        NotFound: there is no such rule in force, or no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> AutomationDecision:
        rule = uow.policies.in_force(AutomationRule, now, id=rule_id)
        if rule is None:
            raise NotFound(f"No rule {rule_id!r} is in force.", hint="Adopt it first.")
        if ref.entity != rule.entity:
            raise InvalidInput(f"is a {ref.entity}.", field="ref", hint=f"The rule is for a {rule.entity}.")
        # kept until the end, so that a save of the record does not start the rule meanwhile
        record = uow.repository(SUBJECTS[ref.entity]).get(ref.id, locking="wait")
        heard = (rule, Happened(types=(BY_HAND,), after=record, at=now))
        past = tuple(past_of(uow, [heard]).get(run_key(heard), ()))
        decision = decide(rule, AutomationFacts(happened=heard[1], past=past), now=now)
        runs = decided(uow, [heard], urgent=True)
        if runs:
            uow.save(*runs)
        return decision

    return ctx.command(work, AutomationDecision, idempotency_key=idempotency_key)


def start_run(
    uow: UnitOfWork, policy: PolicyRef, place: str, subject: Record, *, cause: str, now: datetime
) -> AutomationRun:
    """The actions that stand in ``place`` of ``policy`` are to be done for ``subject``: part of whoever's transaction.

    The policy's class answers ``actions_at(place)``; the run stays on its version. One cause starts the actions of a
    place once for a version of the record.

    Raises:
        Duplicate: they were started for this version of the record.
    """
    id_ = AutomationRunId(derived_id(policy.kind, policy.id, place, subject.ref, subject.version, cause))
    run = AutomationRun(
        id=id_,
        created_at=now,
        updated_at=now,
        policy_kind=policy.kind,
        policy=policy.id,
        policy_version=policy.version,
        place=place,
        subject_entity=subject.entity,
        subject_id=subject.id,
        subject_version=subject.version,
        cause=cause,
        root=id_,
        due_at=now,
    )
    uow.save(run.begin())
    return run


def automation_runs(
    ctx: Context, ref: Ref | None = None, *, state: RunState | None = None, limit: int = 100
) -> Sequence[AutomationRun]:
    """The runs of one record or of all, in one state or in any; the newest first.

    Raises:
        InvalidInput: ``limit`` does not lie within 1 and 1000.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"must lie within 1 and {MOST}.", field="limit", hint="100 is usual.")
    wanted = (F.subject_entity != CLOCK) & (F.state != RunState.LEFT.value)
    if ref is not None:
        wanted &= (F.subject_entity == ref.entity) & (F.subject_id == ref.id)
    if state is not None:
        wanted &= F.state == state.value
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.automation_runs.find(wanted, order=["-created_at", "-subject_version"], limit=limit)


def explain_automation(ctx: Context, ref: Ref) -> tuple[AutomationDecision, ...]:
    """What every rule for such records would do if somebody started it by hand now, with every reason.

    Raises:
        InvalidInput: there are no rules for such records.
        NotFound: there is no such record.
    """
    cls = SUBJECTS.get(ref.entity)
    if cls is None:
        raise InvalidInput("has no rules.", field="ref", hint=f"Choose from: {', '.join(SUBJECTS)}.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, record = ctx.clock.now(), uow.repository(cls).get(ref.id)
        rules = [rule for rule in uow.policies.all_in_force(AutomationRule, now) if rule.entity == ref.entity]
        heard = [(rule, Happened(types=(BY_HAND,), after=record, at=now)) for rule in rules]
        past = past_of(uow, heard)
        facts = [AutomationFacts(happened=each[1], past=tuple(past.get(run_key(each), ()))) for each in heard]
        return tuple(decide(rule, given, now=now) for rule, given in zip(rules, facts, strict=True))


def replay_run(ctx: Context, run_id: AutomationRunId, *, idempotency_key: str | None = None) -> AutomationRun:
    """A run that was parked goes on at the action that failed, with all its attempts before it.

    Raises:
        NotAllowed: it is not parked.
        NotFound: there is no such run.
    """

    def work(uow: UnitOfWork, now: datetime) -> AutomationRun:
        change = uow.automation_runs.get(run_id, locking="wait").replay(now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, AutomationRun, idempotency_key=idempotency_key)


def discard_run(ctx: Context, run_id: AutomationRunId, *, idempotency_key: str | None = None) -> AutomationRun:
    """A run that is parked or waits ends here; what it has done stays done.

    Raises:
        NotAllowed: it has ended.
        NotFound: there is no such run.
    """

    def work(uow: UnitOfWork, now: datetime) -> AutomationRun:
        change = uow.automation_runs.get(run_id, locking="wait").stop("automation.discarded", now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, AutomationRun, idempotency_key=idempotency_key)
