"""Won deals as purchases: only those of accounts, won by then, in one currency."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import created
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.services.sales import sales
from crmkit.testing import NOW, an_opportunity

DAY = timedelta(days=1)
WON = {"status": "won", "stage": "won", "closed_at": NOW - DAY, "product": "pump"}


def found(*deals, currency=""):
    store = MemoryStore()
    with store.begin() as uow:
        uow.save(*(created(deal) for deal in deals))
        uow.commit()
    with store.begin(read_only=True) as uow:
        return list(sales(uow, currency=currency, now=NOW))


def test_only_deals_of_accounts_that_are_won_by_now_are_purchases():
    kept = found(
        an_opportunity(id="O-1", **WON),
        an_opportunity(id="O-2"),
        an_opportunity(id="O-3", **WON | {"status": "lost"}),
        an_opportunity(id="O-4", **WON | {"closed_at": NOW + DAY}),
        an_opportunity(id="O-5", **WON, account_id=None),
    )
    assert [(sale.opportunity_id, sale.account_id, sale.product, sale.at) for sale in kept] == [
        ("O-1", "A-1", "pump", NOW - DAY)
    ]


def test_amounts_are_told_in_the_currency_that_is_asked_for():
    deal = an_opportunity(**WON, amount=Money(minor=900, currency="CNY"))
    assert [sale.amount for sale in found(deal)] == [0]
    assert [sale.amount for sale in found(deal, currency="CNY")] == [900]
    assert [sale.amount for sale in found(an_opportunity(**WON), currency="CNY")] == [0]


def test_a_deal_in_another_currency_is_neither_added_nor_left_out():
    deal = an_opportunity(**WON, amount=Money(minor=900, currency="USD"))
    with pytest.raises(InvalidInput, match="'O-1', which is in USD") as refused:
        found(deal, currency="CNY")
    assert refused.value.field == "currency"
