"""What a stored customer will probably buy next, learnt from what all of them bought."""

from collections.abc import Collection, Iterable, Mapping

from crmkit.domain.ids import AccountId
from crmkit.domain.parties.account import Account
from crmkit.ports.item_learner import ItemLearner
from crmkit.rules.recommendation import (
    History,
    Item,
    ItemWalk,
    Knowledge,
    Purchase,
    RecommendationDecision,
    RecommendationFacts,
    RecommendationPolicy,
    decide,
)
from crmkit.services.context import Context
from crmkit.services.profiling import refusing
from crmkit.services.purchases import every_line, held, lines_of

__all__ = ["learn_recommendations", "recommend"]


def learn_recommendations(
    ctx: Context,
    *,
    items: Iterable[Item] = (),
    segments: Mapping[str, str] | None = None,
    purchases: Iterable[Purchase] | None = None,
    learner: ItemLearner | None = None,
) -> Knowledge:
    """What goes together and what is bought these days, learnt from accounts that may be profiled. Nothing is written.

    Learn once a day or so, and keep the answer for ``recommend``.

    Args:
        ctx: the ports.
        items: the catalogue: names, and what is not to be offered.
        segments: the segment of each account that has one; those of accounts that opted out are not looked at.
        purchases: the host's own, by account; the won deals with a product, if not given.
        learner: learns what goes together; a walk without dependencies, if not given.

    Raises:
        MissingExtra: what ``learner`` learns with is not installed.
    """
    now, given = ctx.clock.now(), held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        history = History.of(every_line(uow, given, now=now))
    neighbours = (learner or ItemWalk()).learn(history, now=now)
    return Knowledge.of(history, neighbours=neighbours, items=items, segments=segments, now=now)


def recommend(
    ctx: Context,
    account_id: AccountId,
    knowledge: Knowledge | None = None,
    *,
    segment: str = "",
    excluded: Collection[str] = (),
    purchases: Iterable[Purchase] | None = None,
) -> RecommendationDecision:
    """The items that the customer is most likely to buy next, each with its reason. Nothing is written.

    By the recommendation policy in force, or the standard one. Whoever opted out is recommended nothing, and what
    they bought is not read.

    Args:
        ctx: the ports.
        account_id: the customer.
        knowledge: what ``learn_recommendations`` said; learnt for this one call, if not given.
        segment: the customer's.
        excluded: items that must not be recommended to this customer.
        purchases: the host's own, of this account among others; its won deals with a product, if not given.

    Raises:
        NotFound: there is no such account.
    """
    given = held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, account = ctx.clock.now(), uow.accounts.get(account_id)
        policy = uow.policies.in_force(RecommendationPolicy, now) or RecommendationPolicy()
        if refusing(uow, Account.entity, now)(account):
            return decide(policy, RecommendationFacts(knowledge=Knowledge(), opted_out=True), now=now)
        history = History.of(lines_of(uow, account_id, given, now=now))
    knowledge = knowledge or learn_recommendations(ctx, purchases=given)
    facts = RecommendationFacts(
        bought=history.of_customer(account_id), knowledge=knowledge, segment=segment, excluded=tuple(excluded)
    )
    return decide(policy, facts, now=now)
