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

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId
from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.actions import Action
from crmkit.rules.policy import Policy
from crmkit.rules.routing.targets import Target
from crmkit.rules.routing.transition import Transition

if TYPE_CHECKING:
    from crmkit.rules.routing.plan import Plan

__all__ = ["Branch", "ProcessDefinition", "Route", "State"]


@model
class Route:
    """Requests for which ``when`` holds go to ``to``; when nobody is there, the next route is tried."""

    to: Target
    when: str = "always()"


@model
class Branch:
    """What requests for which ``when`` holds also go through: a process, as a request of its own, or an approval.

    An approval is named by its policy, which is for requests. Agreed to it has succeeded; rejected or
    withdrawn it has failed.
    """

    process: Line = ""
    approval: Line = ""
    when: str = "always()"

    def check(self) -> None:
        """It is one of the two."""
        if bool(self.process) == bool(self.approval):
            raise InvalidInput(
                "needs a process or an approval, and not both.", field="Branch.process", hint="Give one."
            )

    @property
    def name(self) -> str:
        """What it is called beside others: the process, or the policy with the word before it."""
        return self.process or f"approval {self.approval}"


@model
class State:
    """One state: whom requests go to on arrival, in order of preference, and how long it may take.

    A state without routes belongs to nobody. In one with ``branches`` several processes run beside each
    other, one of them alone is a sub-process; the request goes on when they are joined.

    Args:
        final: the request ends here.
        failed: it ends without success: what it is a branch of is told so.
        deadline: how long whoever has it may take, from the arrival on.
        working: whether the deadline counts the working time of the process's calendar, or every hour.
        branches: begun on arrival, those whose condition holds.
        at_least: how many of them have to succeed; all that were begun, unless given.
    """

    name: Code
    label: Line = ""
    final: bool = False
    failed: bool = False
    routes: tuple[Route, ...] = ()
    deadline: timedelta | None = None
    working: bool = False
    branches: tuple[Branch, ...] = ()
    at_least: int | None = None


@model
class ProcessDefinition(Policy):
    """The way requests of one kind take. A running request stays on the version it began with.

    ``id`` is what ``Request.process`` names. ``custom_fields`` declares the host's fields of requests
    that conditions speak of; ``calendar_id`` is whose working time deadlines and timers count, where they
    do. A definition that exists has no dead end: every state can be reached and left, and somebody may
    act in it.

    Raises:
        InvalidInput: lists every fault of the definition.
    """

    kind: ClassVar[str] = "process"

    initial: Code
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    calendar_id: CalendarId | None = None
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Nothing is unknown, unreachable, without a way out, or without anybody who may act."""
        from crmkit.rules.routing.analysis import faults
        from crmkit.rules.routing.plan import plan_of

        leaving: dict[str, list[Transition]] = {}
        for step in self.transitions:
            leaving.setdefault(step.from_state, []).append(step)
        # kept beside the fields, not among them: neither compared nor stored
        self.__dict__["_states"] = {state.name: state for state in self.states}
        self.__dict__["_leaving"] = leaving
        problems = list(faults(self))
        if problems:
            raise InvalidInput(problems=problems)
        self.__dict__["_plan"] = plan_of(self)

    @property
    def plan(self) -> "Plan":
        """What decisions go by."""
        plan: Plan = self.__dict__["_plan"]
        return plan

    def state(self, name: str) -> State:
        """The state of that name.

        Raises:
            InvalidInput: there is none; the hint lists those there are.
        """
        found: State | None = self.__dict__["_states"].get(name)
        if found is None:
            known = ", ".join(state.name for state in self.states)
            raise InvalidInput(f"{name!r} is not in process {self.id}.", field="state", hint=f"Choose from: {known}.")
        return found

    def leaving(self, state: str) -> Sequence[Transition]:
        """The transitions out of ``state``, in the order in which they are tried."""
        found: Sequence[Transition] = self.__dict__["_leaving"].get(state, ())
        return found

    def actions_at(self, place: str) -> tuple[Action, ...]:
        """What is done after the transition that stands there."""
        return next((step.actions for step in self.transitions if step.place == place), ())

    def targets(self) -> Iterator[Target]:
        """Every target that a route leads to."""
        return (route.to for state in self.states for route in state.routes)

    def mermaid(self) -> str:
        """The definition as a Mermaid state diagram, guards in brackets."""
        from crmkit.rules.routing.diagrams.mermaid import mermaid

        return mermaid(self)

    def graphviz(self) -> str:
        """The definition as a Graphviz digraph."""
        from crmkit.rules.routing.diagrams.graphviz import graphviz

        return graphviz(self)

    def bpmn(self) -> str:
        """The definition as a BPMN 2.0 document (XML, with the places of its shapes)."""
        from crmkit.rules.routing.diagrams.bpmn import bpmn

        return bpmn(self)
