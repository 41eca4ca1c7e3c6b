"""Running what rules have started: whose turn it is is decided for many at once, each action in its own transaction.

A worker takes runs that are due for the length of a lease, and does their actions one after the other. Whoever takes
a run or marks an action raises its version, so a worker that slept past its lease finds that the run is no longer
its own, and changes nothing. What a worker held that was killed is due again when the lease has passed.
"""

from collections.abc import Sequence
from datetime import timedelta

from attrs import define, evolve, field, frozen

from crmkit.domain.change import Change, Event
from crmkit.domain.model import Code, model, revise
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.automation_run import AutomationRun, RunState
from crmkit.errors import CrmError, InvalidInput, NotFound, StorageFailed
from crmkit.ports.performers import HostCall
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import SUBJECTS, Action, HostAction
from crmkit.rules.automation import SYSTEM, OnError
from crmkit.services.actions import Performing, Refused, is_of_host, perform
from crmkit.services.automation_times import sweep_times
from crmkit.services.automation_turns import Admission, Program, Taken, admitted, call_next
from crmkit.services.context import Context
from crmkit.services.hearing import CAUSE, hearing

__all__ = ["AutomationSwept", "run_automation"]

BATCH = 100
"""Runs taken at a time."""
LEASE = timedelta(minutes=5)


@model
class AutomationSwept:
    """What became of the runs that were due: how many ended well, were stopped, failed, or are tried again.

    ``delayed`` are rules that have started so many runs that the rest waits, which is still due.
    """

    done: int = 0
    stopped: int = 0
    failed: int = 0
    retried: int = 0
    actions: int = 0
    delayed: tuple[Code, ...] = ()


def run_automation(ctx: Context, *, limit: int = 1_000, lease: timedelta = LEASE) -> AutomationSwept:
    """Up to ``limit`` runs that are due have gone on; call it again and again, from as many workers as you like.

    Each action of crmkit's own happens once for its idempotency key, also where a worker is killed; those of
    the host at least once. An action that fails is tried again later, and stops nobody else's run.

    Raises:
        InvalidInput: ``limit`` or ``lease`` is not positive.
        StorageFailed: the store cannot be reached; what was taken is due again when the lease has passed.
    """
    if limit < 1 or lease <= timedelta(0):
        raise InvalidInput("must be positive.", field="limit", hint="1000 is usual.")
    worker = _Worker(evolve(ctx, store=hearing(ctx.store)), lease)
    sweep_times(worker.ctx)
    left = limit
    while left > 0:
        looked_at, runs = worker.take(min(left, BATCH))
        if not looked_at:
            break
        for taken in runs:
            worker.follow(taken)
        left -= len(runs)
    return AutomationSwept(
        done=worker.done,
        stopped=worker.stopped,
        failed=worker.failed,
        retried=worker.retried,
        actions=worker.actions,
        delayed=tuple(sorted(worker.delayed)),
    )


@define
class _Worker:
    """One worker's way through what is due, counting."""

    ctx: Context
    lease: timedelta
    done: int = 0
    stopped: int = 0
    failed: int = 0
    retried: int = 0
    actions: int = 0
    delayed: set[str] = field(factory=set)
    waited_for: set[str] = field(factory=set)
    """Runs' places in which another one waits for its turn."""

    def take(self, limit: int) -> tuple[int, Sequence[Taken]]:
        """How many were looked at, and those whose turn it is."""
        now = self.ctx.clock.now()

        def work(uow: UnitOfWork) -> Admission:
            return admitted(self.ctx, uow, limit, self.delayed, until=now + self.lease, now=now)

        found = self.ctx.store.run(work, self.ctx.acting)
        self.delayed |= found.delayed
        self.waited_for |= found.behind
        self.stopped += found.stopped
        self.failed += found.failed
        return found.looked_at, found.runs

    def follow(self, taken: Taken) -> None:
        """The run's actions, one after the other, as far as it goes."""
        run, program = taken
        going: AutomationRun | None = run
        while going is not None and going.state is RunState.RUNNING:
            going = self.step(going, program)
        if going is None:  # somebody else has it by now
            return
        self.done += going.state is RunState.DONE
        self.stopped += going.state is RunState.STOPPED
        self.failed += going.state is RunState.FAILED
        self.retried += going.state is RunState.WAITING
        if run.link in self.waited_for and going.state is not RunState.WAITING:
            self.ctx.store.run(lambda uow: call_next(uow, run, now=self.ctx.clock.now()), self.ctx.acting)

    def step(self, run: AutomationRun, program: Program) -> AutomationRun | None:
        """The run after its next action; ``None`` where it is somebody else's by now."""
        acting, step = _acting_for(self.ctx, run, program), _Step(ctx=self.ctx, run=run, program=program)
        try:
            after = self.ctx.store.run(step.done, acting)
            if after is run:  # its action is the host's, and allowed
                step.call(acting)
                after = self.ctx.store.run(step.marked, acting)
        except StorageFailed:
            raise
        except Refused as refused:
            reason = refused.reason.code
            return self.ctx.store.run(lambda uow: step.stopped(uow, reason), acting)
        except Exception as error:  # noqa: BLE001 - whatever an action raises means "not done"
            name = _said(error)
            return self.ctx.store.run(lambda uow: step.not_done(uow, name), acting)
        self.actions += after is not None and len(after.steps) > len(run.steps)
        return after


@frozen(kw_only=True)
class _Step:
    """The next action of a run. Each method works in a unit of work of its own, and checks whose run it is."""

    ctx: Context
    run: AutomationRun
    program: Program

    @property
    def action(self) -> Action:
        return self.program.actions[len(self.run.steps)]

    def done(self, uow: UnitOfWork) -> AutomationRun | None:
        """The action is done and marked; of an action of the host it is only looked whether it is allowed."""
        run = self._mine(uow)
        if run is None:
            return None
        record = uow.repository(SUBJECTS[run.subject_entity]).get_many([run.subject_id]).get(run.subject_id)
        if record is None:
            return _saved(uow, run.stop("automation.record_gone", now=self.ctx.clock.now()))
        step = Performing.within(
            self.ctx,
            uow,
            run=run,
            rule=run.rule,
            run_as=self.program.run_as,
            custom=self.program.custom,
            now=self.ctx.clock.now(),
        )
        step.refuse_what_is_not_allowed(self.action, record)
        if is_of_host(self.action):
            return self.run
        return self._mark(uow, run, perform(step, self.action, record))

    def call(self, acting: Acting) -> None:
        """The host has done the action."""
        action = self.action
        name = action.name if isinstance(action, HostAction) else action.kind
        performer = self.ctx.host.performers.get(name)
        if performer is None:
            raise NotFound(f"The host has no performer {name!r}.", hint="Give it to Crm in host=HostSide(...).")
        rule, subject = self.run.rule, self.run.subject
        performer(HostCall(action=action, subject=subject, key=self.run.key, rule=rule, acting=acting))

    def marked(self, uow: UnitOfWork) -> AutomationRun | None:
        """An action of the host is marked as done."""
        run = self._mine(uow)
        return None if run is None else self._mark(uow, run, ())

    def stopped(self, uow: UnitOfWork, reason: str) -> AutomationRun | None:
        """The run ends here."""
        run = self._mine(uow)
        told = self.program.told
        return None if run is None else _saved(uow, run.stop(reason, *told, now=self.ctx.clock.now()))

    def not_done(self, uow: UnitOfWork, error: str) -> AutomationRun | None:
        """The action failed: it is tried again, left out, or the run is parked, as the rule says."""
        run, now = self._mine(uow), self.ctx.clock.now()
        if run is None:
            return None
        if self.program.on_error is OnError.CONTINUE:
            return _saved(uow, run.done(self.action.kind, last=self._last(run), error=error, now=now))
        if run.attempts <= len(self.program.pauses):
            pause = self.program.pauses[run.attempts - 1]
            return _saved(uow, run.try_again(now + pause, error=error, now=now))
        return _saved(uow, run.fail(self.action.kind, *self.program.told, error=error, now=now))

    def _mine(self, uow: UnitOfWork) -> AutomationRun | None:
        """The run, kept until the end, unless somebody else took it up meanwhile."""
        run = uow.automation_runs.get(self.run.id, locking="wait")
        return run if run.version == self.run.version else None

    def _mark(self, uow: UnitOfWork, run: AutomationRun, told: Sequence[Event]) -> AutomationRun:
        now = self.ctx.clock.now()
        return _saved(uow, run.done(self.action.kind, *told, last=self._last(run), now=now))

    def _last(self, run: AutomationRun) -> bool:
        return len(run.steps) + 1 >= len(self.program.actions)


def _saved(uow: UnitOfWork, change: Change[AutomationRun]) -> AutomationRun:
    uow.save(change)
    return change.after


def _acting_for(ctx: Context, run: AutomationRun, program: Program) -> Acting:
    """Who acts: the rule, with its member's rights, for this very run."""
    actor = ctx.acting.actor if program.run_as == SYSTEM else program.run_as
    return revise(ctx.acting, actor=actor, source=f"rule {run.rule}", reason=f"{CAUSE}{run.id}")


def _said(error: Exception) -> str:
    """The error's class and code, never its text: that may speak of people."""
    return f"{type(error).__name__} {error.code}" if isinstance(error, CrmError) else type(error).__name__
