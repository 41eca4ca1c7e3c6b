"""Customers placed by what they bought: how recently, how often, for how much; and kept as memberships."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

from crmkit.domain.conditions import F
from crmkit.domain.model import Key, model, revise
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.segment import Why
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.policy import PolicyRef
from crmkit.rules.segments import Orders, RfmScales, SegmentFacts, SegmentPolicy, decide
from crmkit.services.context import Context
from crmkit.services.memberships import CHUNK, OPEN, Goal, rearrange
from crmkit.services.profiling import profiled, refusing
from crmkit.services.sales import sales

__all__ = ["Placed", "place_customers"]


@model
class Placed:
    """Under which scheme customers stand now and by which policy, how many they are, and how many moved."""

    scheme: Key
    policy: PolicyRef
    customers: int = 0
    joined: int = 0
    left: int = 0


def place_customers(
    ctx: Context,
    *,
    currency: str = "",
    orders: Mapping[str, Orders] | None = None,
    policy_id: str = "",
    recut: bool = False,
    chunk: int = CHUNK,
) -> Placed:
    """Every account that bought something stands in one segment of the policy's scheme; who moves leaves the old one.

    The policy is the ``SegmentPolicy`` in force, or the standard one. Where it has no scales they are cut from all
    customers, and stored with it as a new version: a later run places by the same ones, so that a customer moves
    for what the customer did. Who is not to be profiled counts nowhere and stands nowhere.

    Args:
        ctx: the ports.
        currency: of the won deals that are read.
        orders: purchases of the host's own, by account, instead of the won deals.
        policy_id: which policy, where there are several.
        recut: cut the scales anew.
        chunk: customers in one transaction.

    Raises:
        InvalidInput: neither ``currency`` nor ``orders``, or a deal is in another currency.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        bought = _orders(uow, currency, now) if orders is None else dict(orders)
        known = {account.id for account in profiled(uow, Account, sorted(bought), now)}
        policy = _policy(uow, policy_id, now)
    if known and (recut or policy.scales is None):
        scales = RfmScales.of((bought[id_] for id_ in known), bands=policy.bands, now=now)
        policy = _stored(ctx, policy_id, scales, recut=recut)
    scheme = f"rfm:{policy.id}"

    def candidates(uow: UnitOfWork, _now: datetime) -> Iterator[Sequence[str]]:
        """Who bought, and who stands somewhere without."""
        standing = uow.segment_memberships.scan((F.scheme == scheme) & OPEN)
        ids = chain(sorted(bought), (each.record_id for each in standing if each.record_id not in bought))
        while some := list(islice(ids, CHUNK)):
            yield some

    def goals(uow: UnitOfWork, ids: Sequence[str], now: datetime) -> Mapping[str, Goal]:
        return _goals(uow, policy, {id_: bought.get(id_, Orders()) for id_ in ids}, now)

    turnover = rearrange(ctx, Account.entity, scheme, candidates, goals, chunk=chunk)
    return Placed(scheme=scheme, policy=policy.ref, customers=len(known), joined=turnover.joined, left=turnover.left)


def _orders(uow: UnitOfWork, currency: str, now: datetime) -> dict[str, Orders]:
    """What each account bought, summed up while the won deals pass by."""
    if not currency:
        raise InvalidInput("is missing.", field="currency", hint="Give the one of the deals, or orders of your own.")
    sums: dict[str, tuple[datetime, int, int]] = {}
    for sale in sales(uow, currency=currency, now=now):
        last_at, count, amount = sums.get(sale.account_id, (sale.at, 0, 0))
        sums[sale.account_id] = (max(last_at, sale.at), count + 1, amount + sale.amount)
    return {id_: Orders(last_at=last_at, count=count, amount=amount) for id_, (last_at, count, amount) in sums.items()}


def _policy(uow: UnitOfWork, policy_id: str, now: datetime) -> SegmentPolicy:
    named = SegmentPolicy(id=policy_id) if policy_id else SegmentPolicy()
    return uow.policies.in_force(SegmentPolicy, now, id=policy_id) or named


def _stored(ctx: Context, policy_id: str, scales: RfmScales, *, recut: bool) -> SegmentPolicy:
    """The policy with these scales as its next version, or what somebody else has just stored."""

    def work(uow: UnitOfWork, now: datetime) -> SegmentPolicy:
        uow.lock(f"policy:segments:{policy_id}")
        policy = _policy(uow, policy_id, now)
        if policy.scales is not None and not recut:
            return policy
        versions = uow.policies.versions(SegmentPolicy, policy.id)
        fitted = revise(policy, scales=scales, version=1 + versions[-1].version if versions else 1)
        uow.policies.put(fitted)
        return fitted

    return ctx.command(work, SegmentPolicy)


def _goals(uow: UnitOfWork, policy: SegmentPolicy, orders: Mapping[str, Orders], now: datetime) -> dict[str, Goal]:
    accounts, refuses = uow.accounts.get_many(orders), refusing(uow, Account.entity, now)
    goals = dict[str, Goal]()
    for id_, each in orders.items():
        account = accounts.get(id_)
        if account is None:
            goals[id_] = Goal(why=Why.GONE)
            continue
        opted_out = refuses(account)
        decision = decide(policy, SegmentFacts(orders=each, opted_out=opted_out), now=now)
        goals[id_] = Goal(segment=decision.segment, why=Why.OPTED_OUT if opted_out else Why.PLACED)
    return goals
