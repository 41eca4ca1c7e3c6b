"""A change of state with its history: leads move through their table and leave entries of an audit trail.

crmkit's side is what a save does before the database: the table is asked, an event told, a new record made, and
the entry worked out that says what changed. The libraries' side is the same table and one line for a history
list: they keep neither what was before nor who is to be told.

Records come from a store and move once. So the lines with a goal move each of many records once, and a library
binds its machine to each of them in the cheapest way it has; the other lines move one record over and over.
"""

from collections.abc import Callable, Iterator
from typing import Any

from core.leads import NOW, leads
from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.recording import Recorder
from crmkit.domain.model import revise
from crmkit.domain.sales.lead import LEAD, Lead
from harness import Bench, Goal, Line, at_least, every_round, ratio

__all__ = ["LINES"]

RECORDS = 80
FIRST_MOVES = ("work", "qualify", "nurture", "disqualify") * (RECORDS // 4)
LAPS = ("work", "nurture", "qualify", "nurture", "work", "qualify", "disqualify", "recycle") * (RECORDS // 8)
"""From new through the table and back to new, again and again."""

MOVES = [(str(state), verb, str(to)) for state, verbs in LEAD.table.items() for verb, to in verbs.items()]

Run = Callable[[], list[Any]]
"""Moves, and gives the states reached."""


class Record:
    """A record as the libraries want it: they write its state."""

    def __init__(self) -> None:
        self.state = "new"
        self.history: list[Any] = []


def ours(*, many: bool) -> Run:
    new = [revise(lead, status="new") for lead in leads(RECORDS)]
    record = Recorder(StoredCodec()).record

    def each_once() -> Iterator[str]:
        for lead, verb in zip(new, FIRST_MOVES, strict=True):
            change = lead.move(verb, now=NOW)
            record(change)
            yield change.after.status

    def over_and_over() -> Iterator[str]:
        lead: Lead = new[0]
        history: list[Any] = []
        for verb in LAPS:
            change = lead.move(verb, now=NOW)
            history += record(change)
            lead = change.after
            yield lead.status

    return (lambda: list(each_once())) if many else (lambda: list(over_and_over()))


def with_transitions(*, many: bool) -> Run:
    from transitions import Machine

    machine: Any = Machine(
        None,
        states=[str(state) for state in LEAD.table],
        transitions=[{"trigger": verb, "source": state, "dest": to} for state, verb, to in MOVES],
        initial="new",
        auto_transitions=False,
        send_event=True,
        after_state_change=lambda event: event.model.history.append((NOW, event.event.name, event.model.state)),
    )

    def each_once() -> Iterator[str]:
        for verb in FIRST_MOVES:
            record: Any = Record()
            machine.add_model(record, initial=record.state)
            record.trigger(verb)
            machine.remove_model(record)
            yield record.state

    def over_and_over() -> Iterator[str]:
        record: Any = Record()
        machine.add_model(record, initial=record.state)
        for verb in LAPS:
            record.trigger(verb)
            yield record.state
        machine.remove_model(record)

    return (lambda: list(each_once())) if many else (lambda: list(over_and_over()))


def with_statemachine(*, many: bool) -> Run:
    from statemachine import State, StateMachine

    states = {
        str(name): State(initial=name == "new", final=not verbs, value=str(name)) for name, verbs in LEAD.table.items()
    }
    events: dict[str, Any] = {}
    for state, verb, to in MOVES:
        step = states[state].to(states[to])
        events[verb] = events[verb] | step if verb in events else step

    def after_transition(self: Any, event: str, target: Any) -> None:
        self.model.history.append((NOW, event, target.value))

    bound: Any = type("LeadMachine", (StateMachine,), {**states, **events, "after_transition": after_transition})

    def each_once() -> Iterator[str]:
        for verb in FIRST_MOVES:
            record = Record()
            bound(record).send(verb)
            yield record.state

    def over_and_over() -> Iterator[str]:
        record = Record()
        machine = bound(record)
        for verb in LAPS:
            machine.send(verb)
            yield record.state

    return (lambda: list(each_once())) if many else (lambda: list(over_and_over()))


def _line(library: str, make: Callable[..., Run], goal: Goal | None, *, many: bool) -> Line:
    def measure(_: Bench) -> float:
        theirs, mine = make(many=many), ours(many=many)
        assert theirs() == mine()
        return ratio(every_round(theirs), every_round(mine))

    how = "of many records" if many else "of one record over and over"
    return Line(f"transition with history {how}, against {library}", "× faster", goal, measure)


LINES = [
    _line("transitions", with_transitions, at_least(5), many=True),
    _line("python-statemachine", with_statemachine, at_least(50), many=True),
    _line("transitions", with_transitions, None, many=False),
    _line("python-statemachine", with_statemachine, None, many=False),
]
