"""Memberships go with a merge and come back with its undo, and what was is never rewritten."""

from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.parties.segment import Why
from crmkit.domain.values.names import CompanyName
from crmkit.rules.dedup import UnmergeOutcome
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.merge import merge
from crmkit.services.segments import (
    add_to_segment,
    members_of,
    refresh_segments,
    remove_from_segment,
    segment_history,
    segments_of,
)
from crmkit.services.unmerge import unmerge
from crmkit.testing import FixedClock, FixedIds, a_segment, a_segment_membership, an_account
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()
LISTS = ("guests", "press")


def context(store):
    return Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = context(store)
    save(ctx, *(a_segment(id=name, when="") for name in LISTS), *(firm(n) for n in range(1, 5)))
    yield ctx
    assert History.of(store).breaches() == []
    store.close()


def firm(n, **fields):
    return an_account(id=f"A-{n}", name=CompanyName(legal=f"Nordlicht {n} GmbH"), emails=(), **fields)


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def account(n):
    return Ref(entity="account", id=f"A-{n}")


def into(ctx, stays, goes):
    ctx.clock.advance(minutes=1)
    answer = merge(ctx, account(stays), account(goes), keep=f"A-{stays}")
    ctx.clock.advance(minutes=1)
    return answer.merge


def back(ctx, what):
    answer = unmerge(ctx, what)
    ctx.clock.advance(minutes=1)
    return answer


def on(ctx, name):
    return [each.record_id for each in members_of(ctx, name)]


def test_the_survivor_is_where_the_loser_was_and_the_loser_is_no_longer(ctx):
    add_to_segment(ctx, "guests", ["A-2"], by="M-1", note="dinner")
    before = ctx.clock.now()
    merged = into(ctx, 1, 2)
    assert (on(ctx, "guests"), [each.record_id for each in members_of(ctx, "guests", at=before)]) == (["A-1"], ["A-2"])
    (came,), (went,) = (segment_history(ctx, account(n)) for n in (1, 2))
    assert (came.since, came.by, came.note, came.came_with) == (went.until, "M-1", "dinner", merged.id)
    assert (went.left_why, went.went_with, went.came_with) == (Why.MERGED, merged.id, None)


def test_who_is_there_already_is_there_once(ctx):
    add_to_segment(ctx, "guests", ["A-1", "A-2"])
    into(ctx, 1, 2)
    assert (on(ctx, "guests"), len(segment_history(ctx, account(1)))) == (["A-1"], 1)


def test_the_undo_gives_back_what_came_and_leaves_what_was_there(ctx):
    add_to_segment(ctx, "guests", ["A-2"])
    add_to_segment(ctx, "press", ["A-1", "A-2"])
    into(ctx, 1, 2)
    back(ctx, account(2))
    assert (on(ctx, "guests"), on(ctx, "press")) == (["A-2"], ["A-1", "A-2"])
    assert segment_history(ctx, account(1), scheme="segment:guests")[0].left_why is Why.UNMERGED


def test_what_somebody_took_away_since_is_not_given_back(ctx):
    add_to_segment(ctx, "guests", ["A-2"])
    into(ctx, 1, 2)
    remove_from_segment(ctx, "guests", ["A-1"])
    back(ctx, account(2))
    assert on(ctx, "guests") == []


def test_who_was_put_on_the_list_since_stays_on_it(ctx):
    add_to_segment(ctx, "guests", ["A-2"])
    into(ctx, 1, 2)
    assert add_to_segment(ctx, "guests", ["A-1"]).joined == 0
    back(ctx, account(2))
    assert on(ctx, "guests") == ["A-1", "A-2"]


def test_a_later_merge_would_have_brought_it_too(ctx):
    add_to_segment(ctx, "guests", ["A-2", "A-3"])
    first, _ = into(ctx, 1, 2), into(ctx, 1, 3)
    back(ctx, first)
    assert on(ctx, "guests") == ["A-1", "A-2"]
    back(ctx, account(3))
    assert on(ctx, "guests") == ["A-2", "A-3"]


def test_of_one_scheme_the_later_merge_brings_another_segment(ctx):
    for n, name in ((2, "loyal"), (3, "new")):
        save(ctx, a_segment_membership(id=f"SM-{n}", record_id=f"A-{n}", scheme="rfm", segment=name))
    first, _ = into(ctx, 1, 2), into(ctx, 1, 3)
    stood = [each.segment for each in segments_of(ctx, account(1))]
    back(ctx, first)
    assert (stood, [each.segment for each in segments_of(ctx, account(1))]) == (["loyal"], ["new"])


def test_who_opted_out_since_is_placed_nowhere_by_an_undo(ctx):
    ctx.store.run(lambda uow: uow.policies.put(ProfilingPolicy(id="account", opt_out="contains(tags, 'quiet')")))
    for n in (2, 4):
        save(ctx, a_segment_membership(id=f"SM-{n}", record_id=f"A-{n}", scheme="rfm", segment="loyal"))
    first, *_ = into(ctx, 1, 2), into(ctx, 1, 3), into(ctx, 1, 4)
    edited = {"tags": ("quiet",), "now": ctx.clock.now()}
    ctx.store.run(lambda uow: uow.save(changed(uow.accounts.get("A-1"), **edited)))
    back(ctx, first)
    assert segments_of(ctx, account(1)) == []


def test_of_several_later_merges_the_one_that_brought_the_like_counts(ctx):
    add_to_segment(ctx, "guests", ["A-2", "A-4"])
    first, *_ = into(ctx, 1, 2), into(ctx, 1, 3), into(ctx, 1, 4)
    back(ctx, first)
    assert on(ctx, "guests") == ["A-1", "A-2"]


def test_over_two_merges_each_undo_takes_one_back(ctx):
    add_to_segment(ctx, "guests", ["A-3"])
    into(ctx, 2, 3)
    into(ctx, 1, 2)
    assert on(ctx, "guests") == ["A-1"]
    back(ctx, account(2))
    assert on(ctx, "guests") == ["A-2"]
    back(ctx, account(3))
    assert on(ctx, "guests") == ["A-3"]


def test_who_is_not_to_be_profiled_is_carried_on_lists_only(ctx):
    ctx.store.run(lambda uow: uow.policies.put(ProfilingPolicy(id="account", opt_out="contains(tags, 'quiet')")))
    save(ctx, a_segment_membership(record_id="A-2", scheme="rfm", segment="loyal"))
    add_to_segment(ctx, "guests", ["A-2"])
    edited = {"tags": ("quiet",), "now": ctx.clock.now()}
    ctx.store.run(lambda uow: uow.save(changed(uow.accounts.get("A-2"), **edited)))
    into(ctx, 1, 2)
    assert [each.scheme for each in segments_of(ctx, account(1))] == ["segment:guests"]
    back(ctx, account(2))
    assert [each.scheme for each in segments_of(ctx, account(2))] == ["segment:guests"]


class Lives(RuleBasedStateMachine):
    """Lists, a condition, merges and undos at random: the history tells who is where, at any instant."""

    def __init__(self):
        super().__init__()
        self.ctx = context(MemoryStore())
        self.seen = []
        self.merges = []

    def there(self):
        with self.ctx.store.begin(read_only=True) as uow:
            return {each.id: each for each in uow.accounts.find()}

    @initialize()
    def begin(self):
        lists = (a_segment(id=name, when="") for name in LISTS)
        save(self.ctx, *lists, a_segment(), *(firm(n, industry=("Retail", "IT")[n % 2]) for n in range(5)))

    @rule(name=st.sampled_from(LISTS), which=st.sets(st.integers(0, 4)))
    def some_are_put_on(self, name, which):
        add_to_segment(self.ctx, name, self.known(which))

    @rule(name=st.sampled_from(LISTS), which=st.sets(st.integers(0, 4)))
    def some_are_taken_off(self, name, which):
        remove_from_segment(self.ctx, name, self.known(which))

    def known(self, which):
        there = self.there()
        return [f"A-{n}" for n in sorted(which) if f"A-{n}" in there]

    @rule(which=st.integers(0, 4), industry=st.sampled_from(["Retail", "IT"]))
    def one_changes(self, which, industry):
        for one in (each for id_, each in self.there().items() if id_ == f"A-{which}"):
            change = changed(one, now=self.ctx.clock.now(), industry=industry)
            self.ctx.store.run(lambda uow, change=change: uow.save(change))

    @rule()
    def the_condition_is_asked(self):
        refresh_segments(self.ctx)
        retail = [id_ for id_, each in self.there().items() if each.industry == "Retail"]
        assert on(self.ctx, "SG-1") == sorted(retail)
        assert (refresh_segments(self.ctx).joined, refresh_segments(self.ctx).left) == (0, 0)

    @rule(one=st.integers(0, 4), other=st.integers(0, 4))
    def two_are_merged(self, one, other):
        there = self.there()
        if one != other and {f"A-{one}", f"A-{other}"} <= there.keys():
            united = {name: bool({f"A-{one}", f"A-{other}"} & set(on(self.ctx, name))) for name in LISTS}
            self.merges.append(into(self.ctx, one, other))
            for name in LISTS:
                assert (f"A-{one}" in on(self.ctx, name)) == united[name]

    @precondition(lambda self: self.merges)
    @rule(which=st.integers(0, 9))
    def a_merge_is_undone(self, which):
        merged = self.merges[which % len(self.merges)]
        if back(self.ctx, merged).plan.outcome is UnmergeOutcome.UNDO:
            self.merges.remove(merged)

    @rule()
    def it_is_noted_who_is_where(self):
        self.seen.append((self.ctx.clock.now(), {name: on(self.ctx, name) for name in (*LISTS, "SG-1")}))
        self.ctx.clock.advance(minutes=1)

    @invariant()
    def what_was_seen_is_still_told(self):
        for at, members in self.seen:
            for name, ids in members.items():
                assert [each.record_id for each in members_of(self.ctx, name, at=at)] == ids

    @invariant()
    def nobody_is_anywhere_twice_nor_is_somebody_there_who_is_gone(self):
        there = self.there()
        with self.ctx.store.begin(read_only=True) as uow:
            every = uow.segment_memberships.find(order=["since"])
        assert {each.record_id for each in every if each.until is None} <= there.keys()
        by_place = {}
        for each in every:
            by_place.setdefault((each.record_id, each.scheme), []).append(each)
        for spells in by_place.values():
            for earlier, later in pairwise(spells):
                assert earlier.until is not None
                assert earlier.until <= later.since

    @invariant()
    def replaying_what_was_told_gives_the_members(self):
        replayed = set()
        with self.ctx.store.begin(read_only=True) as uow:
            every = uow.segment_memberships.find()
            told = [entry for each in every for entry in uow.trail.of(each.ref) if entry.data]
        for entry in sorted(told, key=lambda entry: entry.position):
            place = (entry.data["subject"], entry.data["segment"])
            if entry.type == "segment.joined":
                assert place not in replayed
                replayed.add(place)
            else:
                replayed.remove(place)
        assert replayed == {(str(each.subject), each.segment) for each in every if each.until is None}


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
