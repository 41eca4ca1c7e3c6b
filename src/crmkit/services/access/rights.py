"""What one member may, as it stands in one unit of work: read once, when the unit of work begins."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, evolve, field

from crmkit.domain.change import Record
from crmkit.domain.conditions import Always, Condition, F
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import Member
from crmkit.domain.organization.territory import TerritoryState
from crmkit.errors import NotAllowed, NotFound
from crmkit.ports.store import UnitOfWork
from crmkit.rules.access import (
    ENTITIES,
    NOTHING,
    PARENTS,
    AccessPolicy,
    Person,
    Place,
    Scope,
    Share,
    Sight,
    Verb,
    reaches,
    restricted,
    scope_of,
    seen,
)

__all__ = ["SYSTEM", "Rights", "no_such", "person_of", "policy_in_force", "rights_of"]

SYSTEM = "system"
"""The actor that is nobody: the host itself."""
ASKED_AT_ONCE = 1_000
_SEEN = (Sight.READ, Sight.WRITE)


def policy_in_force(uow: UnitOfWork, now: datetime) -> AccessPolicy | None:
    """The policy that says who may do what; without one nothing is restricted."""
    return uow.policies.in_force(AccessPolicy, now)


def rights_of(uow: UnitOfWork, now: datetime, *, actor: str = "") -> "Rights | None":
    """What ``actor`` (whoever acts in ``uow``) may; ``None`` for the system and the host's services, and without a policy."""
    who = actor or uow.acting.actor
    policy = None if who == SYSTEM else policy_in_force(uow, now)
    if policy is None or who in policy.services:
        return None
    return Rights(uow, policy, person_of(uow, MemberId(who), policy, now=now), now)


@define
class Rights:
    """The policy, the person and, as they are needed, the ids that things are reached through."""

    uow: UnitOfWork
    policy: AccessPolicy
    person: Person
    now: datetime
    _scopes: dict[tuple[str, Verb], Condition] = field(factory=dict)
    _sights: dict[str, dict[str, Sight]] = field(factory=dict)

    def scope(self, entity: str, verb: Verb) -> Condition:
        """The records of ``entity`` with which the person may do ``verb``."""
        known = self._scopes.get((entity, verb))
        if known is None:
            self._find_parents(entity, verb)
            known = self._scopes[entity, verb] = scope_of(self.policy, self.person, entity, verb)
        return known

    def may_some(self, entity: str, verb: Verb) -> bool:
        """Whether there may be a record at all with which they may do it."""
        return self.scope(entity, verb) != NOTHING

    def may_all(self, entity: str, verb: Verb) -> bool:
        """Whether they may do it with every record."""
        return self.scope(entity, verb) == Always()

    def within(self, entity: str, verb: Verb, ids: Iterable[str]) -> dict[str, Record]:
        """Those of the records with which they may do it, by id: whole, nothing blanked."""
        scope, wanted, found = self.scope(entity, verb), sorted(set(ids)), dict[str, Record]()
        repository = self.uow.repository(ENTITIES[entity])
        for start in range(0, len(wanted) if scope != NOTHING else 0, ASKED_AT_ONCE):
            piece = F.id.in_(wanted[start : start + ASKED_AT_ONCE])
            found |= {record.id: record for record in repository.find(piece & scope, now=self.now)}
        return found

    def sights(self, entity: str) -> dict[str, Sight]:
        """How they see the fields that rules name."""
        known = self._sights.get(entity)
        if known is None:
            known = self._sights[entity] = self.policy.sights_of(self.person.role_ids, entity)
        return known

    def sees_all(self, entity: str) -> bool:
        """Whether no field of the entity is hidden from them or masked."""
        return all(sight in _SEEN for sight in self.sights(entity).values())

    def writes(self, entity: str, name: str) -> bool:
        """Whether they may write that field."""
        return self.sights(entity).get(name, Sight.WRITE) is Sight.WRITE

    def refuse_blind_questions(self, entity: str, condition: Condition, fields: Sequence[str] = ()) -> None:
        """Nothing asks, sorts or counts by what the person does not see: from the answers it could be told.

        Raises:
            NotAllowed: a field is hidden or masked.
        """
        sights = self.sights(entity)
        asked = [leaf.field for leaf in condition.leaves()] if sights else []
        for path in (*asked, *(name.removeprefix("-") for name in fields)):
            parts = path.split(".")
            name = ".".join(parts[: 2 if parts[0] == "custom" else 1])
            if sights.get(name, Sight.WRITE) not in _SEEN:
                hint = "Ask by fields that you see."
                raise NotAllowed(f"{entity}.{name} is not yours to ask by.", hint=hint, entity=entity, field=name)

    def shown(self, record: Any) -> Any:
        """``record`` with what they do not see blanked or masked; it cannot be saved over the whole one."""
        sights = self.sights(record.entity)
        replaced = seen(record, sights) if sights else {}
        return _with(record, replaced) if replaced else record

    def _find_parents(self, entity: str, verb: Verb) -> None:
        """The ids of what records of ``entity`` are reached through, for the scopes that are granted."""
        granted = {grant.scope for _, grant in self.policy.grants_of(self.person.role_ids, verb, entity)}
        for parent in PARENTS.get(entity, ()) if self.person.here else ():
            for scope in sorted(granted - {Scope.ALL, Scope.SHARED}):
                if not any(known[:2] == (scope, parent) for known in self.person.parents):
                    within = reaches(self.person, scope, parent, Verb.READ)
                    limited = within & restricted(self.policy, self.person, parent, Verb.READ)
                    ids = self.uow.repository(ENTITIES[parent]).count_by("id", limited, now=self.now)
                    found = (scope, parent, tuple(sorted(map(str, ids))))
                    self.person = evolve(self.person, parents=(*self.person.parents, found))


def no_such(entity: str, id: str) -> NotFound:
    """What is said of a record that is not there, and of one that is out of reach: the two look alike."""
    return NotFound(f"There is no {entity} of that id.", entity=entity, id=id)


# --- the person -----------------------------------------------------------------------------------


def person_of(uow: UnitOfWork, member_id: MemberId, policy: AccessPolicy, *, now: datetime) -> Person:
    """The member with all that their grants speak of, and nothing else."""
    member = uow.members.get_many([member_id]).get(member_id)
    if member is None:
        return Person(member_id=member_id, status=None)
    roles = {"everyone", *member.role_ids}
    needed = {grant.scope for each in policy.roles if each.role in roles for grant in each.grants}
    return Person(
        member_id=member.id,
        status=member.status,
        role_ids=member.role_ids,
        team_id=member.team_id,
        mates=_mates(uow, member) if Scope.TEAM in needed else (),
        below=_below(uow, member) if Scope.SUBTREE in needed else (),
        pools=_pools(uow, member) if Scope.POOL in needed else (),
        territories=_territories(uow, member) if Scope.TERRITORY in needed else (),
        shares=_shares(uow, member, now) if Scope.SHARED in needed else (),
    )


def _mates(uow: UnitOfWork, member: Member) -> tuple[MemberId, ...]:
    return () if member.team_id is None else tuple(map(MemberId, _ids(uow.members, F.team_id == member.team_id)))


def _below(uow: UnitOfWork, member: Member) -> tuple[MemberId, ...]:
    """Everybody below, level by level; a ring in stored data ends where it began."""
    found, teams, level = {str(member.id)}, set[str](), [str(member.id)]
    while level:
        led = _teams_below(uow, level, teams)
        teams |= led
        reports = {id for piece in _pieces(level) for id in _ids(uow.members, F.manager_id.in_(piece))}
        reports |= {id for piece in _pieces(sorted(led)) for id in _ids(uow.members, F.team_id.in_(piece))}
        level = sorted(reports - found)
        found |= reports
    return tuple(map(MemberId, sorted(found)))


def _teams_below(uow: UnitOfWork, leaders: list[str], known: set[str]) -> set[str]:
    """The teams that they lead and all teams under those, as far as they are not known."""
    found = {id for piece in _pieces(leaders) for id in _ids(uow.teams, F.leader_id.in_(piece))} - known
    level = sorted(found)
    while level:
        below = {id for piece in _pieces(level) for id in _ids(uow.teams, F.parent_id.in_(piece))}
        level = sorted(below - found - known)
        found |= set(level)
    return found


def _pools(uow: UnitOfWork, member: Member) -> tuple[Place, ...]:
    return tuple(
        Place(entity=pool.holds, id=pool.id)
        for pool in uow.pools.find(order=["id"])
        if pool.admits(member.id, member.team_id) or member.id in pool.admin_ids
    )


def _territories(uow: UnitOfWork, member: Member) -> tuple[Place, ...]:
    active = uow.territories.find(F.state == TerritoryState.ACTIVE.value, order=["id"])
    mine = (each for each in active if member.id in each.members())
    return tuple(Place(entity=each.holds, id=each.id, accepts=each.accepts) for each in mine)


def _shares(uow: UnitOfWork, member: Member, now: datetime) -> tuple[Share, ...]:
    whom: Condition = F.member_id == member.id
    if member.team_id is not None:
        whom |= F.team_id == member.team_id
    found = uow.collaborations.find(whom & F.ended_at.missing(), order=["id"])
    return tuple(
        Share(entity=each.record_entity, id=each.record_id, write=each.level == "write")
        for each in found
        if each.holds(now)
    )


def _ids(repository: Any, condition: Condition) -> Iterable[str]:
    """Ids only: counting by id reads no record."""
    counted: Mapping[str, int] = repository.count_by("id", condition)
    return sorted(counted)


def _pieces(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + ASKED_AT_ONCE] for start in range(0, len(ids), ASKED_AT_ONCE))


def _with(record: Record, replaced: Mapping[str, Any]) -> Record:
    """A copy with these fields; they are known to fit."""
    copy = object.__new__(type(record))
    object.__setattr__(copy, "__dict__", {**record.__dict__, **replaced})
    return copy
