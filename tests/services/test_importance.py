"""Levels of importance written where they change, and care planned by them."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidInput
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import Attribute, Axis, ScorePolicy, SignalGroup
from crmkit.rules.segments import ImportanceOutcome, ImportancePolicy
from crmkit.services.context import Context
from crmkit.services.importance import Graded, grade_customers
from crmkit.testing import NOW, FixedClock, FixedIds, a_contact, an_account, an_interaction, an_opportunity
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()
DAY = timedelta(days=1)
QUIET = ProfilingPolicy(id="account", opt_out="contains(tags, 'quiet')")


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"), book=BOOK)
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)
    assert History.of(store).breaches() == []
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def adopt(ctx, policy):
    ctx.store.run(lambda uow: uow.policies.put(policy))


def firm(n, **fields):
    return an_account(id=f"A-{n}", name=CompanyName(legal=f"Nordlicht {n} GmbH"), emails=(), **fields)


def deal(id, account, *, days=1, amount=100):
    won = {"status": "won", "stage": "won", "closed_at": NOW - days * DAY, "product": "pump"}
    return an_opportunity(id=id, account_id=account, amount=Money(minor=amount, currency="EUR"), **won)


def accounts(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {account.id: account for account in uow.accounts.find()}


def trail(ctx, id):
    with ctx.store.begin(read_only=True) as uow:
        return [(entry.type, dict(entry.data)) for entry in uow.trail.of(an_account(id=id).ref) if entry.data]


def decisions(ctx, **options):
    told = {}
    grade_customers(ctx, **{"amounts": {}, **options}, tell=told.__setitem__)
    return told


def parts(decision):
    """What each part was told to be."""
    return {
        reason.code.removeprefix("importance."): reason.params["value"]
        for reason in decision.reasons
        if "value" in reason.params
    }


class TestWhatIsKnown:
    def test_contribution_is_the_share_that_one_stands_above_of_those_who_bought(self, ctx):
        save(ctx, *(firm(n) for n in range(5)))
        save(ctx, *(deal(f"O-{n}", f"A-{n}", amount=100 * n) for n in range(1, 4)))
        save(ctx, deal("O-old", "A-4", days=400, amount=9_999))
        told = decisions(ctx, amounts=None, currency="EUR")
        values = {id_: parts(decision).get("contribution") for id_, decision in told.items()}
        assert values == {"A-0": None, "A-1": 17, "A-2": 50, "A-3": 83, "A-4": 0}
        assert told["A-0"].outcome is ImportanceOutcome.UNKNOWN

    def test_a_host_may_hand_in_amounts_and_what_each_could_bring(self, ctx):
        save(ctx, firm(1), firm(2))
        told = decisions(ctx, amounts={"A-1": 5, "A-2": -5}, potential={"A-1": 90})
        assert parts(told["A-1"]) == {"contribution": 50, "potential": 90}
        assert parts(told["A-2"]) == {"contribution": 0}

    def test_potential_is_the_fit_by_a_score_policy_for_accounts(self, ctx):
        retail = Attribute(label="Retail", when="industry == 'Retail'", points=60)
        group = SignalGroup(name="firm", axis=Axis.FIT, signals=(retail,))
        adopt(ctx, ScorePolicy(id="account", record="account", groups=(group,), cap=60))
        save(ctx, firm(1, industry="Retail"), firm(2), firm(3))
        told = decisions(ctx, potential={"A-3": 100})
        assert {id_: parts(decision)["potential"] for id_, decision in told.items()} == {
            "A-1": 60,
            "A-2": 0,
            "A-3": 100,
        }

    def test_a_score_policy_for_others_says_nothing(self, ctx):
        group = SignalGroup(name="firm", axis=Axis.FIT, signals=(Attribute(label="All", when="always()", points=9),))
        adopt(ctx, ScorePolicy(id="account", record="lead", groups=(group,)))
        save(ctx, firm(1))
        assert parts(decisions(ctx)["A-1"]) == {}

    def test_loyalty_comes_from_talks_with_the_account_and_its_contacts(self, ctx):
        talk = {"kind": "call", "direction": "inbound"}
        save(ctx, firm(1), firm(2), firm(3), a_contact(account_id="A-2"))
        save(ctx, an_interaction(id="I-1", subject_entity="account", subject_id="A-1", at=NOW - DAY, **talk))
        save(ctx, an_interaction(id="I-2", subject_entity="contact", subject_id="C-1", at=NOW - DAY, **talk))
        told = decisions(ctx)
        assert parts(told["A-1"]) == parts(told["A-2"]) == {"loyalty": 67}
        assert parts(told["A-3"]) == {}

    def test_one_currency_or_amounts_are_needed(self, ctx):
        with pytest.raises(InvalidInput, match="currency: is missing"):
            grade_customers(ctx)
        save(ctx, firm(1))
        with pytest.raises(InvalidInput, match="out of range"):
            grade_customers(ctx, amounts={}, potential={"A-1": 101})


class TestLevels:
    def test_they_are_written_with_an_event_where_they_change(self, ctx):
        save(ctx, firm(1), firm(2, level="C"), firm(3))
        graded = grade_customers(ctx, amounts={}, potential={"A-1": 80, "A-2": 30}, chunk=1)
        assert graded == Graded(customers=3, changed=1, levels={"": 1, "A": 1, "C": 1})
        assert {id_: account.level for id_, account in accounts(ctx).items()} == {"A-1": "A", "A-2": "C", "A-3": ""}
        assert trail(ctx, "A-1") == [("account.level_changed", {"from_level": "", "to_level": "A"})]

    def test_a_repeat_writes_nothing(self, ctx):
        save(ctx, *(firm(n) for n in range(5)))
        potential = {f"A-{n}": 20 * n for n in range(5)}
        grade_customers(ctx, amounts={}, potential=potential, plan_care=True)
        before = History.of(ctx.store).in_words()
        again = grade_customers(ctx, amounts={}, potential=potential, plan_care=True)
        assert (again.changed, again.planned) == (0, 0)
        assert History.of(ctx.store).in_words() == before

    def test_the_level_that_stands_keeps_its_margin(self, ctx):
        save(ctx, firm(1), firm(2, level="A"))
        grade_customers(ctx, amounts={}, potential={"A-1": 72, "A-2": 72})
        assert [account.level for account in accounts(ctx).values()] == ["B", "A"]

    def test_a_policy_of_the_hosts_own_holds(self, ctx):
        adopt(ctx, ImportancePolicy(id="ours", contribution=0, potential=0, loyalty=1))
        save(ctx, firm(1))
        assert decisions(ctx, potential={"A-1": 99})["A-1"].outcome is ImportanceOutcome.UNKNOWN

    def test_who_is_not_to_be_profiled_has_none_and_counts_for_nobody(self, ctx):
        adopt(ctx, QUIET)
        save(ctx, firm(1, tags=("quiet",), level="A"), firm(2))
        told = decisions(ctx, amounts={"A-1": 900, "A-2": 100}, plan_care=True)
        assert told["A-1"].outcome is ImportanceOutcome.NEUTRAL
        assert parts(told["A-2"]) == {"contribution": 50}
        assert (accounts(ctx)["A-1"].level, accounts(ctx)["A-1"].next_contact_at) == ("", None)

    def test_who_opts_in_while_it_runs_is_compared_with_nobody(self, ctx, monkeypatch):
        adopt(ctx, QUIET)
        save(ctx, firm(1, tags=("quiet",), level="A"))
        kept, runs = ctx.store.run, []

        def run(_store, work, acting=None):
            if not runs:
                runs.append(work)
                kept(lambda uow: uow.save(changed(uow.accounts.get("A-1"), now=NOW, tags=())))
            return kept(work, acting)

        monkeypatch.setattr(type(ctx.store), "run", run)
        grade_customers(ctx, amounts={"A-1": 900})
        monkeypatch.undo()
        assert accounts(ctx)["A-1"].level == "D"


class TestCare:
    def test_it_is_due_so_many_days_after_the_last_contact(self, ctx):
        save(ctx, firm(1, last_contact_at=NOW - 3 * DAY), firm(2))
        told = decisions(ctx, potential={"A-1": 80, "A-2": 80})
        assert [told[id_].care_at for id_ in ("A-1", "A-2")] == [NOW + 11 * DAY, NOW + 14 * DAY]
        assert [account.next_contact_at for account in accounts(ctx).values()] == [None, None]

    def test_it_is_planned_where_nothing_is_planned_before(self, ctx):
        planned = {1: None, 2: NOW + 5 * DAY, 3: NOW + 50 * DAY}
        save(ctx, *(firm(n, next_contact_at=at, level="A" * (n == 3)) for n, at in planned.items()))
        graded = grade_customers(ctx, amounts={}, potential=dict.fromkeys(("A-1", "A-2", "A-3"), 80), plan_care=True)
        assert (graded.changed, graded.planned) == (3, 2)
        due = NOW + 14 * DAY
        assert [account.next_contact_at for account in accounts(ctx).values()] == [due, NOW + 5 * DAY, due]


def test_queries_do_not_grow_with_the_number_of_customers(monkeypatch):
    asked = []
    for name in ("find", "get_many", "scan"):
        kept = getattr(MemoryRepository, name)

        def counted(repository, *args, kept=kept, **options):
            asked.append(kept.__name__)
            return kept(repository, *args, **options)

        monkeypatch.setattr(MemoryRepository, name, counted)
    counts = []
    for many in (3, 300):
        ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)
        save(ctx, *(firm(n) for n in range(many)))
        asked.clear()
        assert grade_customers(ctx, amounts={f"A-{n}": n for n in range(many)}).changed == many
        counts.append(len(asked))
    assert counts[0] == counts[1] < 12
