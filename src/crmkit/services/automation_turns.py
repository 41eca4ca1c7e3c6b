"""Taking runs that are due: for a hundred at once it is decided who goes on, who waits, and who stops."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

from attrs import define, field, frozen

from crmkit.domain.change import Change
from crmkit.domain.conditions import Condition, F
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.automation_run import AutomationDelayed, AutomationRun, RunState
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import Action
from crmkit.rules.automation import (
    SYSTEM,
    AutomationRule,
    Lane,
    OnError,
    TurnDecision,
    TurnFacts,
    TurnOutcome,
    decide_turn,
)
from crmkit.rules.policy import Policy
from crmkit.services.context import Context

__all__ = ["CLOCK", "Admission", "Program", "Taken", "admitted", "call_next", "program_of"]

CLOCK = "automation"
"""What the subjects of a rule's own clock are called."""
PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
_ACTIVE = F.state.in_((RunState.WAITING.value, RunState.RUNNING.value))


@frozen(kw_only=True)
class Program:
    """What a run is to do, and how: by the version of its policy that it stays on."""

    actions: tuple[Action, ...]
    run_as: MemberId = SYSTEM
    custom: tuple[CustomField, ...] = ()
    on_error: OnError = OnError.RETRY
    pauses: tuple[timedelta, ...] = PAUSES
    rule: AutomationRule | None = None
    """Nothing for actions that stand in another policy, such as a process."""

    @property
    def told(self) -> tuple[MemberId, ...]:
        """Who hears of what goes wrong."""
        return () if self.run_as == SYSTEM else (self.run_as,)


Taken: TypeAlias = tuple[AutomationRun, Program]


@define
class Admission:
    """What came of one look at what is due; ``behind`` are runs' places in which another one waits."""

    looked_at: int = 0
    runs: list[Taken] = field(factory=list)
    delayed: set[str] = field(factory=set)
    behind: set[str] = field(factory=set)
    stopped: int = 0
    failed: int = 0


def program_of(ctx: Context, uow: UnitOfWork, run: AutomationRun) -> Program | None:
    """What the run is to do; ``None`` where the version of its policy is not there.

    Raises:
        UnknownKind: it has a part that the rule book does not know.
    """
    cls = cast(type[Policy], ctx.book.part(run.policy_kind))
    for version in uow.policies.versions(cls, run.policy):
        if version.version != run.policy_version:
            continue
        actions: tuple[Action, ...] = cast(Any, version).actions_at(run.place)
        if not isinstance(version, AutomationRule):
            return Program(actions=actions, custom=getattr(version, "custom_fields", ()))
        return Program(
            actions=actions,
            run_as=version.run_as,
            custom=version.custom_fields,
            on_error=version.on_error,
            pauses=version.pauses,
            rule=version,
        )
    return None


def admitted(
    ctx: Context, uow: UnitOfWork, limit: int, delayed: Collection[str], *, until: datetime, now: datetime
) -> Admission:
    """Those of the runs that are due whose turn it is are taken ``until`` then; a fixed number of queries a rule."""
    due = _due(uow, limit, delayed, now)
    desk = _Desk.of(ctx, uow, due, now)
    found, changes = Admission(looked_at=len(due)), list[Change[Any]]()
    for run in due:
        changes += desk.settled(run, found, until)
    uow.save(*changes)
    return found


def call_next(uow: UnitOfWork, run: AutomationRun, *, now: datetime) -> None:
    """The next run of the same rule and record is due now: it need not wait until it is looked at again."""
    of = (F.subject_entity == run.subject_entity) & (F.subject_id == run.subject_id) & (F.policy == run.policy)
    waiting = of & (F.state == RunState.WAITING.value) & (F.reason == "automation.behind")
    found = uow.automation_runs.find(waiting, order=["created_at", "subject_version"], limit=1, locking="skip")
    uow.save(*(each.put_off(now, reason="", now=now) for each in found))


def _due(uow: UnitOfWork, limit: int, delayed: Collection[str], now: datetime) -> list[AutomationRun]:
    """What people have started comes first."""
    due: Condition = (F.due_at <= now) & (F.subject_entity != CLOCK)
    urgent, others = due & (F.urgent == True), due & (F.urgent == False)  # noqa: E712 - a condition
    if delayed:
        others &= ~(F.policy.in_(sorted(delayed)) & F.started_at.missing())
    order = ["due_at", "created_at", "subject_version"]
    first = list(uow.automation_runs.find(urgent, order=order, limit=limit, locking="skip"))
    rest = limit - len(first)
    found = [*first, *(uow.automation_runs.find(others, order=order, limit=rest, locking="skip") if rest else ())]
    # whoever had a run that is under way never came back, maybe because of it: such ones are taken one at a time
    return [run for run in found if run.state is not RunState.RUNNING] or found[:1]


@frozen(kw_only=True)
class _Desk:
    """What the turns of some runs depend on."""

    uow: UnitOfWork
    programs: Mapping[tuple[str, str, int, str], Program | None]
    latest: Mapping[str, AutomationRule | None]
    lanes: Mapping[str, Sequence[AutomationRun]]
    owners: Mapping[str, Member]
    started: dict[str, int]
    due: frozenset[str]
    now: datetime

    @classmethod
    def of(cls, ctx: Context, uow: UnitOfWork, runs: Sequence[AutomationRun], now: datetime) -> "_Desk":
        programs = {_program(run): program_of(ctx, uow, run) for run in {_program(run): run for run in runs}.values()}
        rules = [program.rule for program in programs.values() if program is not None and program.rule is not None]
        ids = sorted({rule.id for rule in rules})
        fresh = {run.policy for run in runs if run.started_at is None and not run.urgent}
        counted = [rule for rule in rules if rule.id in fresh]
        if counted:  # no other worker counts the same rule's starts meanwhile
            uow.lock(*(f"automation:{rule.id}" for rule in counted))
        return cls(
            uow=uow,
            programs=programs,
            latest={id: uow.policies.in_force(AutomationRule, now, id=id) for id in ids},
            lanes=_lanes(uow, runs, ids),
            owners=uow.members.get_many(sorted({rule.run_as for rule in rules if rule.run_as != SYSTEM})),
            started={rule.id: _count(uow, rule, now) for rule in counted},
            due=frozenset(run.id for run in runs),
            now=now,
        )

    def settled(self, run: AutomationRun, found: Admission, until: datetime) -> Iterator[Change[Any]]:
        """What becomes of one run."""
        program = self.programs[_program(run)]
        if program is None:
            found.stopped += 1
            yield run.stop("automation.rule_gone", now=self.now)
            return
        if run.state is RunState.RUNNING and run.attempts > len(program.pauses):
            # whoever took it never came back, again and again
            found.failed += 1
            yield run.fail(program.actions[len(run.steps)].kind, *program.told, error="LeasePassed", now=self.now)
            return
        turn = None if program.rule is None else decide_turn(program.rule, self.facts(run, program.rule), now=self.now)
        if turn is None or turn.outcome is TurnOutcome.GOES:
            yield from self.gone(run, program, found, until)
        elif turn.outcome is TurnOutcome.STOPS:
            found.stopped += 1
            yield run.stop(turn.reasons[0].code, *program.told, now=self.now)
        else:
            yield from self.waited(run, program, turn, found)

    def facts(self, run: AutomationRun, rule: AutomationRule) -> TurnFacts:
        latest = self.latest.get(rule.id)
        return TurnFacts(
            run=run,
            lane=tuple(self.lanes.get(run.link, ())),
            started=self.started.get(rule.id, 0),
            owner=self.owners.get(rule.run_as),
            active=latest is None or latest.active,
        )

    def gone(self, run: AutomationRun, program: Program, found: Admission, until: datetime) -> Iterator[Change[Any]]:
        """It is taken; a run of the same rule and record that it replaces ends."""
        if program.rule is not None and run.started_at is None and not run.urgent:
            self.started[program.rule.id] = self.started.get(program.rule.id, 0) + 1
        for other in self.lanes.get(run.link, ()):
            if program.rule is not None and program.rule.lane is Lane.RESTART and other.id not in self.due:
                found.stopped += 1
                yield other.stop("automation.restarted", *program.told, now=self.now)
        taken = run.take(until=until, now=self.now)
        found.runs.append((taken.after, program))
        yield taken

    def waited(
        self, run: AutomationRun, program: Program, turn: TurnDecision, found: Admission
    ) -> Iterator[Change[Any]]:
        """It is looked at again later; of those that only a budget holds up the first one tells of it."""
        reasons, rule = [reason.code for reason in turn.reasons], run.policy
        if reasons == ["automation.budget"]:
            if rule not in found.delayed and not self.is_told(rule) and turn.until is not None:
                event = AutomationDelayed(at=self.now, rule=run.rule, until=turn.until, recipients=program.told)
                yield run.put_off(turn.until, event, reason=reasons[0], now=self.now)
            found.delayed.add(rule)
            return
        if "automation.behind" in reasons:
            found.behind.add(run.link)
        yield run.put_off(turn.until or self.now, reason=reasons[0], now=self.now)

    def is_told(self, rule: str) -> bool:
        of = (F.policy == rule) & (F.reason == "automation.budget") & (F.due_at > self.now)
        return self.uow.automation_runs.count(of & (F.state == RunState.WAITING.value)) > 0


def _program(run: AutomationRun) -> tuple[str, str, int, str]:
    return run.policy_kind, run.policy, run.policy_version, run.place


def _lanes(uow: UnitOfWork, runs: Sequence[AutomationRun], rule_ids: Sequence[str]) -> dict[str, list[AutomationRun]]:
    """The runs under way for the same records, by rule and record."""
    found: dict[str, list[AutomationRun]] = {}
    if rule_ids:
        ids = sorted({run.subject_id for run in runs})
        of = F.subject_entity.in_(sorted({run.subject_entity for run in runs})) & F.subject_id.in_(ids)
        for run in uow.automation_runs.find(of & F.policy.in_(rule_ids) & _ACTIVE):
            found.setdefault(run.link, []).append(run)
    return found


def _count(uow: UnitOfWork, rule: AutomationRule, now: datetime) -> int:
    return uow.automation_runs.count(
        (F.policy == rule.id) & (F.started_at > now - rule.within) & (F.urgent == False)  # noqa: E712 - a condition
    )
