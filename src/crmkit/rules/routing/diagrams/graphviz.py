"""A process definition in the language of Graphviz."""

from collections.abc import Iterator, Mapping

from crmkit.rules.routing.diagrams.words import arrow, begun, drawable, within
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["graphviz"]


def graphviz(definition: ProcessDefinition) -> str:
    r"""A digraph in DOT, as ``dot -Tsvg`` draws it: ends have a double border, failed ones a dashed one as well.

    States name their deadline and the processes that run in them; an arrow is dashed where nobody asks for
    the transition. Whatever states are called, their text is quoted.

    >>> from crmkit.rules.routing.ready import discount_approval
    >>> for line in graphviz(discount_approval()).splitlines()[4:6]:
    ...     print(line)
        "begin" [label="", shape="circle", width="0.2", style="filled", fillcolor="black"];
        "state0" [label="Team leader reviews\nwithin 1 day", shape="box", style="rounded"];
    """
    lines = "\n".join(f"    {line};" for line in _lines(definition))
    return f"digraph {_quoted(definition.id)} {{\n{lines}\n}}"


def _lines(definition: ProcessDefinition) -> Iterator[str]:
    names = {state.name: f"state{place}" for place, state in enumerate(definition.states)}
    yield f"label={_quoted(definition.label or definition.id)}"
    yield 'rankdir="LR"'
    yield 'node [fontname="sans-serif"]; edge [fontname="sans-serif"]'
    begin = {"label": "", "shape": "circle", "width": "0.2", "style": "filled", "fillcolor": "black"}
    yield f'"begin" {_attributes(begin)}'
    for state in definition.states:
        yield f"{_quoted(names[state.name])} {_attributes(_look(state))}"
    yield f'"begin" -> {_quoted(names[definition.initial])}'
    for step in definition.transitions:
        yield f"{_quoted(names[step.from_state])} -> {_quoted(names[step.to_state])} {_attributes(_line(step))}"


def _look(state: State) -> Mapping[str, str]:
    label = "\n".join(drawable(part) for part in (state.label or state.name, begun(state), within(state)) if part)
    if not state.final:
        return {"label": label, "shape": "box", "style": "rounded"}
    return {
        "label": label,
        "shape": "box",
        "style": "rounded,dashed" if state.failed else "rounded",
        "peripheries": "2",
    }


def _line(step: Transition) -> Mapping[str, str]:
    return {
        "label": drawable(arrow(step)),
        "style": "solid" if step.trigger in {Trigger.MANUAL, Trigger.JOINED} else "dashed",
    }


def _attributes(values: Mapping[str, str]) -> str:
    return f"[{', '.join(f'{name}={_quoted(value)}' for name, value in values.items())}]"


def _quoted(text: str) -> str:
    """A quoted string of DOT: a quotation mark or backslash in ``text`` stands for itself, a new line breaks it."""
    lines = (drawable(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'
