"""Missed purchases: told to the owner once each, whoever runs it how often."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.errors import InvalidInput
from crmkit.rules import lifetime
from crmkit.rules.lifetime import Purchase
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.missed import MissesTold, missed_purchases, tell_missed
from crmkit.services.relay import relay
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, an_account, an_opportunity
from crmkit.testing.faults import Plan, disturbed
from crmkit.testing.history import History, Told

DAY = timedelta(days=1)
TODAY = NOW.date()
OPT_OUT = ProfilingPolicy(id="account", opt_out="contains(tags, 'no_profiling')")


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    keep(ctx, a_member(), a_member(id="M-2"), policies=[OPT_OUT])
    yield ctx
    assert History.of(store).breaches() == []
    store.close()


def keep(ctx, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, records))

    ctx.store.run(fill)


def change(ctx, account_id, **fields):
    def work(uow):
        uow.save(changed(uow.accounts.get(account_id), now=ctx.clock.now(), **fields))

    ctx.store.run(work)


def regular(number, *, silent=20):
    """Deals of an account that came every ten days, and has been silent for twenty."""
    for nth in range(8):
        yield an_opportunity(
            id=f"O-{number}-{nth}",
            account_id=f"A-{number}",
            status="won",
            stage="won",
            closed_at=NOW - (silent + 10 * nth) * DAY,
        )


def firm(number, **fields):
    return an_account(id=f"A-{number}", emails=(), **{"owner_id": "M-1", **fields})


def tasks(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {task.id: task for task in uow.tasks.find()}


def test_the_list_is_that_of_the_engine_without_who_opted_out(ctx):
    keep(ctx, firm(1), firm(2), firm(3, tags=("no_profiling",)))
    keep(ctx, *regular(1), *regular(2, silent=3), *regular(3))
    [found] = missed_purchases(ctx)
    bought = [Purchase(customer_id="A-1", on=TODAY - (20 + 10 * nth) * DAY) for nth in range(8)]
    assert [found] == lifetime.missed_purchases(bought, as_of=TODAY)
    assert tasks(ctx) == {}


def test_the_owner_gets_a_task_and_a_notice_of_the_miss(ctx):
    keep(ctx, firm(1), *regular(1))
    [missed] = missed_purchases(ctx)
    assert tell_missed(ctx) == MissesTold(told=1)
    [task] = tasks(ctx).values()
    assert (task.owner_id, task.subject_entity, task.subject_id) == ("M-1", "account", "A-1")
    assert task.title == ctx.book.texts.say(missed.reasons[0])
    relay(ctx)
    [notice] = [each for each in ctx.notifier.notices if each.type == "task.purchase_missed"]
    assert (notice.recipients, notice.record) == (("M-1",), task.ref)
    due = missed.rhythm.due_on.isoformat()
    assert ctx.book.texts.say(notice.reason) == f"A-1 should have bought by {due}; the last purchase was 20 days ago."
    assert "A-1 应于" in ctx.book.texts.say(notice.reason, "zh")


def test_the_task_speaks_the_language_that_is_asked_for(ctx):
    keep(ctx, firm(1), *regular(1))
    tell_missed(ctx, language="zh")
    [task] = tasks(ctx).values()
    assert "购买" in task.title
    assert "购买" in task.details


def test_a_miss_is_told_once_however_often_it_runs(ctx):
    keep(ctx, firm(1), *regular(1))
    tell_missed(ctx)
    assert tell_missed(ctx) == MissesTold(known=1)
    ctx.clock.advance(days=1)
    assert tell_missed(ctx) == MissesTold(known=1)
    assert len(tasks(ctx)) == 1


def test_a_deal_written_down_late_moves_the_date_and_tells_nobody_again(ctx):
    keep(ctx, firm(1), *regular(1))
    [before] = missed_purchases(ctx)
    tell_missed(ctx)
    keep(ctx, an_opportunity(id="O-late", account_id="A-1", status="won", closed_at=NOW - 25 * DAY))
    [after] = missed_purchases(ctx)
    assert after.rhythm.due_on != before.rhythm.due_on
    assert tell_missed(ctx) == MissesTold(known=1)


def test_the_next_miss_is_another_one(ctx):
    keep(ctx, firm(1), *regular(1))
    tell_missed(ctx)
    keep(ctx, an_opportunity(id="O-back", account_id="A-1", status="won", closed_at=NOW))
    ctx.clock.advance(days=30)
    assert tell_missed(ctx) == MissesTold(told=1)
    assert len(tasks(ctx)) == 2


def test_what_nobody_owns_is_told_once_somebody_does(ctx):
    keep(ctx, firm(1, owner_id=None), *regular(1))
    assert tell_missed(ctx) == MissesTold(unowned=1)
    assign_to(ctx, firm(1).ref, "M-2")
    assert tell_missed(ctx) == MissesTold(told=1)
    assert [task.owner_id for task in tasks(ctx).values()] == ["M-2"]


def test_whoever_opted_out_is_not_told_of(ctx):
    keep(ctx, firm(1, tags=("no_profiling",)), *regular(1))
    assert tell_missed(ctx) == MissesTold()
    assert tasks(ctx) == {}


def test_misses_of_long_ago_are_not_told(ctx):
    keep(ctx, firm(1), *regular(1, silent=200))
    assert tell_missed(ctx) == MissesTold()
    assert tell_missed(ctx, within_days=365) == MissesTold(told=1)


def test_many_are_told_in_pieces(ctx):
    keep(ctx, *(firm(number) for number in range(5)), *(deal for n in range(5) for deal in regular(n)))
    assert tell_missed(ctx, chunk=2) == MissesTold(told=5)
    assert {task.subject_id for task in tasks(ctx).values()} == {f"A-{number}" for number in range(5)}
    assert tell_missed(ctx, chunk=2) == MissesTold(known=5)


def test_a_hundred_misses_take_as_many_calls_of_the_store_as_one(ctx):
    calls = []
    for numbers in (range(1), range(1, 101)):
        keep(ctx, *(firm(number) for number in numbers), *(deal for n in numbers for deal in regular(n)))
        plan = Plan()
        assert tell_missed(disturbed(ctx, plan)).told == len(numbers)
        calls.append(plan.calls)
    assert calls[0] == calls[1]


def test_orders_of_the_host_take_the_place_of_deals(ctx):
    keep(ctx, firm(1))
    bought = [Purchase(customer_id=who, on=TODAY - (20 + 10 * nth) * DAY) for who in ("A-1", "A-9") for nth in range(8)]
    assert [each.customer_id for each in missed_purchases(ctx, purchases=iter(bought))] == ["A-1"]
    assert tell_missed(ctx, purchases=iter(bought)) == MissesTold(told=1)


def test_orders_may_come_out_of_the_same_store(ctx):
    keep(ctx, firm(1), *regular(1))

    def of_deals():
        with ctx.store.begin(read_only=True) as uow:
            for deal in uow.opportunities.scan():
                yield Purchase(customer_id=deal.account_id, on=deal.closed_at.date())

    assert missed_purchases(ctx, purchases=of_deals()) == missed_purchases(ctx)


def test_an_account_that_is_gone_or_given_away_meanwhile_is_asked_again(ctx, monkeypatch):
    """Between the reading and the telling somebody opts out, and somebody else takes over."""
    keep(ctx, firm(1), firm(2), *regular(1), *regular(2))
    missed = missed_purchases(ctx)
    change(ctx, "A-1", tags=("no_profiling",))
    assign_to(ctx, firm(2).ref, "M-2")
    monkeypatch.setattr("crmkit.services.missed.missed_purchases", lambda *_args, **_options: missed)
    assert tell_missed(ctx) == MissesTold(told=1)
    assert [(task.subject_id, task.owner_id) for task in tasks(ctx).values()] == [("A-2", "M-2")]


def test_an_empty_store_has_nobody_to_tell(ctx):
    assert missed_purchases(ctx) == ()
    assert tell_missed(ctx) == MissesTold()
    with pytest.raises(InvalidInput, match="at least 1"):
        tell_missed(ctx, within_days=0)
    with pytest.raises(InvalidInput, match="at least 1"):
        tell_missed(ctx, chunk=0)


def test_the_account_itself_is_left_as_it_is(ctx):
    keep(ctx, firm(1), *regular(1))
    tell_missed(ctx)
    [task] = tasks(ctx).values()
    with ctx.store.begin(read_only=True) as uow:
        assert uow.accounts.get("A-1").version == 1
        assert [entry.type for entry in uow.trail.of(task.ref)] == ["task.purchase_missed"]
