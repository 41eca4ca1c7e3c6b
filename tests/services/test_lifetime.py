"""Lifetime value over stored customers: the engine's own answers, without whoever opted out."""

from datetime import timedelta

import pytest

from crmkit.adapters.batch.lifetime import ColumnFitter
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import Purchase, churn_list, histories, learn
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.lifetime import churn_risks, learn_lifetime
from crmkit.testing import NOW, FixedClock, FixedIds, an_account, an_opportunity
from crmkit.testing.history import Told

DAY = timedelta(days=1)
TODAY = NOW.date()
OPT_OUT = ProfilingPolicy(id="account", opt_out="contains(tags, 'no_profiling')")
SHOP = [
    Purchase(customer_id=f"A-{number:02}", on=TODAY - day * DAY, amount=1_000 * (1 + number % 5))
    for number in range(40)
    for day in range((0, 90 + 5 * number % 160, 300 - number)[number % 3], 340, 14 + number % 20)
]


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, records))

    ctx.store.run(fill)


def deals(bought=SHOP, currency="CNY"):
    for number, each in enumerate(bought):
        yield an_opportunity(
            id=f"O-{number}",
            account_id=each.customer_id,
            status="won",
            stage="won",
            closed_at=NOW - (TODAY - each.on),
            amount=Money(minor=each.amount, currency=currency),
        )


def firms():
    return [an_account(id=f"A-{number:02}", emails=()) for number in range(40)]


def tag(ctx, *ids):
    def work(uow):
        uow.save(*(changed(uow.accounts.get(id_), now=NOW, tags=("no_profiling",)) for id_ in ids))

    ctx.store.run(work)


def test_won_deals_teach_what_the_engine_would_learn(ctx):
    keep(ctx, *firms(), *deals())
    outlook = learn_lifetime(ctx, days=60, currency="CNY")
    assert outlook == learn(SHOP, days=60, currency="CNY", as_of=TODAY)
    assert outlook.back_test.customers
    risks = churn_risks(ctx, outlook)
    assert list(risks.customers) == churn_list(outlook, histories(SHOP, as_of=TODAY))
    assert "no purchase in the next 60 days" in ctx.book.texts.say_all(risks.customers[0].reasons)
    assert risks.customers[0].value.currency == "CNY"


def test_whoever_opted_out_is_not_learnt_from_and_not_listed(ctx):
    keep(ctx, *firms(), *deals(), policies=[OPT_OUT])
    gone = {f"A-{number:02}" for number in range(1, 40, 9)}
    tag(ctx, *gone)
    outlook = learn_lifetime(ctx, days=60)
    rest = [each for each in SHOP if each.customer_id not in gone]
    assert outlook.back_test == learn(rest, days=60, as_of=TODAY).back_test
    assert gone.isdisjoint(each.customer_id for each in churn_risks(ctx, outlook, least_risk=0).customers)


def test_whoever_opts_out_after_the_learning_is_not_listed_either(ctx):
    keep(ctx, *firms(), *deals(), policies=[OPT_OUT])
    outlook = learn_lifetime(ctx, days=60)
    worst = churn_risks(ctx, outlook).customers[0].customer_id
    tag(ctx, worst)
    assert worst not in {each.customer_id for each in churn_risks(ctx, outlook).customers}


def test_the_list_may_be_cut_and_says_how_many_follow(ctx):
    keep(ctx, *firms(), *deals())
    outlook = learn_lifetime(ctx)
    whole = churn_risks(ctx, outlook, least_risk=0.2)
    some = churn_risks(ctx, outlook, least_risk=0.2, limit=2)
    assert some.customers == whole.customers[:2]
    assert (some.more, whole.more) == (len(whole.customers) - 2, 0)
    patient = churn_risks(ctx, outlook, least_risk=0.2, most_silent=100).customers
    assert {each.customer_id for each in patient} == {
        each.customer_id for each in whole.customers if each.history.silent <= 100
    }
    with pytest.raises(InvalidInput, match="at least 1"):
        churn_risks(ctx, outlook, limit=0)
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        churn_risks(ctx, outlook, least_risk=2)


def test_orders_of_the_host_take_the_place_of_deals(ctx):
    keep(ctx, *firms(), *deals(SHOP[:9], currency="USD"))
    outlook = learn_lifetime(ctx, currency="CNY", purchases=iter(SHOP))
    assert outlook == learn(SHOP, currency="CNY", as_of=TODAY)
    found = churn_risks(ctx, outlook, purchases=iter(SHOP))
    assert list(found.customers) == churn_list(outlook, histories(SHOP, as_of=TODAY))


def test_deals_in_two_currencies_have_no_value_but_a_frequency(ctx):
    keep(ctx, *firms(), *deals())
    keep(ctx, an_opportunity(id="O-usd", account_id="A-01", status="won", closed_at=NOW, amount=Money.of("1", "USD")))
    with pytest.raises(InvalidInput, match="'O-usd', which is in USD"):
        learn_lifetime(ctx, currency="CNY")
    outlook = learn_lifetime(ctx)
    assert outlook.spend is None
    assert {each.value for each in churn_risks(ctx, outlook).customers} == {None}


def test_a_fitter_does_the_fitting(ctx):
    keep(ctx, *firms(), *deals())
    plain = learn_lifetime(ctx, days=60, currency="CNY")
    columns = learn_lifetime(ctx, days=60, currency="CNY", fitter=ColumnFitter())
    assert columns.model.kind == plain.model.kind
    assert columns.spend.p == pytest.approx(plain.spend.p, rel=1e-3)
    risks = [churn_risks(ctx, each).customers for each in (plain, columns)]
    assert [each.customer_id for each in risks[0]] == [each.customer_id for each in risks[1]]


def test_an_empty_store_is_nothing_to_learn_from(ctx):
    with pytest.raises(InvalidInput, match="leaves no purchase") as refused:
        learn_lifetime(ctx)
    assert refused.value.field == "days"


@pytest.mark.parametrize("days", [0, -1, 10**9])
def test_days_are_days(ctx, days):
    with pytest.raises(InvalidInput, match="between 1 and 36525"):
        learn_lifetime(ctx, days=days)


def test_with_nobody_left_the_list_is_empty(ctx):
    outlook = learn(SHOP, as_of=TODAY)
    assert churn_risks(ctx, outlook).customers == ()


def test_the_day_is_that_of_the_zone(ctx):
    keep(ctx, *firms(), *deals())
    ctx.clock.set(NOW.replace(hour=20))
    assert learn_lifetime(ctx).as_of == TODAY
    assert learn_lifetime(ctx, zone="Asia/Shanghai").as_of == TODAY + DAY
