"""How important customers are: their level written where it changes, and when each should be cared for next."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from attrs import frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.change import Change
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import AccountId
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.behaviour import BehaviourFacts, BehaviourPolicy
from crmkit.rules.behaviour import decide as behave
from crmkit.rules.scoring import ScorePolicy, rate_many
from crmkit.rules.segments import ImportanceDecision, ImportanceFacts, ImportancePolicy, decide_importance, percentile
from crmkit.services.behaviour import reading
from crmkit.services.context import Context
from crmkit.services.conversations import with_accounts
from crmkit.services.profiling import profiled, refusing
from crmkit.services.sales import sales

__all__ = ["Graded", "grade_customers"]

CHUNK = 500
"""Customers in one transaction."""
NOTHING: Mapping[str, int] = FrozenDict()


@model
class Graded:
    """How many customers were looked at and changed, how many contacts were planned, and how many have which level."""

    customers: int = 0
    changed: int = 0
    planned: int = 0
    levels: Mapping[str, int] = NOTHING
    """Under ``""`` those without a level."""


def grade_customers(
    ctx: Context,
    *,
    currency: str = "",
    amounts: Mapping[str, int] | None = None,
    potential: Mapping[str, int] = NOTHING,
    days: int = 365,
    plan_care: bool = False,
    tell: Callable[[AccountId, ImportanceDecision], object] | None = None,
    chunk: int = CHUNK,
) -> Graded:
    """Every account has the level that the importance policy gives it; only those that change are written.

    Contribution is the percentile by what was won in the last ``days``, among all who bought in that time; 0 for
    those who bought before only, unknown for who never did. Potential is what ``potential`` says, or the fit by the
    ``ScorePolicy`` with the id ``"account"`` where there is one. Loyalty is the index of ``rules.behaviour``, where
    there was a talk at all. The level that an account has keeps its margin, and who is not to be profiled has none.

    Args:
        ctx: the ports.
        currency: of the won deals that are read.
        amounts: what each account brought, in minor units, instead of the won deals.
        potential: what each could bring, of 0 to 100.
        days: how far back won deals count.
        plan_care: the next contact is planned for when care is due, where none is planned before.
        tell: is told every decision, with its reasons and ``care_at``: so many days after the last contact, or
            after the account was made.
        chunk: customers in one transaction.

    Raises:
        InvalidInput: neither ``currency`` nor ``amounts``, a deal is in another currency, or a potential is not
            of 0 to 100.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        won = _won(uow, currency, now - timedelta(days=days), now) if amounts is None else amounts
        grading = _Grading.of(uow, won, potential, plan_care=plan_care, now=now)
        graded, stale = _looked_through(uow, grading, tell, now)
    changed = planned = 0
    for first in range(0, len(stale), chunk):

        def work(uow: UnitOfWork, now: datetime, some: Sequence[str] = stale[first : first + chunk]) -> Graded:
            found = list(uow.accounts.get_many(some).values())
            changes = list(grading.changes(found, grading.decided(uow, found, now), now))
            uow.save(*changes)
            plans = sum("next_contact_at" in (change.touched or ()) for change in changes)
            return Graded(changed=len(changes), planned=plans)

        written = ctx.command(work, Graded)
        changed, planned = changed + written.changed, planned + written.planned
    return Graded(customers=graded.total(), changed=changed, planned=planned, levels=dict(sorted(graded.items())))


def _won(uow: UnitOfWork, currency: str, since: datetime, now: datetime) -> dict[str, int]:
    """What each account that ever bought has brought since then."""
    if not currency:
        raise InvalidInput("is missing.", field="currency", hint="Give the one of the deals, or amounts of your own.")
    won: Counter[str] = Counter()
    for sale in sales(uow, currency=currency, now=now):
        won[sale.account_id] += sale.amount if sale.at > since else 0
    return won


def _looked_through(
    uow: UnitOfWork,
    grading: "_Grading",
    tell: Callable[[AccountId, ImportanceDecision], object] | None,
    now: datetime,
) -> tuple[Counter[str], list[str]]:
    """How many accounts have which level, and the ids of those that are to be written."""
    levels, stale, accounts = Counter[str](), list[str](), uow.accounts.scan()
    while some := list(islice(accounts, CHUNK)):
        decisions = grading.decided(uow, some, now)
        levels.update(decision.level for decision in decisions)
        stale += [change.after.id for change in grading.changes(some, decisions, now)]
        if tell is not None:
            for account, decision in zip(some, decisions, strict=True):
                tell(account.id, decision)
    return levels, stale


@frozen(kw_only=True)
class _Grading:
    """What all customers are graded by."""

    policy: ImportancePolicy
    habits: BehaviourPolicy
    fit: ScorePolicy | None
    won: Mapping[str, int]
    ranked: Sequence[int]
    potential: Mapping[str, int]
    plan_care: bool

    @classmethod
    def of(
        cls, uow: UnitOfWork, won: Mapping[str, int], potential: Mapping[str, int], *, plan_care: bool, now: datetime
    ) -> "_Grading":
        """The policies in force, and what those brought who may be profiled, in rising order."""
        known = {account.id for account in profiled(uow, Account, sorted(won), now)}
        fit = uow.policies.in_force(ScorePolicy, now, id=Account.entity)
        return cls(
            policy=uow.policies.in_force(ImportancePolicy, now) or ImportancePolicy(),
            habits=reading(uow, now),
            fit=fit if fit is not None and fit.record == Account.entity else None,
            won=won,
            ranked=sorted(won[id_] for id_ in known if won[id_] > 0),
            potential=potential,
            plan_care=plan_care,
        )

    def decided(self, uow: UnitOfWork, accounts: Sequence[Account], now: datetime) -> list[ImportanceDecision]:
        """The decision of each, in order; the queries do not grow with how many there are."""
        refuses = refusing(uow, Account.entity, now)
        known = [account for account in accounts if not refuses(account)]
        said = with_accounts(uow, [account.id for account in known], now=now)
        fits = self._fits(known, now)
        facts = {
            account.id: self._facts(account, said.get(account.id, ()), fits.get(account.id), now) for account in known
        }
        nobody = ImportanceFacts(opted_out=True)
        return [decide_importance(self.policy, facts.get(account.id, nobody), now=now) for account in accounts]

    def _facts(self, account: Account, said: Sequence[Interaction], fit: int | None, now: datetime) -> ImportanceFacts:
        habits = BehaviourFacts(interactions=tuple(said))
        return ImportanceFacts(
            contribution=self._contribution(account.id),
            potential=self.potential.get(account.id, fit),
            loyalty=behave(self.habits, habits, now=now).loyalty if said else None,
            level=account.level,
            cared_at=account.last_contact_at or account.created_at,
        )

    def changes(
        self, accounts: Sequence[Account], decisions: Sequence[ImportanceDecision], now: datetime
    ) -> Iterator[Change[Account]]:
        """What is to be written: levels that are others, and contacts that are to be planned."""
        for account, decision in zip(accounts, decisions, strict=True):
            plan = self._plan(account, decision)
            graded = None if decision.level == account.level else account.grade(decision.level, now=now)
            if plan is None:
                yield from [] if graded is None else [graded]
            else:
                yield account.plan_contact(plan, now=now) if graded is None else _and_plan(graded, plan, now)

    def _plan(self, account: Account, decision: ImportanceDecision) -> datetime | None:
        """When the next contact is to be planned for, if it is."""
        at, planned = decision.care_at, account.next_contact_at
        return at if self.plan_care and at is not None and (planned is None or at < planned) else None

    def _contribution(self, id_: str) -> int | None:
        """Where the account stands among those who bought; unknown where it never did."""
        amount = self.won.get(id_)
        if amount is None:
            return None
        return percentile(amount, self.ranked) if amount > 0 and self.ranked else 0

    def _fits(self, accounts: Sequence[Account], now: datetime) -> dict[str, int]:
        """How well each fits by the score; what it does is loyalty, and not potential."""
        if self.fit is None:
            return {}
        ratings = rate_many(self.fit, accounts, now=now)
        return {account.id: min(100, max(0, points)) for account, (points, *_) in zip(accounts, ratings, strict=True)}


def _and_plan(graded: Change[Account], at: datetime, now: datetime) -> Change[Account]:
    return graded.then(lambda account: account.plan_contact(at, now=now))
