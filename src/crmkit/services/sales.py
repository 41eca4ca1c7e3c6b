"""What customers bought, as the won deals tell it; analyses of customers begin here unless the host hands in its orders."""

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from crmkit.domain.conditions import F, Missing
from crmkit.domain.ids import AccountId, OpportunityId
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import StageKind
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork

__all__ = ["Sale", "sales"]


@frozen(kw_only=True)
class Sale:
    """One won deal: who bought what, when, and for how much in minor units."""

    account_id: AccountId
    opportunity_id: OpportunityId
    product: str
    at: datetime
    amount: int = 0


def sales(uow: UnitOfWork, *, currency: str = "", account_id: AccountId | None = None, now: datetime) -> Iterator[Sale]:
    """The deals of accounts won up to ``now``, of all or of one account, read piece by piece.

    Without a ``currency`` all amounts are 0. A deal without an amount counts as a purchase of 0.

    Raises:
        InvalidInput: a deal is in another currency: adding it up would be wrong, and leaving it out too. Or its
            amount is negative: that is no purchase.
    """
    whose = ~Missing("account_id") if account_id is None else F.account_id == account_id
    won = (F.status == StageKind.WON) & (F.closed_at <= now) & whose
    for deal in uow.opportunities.scan(won):
        if deal.account_id is not None and deal.closed_at is not None:
            amount = _minor(deal, currency) if currency else 0
            yield Sale(
                account_id=deal.account_id,
                opportunity_id=deal.id,
                product=deal.product,
                at=deal.closed_at,
                amount=amount,
            )


def _minor(deal: Opportunity, currency: str) -> int:
    if deal.amount is None:
        return 0
    if deal.amount.currency != currency:
        raise InvalidInput(
            f"does not fit opportunity {deal.id!r}, which is in {deal.amount.currency}.",
            field="currency",
            hint="Hand in purchases of your own, converted to one currency.",
        )
    if deal.amount.minor < 0:
        raise InvalidInput(
            f"is negative in opportunity {deal.id!r}.",
            field="amount",
            hint="Take returns off what was bought before, and hand in purchases of your own.",
        )
    return deal.amount.minor
