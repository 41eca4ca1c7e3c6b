"""Which records a member reaches, as one condition: what queries are narrowed by and decisions evaluate."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from crmkit.domain.conditions import MAX_LIST, Always, Condition, F, Not, all_of, any_of, parse
from crmkit.rules.access.entities import HOLDERS, PARENTS, POOLED, SHAREABLE
from crmkit.rules.access.facts import Person
from crmkit.rules.access.policy import LOOKING, AccessPolicy, Grant, Scope, Verb

__all__ = ["NOTHING", "Way", "reaches", "restricted", "scope_of", "ways_of"]

NOTHING: Condition = Not(Always())
_PEOPLE = frozenset({Scope.OWN, Scope.TEAM, Scope.SUBTREE})


@frozen
class Way:
    """One grant of one role, with the records that it reaches and those of them that it is for."""

    role: str
    grant: Grant
    within: Condition
    when: Condition


def scope_of(policy: AccessPolicy, person: Person, entity: str, verb: Verb) -> Condition:
    """The records of ``entity`` with which ``person`` may do ``verb``; ``not always()`` for none.

    >>> from crmkit.rules.access.policy import Restriction, RoleGrants
    >>> policy = AccessPolicy(
    ...     roles=[RoleGrants(role="sales", grants=[Grant(verbs=["read"], entities=["lead"], scope="team")])],
    ...     restrictions=[Restriction(entity="lead", when="score < 90")],
    ... )
    >>> wei = Person(member_id="wei", role_ids=("sales",), mates=("eva", "wei"))
    >>> str(scope_of(policy, wei, "lead", Verb.READ))
    "owner_id in ('eva', 'wei') and score < 90"
    >>> str(scope_of(policy, wei, "account", Verb.READ))
    'not always()'
    """
    ways = list(ways_of(policy, person, entity, verb))
    if not ways:
        return NOTHING
    if any(way.within == way.when == Always() for way in ways):
        reached: Condition = Always()
    else:
        reached = any_of(_merged(person, entity, verb, ways))
    limits = [parse(each.when) for each in policy.restrictions_of(person.role_ids, verb, entity)]
    return all_of([*([] if reached == Always() and limits else [reached]), *limits])


def restricted(policy: AccessPolicy, person: Person, entity: str, verb: Verb) -> Condition:
    """What no grant leads past."""
    return all_of(parse(each.when) for each in policy.restrictions_of(person.role_ids, verb, entity))


def ways_of(policy: AccessPolicy, person: Person, entity: str, verb: Verb) -> Iterator[Way]:
    """Every grant that the person has of it; of somebody who left or is not known none."""
    if person.here:
        for role, grant in policy.grants_of(person.role_ids, verb, entity):
            yield Way(role, grant, reaches(person, grant.scope, entity, verb), parse(grant.when))


def reaches(person: Person, scope: Scope, entity: str, verb: Verb) -> Condition:
    """The records of ``entity`` that lie within ``scope`` of the person."""
    return any_of(_reaches(person, scope, entity, verb))


def _reaches(person: Person, scope: Scope, entity: str, verb: Verb) -> Iterator[Condition]:
    if scope is Scope.ALL:
        yield Always()
    elif scope in _PEOPLE:
        for field in HOLDERS.get(entity, ()):
            yield from _one_of(field, _people(person, scope))
    elif scope is Scope.POOL and entity in POOLED:
        yield from _one_of("pool_id", [each.id for each in person.pools if each.entity == entity])
    elif scope is Scope.TERRITORY:
        yield from (parse(each.accepts) for each in person.territories if each.entity == entity)
    elif scope is Scope.SHARED and entity in SHAREABLE:
        yield from _one_of("id", _shared(person, entity, verb))
    yield from _through(person, scope, entity, verb)


def _through(person: Person, scope: Scope, entity: str, verb: Verb) -> Iterator[Condition]:
    """What is reached through the records it belongs to."""
    for parent in PARENTS.get(entity, ()) if scope is not Scope.ALL else ():
        ids = _shared(person, parent, verb) if scope is Scope.SHARED else person.parents_in(scope, parent)
        if entity == "contact":
            yield from _one_of("account_id", ids)
        else:
            yield from ((F.subject_entity == parent) & each for each in _one_of("subject_id", ids))


def _people(person: Person, scope: Scope) -> tuple[str, ...]:
    match scope:
        case Scope.TEAM:
            return (person.member_id, *person.mates)
        case Scope.SUBTREE:
            return (person.member_id, *person.below)
        case _:
            return (person.member_id,)


def _shared(person: Person, entity: str, verb: Verb) -> list[str]:
    return [each.id for each in person.shares if each.entity == entity and (each.write or verb in LOOKING)]


def _one_of(field: str, ids: Iterable[str]) -> Iterator[Condition]:
    """The field names one of the ids: as many lists as a condition takes."""
    known = sorted(set(ids))
    for start in range(0, len(known), MAX_LIST):
        yield F[field].in_(known[start : start + MAX_LIST])


def _merged(person: Person, entity: str, verb: Verb, ways: list[Way]) -> Iterator[Condition]:
    """What the ways reach, the widest circle of people standing for those within it: one list, which an index serves."""
    plain = {way.grant.scope for way in ways if way.when == Always()}
    people = {each for scope in plain & _PEOPLE for each in _people(person, scope)}
    for field in HOLDERS.get(entity, ()) if people else ():
        yield from _one_of(field, people)
    for scope in sorted(plain):
        if scope in _PEOPLE:
            yield from _through(person, scope, entity, verb)
        else:
            yield from _reaches(person, scope, entity, verb)
    for way in ways:
        if way.when != Always():
            yield all_of([*([] if way.within == Always() else [way.within]), way.when])
