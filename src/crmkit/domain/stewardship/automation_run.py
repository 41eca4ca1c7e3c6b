"""An automation run: some actions to be done for a record, how far they are, and what led to it.

>>> print(RUN.mermaid())
stateDiagram-v2
    waiting --> running: take
    waiting --> stopped: stop
    running --> running: take
    running --> waiting: wait
    running --> done: finish
    running --> failed: fail
    running --> stopped: stop
    failed --> waiting: replay
    failed --> stopped: stop
    done --> [*]
    stopped --> [*]
    left --> [*]
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import AutomationRunId, MemberId, Ref
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, Note, model

__all__ = [
    "RUN",
    "AutomationDelayed",
    "AutomationFailed",
    "AutomationNotified",
    "AutomationRun",
    "AutomationStopped",
    "RunState",
    "RunStep",
]


class RunState(StrEnum):
    """Where the run stands."""

    WAITING = "waiting"
    """For its turn, for its time, or for another attempt."""
    RUNNING = "running"
    """Somebody is at it until ``due_at``; after that whoever comes first goes on with it."""
    DONE = "done"
    FAILED = "failed"
    """Given up after too many attempts; it waits for a person."""
    STOPPED = "stopped"
    """It ended before its last action, or before its first; ``reason`` names why."""
    LEFT = "left"
    """No run: from here on the record no longer met the rule's condition, so that the rule may start again."""


RUN = Lifecycle(
    "run",
    {
        RunState.WAITING: {"take": RunState.RUNNING, "stop": RunState.STOPPED},
        RunState.RUNNING: {
            "take": RunState.RUNNING,
            "wait": RunState.WAITING,
            "finish": RunState.DONE,
            "fail": RunState.FAILED,
            "stop": RunState.STOPPED,
        },
        RunState.FAILED: {"replay": RunState.WAITING, "stop": RunState.STOPPED},
        RunState.DONE: {},
        RunState.STOPPED: {},
        RunState.LEFT: {},
    },
)


@model
class RunStep:
    """One action that is behind the run; ``error`` where it failed and the run went on without it."""

    number: int
    action: Code
    key: Key
    at: datetime
    error: Line = ""


@model
class AutomationNotified(Event):
    """What a rule has to say."""

    type: ClassVar[str] = "automation.notified"
    text: Note
    rule: Line
    subject: Line


@model
class AutomationStopped(Event):
    """A run ended before its last action, or never began."""

    type: ClassVar[str] = "automation.stopped"
    rule: Line
    subject: Line
    reason: Line


@model
class AutomationFailed(Event):
    """A run was given up; it goes on where it stopped when somebody says so."""

    type: ClassVar[str] = "automation.failed"
    rule: Line
    subject: Line
    action: Line
    error: Line


@model
class AutomationDelayed(Event):
    """A rule started so many runs that further ones wait."""

    type: ClassVar[str] = "automation.delayed"
    rule: Line
    until: datetime


@model
class AutomationRun(Record):
    """The actions of one rule for one record.

    Args:
        policy_kind: of the policy that has the actions, with its id and the version that the run stays on.
        place: which list of actions of that policy; an automation rule has only one.
        subject_version: of the record, when the run came into being.
        cause: what happened, such as ``"lead.captured"``.
        value: the time that it goes by: what the field held that it was counted from, or the time of day.
        root: the run that the chain of causes began with, this one where nothing stands before it.
        chain: what the runs before it in the chain were, each as ``rule@record``.
        urgent: started by hand: it goes before others, and no budget holds it up.
        steps: what is done; the next action is the one behind them.
        due_at: when somebody is to look at it next; nothing when it has ended.
        reason: the code of why it waits or has stopped.
        swept_until: for a rule's own clock: up to where times have been dealt with.
    """

    entity: ClassVar[str] = "automation_run"

    id: AutomationRunId
    policy_kind: Code
    policy: Code
    policy_version: int
    place: Line = ""
    subject_entity: Code
    subject_id: Key
    subject_version: int = 0
    cause: Line
    value: Line = ""
    root: Key
    depth: int = 0
    chain: tuple[Key, ...] = ()
    state: RunState = RunState.WAITING
    urgent: bool = False
    steps: tuple[RunStep, ...] = ()
    attempts: int = 0
    due_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Line = ""
    reason: Line = ""
    swept_until: datetime | None = None

    @property
    def subject(self) -> Ref:
        """The record it is for."""
        return Ref(entity=self.subject_entity, id=self.subject_id)

    @property
    def rule(self) -> str:
        """The policy with the version that the run stays on."""
        return f"{self.policy} v{self.policy_version}"

    @property
    def link(self) -> str:
        """What stands for it in the chain of those that follow."""
        return f"{self.policy}@{self.subject}"

    @property
    def key(self) -> str:
        """The idempotency key of the next action: the same however often it is tried."""
        return f"{self.id}#{len(self.steps)}"

    def begin(self, *told: MemberId) -> "Change[AutomationRun]":
        """The run as a new record; whoever is told hears of one that is stopped before it began."""
        if self.state is RunState.STOPPED:
            return created(self, _stopped(self, self.reason, told, self.created_at))
        return created(self)

    def take(self, *, until: datetime, now: datetime) -> "Change[AutomationRun]":
        """Somebody is at it until then."""
        state = RUN.next(self.state, "take")
        return changed(
            self, now=now, state=state, due_at=until, started_at=self.started_at or now, attempts=self.attempts + 1
        )

    def put_off(self, until: datetime, *told: Event, reason: str, now: datetime) -> "Change[AutomationRun]":
        """A waiting run is looked at again then."""
        return changed(self, *told, now=now, due_at=until, reason=reason)

    def done(self, action: str, *told: Event, last: bool, error: str = "", now: datetime) -> "Change[AutomationRun]":
        """The next action is behind it, and so is the run when that was the last one."""
        step = RunStep(number=len(self.steps), action=action, key=self.key, at=now, error=error)
        fields = {"steps": (*self.steps, step), "attempts": 1, "error": error or self.error, "reason": ""}
        if not last:
            return changed(self, *told, now=now, **fields)
        state = RUN.next(self.state, "finish")
        return changed(self, *told, now=now, state=state, due_at=None, ended_at=now, **fields)

    def try_again(self, at: datetime, *, error: str, now: datetime) -> "Change[AutomationRun]":
        """The next action failed and is tried again then."""
        return changed(self, now=now, state=RUN.next(self.state, "wait"), due_at=at, error=error)

    def fail(self, action: str, *told: MemberId, error: str, now: datetime) -> "Change[AutomationRun]":
        """The next action failed for the last time; the run stays where it is until somebody replays it."""
        state = RUN.next(self.state, "fail")
        event = AutomationFailed(
            at=now, rule=self.rule, subject=str(self.subject), action=action, error=error, recipients=told
        )
        return changed(self, event, now=now, state=state, due_at=None, error=error)

    def stop(self, reason: str, *told: MemberId, now: datetime) -> "Change[AutomationRun]":
        """It ends here, for that reason."""
        ended = {"state": RUN.next(self.state, "stop"), "due_at": None, "ended_at": now, "reason": reason}
        return changed(self, _stopped(self, reason, told, now), now=now, **ended)

    def replay(self, *, now: datetime) -> "Change[AutomationRun]":
        """It goes on at the action that failed, with all attempts before it."""
        return changed(self, now=now, state=RUN.next(self.state, "replay"), due_at=now, attempts=0, reason="")

    def swept(self, until: datetime, *, due_at: datetime, now: datetime) -> "Change[AutomationRun]":
        """A rule's own clock has dealt with all times up to ``until``, and is looked at again at ``due_at``."""
        return changed(self, now=now, swept_until=until, due_at=due_at)


def _stopped(run: AutomationRun, reason: str, told: tuple[MemberId, ...], now: datetime) -> AutomationStopped:
    return AutomationStopped(at=now, rule=run.rule, subject=str(run.subject), reason=reason, recipients=told)
