"""What is wrong with a process among others: branches that nobody defined or that never end, states that nobody serves.

>>> from crmkit.rules.analysis import Organization
>>> from crmkit.rules.routing.ready import discount_approval
>>> {problem.code for problem in analyse(discount_approval(), (), (), Organization())}
{'routing.fault.deserted'}
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from crmkit.domain.reasons import Catalogue
from crmkit.errors import Problem
from crmkit.rules.analysis import Organization, Wording
from crmkit.rules.routing.policy import ProcessDefinition, State
from crmkit.rules.routing.targets import Target
from crmkit.rules.routing.texts import TEXTS

__all__ = ["analyse"]


def analyse(
    definition: ProcessDefinition,
    others: Sequence[ProcessDefinition],
    approvals: Collection[str],
    organization: Organization,
    *,
    language: str = "en",
) -> tuple[Problem, ...]:
    """Everything that is wrong with ``definition``, were it to join ``others``; of several of one id the first counts.

    ``approvals`` are the ids of the approval policies for requests that are in force.
    """
    words = Wording(Catalogue.of(TEXTS), language)
    known = {other.id: other for other in reversed(others)} | {definition.id: definition}
    return (*_of_branches(words, definition, known, approvals), *_deserted(words, definition, organization))


def _of_branches(
    words: Wording, definition: ProcessDefinition, known: Mapping[str, ProcessDefinition], approvals: Collection[str]
) -> Iterator[Problem]:
    for state in definition.states:
        for place, branch in enumerate(state.branches):
            where = f"{_at(state)}.branches[{place}]"
            if branch.approval:
                if branch.approval not in approvals:
                    yield words.problem(where, "routing.fault.no_approval", policy=branch.approval)
            elif branch.process not in known:
                yield words.problem(where, "routing.fault.no_process", process=branch.process)
            elif definition.id in _below(branch.process, known):
                yield words.problem(where, "routing.fault.endless", process=branch.process, own=definition.id)


def _below(process: str, known: Mapping[str, ProcessDefinition]) -> set[str]:
    """The process, and every process that runs as a branch of it, at whatever depth."""
    reached, pending = {process}, [process]
    while pending:
        definition = known.get(pending.pop())
        states = () if definition is None else definition.states
        new = {branch.process for state in states for branch in state.branches if branch.process} - reached
        reached |= new
        pending += new
    return reached


def _deserted(words: Wording, definition: ProcessDefinition, there: Organization) -> Iterator[Problem]:
    """States whose every route leads to people of whom none is there, whoever asks."""
    for state in definition.states:
        if state.routes and not any(_may_find(route.to, there) for route in state.routes):
            yield words.problem(_at(state), "routing.fault.deserted", state=state.name)


def _may_find(target: Target, there: Organization) -> bool:
    """Whether the target can find somebody; of one that does not name whom it leads to, that is not known before."""
    staff = there.staff
    asked: dict[str, set[str | None]] = {
        "member_id": {member.id for member in staff},
        "team_id": {member.team_id for member in staff},
        "role_id": {role for member in staff for role in member.role_ids},
    }
    named = [(getattr(target, field), found) for field, found in asked.items() if hasattr(target, field)]
    return all(value in found for value, found in named) and bool(staff)


def _at(state: State) -> str:
    return f"ProcessDefinition.states[{state.name}]"
