"""Process definitions: states, guarded transitions, whom each state belongs to, and until when.

>>> from crmkit.rules.routing.targets import ToTeam
>>> definition = ProcessDefinition(
...     id="question",
...     initial="open",
...     states=(
...         State(name="open", routes=(Route(to=ToTeam(team_id="T-service")),), deadline=timedelta(hours=8)),
...         State(name="answered", final=True),
...     ),
...     transitions=(Transition(name="answer", from_state="open", to_state="answered"),),
... )
>>> print(definition.mermaid())
stateDiagram-v2
    [*] --> open
    open --> answered: answer
    answered --> [*]
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import RoleId
from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy
from crmkit.rules.routing.targets import Target

__all__ = ["Permit", "ProcessDefinition", "Route", "State", "Transition", "Who"]


class Who(StrEnum):
    """Who may ask for a transition."""

    ASSIGNEE = "assignee"
    """Who has the request; while it waits in a team's queue, any member of the team."""
    REQUESTER = "requester"
    ROLE = "role"
    """Whoever holds ``role_id``."""
    ANYONE = "anyone"
    """Every member, and the system."""


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
    """A move from one state to another that one of ``may`` can ask for while ``guard`` holds for the request.

    Several transitions from one state may share a name: the first that fits the request is taken. So
    "approve" ends a small request and hands a large one on.
    """

    name: Code
    from_state: Code
    to_state: Code
    guard: str = "always()"
    may: tuple[Permit, ...] = (Permit(),)


@model
class Route:
    """Requests for which ``when`` holds go to ``to``; when nobody is there, the next route is tried."""

    to: Target
    when: str = "always()"


@model
class State:
    """One state: whom requests go to on arrival, in order of preference, and how long it may take.

    A state without routes belongs to nobody. ``deadline`` is elapsed time from the arrival on.
    """

    name: Code
    label: Line = ""
    final: bool = False
    routes: tuple[Route, ...] = ()
    deadline: timedelta | None = None


@model
class ProcessDefinition(Policy):
    """The way requests of one kind take. A running request stays on the version it began with.

    ``id`` is what ``Request.process`` names. ``custom_fields`` declares the host's fields of requests
    that conditions speak of. A definition that exists has no dead end: every state can be reached and
    left, and somebody may act in it.

    Raises:
        InvalidInput: lists every fault of the definition.
    """

    kind: ClassVar[str] = "process"

    initial: Code
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Nothing is unknown, unreachable, without a way out, or without anybody who may act."""
        from crmkit.rules.routing.analysis import faults

        problems = list(faults(self))
        if problems:
            raise InvalidInput(problems=problems)

    def state(self, name: str) -> State:
        """The state of that name.

        Raises:
            InvalidInput: there is none; the hint lists those there are.
        """
        for state in self.states:
            if state.name == name:
                return state
        known = ", ".join(state.name for state in self.states)
        raise InvalidInput(f"{name!r} is not in process {self.id}.", field="state", hint=f"Choose from: {known}.")

    def leaving(self, state: str) -> Iterator[Transition]:
        """The transitions out of ``state``, in the order in which they are tried."""
        return (transition for transition in self.transitions if transition.from_state == state)

    def targets(self) -> Iterator[Target]:
        """Every target that a route leads to."""
        return (route.to for state in self.states for route in state.routes)

    def mermaid(self) -> str:
        """The definition as a Mermaid state diagram, guards in brackets."""
        from crmkit.rules.routing.diagram import mermaid

        return mermaid(self)
