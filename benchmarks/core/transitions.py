"""A change of state with its history: leads move through their table, and what happened is kept in a list.

crmkit's side keeps changes: the record before, the record after, and the event that was told. The libraries'
side is the same table and one line for a history list: the instant, the verb and the state, and neither what
was before nor who is to be told.

Records come from a store and move once. So the lines with a goal move each of many records once, and a library
binds its machine to each of them in the cheapest way it has. The other lines move one record over and over, or
have crmkit work out the entry of the audit trail as well, as a save does before it comes to the database.
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


def ours(*, many: bool, entries: bool = False) -> Run:
    new = [revise(lead, status="new") for lead in leads(RECORDS)]
    record = Recorder(StoredCodec()).record

    def each_once() -> list[Any]:
        history = [lead.move(verb, now=NOW) for lead, verb in zip(new, FIRST_MOVES, strict=True)]
        return [change.after.status for change in history]

    def each_once_with_its_entry() -> list[Any]:
        history = [lead.move(verb, now=NOW) for lead, verb in zip(new, FIRST_MOVES, strict=True)]
        for change in history:
            record(change)
        return [change.after.status for change in history]

    def over_and_over() -> list[Any]:
        lead: Lead = new[0]
        history: list[Any] = []
        for verb in LAPS:
            change = lead.move(verb, now=NOW)
            history.append(change)
            lead = change.after
        return [change.after.status for change in history]

    if entries:
        return each_once_with_its_entry
    return each_once if many else over_and_over


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


def _line(library: str, make: Callable[..., Run], goal: Goal | None, **how: bool) -> Line:
    def measure(_: Bench) -> float:
        theirs, mine = make(many=how.get("many", True)), ours(**{"many": True, **how})
        assert theirs() == mine()
        return ratio(every_round(theirs), every_round(mine))

    moved = "of one record over and over" if how else "of many records"
    if how.get("entries"):
        moved = "and audit entry of many records"
    return Line(f"transition with history {moved}, against {library}", "× faster", goal, measure)


LINES = [
    _line("transitions", with_transitions, at_least(5)),
    _line("python-statemachine", with_statemachine, at_least(50)),
    _line("transitions", with_transitions, None, entries=True),
    _line("python-statemachine", with_statemachine, None, entries=True),
    _line("transitions", with_transitions, None, many=False),
    _line("python-statemachine", with_statemachine, None, many=False),
]
