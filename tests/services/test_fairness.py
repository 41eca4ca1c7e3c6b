"""The report is gathered from what assignment itself has written."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.fairness import Measure
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to, assign_waiting
from crmkit.services.context import Context
from crmkit.services.fairness import fairness_report
from crmkit.services.pools import give_back
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_calendar,
    a_lead,
    a_member,
    a_pool,
    an_account,
    an_ownership_entry,
)

DAY = timedelta(days=1)
OLD = NOW - 400 * DAY


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def person(id, **changes):
    return a_member(**{"id": id, "name": id, "team_id": "east", "created_at": OLD, "updated_at": OLD, **changes})


EAST = AssignmentPolicy(id="lead", entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))


def test_what_round_robin_gave_is_told_as_even_and_what_went_back_counts(ctx):
    people = [person("eva", weight=200), person("wei"), person("boss", team_id=None), person("gone", status="left")]
    leads = [
        a_lead(id=f"L-{number}", score=number, amount=Money.of(str(100 + number), "CNY" if number else "EUR"))
        for number in range(30)
    ]
    keep(ctx, *people, *leads, a_calendar(), a_pool(id="all", holds="lead"), policies=[EAST])
    assign_waiting(ctx)
    with ctx.store.begin(read_only=True) as uow:
        mine = uow.leads.get("L-0").owner_id
    give_back(ctx, Ref(entity="lead", id="L-0"), mine)
    ctx.clock.advance(days=28)

    report = fairness_report(ctx, NOW - DAY, ctx.clock.now(), calendar_id="cn")

    assert sorted((row.share.member_id, row.share.count, row.expected) for row in report.rows) == [
        ("eva", 20, 20),
        ("wei", 10, 10),
    ]
    assert (report.currency, report.unvalued) == ("CNY", 1)
    assert report.measure(Measure.COUNT).within_one_step
    assert sum(row.share.quality for row in report.rows) == sum(range(30))
    assert sum(row.share.value for row in report.rows) == 100 * sum(range(101, 130))
    assert {row.share.idle for row in report.rows} == {20}


def test_by_hand_counts_only_if_asked_for_and_a_team_is_compared_alone(ctx):
    keep(ctx, person("eva"), person("wei"), person("lu", team_id="west"), a_lead(owner_id="wei"))
    assign_to(ctx, Ref(entity="lead", id="L-1"), "eva")
    ctx.clock.advance(days=2)

    def counts(**asked):
        report = fairness_report(ctx, NOW - DAY, NOW + DAY, **asked)
        return {row.share.member_id: row.share.count for row in report.rows}

    assert counts() == {}
    assert counts(causes=[Cause.TRANSFERRED]) == {"eva": 1}
    assert counts(team_ids=["east"], causes=[Cause.TRANSFERRED]) == {"eva": 1, "wei": 0}
    assert counts(team_ids=["west"]) == {"lu": 0}


def test_records_that_are_gone_and_pools_leave_the_count_right(ctx):
    gone = an_ownership_entry(record_entity="lead", record_id="L-9", to_owner_id="eva")
    pooled = an_ownership_entry(id="OE-2", record_entity="lead", record_id="L-8", to_owner_id=None, to_pool_id="all")
    keep(ctx, person("eva"), gone, pooled, policies=[EAST])

    [row] = fairness_report(ctx, NOW - DAY, NOW + DAY).rows

    assert (row.share.count, row.share.value, row.share.idle) == (1, 0, 0)


def test_the_future_is_not_time_in_which_somebody_was_there(ctx):
    keep(ctx, person("eva", calendar_id="cn"), a_calendar(), policies=[EAST])
    ctx.clock.advance(days=7)

    [row] = fairness_report(ctx, NOW, NOW + 365 * DAY).rows

    assert (row.share.available, row.share.idle) == (5, 5)


def test_accounts_are_counted_without_value_and_quality(ctx):
    keep(ctx, person("eva"), an_account())
    assign_to(ctx, Ref(entity="account", id="A-1"), "eva")
    ctx.clock.advance(days=1)

    report = fairness_report(ctx, NOW, ctx.clock.now(), entity="account")

    assert [each.by for each in report.measures] == [Measure.COUNT]


def test_an_empty_period_and_an_unknown_calendar_are_refused(ctx):
    keep(ctx, person("eva"), policies=[EAST])

    with pytest.raises(InvalidInput, match="must lie after since"):
        fairness_report(ctx, NOW, NOW)
    with pytest.raises(NotFound):
        fairness_report(ctx, NOW - DAY, NOW, calendar_id="xx")
