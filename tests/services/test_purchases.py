"""What analyses learn from: purchases of accounts that are there and may be profiled, on the right day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.parties.account import Account
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.rules import lifetime, recommendation
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.services import profiling
from crmkit.services.profiling import profiled
from crmkit.services.purchases import days_of, every_day, every_line, lines_of, today
from crmkit.testing import NOW, an_account, an_opportunity

DAY = timedelta(days=1)
OPT_OUT = ProfilingPolicy(id="account", opt_out="contains(tags, 'no_profiling')")


def willing(uow, ids, *, now):
    return [account.id for account in profiled(uow, Account, ids, now)]


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield store
    store.close()


def keep(store, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, records))

    store.run(fill)


def read(store, what, *args, **options):
    with store.begin(read_only=True) as uow:
        return what(uow, *args, **options, now=NOW)


def won(number, account_id="A-1", *, at=NOW - DAY, **fields):
    return an_opportunity(
        id=f"O-{number}",
        account_id=account_id,
        status="won",
        stage="won",
        closed_at=at,
        **{"product": "pump", **fields},
    )


def firms(*numbers, **fields):
    return [an_account(id=f"A-{number}", emails=(), **fields) for number in numbers]


def by_day(store, given=None, currency="", zone="UTC"):
    found = read(store, every_day, given, currency=currency, zone=zone)
    return [(each.customer_id, each.on, each.amount) for each in found]


def test_a_won_deal_is_a_purchase_on_the_day_of_the_zone(store):
    late = datetime(2026, 1, 29, 23, 30, tzinfo=UTC)
    keep(store, *firms(1), won(1, at=late, amount=Money(minor=900, currency="CNY")))
    assert by_day(store, currency="CNY") == [("A-1", date(2026, 1, 29), 900)]
    assert by_day(store, currency="CNY", zone="Asia/Shanghai") == [("A-1", date(2026, 1, 30), 900)]
    assert by_day(store) == [("A-1", date(2026, 1, 29), 0)]


def test_deals_in_two_currencies_are_counted_but_never_added(store):
    keep(
        store,
        *firms(1),
        won(1, amount=Money(minor=900, currency="CNY")),
        won(2, amount=Money(minor=900, currency="USD")),
    )
    assert len(by_day(store)) == 2
    with pytest.raises(InvalidInput, match="'O-2', which is in USD"):
        by_day(store, currency="CNY")


def test_a_negative_deal_is_no_purchase_and_named(store):
    keep(store, *firms(1), won(1, amount=Money(minor=-1, currency="CNY")))
    with pytest.raises(InvalidInput, match="negative in opportunity 'O-1'"):
        by_day(store, currency="CNY")


def test_a_deal_without_a_product_says_nothing_of_items(store):
    keep(store, *firms(1), won(1), won(2, product=""))
    found = read(store, every_line, None)
    assert [(each.customer_id, each.item_id, each.order_id, each.at) for each in found] == [
        ("A-1", "pump", "O-1", NOW - DAY)
    ]


def test_whoever_opted_out_or_is_no_account_teaches_nothing(store):
    keep(store, *firms(1), *firms(2, tags=("no_profiling",)), policies=[OPT_OUT])
    keep(store, won(1), won(2, "A-2"), won(3, "A-gone"))
    assert [each[0] for each in by_day(store)] == ["A-1"]
    assert [each.customer_id for each in read(store, every_line, None)] == ["A-1"]
    assert list(read(store, willing, ["A-1", "A-2", "A-9"])) == ["A-1"]


def test_purchases_of_the_host_are_asked_the_same(store):
    keep(store, *firms(1), *firms(2, tags=("no_profiling",)), won(1), policies=[OPT_OUT])
    bought = [lifetime.Purchase(customer_id=who, on=date(2026, 1, 2), amount=7) for who in ("A-1", "A-2", "A-9")]
    lines = [
        recommendation.Purchase(customer_id=who, item_id="tea", order_id=who, at=NOW) for who in ("A-1", "A-2", "A-9")
    ]
    assert by_day(store, iter(bought)) == [("A-1", date(2026, 1, 2), 7)]
    assert [each.item_id for each in read(store, every_line, iter(lines))] == ["tea"]


def test_of_one_account_only_its_own_are_read(store):
    keep(store, *firms(1, 2), won(1), won(2, "A-2"))
    day = {"currency": "", "zone": "UTC"}
    given = [lifetime.Purchase(customer_id=who, on=date(2026, 1, 2)) for who in ("A-1", "A-2")]
    lines = [recommendation.Purchase(customer_id=who, item_id="tea", order_id=who, at=NOW) for who in ("A-1", "A-2")]
    assert [each.customer_id for each in read(store, days_of, "A-2", None, **day)] == ["A-2"]
    assert read(store, days_of, "A-2", given, **day) == given[1:]
    assert [each.order_id for each in read(store, lines_of, "A-2", None)] == ["O-2"]
    assert read(store, lines_of, "A-2", lines) == lines[1:]


def test_accounts_are_read_in_pieces(store, monkeypatch):
    monkeypatch.setattr(profiling, "AT_ONCE", 2)
    keep(store, *firms(1, 2, 3, 4, 5))
    assert sorted(read(store, willing, [f"A-{number}" for number in range(7)])) == [f"A-{n}" for n in range(1, 6)]


def test_the_date_is_that_of_the_zone():
    assert today(datetime(2026, 1, 31, 20, tzinfo=UTC), "Asia/Shanghai") == date(2026, 2, 1)
    with pytest.raises(InvalidInput, match="no time zone"):
        today(NOW, "Middle-earth")
