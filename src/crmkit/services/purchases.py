"""What analyses of customers begin with: the purchases of accounts that are stored and may be profiled.

Without purchases of the host's own the won deals are read. Whoever is no account, or was removed, teaches nothing:
nobody could ask whether they object.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from crmkit.domain.ids import AccountId
from crmkit.domain.parties.account import Account
from crmkit.domain.values import in_zone
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules import lifetime, recommendation
from crmkit.rules.lifetime.purchases import MOST_DAYS
from crmkit.services.profiling import profiled
from crmkit.services.sales import Sale, sales

__all__ = ["days_of", "every_day", "every_line", "held", "lines_of", "reaching_back", "today"]

P = TypeVar("P", lifetime.Purchase, recommendation.Purchase)


def today(now: datetime, zone: str) -> date:
    """The date in ``zone`` (an IANA name).

    Raises:
        InvalidInput: no such zone.
    """
    return in_zone(now, zone).date()


def held(purchases: Iterable[P] | None) -> list[P] | None:
    """The host's purchases, to be read before a unit of work begins: they may come out of the same store."""
    return None if purchases is None else list(purchases)


def reaching_back(bought: Sequence[lifetime.Purchase], *, days: int, as_of: date) -> Sequence[lifetime.Purchase]:
    """``bought``, where there is something to learn from before the last ``days`` on which models are tried.

    Raises:
        InvalidInput: nobody bought before them, or that is no number of days.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"must lie between 1 and {MOST_DAYS}.", field="days", hint="90 or 365 are usual.")
    if not any(each.on <= as_of - timedelta(days=days) for each in bought):
        hint = "Choose fewer days, or hand in older purchases."
        raise InvalidInput("leaves no purchase before them.", field="days", hint=hint)
    return bought


def every_day(
    uow: UnitOfWork, purchases: Sequence[lifetime.Purchase] | None, *, currency: str, zone: str, now: datetime
) -> list[lifetime.Purchase]:
    """By day in ``zone``: ``purchases``, or else the won deals, of all accounts that may be profiled.

    Raises:
        InvalidInput: a won deal is in another ``currency``, or no such zone.
    """
    given = purchases if purchases is not None else _by_day(sales(uow, currency=currency, now=now), zone)
    return _of_willing(uow, list(given), now)


def every_line(
    uow: UnitOfWork, purchases: Sequence[recommendation.Purchase] | None, *, now: datetime
) -> list[recommendation.Purchase]:
    """By line: ``purchases``, or else the won deals with a product, of all accounts that may be profiled."""
    given = purchases if purchases is not None else _by_line(sales(uow, now=now))
    return _of_willing(uow, list(given), now)


def days_of(
    uow: UnitOfWork,
    account_id: AccountId,
    purchases: Sequence[lifetime.Purchase] | None,
    *,
    currency: str,
    zone: str,
    now: datetime,
) -> list[lifetime.Purchase]:
    """The same for one account, whoever that is: ask first."""
    if purchases is None:
        return list(_by_day(sales(uow, currency=currency, account_id=account_id, now=now), zone))
    return [each for each in purchases if each.customer_id == account_id]


def lines_of(
    uow: UnitOfWork, account_id: AccountId, purchases: Sequence[recommendation.Purchase] | None, *, now: datetime
) -> list[recommendation.Purchase]:
    """The same for one account, whoever that is: ask first."""
    if purchases is None:
        return list(_by_line(sales(uow, account_id=account_id, now=now)))
    return [each for each in purchases if each.customer_id == account_id]


def _of_willing(uow: UnitOfWork, given: Sequence[P], now: datetime) -> list[P]:
    ids = sorted({each.customer_id for each in given})
    known = {account.id for account in profiled(uow, Account, ids, now)}
    return [each for each in given if each.customer_id in known]


def _by_day(found: Iterable[Sale], zone: str) -> Iterator[lifetime.Purchase]:
    for sale in found:
        yield lifetime.Purchase(customer_id=sale.account_id, on=today(sale.at, zone), amount=sale.amount)


def _by_line(found: Iterable[Sale]) -> Iterator[recommendation.Purchase]:
    """A deal without a product says nothing of items."""
    for sale in found:
        if sale.product:
            yield recommendation.Purchase(
                customer_id=sale.account_id, item_id=sale.product, order_id=sale.opportunity_id, at=sale.at
            )
