"""Automation rules: when what happens to which records, what is done, and what keeps it from running wild.

>>> from crmkit.rules.actions import Notify
>>> from crmkit.rules.automation.triggers import OnEvent
>>> rule = AutomationRule(
...     id="greet",
...     entity="lead",
...     trigger=OnEvent(types=("lead.captured",)),
...     when="source == 'fair'",
...     actions=(Notify(text="{id} came in from the fair.", members=("wei",)),),
...     run_as=SYSTEM,
... )
>>> str(rule.ref)
'automation greet v1'
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import attrs

from crmkit.domain.change import Record
from crmkit.domain.conditions import Kind
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import MemberId
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidCondition, InvalidInput, Problem
from crmkit.rules.actions import SUBJECTS, Action, catalogue_of, criterion, problems_of
from crmkit.rules.automation.triggers import OnEvent, OnTime, Trigger
from crmkit.rules.policy import Policy

__all__ = ["SYSTEM", "AutomationRule", "Lane", "OnError", "Repeat"]

SYSTEM = MemberId("system")
"""Who a rule runs as that nobody's rights limit."""
MOST_ACTIONS = 50
MOST_DEPTH = 100


class Repeat(StrEnum):
    """How often a rule runs for one record."""

    ALWAYS = "always"
    ONCE = "once"
    """Once for all time."""
    ONCE_PER = "once_per"
    """Once within every ``every``."""
    ON_RETURN = "on_return"
    """Again only after the condition was false in between."""


class Lane(StrEnum):
    """What happens when a rule is to start for a record for which it is under way."""

    QUEUE = "queue"
    """The new run waits for its turn."""
    RESTART = "restart"
    """The one under way is stopped, the new one begins."""
    SINGLE = "single"
    """There is no new run."""


class OnError(StrEnum):
    """What happens when an action fails."""

    RETRY = "retry"
    """It is tried again after each of ``pauses``; then the run is parked until a person replays or discards it."""
    CONTINUE = "continue"
    """The run notes it, and goes on with the next action."""


PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


@model
class AutomationRule(Policy):
    """A trigger, a condition, and actions in order.

    Args:
        entity: what its records are.
        trigger: what it listens to.
        when: a condition on the record, as it is after what happened.
        actions: one after the other, each once.
        run_as: the member whose rights it has, or ``SYSTEM``.
        active: whether it starts; what has started waits while it is not.
        repeat: how often for one record, with ``every`` for ``Repeat.ONCE_PER``.
        lane: what happens to a run that meets another one of the same rule and record.
        imports: whether changes by an import start it.
        most_starts: so many runs begin ``within`` that time; further ones wait. Twenty CRM's default is 500 a minute.
        most_depth: so many rules may follow from each other.
        most_in_chain: so many runs may follow from one cause.
        on_error: see there; ``pauses`` are those between the attempts.

    Raises:
        InvalidInput: lists everything that does not fit.
    """

    kind: ClassVar[str] = "automation"

    entity: Code = "lead"
    trigger: Trigger
    when: str = "always()"
    actions: tuple[Action, ...]
    run_as: MemberId
    active: bool = True
    repeat: Repeat = Repeat.ALWAYS
    every: timedelta | None = None
    lane: Lane = Lane.QUEUE
    imports: bool = False
    most_starts: int = 500
    within: timedelta = timedelta(minutes=1)
    most_depth: int = 5
    most_in_chain: int = 1_000
    on_error: OnError = OnError.RETRY
    pauses: tuple[timedelta, ...] = PAUSES
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """The condition and the actions fit the record, and the limits limit."""
        problems = list(self._problems())
        if problems:
            raise InvalidInput(problems=problems)

    def _problems(self) -> Iterator[Problem]:
        if self.entity not in SUBJECTS:
            known = ", ".join(SUBJECTS)
            yield Problem("AutomationRule.entity", "entity.unknown", "has no rules.", f"Choose from: {known}.")
            return
        try:
            criterion(self.when, self.entity, self.custom_fields)
        except InvalidCondition as error:
            yield from (
                attrs.evolve(each, field=f"AutomationRule.when {each.field}".rstrip()) for each in error.problems
            )
        yield from self._of_trigger()
        if not 0 < len(self.actions) <= MOST_ACTIONS:
            yield Problem("AutomationRule.actions", "actions.number", f"must be 1 to {MOST_ACTIONS}.", "Add or split.")
        yield from problems_of(self.actions, self.entity, self.custom_fields, field="AutomationRule.actions")
        if (self.repeat is Repeat.ONCE_PER) != (self.every is not None) or (
            self.every is not None and self.every <= timedelta(0)
        ):
            yield Problem("AutomationRule.every", "every", "goes with Repeat.ONCE_PER, and is positive.", "Name both.")
        if self.most_starts < 1 or self.within <= timedelta(0) or self.most_in_chain < 1:
            yield Problem("AutomationRule.most_starts", "limits", "must be positive.", "500 within a minute is usual.")
        if not 0 < self.most_depth <= MOST_DEPTH:
            yield Problem("AutomationRule.most_depth", "limits", f"must lie within 1 and {MOST_DEPTH}.", "5 is usual.")
        if any(pause <= timedelta(0) for pause in self.pauses):
            yield Problem("AutomationRule.pauses", "pauses", "must be positive.", "A minute is usual.")

    def _of_trigger(self) -> Iterator[Problem]:
        known = catalogue_of(self.entity, self.custom_fields)
        trigger, names = self.trigger, tuple[str, ...]()
        if isinstance(trigger, OnEvent):
            names = trigger.changed
        elif isinstance(trigger, OnTime):
            names = (trigger.field,)
            if trigger.field in known and known[trigger.field].kind not in (Kind.INSTANT, Kind.DATE):
                yield Problem("AutomationRule.trigger.field", "field.kind", "is no date.", "Name a field with a date.")
        for name in names:
            if name not in known:
                yield Problem(
                    "AutomationRule.trigger", "field.unknown", f"{name!r} is unknown.", known.suggestion(name)
                )

    def condition(self, now: datetime) -> Callable[[Record], bool]:
        """Whether ``when`` holds for a record."""
        test = criterion(self.when, self.entity, self.custom_fields)
        return lambda record: test(record, now)

    def actions_at(self, place: str) -> tuple[Action, ...]:  # noqa: ARG002 - a rule has one list only
        """What its runs do, one after the other."""
        return self.actions
