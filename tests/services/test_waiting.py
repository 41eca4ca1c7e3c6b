"""What waits, why, and for how long."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.errors import InvalidInput
from crmkit.rules.assignment import AssignmentPolicy, Entry, Fallback, Target
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.waiting import waiting
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, an_account

HOUR = timedelta(hours=1)
EAST = (Target(team_ids=("east",)),)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policy=None):
    with ctx.store.begin() as uow:
        if policy is not None:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def test_the_oldest_come_first_with_reason_and_age(ctx):
    keep(
        ctx,
        a_lead(id="young", created_at=NOW - HOUR),
        a_lead(id="old", created_at=NOW - 9 * HOUR, unassigned_reason="assignment.nobody_free"),
        a_lead(id="older", created_at=NOW - 10 * HOUR, unassigned_reason="assignment.nobody_free"),
        a_lead(id="owned", owner_id="wei"),
        a_lead(id="pooled", pool_id="PO-1"),
        a_lead(id="done", status="converted"),
        an_account(),
    )
    answer = waiting(ctx, limit=2)
    assert [(each.record.id, each.age, each.reason) for each in answer.oldest] == [
        ("older", 10 * HOUR, "assignment.nobody_free"),
        ("old", 9 * HOUR, "assignment.nobody_free"),
    ]
    assert (answer.total, answer.by_reason) == (3, {"": 1, "assignment.nobody_free": 2})
    assert waiting(ctx, entity="account").total == 1


@pytest.mark.parametrize(
    ("policy", "problems"),
    [
        (None, ["assignment.no_policy"]),
        (AssignmentPolicy(entries=(Entry(name="East", when="region == 'East'", to=EAST),)), ["assignment.no_fallback"]),
        (AssignmentPolicy(fallback=Fallback(member_id="boss")), []),
    ],
)
def test_what_keeps_some_waiting_for_ever_is_told(ctx, policy, problems):
    keep(ctx, policy=policy)
    answer = waiting(ctx)
    assert [problem.code for problem in answer.problems] == problems
    assert ctx.book.texts.say_all(answer.problems, "zh").isascii() == (not problems)


def test_a_limit_is_positive(ctx):
    with pytest.raises(InvalidInput, match="limit"):
        waiting(ctx, limit=0)


def test_only_what_has_owners_waits(ctx):
    with pytest.raises(InvalidInput, match="has no owner"):
        waiting(ctx, entity="contact")
