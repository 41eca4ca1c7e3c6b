"""A process definition as Mermaid text."""

import re
from collections.abc import Iterator

from crmkit.rules.routing.diagrams.words import arrow, begun
from crmkit.rules.routing.policy import ProcessDefinition, State

__all__ = ["mermaid"]

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def mermaid(definition: ProcessDefinition) -> str:
    """A Mermaid state diagram: one arrow a transition, with what sets it off and its guard in brackets.

    States have their labels, and those with branches the processes that run in them.

    >>> from crmkit.rules.routing.ready import discount_approval
    >>> print(mermaid(discount_approval()).splitlines()[8])
        leader_review --> approved: approve [percent <= 10]
    """
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines(definition))])


def _lines(definition: ProcessDefinition) -> Iterator[str]:
    # Mermaid takes plain words for names only; any other text stands in quotes beside a name of ours
    names = {
        state.name: state.name if _PLAIN.fullmatch(state.name) else f"state{place}"
        for place, state in enumerate(definition.states)
    }
    for state in definition.states:
        label = _label(state)
        if label != names[state.name]:
            yield f'state "{_quiet(label)}" as {names[state.name]}'
    yield f"[*] --> {names[definition.initial]}"
    for step in definition.transitions:
        yield f"{names[step.from_state]} --> {names[step.to_state]}: {_quiet(arrow(step))}"
    for state in definition.states:
        if state.final:
            yield f"{names[state.name]} --> [*]"


def _label(state: State) -> str:
    label = state.label or state.name
    return f"{label}: {begun(state)}" if state.branches else label


def _quiet(text: str) -> str:
    """``text`` without what would end a label, begin a statement, or be a tag on a page that trusts diagrams."""
    return " ".join(_TAG.sub("‹", text).replace('"', "'").replace(";", ",").replace("#", "").split())
