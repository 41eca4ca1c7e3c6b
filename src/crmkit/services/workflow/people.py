"""Whom a request may go to: the members, teams and choices that its definition speaks of, in a few queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.change import Change
from crmkit.domain.conditions import Condition, F, any_of
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.stewardship.request import Request, RequestOutcome
from crmkit.domain.stewardship.turn import Turn
from crmkit.ports.store import UnitOfWork
from crmkit.rules.routing import Chosen, ProcessDefinition, RoutingFacts, State, Target, ToChosen, Transition, Trigger
from crmkit.services.context import Context
from crmkit.services.workflow.choosing import choose

__all__ = ["Gathered", "Question", "arrivals", "gathered"]

MOST_LEVELS = 20
"""Steps up the hierarchy, of superiors and of teams."""
MOST_MEMBERS = 500
"""Members of teams, and holders of roles, that are looked at."""


class Gathered:
    """The facts of one decision; ``taken(member)`` are the turns to be saved if that member takes the request."""

    def __init__(self, facts: RoutingFacts, turns: dict[str, Sequence[Change[Turn]]]) -> None:
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
    people = _People(uow)
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
    return Gathered(facts, turns)


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


class _People:
    """Members and teams of one unit of work, each loaded once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self.members: dict[str, Member] = {}
        self.teams: dict[str, Team] = {}

    def load(self, ids: Iterable[str | None]) -> None:
        """The members of these ids."""
        new = [id_ for id_ in ids if id_ is not None and id_ not in self.members]
        if new:
            self.members.update(self._uow.members.get_many(new))

    def load_superiors(self, member_id: str | None) -> None:
        """The member's manager, the manager's manager, and so on."""
        for _ in range(MOST_LEVELS):
            member = self.members.get(member_id or "")
            if member is None:
                return
            member_id = member.manager_id
            self.load([member_id])

    def load_leaders(self, member_id: str | None) -> None:
        """The member's team, the teams above it, and who leads them."""
        member = self.members.get(member_id or "")
        team_id = member.team_id if member is not None else None
        for _ in range(MOST_LEVELS):
            if team_id is None or team_id in self.teams:
                break
            self.teams.update(self._uow.teams.get_many([team_id]))
            team = self.teams.get(team_id)
            team_id = team.parent_id if team is not None else None
        self.load(team.leader_id for team in self.teams.values())

    def load_queues(self, team_ids: list[str]) -> None:
        """The active members of these teams."""
        if team_ids:
            self._find(F.team_id.in_(team_ids) & (F.status == MemberStatus.ACTIVE))

    def load_holders(self, role_ids: list[str]) -> None:
        """Whoever has one of these roles."""
        if role_ids:
            self._find(any_of(F.role_ids.contains(role_id) for role_id in role_ids))

    def _find(self, condition: Condition) -> None:
        found = self._uow.members.find(condition, limit=MOST_MEMBERS)
        self.members.update((member.id, member) for member in found)
