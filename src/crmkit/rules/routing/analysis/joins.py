"""Whether the branches of a state can be joined, and what happens when they cannot."""

from collections.abc import Iterator

from crmkit.errors import Problem
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.transition import Trigger

__all__ = ["joins"]


def joins(definition: ProcessDefinition, state: State) -> Iterator[Problem]:
    """What is wrong with the branches of ``state``, or with what waits for them."""
    where = f"ProcessDefinition.states[{state.name}]"
    triggers = [step.trigger for step in definition.leaving(state.name)]
    if not state.branches:
        if Trigger.JOINED in triggers or Trigger.BROKEN in triggers:
            yield Problem(where, "join.nothing", "waits for branches and has none.", "Add a Branch.")
        if state.at_least is not None:
            yield Problem(f"{where}.at_least", "join.nothing", "has no branches to count.", "Add a Branch, or drop it.")
        return
    if any(branch.process == definition.id for branch in state.branches):
        message = f"a branch is {definition.id} itself, for ever."
        yield Problem(f"{where}.branches", "branch.itself", message, "Name another process.")
    approvals = [branch.approval for branch in state.branches if branch.approval]
    if len(approvals) > 1:
        hint = "Make the others processes, or one policy with more steps."
        yield Problem(f"{where}.branches", "approval.twice", f"{len(approvals)} approvals run at once.", hint)
    most = len(state.branches)
    if state.at_least is not None and not 1 <= state.at_least <= most:
        message = f"{state.at_least} of {most} branches can never succeed."
        yield Problem(f"{where}.at_least", "join.never", message, f"Give 1 to {most}.")
    if Trigger.JOINED not in triggers:
        yield Problem(where, "join.nowhere", "nothing follows when the branches are joined.", "Use Trigger.JOINED.")
    if set(triggers) <= {Trigger.JOINED, Trigger.AUTOMATIC}:
        hint = "Use Trigger.BROKEN, a time, or let somebody act."
        yield Problem(where, "join.stuck", "nothing follows when a branch fails.", hint)
