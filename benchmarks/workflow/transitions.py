"""A transition of a process definition with guard, history and event, against the libraries that are used for it.

Requests come from a store and move once. So the lines with a goal move each of many records once, and a library
binds its machine to each of them in the cheapest way it has; the other lines move one record over and over.
crmkit's side decides by the definition (who may, the guard, who takes it, why) and gives the change to save: the
request after it with its history, and the event. The libraries' side asks a guard, and keeps a line of
history and an event, neither with reasons nor with who is to be told.
"""

from collections.abc import Callable, Iterator
from typing import Any

from core.leads import NOW
from crmkit.domain.change import Change
from crmkit.domain.model import revise
from crmkit.domain.stewardship.request import Request
from crmkit.rules.routing import Permit, ProcessDefinition, RoutingFacts, State, Transition, Who, decide
from crmkit.testing import a_member, a_request
from harness import Bench, Goal, Line, at_least, every_round, ratio

__all__ = ["LINES"]

RECORDS = 80
MOVES = (("send_back", "review", "returned"), ("resubmit", "returned", "review"))
ANYONE = (Permit(who=Who.ANYONE),)
ACTING = a_member(id="M-1")
PROCESS = ProcessDefinition(
    id="p",
    initial="review",
    states=(State(name="review"), State(name="returned"), State(name="approved", final=True)),
    transitions=(
        *(
            Transition(name=name, from_state=begin, to_state=end, guard="percent <= 10", may=ANYONE)
            for name, begin, end in MOVES
        ),
        Transition(name="approve", from_state="review", to_state="approved", may=ANYONE),
    ),
)
Run = Callable[[], list[str]]
"""Moves, and gives the states reached."""


def moved(request: Request, transition: str) -> Change[Request]:
    """The change of ``transition``, as a service saves it."""
    facts = RoutingFacts(request=request, transition=transition, acting=ACTING)
    decision = decide(PROCESS, facts, now=NOW)
    return request.move(
        decision.steps(by=ACTING.id),
        due_at=decision.due_at,
        timer_at=decision.timer_at,
        outcome=decision.ended,
        now=NOW,
    )


def ours(*, many: bool) -> Run:
    request = a_request(process="p", state="review", percent=8, steps=())
    requests = [revise(request, id=f"R-{number}") for number in range(RECORDS)]

    def each_once() -> list[str]:
        return [moved(request, "send_back").after.state for request in requests]

    def over_and_over() -> list[str]:
        held, states = requests[0], []
        for number in range(RECORDS):
            held = moved(held, MOVES[number % 2][0]).after
            states.append(held.state)
        return states

    return each_once if many else over_and_over


class Record:
    """A record as the libraries want it: they write its state."""

    def __init__(self) -> None:
        self.state = "review"
        self.percent = 8
        self.history: list[Any] = []
        self.told: list[Any] = []

    def small(self, *_: Any) -> bool:
        return self.percent <= 10


def with_transitions(*, many: bool) -> Run:
    from transitions import Machine

    def keep(event: Any) -> None:
        event.model.history.append((NOW, event.event.name, event.transition.source, event.transition.dest))
        event.model.told.append((NOW, "moved", event.transition.dest))

    machine: Any = Machine(
        None,
        states=["review", "returned", "approved"],
        transitions=[
            {"trigger": name, "source": begin, "dest": end, "conditions": "small"} for name, begin, end in MOVES
        ],
        initial="review",
        auto_transitions=False,
        send_event=True,
        after_state_change=keep,
    )

    def each_once() -> Iterator[str]:
        for _ in range(RECORDS):
            record: Any = Record()
            machine.add_model(record, initial=record.state)
            record.trigger("send_back")
            machine.remove_model(record)
            yield record.state

    def over_and_over() -> Iterator[str]:
        record: Any = Record()
        machine.add_model(record, initial=record.state)
        for number in range(RECORDS):
            record.trigger(MOVES[number % 2][0])
            yield record.state
        machine.remove_model(record)

    return (lambda: list(each_once())) if many else (lambda: list(over_and_over()))


def with_statemachine(*, many: bool) -> Run:
    from statemachine import State as Place
    from statemachine import StateMachine

    review, returned = Place(initial=True, value="review"), Place(value="returned")
    approved = Place(final=True, value="approved")

    def small(self: Any) -> bool:
        return bool(self.model.small())

    def after_transition(self: Any, event: str, source: Any, target: Any) -> None:
        self.model.history.append((NOW, event, source.value, target.value))
        self.model.told.append((NOW, "moved", target.value))

    bound: Any = type(
        "RequestMachine",
        (StateMachine,),
        {
            "review": review,
            "returned": returned,
            "approved": approved,
            "send_back": review.to(returned, cond="small"),
            "resubmit": returned.to(review, cond="small"),
            "approve": review.to(approved),
            "small": small,
            "after_transition": after_transition,
        },
    )

    def each_once() -> Iterator[str]:
        for _ in range(RECORDS):
            record = Record()
            bound(record).send("send_back")
            yield record.state

    def over_and_over() -> Iterator[str]:
        record = Record()
        machine = bound(record)
        for number in range(RECORDS):
            machine.send(MOVES[number % 2][0])
            yield record.state

    return (lambda: list(each_once())) if many else (lambda: list(over_and_over()))


def _line(library: str, make: Callable[..., Run], goal: Goal | None, *, many: bool = True) -> Line:
    def measure(_: Bench) -> float:
        theirs, mine = make(many=many), ours(many=many)
        assert theirs() == mine()
        return ratio(every_round(theirs), every_round(mine))

    moves = "of many requests" if many else "of one request over and over"
    return Line(
        f"process transition with guard, history and event {moves}, against {library}", "× faster", goal, measure
    )


LINES = [
    _line("transitions", with_transitions, at_least(5)),
    _line("python-statemachine", with_statemachine, at_least(50)),
    _line("transitions", with_transitions, None, many=False),
    _line("python-statemachine", with_statemachine, None, many=False),
]
