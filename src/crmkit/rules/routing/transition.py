"""Transitions: moves from state to state, what sets each of them off, and what it asks for."""

from datetime import timedelta
from enum import StrEnum

from crmkit.domain.ids import RoleId
from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.actions import Action
from crmkit.rules.routing.checks import Check

__all__ = ["Permit", "Transition", "Trigger", "Who"]

LEAST = timedelta(minutes=1)


class Who(StrEnum):
    """Who may ask for a transition."""

    ASSIGNEE = "assignee"
    """Who has the request; while it waits in a team's queue, any member of the team."""
    REQUESTER = "requester"
    ROLE = "role"
    """Whoever holds ``role_id``."""
    ANYONE = "anyone"
    """Every member, and the system."""


class Trigger(StrEnum):
    """What sets a transition off."""

    MANUAL = "manual"
    """Somebody asks for it."""
    AUTOMATIC = "automatic"
    """It is taken on arrival, and whenever the request changes, while its guard holds."""
    TIMED = "timed"
    """It is taken when the request has been in the state for ``after``, and its guard holds."""
    JOINED = "joined"
    """It is taken when as many branches of the state have succeeded as its join asks for."""
    BROKEN = "broken"
    """It is taken when so many branches have failed that the join cannot be reached."""


@model
class Permit:
    """One kind of person that may ask for a transition; ``role_id`` goes with ``Who.ROLE`` only."""

    who: Who = Who.ASSIGNEE
    role_id: RoleId | None = None

    def check(self) -> None:
        """A role is named exactly where one is meant."""
        if (self.who is Who.ROLE) != (self.role_id is not None):
            raise InvalidInput("goes with Who.ROLE, and only with it.", field="Permit.role_id", hint="Name the role.")

    def __str__(self) -> str:
        return f"role {self.role_id}" if self.role_id is not None else self.who.value


@model
class Transition:
    """A move from one state to another, taken while ``guard`` holds for the request.

    Several transitions from one state may share a name: the first that fits the request is taken. So
    "approve" ends a small request and hands a large one on.

    Args:
        guard: a condition on the request.
        checks: rule parts that may object, the host's own among them.
        may: who can ask for it; of those that go off by themselves nobody is asked.
        trigger: what sets it off.
        after: how long the request has been in the state, for ``Trigger.TIMED``.
        working: whether ``after`` counts the working time of the process's calendar, or every hour.
        required: fields of the request that must be filled in.
        checklist: what must be ticked.
        actions: what is done after it, each once, by the runs of automation.
    """

    name: Code
    from_state: Code
    to_state: Code
    guard: str = "always()"
    checks: tuple[Check, ...] = ()
    may: tuple[Permit, ...] = (Permit(),)
    trigger: Trigger = Trigger.MANUAL
    after: timedelta | None = None
    working: bool = False
    required: tuple[Code, ...] = ()
    checklist: tuple[Line, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands in its definition, as a word."""
        return f"{self.from_state}/{self.name}/{self.to_state}"

    def check(self) -> None:
        """A time is given exactly where one is meant, and only somebody who asks can tick a checklist."""
        if (self.trigger is Trigger.TIMED) != (self.after is not None):
            raise InvalidInput(
                "goes with Trigger.TIMED, and only with it.", field="Transition.after", hint="Give for example 3 days."
            )
        if self.after is not None and self.after < LEAST:
            raise InvalidInput("must be a minute at least.", field="Transition.after", hint="Or use AUTOMATIC.")
        if self.checklist and self.trigger is not Trigger.MANUAL:
            raise InvalidInput(
                "cannot be ticked where nobody asks.", field="Transition.checklist", hint="Use Trigger.MANUAL."
            )
