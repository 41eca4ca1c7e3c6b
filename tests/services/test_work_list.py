"""A member's own open leads in the order of work."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import WorkPolicy
from crmkit.services.context import Context
from crmkit.services.work_list import work_list
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member

DAY = timedelta(days=1)


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


def mine(id, **fields):
    return a_lead(id=id, owner_id="M-1", **fields)


def ids(found):
    return [each.lead_id for each in found]


def test_open_leads_of_the_member_in_the_order_of_work(ctx):
    keep(
        ctx,
        a_member(),
        mine("cold", score=20),
        mine("stale", score=80, created_at=NOW - 200 * DAY),
        mine("talked", score=80, created_at=NOW - 200 * DAY, last_contact_at=NOW - DAY),
        mine("due", next_contact_at=NOW - DAY),
        mine("later", score=99, next_contact_at=NOW + DAY),
        mine("lost", score=99, status="disqualified"),
        mine("won", score=99, status="converted"),
        a_lead(id="another's", owner_id="M-2", score=99),
        a_lead(id="nobody's", score=99),
    )
    assert ids(work_list(ctx, "M-1")) == ["due", "talked", "stale", "cold"]
    assert ids(work_list(ctx, "M-1", limit=2)) == ["due", "talked"]


def test_each_says_why_it_stands_there(ctx):
    keep(ctx, a_member(), mine("L-1", score=80, created_at=NOW - 7 * DAY))
    (found,) = work_list(ctx, "M-1")
    assert ctx.book.texts.say_all(found.reasons) == "Score 80, last heard of 7 days ago: priority 60."
    assert ctx.book.texts.say_all(found.reasons, "zh") == "评分 80，距上次联系 7 天：优先级 60。"


def test_who_opted_out_stands_at_the_neutral_place_whatever_is_stored(ctx):
    keep(
        ctx,
        a_member(),
        mine("high", score=90),
        mine("quiet", score=99, tags=("no_profiling",)),
        mine("low", score=10),
        policies=[ProfilingPolicy(id="lead", opt_out="contains(tags, 'no_profiling')")],
    )
    found = work_list(ctx, "M-1")
    assert ids(found) == ["high", "quiet", "low"]
    assert found[1].reasons[0].code == "score.work_opted_out"


def test_the_tenant_s_policy_orders(ctx):
    keep(ctx, a_member(), mine("old", score=90, created_at=NOW - 60 * DAY), mine("new", score=60))
    assert ids(work_list(ctx, "M-1")) == ["new", "old"]
    keep(ctx, policies=[WorkPolicy(fresh_percent=0)])
    assert ids(work_list(ctx, "M-1")) == ["old", "new"]


def test_what_cannot_be_asked_is_refused(ctx):
    with pytest.raises(NotFound):
        work_list(ctx, "M-9")
    with pytest.raises(InvalidInput, match="within 1 and 500"):
        work_list(ctx, "M-1", limit=0)
