"""Whom a request may go to: the members, teams and choices that its definition speaks of, in a few queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.change import Change
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.request import Request, RequestOutcome
from crmkit.domain.stewardship.turn import Turn
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import Chosen, ProcessDefinition, RoutingFacts, State, Target, ToChosen, Transition, Trigger
from crmkit.services.context import Context
from crmkit.services.people_around import PeopleAround
from crmkit.services.workflow.choosing import choose

__all__ = ["Gathered", "Question", "arrivals", "gathered"]


class Gathered:
    """The facts of one decision; ``taken(member)`` are the turns to be saved if that member takes the request."""

    def __init__(
        self, definition: ProcessDefinition, facts: RoutingFacts, turns: dict[str, Sequence[Change[Turn]]]
    ) -> None:
        self.definition = definition
        self.facts = facts
        self._turns = turns

    def taken(self, member_id: str | None) -> Sequence[Change[Turn]]:
        """Whose turn it is from then on."""
        return () if member_id is None else self._turns.get(member_id, ())


@frozen(kw_only=True)
class Question:
    """What is asked of a request, and the states in which it may arrive with it; ``also`` are looked up too."""

    states: Sequence[State]
    transition: str = ""
    going_on: bool = False
    acting: Member | None = None
    checked: tuple[str, ...] = ()
    branches: tuple[RequestOutcome | None, ...] = ()
    also: tuple[MemberId | None, ...] = ()


def gathered(
    ctx: Context,
    uow: UnitOfWork,
    definition: ProcessDefinition,
    request: Request,
    asked: Question,
    *,
    now: datetime,
) -> Gathered:
    """The request with the people that the states, where it may arrive, speak of."""
    targets = [route.to for state in asked.states for route in state.routes]
    people = PeopleAround(uow)
    chosen: dict[str, Chosen] = {}
    turns: dict[str, Sequence[Change[Turn]]] = {}
    people.load(asked.also)
    if targets:
        for policy in dict.fromkeys(target.policy for target in targets if isinstance(target, ToChosen)):
            chosen[policy], whose = choose(ctx, uow, policy, request, now)
            if chosen[policy].member_id is not None:
                turns[str(chosen[policy].member_id)] = whose
        people.load([request.requested_by, *_named(targets, "member_id"), *(one.member_id for one in chosen.values())])
        people.load_superiors(request.requested_by)
        people.load_leaders(request.requested_by)
        people.load_queues(_named(targets, "team_id"))
        people.load_holders(_named(targets, "role_id"))
    calendar_id = definition.calendar_id
    facts = RoutingFacts(
        request=request,
        transition=asked.transition,
        going_on=asked.going_on,
        acting=asked.acting,
        checked=asked.checked,
        members=tuple(people.members.values()),
        teams=tuple(people.teams.values()),
        branches=asked.branches,
        calendar=None if calendar_id is None else uow.calendars.get_many([calendar_id]).get(calendar_id),
        chosen=chosen,
    )
    return Gathered(definition, facts, turns)


def arrivals(definition: ProcessDefinition, steps: Iterable[Transition] | None) -> list[State]:
    """Where ``steps`` lead, or the opening, with all that follows of itself."""
    names = [definition.initial] if steps is None else [step.to_state for step in steps]
    seen = dict.fromkeys(names)
    pending = list(seen)
    while pending:
        for step in definition.leaving(pending.pop()):
            if step.trigger in {Trigger.AUTOMATIC, Trigger.JOINED} and step.to_state not in seen:
                seen[step.to_state] = None
                pending.append(step.to_state)
    return [definition.state(name) for name in seen]


def _named(targets: Iterable[Target], field: str) -> list[str]:
    """The ids that targets name in ``field``, each once, in order."""
    return list(dict.fromkeys(value for target in targets if (value := getattr(target, field, None)) is not None))
