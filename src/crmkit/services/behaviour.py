"""How a customer behaves, read from what is stored of the talks with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.behaviour import BehaviourDecision, BehaviourFacts, BehaviourPolicy, decide
from crmkit.services.context import Context
from crmkit.services.conversations import newest, with_accounts
from crmkit.services.profiling import refusing

__all__ = ["behaviour_of", "reading"]

_WITH: Mapping[str, type[Record]] = {cls.entity: cls for cls in (Account, Contact, Lead)}


def behaviour_of(ctx: Context, ref: Ref, *, zone: str = "UTC") -> BehaviourDecision:
    """How often, by which channel, about what and when the customer talks with us; nothing is written.

    Of an account the talks with its contacts count too, without those who are not to be profiled. The newest
    thousand talks with each are looked at.

    Args:
        ctx: the ports.
        ref: a lead, a contact or an account.
        zone: where the customer lives, by the zone's IANA name.

    Raises:
        InvalidInput: nobody talks with such a record, or there is no such zone.
        NotFound: there is no such record.
    """
    cls = _WITH.get(ref.entity)
    if cls is None:
        raise InvalidInput("talks with nobody.", field="ref", hint=f"Choose from: {', '.join(_WITH)}.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, record = ctx.clock.now(), uow.repository(cls).get(ref.id)
        if refusing(uow, ref.entity, now)(record):
            return decide(reading(uow, now), BehaviourFacts(opted_out=True, zone=zone), now=now)
        said = _said(uow, ref, now).get(ref.id, ())
        return decide(reading(uow, now), BehaviourFacts(interactions=tuple(said), zone=zone), now=now)


def reading(uow: UnitOfWork, now: datetime) -> BehaviourPolicy:
    """The tenant's policy at ``now``, or the standard one."""
    return uow.policies.in_force(BehaviourPolicy, now) or BehaviourPolicy()


def _said(uow: UnitOfWork, ref: Ref, now: datetime) -> Mapping[str, Sequence[Interaction]]:
    if ref.entity == Account.entity:
        return with_accounts(uow, [ref.id], now=now)
    return newest(uow, ref.entity, [ref.id])
