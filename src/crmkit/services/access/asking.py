"""Why somebody may, or may not: every grant and every refusal."""

from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId, Ref
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.access import ENTITIES, AccessDecision, AccessFacts, Verb, decide
from crmkit.services.access.doors import EVERYTHING
from crmkit.services.access.rights import Rights, no_such, person_of, policy_in_force, rights_of
from crmkit.services.context import Context

__all__ = ["may", "why"]


def why(ctx: Context, member_id: MemberId, verb: Verb | str, ref: Ref) -> AccessDecision:
    """Whether the member may do ``verb`` with the record, with all that leads there and all that stands against it.

    Members ask for themselves about records that they see; for others those ask who administer everything.

    Raises:
        InvalidInput: no such entity or verb, or no policy is in force.
        NotFound: no such record.
        NotAllowed: it is about somebody else.
    """
    cls, asked = _asked(verb, ref)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        mine = rights_of(uow, now)
        record = _record(uow, mine, cls, ref, member_id)
        policy = policy_in_force(uow, now)
        if policy is None:
            raise InvalidInput("there is no AccessPolicy in force, so nothing is restricted.", field="policy")
        rights = Rights(uow, policy, person_of(uow, member_id, policy, now=now), now)
        rights.scope(ref.entity, asked)
        facts = AccessFacts(person=rights.person, verb=asked, entity=ref.entity, record=record)
        return decide(policy, facts, now=now)


def may(ctx: Context, verb: Verb | str, ref: Ref) -> bool:
    """Whether whoever acts may do ``verb`` with the record; one that is not there is nobody's.

    The system, the host's services and everybody where no policy is in force may.

    Raises:
        InvalidInput: no such entity or verb.
    """
    cls, asked = _asked(verb, ref)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        rights = rights_of(uow, ctx.clock.now())
        if rights is None:
            return ref.id in uow.repository(cls).get_many([ref.id])
        return bool(rights.within(ref.entity, asked, [ref.id]))


def _asked(verb: Verb | str, ref: Ref) -> tuple[type[Record], Verb]:
    if ref.entity not in ENTITIES:
        raise InvalidInput(f"{ref.entity} is no entity.", field="ref", hint=f"Choose from: {', '.join(ENTITIES)}.")
    if verb not in list(Verb):
        raise InvalidInput("is no verb.", field="verb", hint=f"Choose from: {', '.join(Verb)}.")
    return ENTITIES[ref.entity], Verb(verb)


def _record(uow: UnitOfWork, mine: Rights | None, cls: type[Record], ref: Ref, member_id: MemberId) -> Record:
    if mine is None or mine.may_some(EVERYTHING, Verb.ADMINISTER):
        return uow.repository(cls).get(ref.id)
    if member_id != mine.person.member_id:
        raise NotAllowed("You may not ask about others.", hint="It needs administer of everything.")
    found = mine.within(ref.entity, Verb.READ, [ref.id]).get(ref.id)
    if found is None:
        raise no_such(ref.entity, ref.id)
    return found
