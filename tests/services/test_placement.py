"""Customers placed by what they bought, and kept as memberships of one scheme."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.parties.segment import Why
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidInput
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.segments import NamedSegment, Orders, RfmScales, SegmentFacts, SegmentPolicy, Span, decide
from crmkit.services.context import Context
from crmkit.services.merge import merge
from crmkit.services.placement import place_customers
from crmkit.services.segments import members_of, migration_between, segment_history, segments_of, sizes
from crmkit.services.unmerge import unmerge
from crmkit.testing import NOW, FixedClock, FixedIds, an_account, an_opportunity
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()
DAY = timedelta(days=1)
SCHEME = "rfm:standard"
QUIET = ProfilingPolicy(id="account", opt_out="contains(tags, 'quiet')")


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"), book=BOOK)
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)
    assert History.of(store).breaches() == []
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def firm(n, **fields):
    return an_account(id=f"A-{n}", name=CompanyName(legal=f"Nordlicht {n} GmbH"), emails=(), **fields)


def deal(id, account, *, days=1, amount=100, currency="EUR", **fields):
    won = {"status": "won", "stage": "won", "closed_at": NOW - days * DAY, "product": "pump"}
    money = Money(minor=amount, currency=currency)
    return an_opportunity(id=id, account_id=account, amount=money, **{**won, **fields})


def trade(ctx, many=10):
    """The higher the number, the longer ago, the seldomer and the less was bought."""
    save(ctx, *(firm(n) for n in range(many)))
    deals = [
        deal(f"O-{n}-{k}", f"A-{n}", days=1 + 20 * n + k, amount=1_000 // (n + 1))
        for n in range(many)
        for k in range(many - n)
    ]
    save(ctx, *deals)


def where(ctx, n):
    return [each.segment for each in segments_of(ctx, Ref(entity="account", id=f"A-{n}"))]


def edit(ctx, n, **fields):
    ctx.store.run(lambda uow: uow.save(changed(uow.accounts.get(f"A-{n}"), now=ctx.clock.now(), **fields)))


def policies(ctx, id="standard"):
    with ctx.store.begin(read_only=True) as uow:
        return list(uow.policies.versions(SegmentPolicy, id))


def test_every_customer_stands_where_the_engine_places_it(ctx):
    trade(ctx)
    save(ctx, an_account(id="A-99"))
    placed = place_customers(ctx, currency="EUR")
    assert (placed.scheme, placed.customers, placed.joined, placed.left) == (SCHEME, 10, 10, 0)
    (policy,) = policies(ctx)
    assert placed.policy == policy.ref
    for n in range(10):
        dates = [(NOW - (1 + 20 * n + k) * DAY, 1_000 // (n + 1)) for k in range(10 - n)]
        told = decide(policy, SegmentFacts(orders=Orders.of(dates)), now=NOW)
        assert where(ctx, n) == [told.segment]
    assert where(ctx, 99) == []
    assert sum(sizes(ctx, SCHEME).values()) == 10
    assert len(members_of(ctx, where(ctx, 0)[0], scheme=SCHEME)) == sizes(ctx, SCHEME)[where(ctx, 0)[0]]


def test_a_repeat_writes_nothing_and_keeps_the_scales(ctx):
    trade(ctx)
    first = place_customers(ctx, currency="EUR")
    before = History.of(ctx.store).in_words()
    again = place_customers(ctx, currency="EUR", chunk=3)
    assert (again.policy, again.joined, again.left) == (first.policy, 0, 0)
    assert History.of(ctx.store).in_words() == before
    assert len(policies(ctx)) == 1


def test_who_moved_is_told_from_the_history_and_by_one_policy(ctx):
    trade(ctx)
    place_customers(ctx, currency="EUR", chunk=4)
    was, last = where(ctx, 9), where(ctx, 0)
    later = ctx.clock.advance(hours=1)
    # a new customer outdoes everybody: that moves nobody else
    save(ctx, firm(10), *(deal(f"O-x-{n}", "A-10", days=0, amount=9_999) for n in range(30)))
    save(ctx, *(deal(f"O-9-{n}", "A-9", days=0, amount=9_999) for n in range(1, 20)))
    again = place_customers(ctx, currency="EUR")
    assert (again.joined, again.left) == (2, 1)
    moved = migration_between(ctx, SCHEME, NOW, later)
    assert (moved.total, moved.stayed) == (11, 9)
    assert (moved.count(was[0], last[0]), moved.count("", last[0])) == (1, 1)
    past = segment_history(ctx, Ref(entity="account", id="A-9"), scheme=SCHEME)
    assert [(each.segment, each.until) for each in past] == [(was[0], later), (last[0], None)]


def test_scales_are_cut_anew_only_when_asked(ctx):
    trade(ctx)
    place_customers(ctx, currency="EUR")
    save(ctx, *(deal(f"O-9-{n}", "A-9", days=0, amount=9_999) for n in range(1, 20)))
    assert place_customers(ctx, currency="EUR", recut=True).policy.version == 2
    one, other = policies(ctx)
    assert one.scales != other.scales


def test_a_policy_of_the_hosts_own_places_under_its_own_scheme(ctx):
    trade(ctx)
    ctx.store.run(lambda uow: uow.policies.put(SegmentPolicy(id="shops", bands=3, segments=coarse(), seldom_to=1)))
    placed = place_customers(ctx, currency="EUR", policy_id="shops")
    assert (placed.scheme, placed.policy.version) == ("rfm:shops", 2)
    assert set(sizes(ctx, "rfm:shops")) <= {"recent", "rest"}
    assert place_customers(ctx, currency="EUR", policy_id="others").scheme == "rfm:others"
    assert len(segments_of(ctx, Ref(entity="account", id="A-0"))) == 2


def coarse():
    return (NamedSegment(name="recent", recency=Span(least=3)), NamedSegment(name="rest"))


def test_a_host_may_hand_in_its_own_orders(ctx):
    save(ctx, firm(1), firm(2))
    orders = {f"A-{n}": Orders(last_at=NOW - n * DAY, count=3 - n, amount=100) for n in (1, 2)}
    assert place_customers(ctx, orders={**orders, "A-gone": orders["A-1"]}).customers == 2
    assert place_customers(ctx, orders={"A-1": orders["A-1"]}).left == 1
    assert where(ctx, 2) == []


def test_without_customers_no_scales_are_kept(ctx):
    assert place_customers(ctx, currency="EUR").customers == 0
    assert policies(ctx) == []


def test_amounts_are_of_one_currency(ctx):
    save(ctx, firm(1), deal("O-1", "A-1", currency="USD"))
    with pytest.raises(InvalidInput, match="in USD"):
        place_customers(ctx, currency="EUR")
    with pytest.raises(InvalidInput, match=r"currency: is missing"):
        place_customers(ctx)


class TestWhoIsNotToBeProfiled:
    def test_they_stand_nowhere_and_count_for_no_scale(self, ctx):
        ctx.store.run(lambda uow: uow.policies.put(QUIET))
        trade(ctx)
        edit(ctx, 0, tags=("quiet",))
        assert place_customers(ctx, currency="EUR").customers == 9
        assert where(ctx, 0) == []
        (policy,) = policies(ctx)
        assert policy.scales.frequency.cuts[-1] <= 9

    def test_who_opts_out_leaves_for_that_reason(self, ctx):
        ctx.store.run(lambda uow: uow.policies.put(QUIET))
        trade(ctx)
        place_customers(ctx, currency="EUR")
        ctx.clock.advance(days=1)
        edit(ctx, 0, tags=("quiet",))
        assert place_customers(ctx, currency="EUR").left >= 1
        (past,) = segment_history(ctx, Ref(entity="account", id="A-0"))
        assert (past.until, past.left_why) == (NOW + DAY, Why.OPTED_OUT)


def test_a_merge_leaves_nobody_in_two_places_and_the_next_run_places_both_again(ctx):
    trade(ctx)
    place_customers(ctx, currency="EUR")
    one, nine = (Ref(entity="account", id=f"A-{n}") for n in (1, 9))
    ctx.clock.advance(minutes=1)
    merge(ctx, nine, one, keep="A-9")
    assert (len(where(ctx, 9)), where(ctx, 1)) == (1, [])
    place_customers(ctx, currency="EUR")
    ctx.clock.advance(minutes=1)
    unmerge(ctx, one)
    place_customers(ctx, currency="EUR")
    assert (len(where(ctx, 9)), len(where(ctx, 1))) == (1, 1)
    assert sum(sizes(ctx, SCHEME).values()) == 10


def test_somebody_else_may_have_cut_the_scales_meanwhile(ctx, monkeypatch):
    """Between reading and storing: then theirs hold, and there is one version."""
    trade(ctx)
    theirs = SegmentPolicy(scales=RfmScales.of([], now=NOW))
    kept, runs = ctx.store.run, []

    def run(_store, work, acting=None):
        if not runs:
            runs.append(work)
            kept(lambda uow: uow.policies.put(theirs))
        return kept(work, acting)

    monkeypatch.setattr(type(ctx.store), "run", run)
    assert place_customers(ctx, currency="EUR").policy == theirs.ref
    monkeypatch.undo()
    assert policies(ctx) == [theirs]
