"""SLA policies: which milestones a record owes, from when, in how much working time, and who hears of it.

>>> first = Milestone(
...     name="first_response",
...     starts=("opened",),
...     ends=("answered",),
...     targets=(Target(when="percent > 20", minutes=60), Target(minutes=240)),
... )
>>> str(SlaPolicy(id="request", milestones=(first,)).ref)
'sla request v1'
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

import attrs

from crmkit.domain.change import Record
from crmkit.domain.conditions import FieldCatalogue, bind, compile_test, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, model
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidCondition, InvalidInput, Problem
from crmkit.rules.policy import Policy

__all__ = ["TIMED", "Mark", "Milestone", "Reopened", "SlaPolicy", "Target", "Tell", "about"]

TIMED: dict[str, type[Record]] = {cls.entity: cls for cls in (Request, Lead, Opportunity, Account)}
"""The entities that clocks can run for."""
MOST_PERCENT = 1_000


class Tell(StrEnum):
    """Who hears of a mark."""

    HOLDER = "holder"
    """Whoever has the record: its assignee or owner, or else everybody in the queue of its team."""
    SUPERIOR = "superior"
    """The superior of its assignee or owner."""
    LEADER = "leader"
    """Who leads the team of its assignee or owner, or the team that has it."""


class Reopened(StrEnum):
    """What a milestone that was met does when the record is reopened."""

    CONTINUES = "continues"
    """The time used so far counts; the time between does not."""
    RESTARTS = "restarts"
    STAYS = "stays"


@model
class Target:
    """So many minutes of working time for records for which ``when`` holds."""

    minutes: int
    when: str = "always()"

    def check(self) -> None:
        """Some time is allowed."""
        if self.minutes < 1:
            raise InvalidInput("must be positive.", field="Target.minutes", hint="4 hours are 240.")


@model
class Mark:
    """When so much of the time has passed, these hear of it; beyond 100 it is an escalation."""

    percent: int
    tell: tuple[Tell, ...] = (Tell.HOLDER,)

    def check(self) -> None:
        """It comes after the start."""
        if not 0 < self.percent <= MOST_PERCENT:
            raise InvalidInput(f"must lie within 1 and {MOST_PERCENT}.", field="Mark.percent", hint="75 is usual.")


MARKS = (Mark(percent=75), Mark(percent=100, tell=(Tell.HOLDER, Tell.SUPERIOR)))


@model
class Milestone:
    """What is owed: from one of the events ``starts`` until one of ``ends``.

    Args:
        name: such as ``"first_response"`` or ``"resolution"``.
        starts: events that start the clock.
        ends: events by which the milestone is met.
        reopens: events by which a record that was done is not; see ``reopened``.
        paused_in: states of the record in which the clock stands still.
        targets: the first whose condition holds says how much time there is; where none does, there is no clock.
        calendar_id: whose working time counts; without one every hour does.
        rolling: a clock that was met starts anew with every event of ``starts``: each answer is owed in that time.
        marks: in rising order; the breach is 100, told of or not.
    """

    name: Code
    starts: tuple[Code, ...]
    ends: tuple[Code, ...]
    reopens: tuple[Code, ...] = ()
    reopened: Reopened = Reopened.CONTINUES
    paused_in: tuple[Code, ...] = ()
    targets: tuple[Target, ...]
    calendar_id: CalendarId | None = None
    rolling: bool = False
    marks: tuple[Mark, ...] = MARKS

    def check(self) -> None:
        """It can begin and end, marks rise, and no event means two things."""
        if not self.starts or not self.ends or not self.targets:
            raise InvalidInput("needs starts, ends and targets.", field=f"Milestone.{self.name}", hint="Name one each.")
        percents = [mark.percent for mark in self.marks]
        if percents != sorted(set(percents)):
            raise InvalidInput("must rise.", field=f"Milestone.{self.name}.marks", hint="Each percent once, in order.")
        twice = set(self.ends) & {*self.starts, *self.reopens}
        if twice:
            raise InvalidInput(
                f"{min(twice)!r} both begins and ends it.", field=f"Milestone.{self.name}", hint="Give it one meaning."
            )


@model
class SlaPolicy(Policy):
    """The milestones of records of one entity; a tenant with several policies gives each the entity's name as id.

    Raises:
        InvalidInput: lists everything that does not fit.
    """

    kind: ClassVar[str] = "sla"

    record: Code = "request"
    milestones: tuple[Milestone, ...]
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Every condition fits the record, and no milestone stands twice."""
        problems = list(self._problems())
        if problems:
            raise InvalidInput(problems=problems)

    def _problems(self) -> Iterator[Problem]:
        if self.record not in TIMED:
            yield Problem("SlaPolicy.record", "entity.unknown", "has no clocks.", f"Choose from: {', '.join(TIMED)}.")
            return
        names = [milestone.name for milestone in self.milestones]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem("SlaPolicy.milestones", "milestone.twice", f"{name!r} stands twice.", "Rename one.")
        for milestone in self.milestones:
            for place, target in enumerate(milestone.targets):
                try:
                    about(target.when, self.record, self.custom_fields)
                except InvalidCondition as error:
                    where = f"SlaPolicy.{milestone.name}.targets[{place}].when"
                    yield from (attrs.evolve(each, field=f"{where} {each.field}".rstrip()) for each in error.problems)


@lru_cache(maxsize=1_024)
def about(text: str, entity: str, custom: tuple[CustomField, ...]) -> Callable[[object, datetime], bool]:
    """The test that ``text`` asks of a record of ``entity``.

    Raises:
        InvalidCondition: it cannot be read, or asks what such a record does not have.
    """
    own = [field for field in custom if field.entity == entity]
    return compile_test(bind(parse(text), FieldCatalogue.of(TIMED[entity], custom=own)))
