"""A process definition as Mermaid text."""

import re
from collections.abc import Iterator

from crmkit.rules.routing.policy import ProcessDefinition

__all__ = ["mermaid"]

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def mermaid(definition: ProcessDefinition) -> str:
    """A Mermaid state diagram: one arrow a transition, its guard in brackets, labels where states have them."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines(definition))])


def _lines(definition: ProcessDefinition) -> Iterator[str]:
    # Mermaid takes plain words for names only; any other text stands in quotes beside a name of ours
    names = {
        state.name: state.name if _PLAIN.fullmatch(state.name) else f"state{place}"
        for place, state in enumerate(definition.states)
    }
    for state in definition.states:
        label = state.label or state.name
        if label != names[state.name]:
            yield f'state "{_quiet(label)}" as {names[state.name]}'
    yield f"[*] --> {names[definition.initial]}"
    for step in definition.transitions:
        guard = "" if step.guard == "always()" else f" [{_quiet(step.guard)}]"
        yield f"{names[step.from_state]} --> {names[step.to_state]}: {_quiet(step.name)}{guard}"
    for state in definition.states:
        if state.final:
            yield f"{names[state.name]} --> [*]"


def _quiet(text: str) -> str:
    """``text`` without what would end a label or begin a statement."""
    return " ".join(text.replace('"', "'").replace(";", ",").replace("#", "").split())
