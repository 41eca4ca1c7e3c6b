"""What diagrams write beside states and arrows."""

from datetime import timedelta

from crmkit.rules.routing.policy import Branch, State
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["ALWAYS", "arrow", "begun", "drawable", "join", "span", "within"]

ALWAYS = "always()"
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_SET_OFF = {
    Trigger.MANUAL: "",
    Trigger.AUTOMATIC: " (by itself)",
    Trigger.JOINED: " (joined)",
    Trigger.BROKEN: " (cannot be joined)",
}


def arrow(step: Transition) -> str:
    """The name of a transition, what sets it off unless somebody asks for it, and its guard in brackets."""
    guard = "" if step.guard == ALWAYS else f" [{step.guard}]"
    if step.after is not None:
        return f"{step.name} (after {span(step.after, working=step.working)}){guard}"
    return f"{step.name}{_SET_OFF[step.trigger]}{guard}"


def begun(state: State) -> str:
    """The processes that run beside each other in the state; nothing for one without branches.

    >>> begun(State(name="review", branches=(Branch(process="legal"), Branch(process="tax", when="percent > 9"))))
    'legal + tax [percent > 9]'
    """
    listed = " + ".join(_branch(branch) for branch in state.branches)
    return listed if state.at_least is None else f"{join(state)} {listed}"


def join(state: State) -> str:
    """How many branches have to succeed."""
    return "all" if state.at_least is None else f"{state.at_least} of"


def within(state: State) -> str:
    """The deadline of the state; nothing for one without."""
    return "" if state.deadline is None else f"within {span(state.deadline, working=state.working)}"


def span(time: timedelta, *, working: bool = False) -> str:
    """A duration in words; ``working`` where only working time counts, of which a day has as much as it has.

    >>> span(timedelta(days=1, hours=4)), span(timedelta(hours=8), working=True)
    ('1 day 4 hours', '8 working hours')
    """
    parts, kind = [], "working " if working else ""
    for unit, length in _UNITS[1:] if working else _UNITS:
        count, time = divmod(time, length)
        if count:
            parts.append(f"{count} {kind}{unit}{'s' if count > 1 else ''}")
    if time or not parts:
        parts.append(f"{time.total_seconds():g} {kind}seconds")
    return " ".join(parts)


def drawable(text: str) -> str:
    """``text`` on one line, without characters that no document has a place for."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _branch(branch: Branch) -> str:
    return branch.name if branch.when == ALWAYS else f"{branch.name} [{branch.when}]"
