"""Behaviour read from stored talks, those with an account's contacts among them."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.behaviour import BehaviourFacts, BehaviourOutcome, BehaviourPolicy, decide
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import conversations
from crmkit.services.behaviour import behaviour_of
from crmkit.services.context import Context
from crmkit.testing import NOW, FixedClock, FixedIds, a_contact, a_lead, an_account, an_interaction
from crmkit.testing.history import Told

BOOK = RuleBook.standard()
DAY = timedelta(days=1)
FIRM = Ref(entity="account", id="A-1")


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"), book=BOOK)
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def adopt(ctx, policy):
    ctx.store.run(lambda uow: uow.policies.put(policy))


def talks(entity, id, many, kind="call"):
    return [
        an_interaction(
            id=f"{id}-{kind}-{n}",
            subject_entity=entity,
            subject_id=id,
            kind=kind,
            at=NOW - n * DAY - timedelta(hours=3),
            direction="inbound",
        )
        for n in range(many)
    ]


def test_of_an_account_the_talks_with_its_contacts_count_too(ctx):
    mine, theirs = talks("account", "A-1", 3), talks("contact", "C-1", 4, "visit")
    save(ctx, an_account(), a_contact(), *mine, *theirs)
    save(ctx, an_account(id="A-2"), a_contact(id="C-2", account_id="A-2"), *talks("contact", "C-2", 5))
    found = behaviour_of(ctx, FIRM, zone="Asia/Shanghai")
    assert dict(found.counts.channels) == {"call": 3, "visit": 4}
    told = decide(BehaviourPolicy(), BehaviourFacts(interactions=(*mine, *theirs), zone="Asia/Shanghai"), now=NOW)
    assert found == told
    assert behaviour_of(ctx, Ref(entity="contact", id="C-2")).counts.total == 5


def test_leads_behave_too_and_hours_are_those_of_the_zone(ctx):
    save(ctx, a_lead(), *talks("lead", "L-1", 6))
    hours = [behaviour_of(ctx, Ref(entity="lead", id="L-1"), zone=zone).hours.begins for zone in ("UTC", "Asia/Tokyo")]
    assert (hours[1] - hours[0]) % 24 == 9


def test_a_policy_of_the_hosts_own_holds(ctx):
    save(ctx, a_lead(), *talks("lead", "L-1", 6))
    adopt(ctx, BehaviourPolicy(id="short", window_days=2))
    found = behaviour_of(ctx, Ref(entity="lead", id="L-1"))
    assert (found.policy.id, found.counts.total) == ("short", 2)


def test_nobody_is_profiled_who_does_not_want_it(ctx):
    save(ctx, an_account(), a_contact(tags=("quiet",)), *talks("account", "A-1", 2), *talks("contact", "C-1", 5))
    adopt(ctx, ProfilingPolicy(id="contact", opt_out="contains(tags, 'quiet')"))
    assert behaviour_of(ctx, FIRM).counts.total == 2
    neutral = behaviour_of(ctx, Ref(entity="contact", id="C-1"))
    assert (neutral.outcome, neutral.counts.total, neutral.activity) == (BehaviourOutcome.NEUTRAL, 0, None)
    adopt(ctx, ProfilingPolicy(id="account", opt_out="always()"))
    assert behaviour_of(ctx, FIRM).outcome is BehaviourOutcome.NEUTRAL


def test_silence_is_told(ctx):
    save(ctx, an_account())
    assert behaviour_of(ctx, FIRM).outcome is BehaviourOutcome.SILENT


def test_the_newest_talks_are_looked_at(ctx, monkeypatch):
    monkeypatch.setattr(conversations, "MOST_EVENTS", 3)
    save(ctx, an_account(), *talks("account", "A-1", 9))
    assert behaviour_of(ctx, FIRM).counts.total == 3


def test_what_cannot_be_asked_is_said(ctx):
    with pytest.raises(InvalidInput, match="talks with nobody"):
        behaviour_of(ctx, Ref(entity="task", id="T-1"))
    with pytest.raises(NotFound):
        behaviour_of(ctx, FIRM)
    save(ctx, an_account())
    with pytest.raises(InvalidInput, match="no time zone"):
        behaviour_of(ctx, FIRM, zone="Mars/Base")
