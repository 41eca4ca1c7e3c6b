"""May this member do this with that record? Every grant and every refusal is told, not the first.

The answer is the very condition that queries are narrowed by, evaluated for the one record.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from crmkit.domain.conditions import Condition, bind, compile_test, parse
from crmkit.domain.reasons import Reason
from crmkit.rules.access.decision import AccessDecision, AccessOutcome, FieldSight
from crmkit.rules.access.facts import AccessFacts
from crmkit.rules.access.policy import AccessPolicy
from crmkit.rules.access.reach import NOTHING, Way, scope_of, ways_of

__all__ = ["decide"]

Holds = Callable[[Condition], bool]


def decide(policy: AccessPolicy, facts: AccessFacts, *, now: datetime) -> AccessDecision:
    """Whether ``facts.person`` may do it, and why; without a record, whether with any record at all.

    >>> from datetime import UTC
    >>> from crmkit.domain.sales.lead import Lead
    >>> from crmkit.domain.values.names import PersonName
    >>> from crmkit.rules.access.facts import Person
    >>> from crmkit.rules.access.policy import Grant, RoleGrants
    >>> now = datetime(2026, 1, 9, tzinfo=UTC)
    >>> policy = AccessPolicy(roles=[RoleGrants(role="sales", grants=[Grant(verbs=["read"], scope="own")])])
    >>> lead = Lead(id="L-1", name=PersonName(given="Eva"), owner_id="eva", created_at=now, updated_at=now)
    >>> wei = Person(member_id="wei", role_ids=("sales",))
    >>> decision = decide(policy, AccessFacts(person=wei, verb="read", entity="lead", record=lead), now=now)
    >>> decision.allowed, [reason.code for reason in decision.reasons]
    (False, ['access.outside'])
    """
    person, verb, entity = facts.person, facts.verb, facts.entity
    scope = scope_of(policy, person, entity, verb)
    holds = _asked_of(policy, facts, now)
    sights = policy.sights_of(person.role_ids, entity)
    return AccessDecision(
        policy=policy.ref,
        at=now,
        outcome=AccessOutcome.ALLOWED if holds(scope) else AccessOutcome.REFUSED,
        reasons=tuple(_reasons(policy, facts, holds)),
        member_id=person.member_id,
        verb=verb,
        entity=entity,
        record_id="" if facts.record is None else facts.record.id,
        fields=tuple(FieldSight(field=name, sight=sight) for name, sight in sorted(sights.items())),
    )


def _asked_of(policy: AccessPolicy, facts: AccessFacts, now: datetime) -> Holds:
    """Whether a condition holds for the record; without one, whether it may hold for any."""
    record = facts.record
    if record is None:
        return lambda condition: condition != NOTHING
    catalogue = policy.catalogue(facts.entity)
    return lambda condition: compile_test(bind(condition, catalogue))(record, now)


def _reasons(policy: AccessPolicy, facts: AccessFacts, holds: Holds) -> Iterator[Reason]:
    person, verb, entity = facts.person, facts.verb, facts.entity
    if not person.here:
        yield Reason.of("access.left" if person.status else "access.unknown", member=person.member_id)
        return
    ways = list(ways_of(policy, person, entity, verb))
    if not ways:
        yield Reason.of("access.no_grant", verb=verb.value, entity=entity)
    yield from (_of_way(way, holds) for way in ways)
    for each in policy.restrictions_of(person.role_ids, verb, entity):
        if facts.record is not None and not holds(parse(each.when)):
            yield Reason.of("access.restricted", entity=entity, when=each.when)


def _of_way(way: Way, holds: Holds) -> Reason:
    """What one grant gives or does not give."""
    told = {"role": way.role, "scope": way.grant.scope.value}
    if not holds(way.within):
        return Reason.of("access.outside", **told)
    if not holds(way.when):
        return Reason.of("access.unmet", **told, when=way.grant.when)
    return Reason.of("access.granted", **told)
