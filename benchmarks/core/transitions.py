"""A change of state with its history: a lead moves through its table and leaves the entry of an audit trail.

crmkit's side is what a save does before the database: the table is asked, an event told, a new record made, and
the entry worked out that says what changed. The libraries' side is the same table, and one line for a history
list: they keep neither what was before nor who is to be told.
"""

from collections.abc import Callable
from typing import Any

from core.leads import NOW, leads
from harness import Bench, Line, at_least, every_round, ratio

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.recording import Recorder
from crmkit.domain.model import revise
from crmkit.domain.sales.lead import LEAD, Lead

__all__ = ["LINES"]

VERBS = ("work", "nurture", "qualify", "nurture", "work", "qualify", "disqualify", "recycle") * 10
"""From new through the table and back to new."""


def ours() -> Callable[[], object]:
    (start,) = leads(1)
    start = revise(start, status="new")
    record = Recorder(StoredCodec()).record

    def run() -> list[Any]:
        lead: Lead = start
        history: list[Any] = []
        for verb in VERBS:
            change = lead.move(verb, now=NOW)
            history += record(change)
            lead = change.after
        assert lead.status == "new"
        return history

    return run


def with_transitions() -> Callable[[], object]:
    from transitions import Machine

    class Model:
        history: list[Any]
        state: str

        def note(self, verb: str) -> None:
            self.history.append((NOW, verb, self.state))

    rows = [{"trigger": verb, "source": state, "dest": to} for state, verb, to in table()]
    model = Model()
    Machine(model, states=list(LEAD.table), transitions=rows, initial="new", after_state_change="note", auto_transitions=False)

    def run() -> list[Any]:
        model.history = []
        for verb in VERBS:
            model.trigger(verb, verb)  # type: ignore[attr-defined]
        assert model.state == "new"
        return model.history

    return run


def with_statemachine() -> Callable[[], object]:
    from statemachine import State, StateMachine

    states = {name: State(initial=name == "new", final=not verbs) for name, verbs in LEAD.table.items()}
    events: dict[str, Any] = {}
    for state, verb, to in table():
        step = states[state].to(states[to])
        events[verb] = events[verb] | step if verb in events else step

    def after_transition(self: Any, event: str, target: Any) -> None:
        self.history.append((NOW, event, target.id))

    machine: Any = type("LeadMachine", (StateMachine,), {**states, **events, "after_transition": after_transition})()

    def run() -> list[Any]:
        machine.history = []
        for verb in VERBS:
            machine.send(verb)
        assert machine.configuration == {states["new"]}
        return machine.history

    return run


def table() -> list[tuple[str, str, str]]:
    return [(state, verb, to) for state, verbs in LEAD.table.items() for verb, to in verbs.items()]


def _against(make: Callable[[], Callable[[], object]], *, rounds: int) -> Callable[[Bench], float]:
    def measure(_: Bench) -> float:
        mine, peer = ours(), make()
        assert len(mine()) == len(peer()) == len(VERBS)
        return ratio(every_round(peer), every_round(mine), rounds=rounds)

    return measure


LINES = [
    Line("transition with history, against transitions", "× faster", at_least(5), _against(with_transitions, rounds=100)),
    Line(
        "transition with history, against python-statemachine",
        "× faster",
        at_least(50),
        _against(with_statemachine, rounds=50),
    ),
]
