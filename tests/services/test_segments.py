"""Segments: members by condition and by list, and who was where at any instant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from threading import Barrier

import pytest
from attrs import evolve

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import changed, created
from crmkit.domain.custom_fields import CustomField, CustomSchema
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.segment import Why
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidCondition, InvalidInput, NotAllowed, NotFound
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import memberships
from crmkit.services.context import Context
from crmkit.services.merge import merge
from crmkit.services.segments import (
    Refreshed,
    add_to_segment,
    members_of,
    migration_between,
    refresh_segments,
    remove_from_segment,
    segment_history,
    segments_of,
    sizes,
)
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_segment,
    a_segment_membership,
    an_account,
)
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()
DAY = timedelta(days=1)
GUESTS = a_segment(id="guests", name="Guests", when="")
QUIET = ProfilingPolicy(id="account", opt_out="contains(tags, 'quiet')")


def context(store, ids=None):
    return Context(store=store, clock=FixedClock(), ids=ids or FixedIds(), notifier=Told(), book=BOOK)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield context(store)
    assert History.of(store).breaches() == []
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def adopt(ctx, policy):
    ctx.store.run(lambda uow: uow.policies.put(policy))


def edit(ctx, id, **fields):
    ctx.store.run(lambda uow: uow.save(changed(uow.accounts.get(id), now=ctx.clock.now(), **fields)))


def account(id):
    return Ref(entity="account", id=id)


def names(memberships):
    return sorted(each.record_id for each in memberships)


def told(ctx):
    return [(entry.type, entry.data["subject"], entry.data["why"]) for entry in trail(ctx)]


def trail(ctx):
    with ctx.store.begin(read_only=True) as uow:
        found = [each for one in uow.segment_memberships.scan() for each in uow.trail.of(one.ref)]
    return sorted((entry for entry in found if entry.data), key=lambda entry: (entry.at, entry.data["subject"]))


class TestByCondition:
    def test_members_are_those_for_whom_the_condition_holds(self, ctx):
        save(ctx, a_segment(), an_account(id="A-1", industry="Retail"), an_account(id="A-2"))
        assert refresh_segments(ctx) == Refreshed(segments=1, joined=1)
        assert names(members_of(ctx, "SG-1")) == ["A-1"]

    def test_a_repeat_writes_nothing(self, ctx):
        save(ctx, a_segment(), an_account(industry="Retail"))
        refresh_segments(ctx)
        before = History.of(ctx.store).in_words()
        assert refresh_segments(ctx) == Refreshed(segments=1)
        assert History.of(ctx.store).in_words() == before

    def test_leaving_ends_a_membership_and_coming_again_is_a_new_one(self, ctx):
        save(ctx, a_segment(), an_account(industry="Retail"))
        refresh_segments(ctx)
        for industry in ("IT", "Retail"):
            ctx.clock.advance(days=1)
            edit(ctx, "A-1", industry=industry)
            refresh_segments(ctx)
        past = [(each.since, each.until, each.left_why) for each in segment_history(ctx, account("A-1"))]
        assert past == [(NOW, NOW + DAY, Why.CONDITION), (NOW + 2 * DAY, None, None)]
        assert told(ctx) == [
            ("segment.joined", "account:A-1", "condition"),
            ("segment.left", "account:A-1", "condition"),
            ("segment.joined", "account:A-1", "condition"),
        ]

    def test_members_at_any_instant_are_those_of_then(self, ctx):
        save(ctx, a_segment(), an_account(industry="Retail"))
        refresh_segments(ctx)
        ctx.clock.advance(days=1)
        edit(ctx, "A-1", industry="IT")
        refresh_segments(ctx)
        instants = (NOW - DAY, NOW, NOW + DAY - timedelta(microseconds=1), NOW + DAY)
        assert [len(members_of(ctx, "SG-1", at=at)) for at in instants] == [0, 1, 1, 0]
        assert [len(segments_of(ctx, account("A-1"), at=at)) for at in instants] == [0, 1, 1, 0]
        assert [sizes(ctx, "segment:SG-1", at=at) for at in instants[1::2]] == [{"SG-1": 1}, {}]

    def test_a_condition_may_speak_of_time(self, ctx):
        save(ctx, a_segment(when="within(last_contact_at, days=30)"), an_account(last_contact_at=NOW))
        refresh_segments(ctx)
        ctx.clock.advance(days=31)
        assert refresh_segments(ctx).left == 1

    def test_a_condition_may_speak_of_the_hosts_own_fields(self):
        tier = CustomField(entity="account", name="tier", kind="text")
        ctx = context(MemoryStore(custom=CustomSchema((tier,))))
        save(ctx, a_segment(when="custom.tier == 'gold'"), an_account(custom={"tier": "gold"}), an_account(id="A-2"))
        refresh_segments(ctx)
        assert names(members_of(ctx, "SG-1")) == ["A-1"]

    def test_segments_hold_leads_and_contacts_too(self, ctx):
        save(
            ctx,
            a_segment(id="fair", holds="lead", when="source == 'fair'"),
            a_segment(id="boss", holds="contact", when="title == 'CEO'"),
            a_lead(),
            a_contact(title="CEO"),
        )
        assert refresh_segments(ctx).joined == 2
        assert names([*members_of(ctx, "fair"), *members_of(ctx, "boss")]) == ["C-1", "L-1"]

    def test_many_are_gone_through_in_chunks_and_one_segment_alone(self, ctx):
        save(ctx, a_segment(), a_segment(id="all", when="always()"))
        save(ctx, *(an_account(id=f"A-{n}", industry="Retail" if n % 2 else "IT") for n in range(11)))
        assert refresh_segments(ctx, segment_id="SG-1", chunk=2) == Refreshed(segments=1, joined=5)
        assert refresh_segments(ctx, chunk=3) == Refreshed(segments=2, joined=11)
        for n in range(11):
            edit(ctx, f"A-{n}", industry="IT")
        assert refresh_segments(ctx, chunk=2) == Refreshed(segments=2, left=5)

    def test_more_than_are_remembered_are_written_in_several_rounds(self, ctx, monkeypatch):
        monkeypatch.setattr(memberships, "MOST_AT_ONCE", 3)
        save(ctx, a_segment(), *(an_account(id=f"A-{n}", industry="Retail") for n in range(7)))
        assert refresh_segments(ctx, chunk=2).joined == 7
        assert refresh_segments(ctx, chunk=2).joined == 0

    def test_members_are_read_page_by_page(self, ctx):
        save(ctx, a_segment(when="always()"), *(an_account(id=f"A-{n}") for n in range(5)))
        refresh_segments(ctx)
        pages, after = [], ""
        while page := members_of(ctx, "SG-1", after=after, limit=2):
            pages.append(names(page))
            after = page[-1].record_id
        assert [len(page) for page in pages] == [2, 2, 1]
        assert sorted(chain.from_iterable(pages)) == [f"A-{n}" for n in range(5)]

    def test_what_cannot_be_refreshed_is_said(self, ctx):
        save(ctx, GUESTS, a_segment(when="colour == 'red'"))
        with pytest.raises(NotFound):
            refresh_segments(ctx, segment_id="nowhere")
        with pytest.raises(NotAllowed, match="is a list"):
            refresh_segments(ctx, segment_id="guests")
        with pytest.raises(InvalidCondition, match="colour"):
            refresh_segments(ctx)

    def test_a_record_that_is_no_more_leaves(self, ctx):
        save(ctx, a_segment(when="always()"), a_segment_membership(record_id="A-9"))
        assert refresh_segments(ctx).left == 1
        assert told(ctx)[-1] == ("segment.left", "account:A-9", "gone")

    def test_a_clock_that_is_behind_ends_nothing_before_it_began(self, ctx):
        save(ctx, a_segment(), an_account(), a_segment_membership(since=NOW + DAY))
        refresh_segments(ctx)
        edit(ctx, "A-1", industry="Retail")
        refresh_segments(ctx)
        past = [(each.since, each.until) for each in segment_history(ctx, account("A-1"))]
        assert past == [(NOW + DAY, NOW + DAY), (NOW + DAY, None)]


class TestWhoIsNotToBeProfiled:
    def test_they_are_in_no_segment_with_a_condition(self, ctx):
        adopt(ctx, QUIET)
        save(ctx, a_segment(when="always()"), an_account(tags=("quiet",)))
        assert refresh_segments(ctx).joined == 0

    def test_who_opts_out_leaves_for_that_reason(self, ctx):
        save(ctx, a_segment(when="always()"), an_account())
        refresh_segments(ctx)
        adopt(ctx, QUIET)
        edit(ctx, "A-1", tags=("quiet",))
        assert refresh_segments(ctx).left == 1
        assert told(ctx)[-1] == ("segment.left", "account:A-1", "opted_out")

    def test_a_list_is_what_people_say(self, ctx):
        adopt(ctx, QUIET)
        save(ctx, GUESTS, an_account(tags=("quiet",)))
        assert add_to_segment(ctx, "guests", ["A-1"]).joined == 1


class TestByList:
    def test_somebody_puts_them_on_and_takes_them_off(self, ctx):
        save(ctx, GUESTS, *(an_account(id=f"A-{n}") for n in range(3)))
        assert add_to_segment(ctx, "guests", ["A-1", "A-2", "A-1"], by="M-1", note="spring dinner").joined == 2
        assert add_to_segment(ctx, "guests", ["A-0", "A-1"]).joined == 1
        assert remove_from_segment(ctx, "guests", ["A-1", "A-9"]).left == 1
        first = members_of(ctx, "guests")[1]
        assert (first.record_id, first.by, first.note, first.joined_why) == ("A-2", "M-1", "spring dinner", Why.LISTED)
        assert names(members_of(ctx, "guests")) == ["A-0", "A-2"]

    def test_a_refresh_leaves_lists_alone(self, ctx):
        save(ctx, GUESTS, an_account())
        add_to_segment(ctx, "guests", ["A-1"])
        assert refresh_segments(ctx) == Refreshed()
        assert names(members_of(ctx, "guests")) == ["A-1"]

    def test_a_repeat_under_the_same_key_does_nothing(self, ctx):
        save(ctx, GUESTS, an_account())
        first = add_to_segment(ctx, "guests", ["A-1"], idempotency_key="k")
        remove_from_segment(ctx, "guests", ["A-1"], idempotency_key="l")
        assert add_to_segment(ctx, "guests", ["A-1"], idempotency_key="k") == first
        assert members_of(ctx, "guests") == []

    def test_what_does_not_fit_is_refused(self, ctx):
        save(ctx, GUESTS, a_segment(), an_account())
        with pytest.raises(NotFound, match="no account 'A-9'"):
            add_to_segment(ctx, "guests", ["A-1", "A-9"])
        with pytest.raises(NotFound):
            remove_from_segment(ctx, "nowhere", ["A-1"])
        for change in (add_to_segment, remove_from_segment):
            with pytest.raises(NotAllowed, match="has a condition"):
                change(ctx, "SG-1", ["A-1"])
            with pytest.raises(InvalidInput, match="more than 1000"):
                change(ctx, "guests", ["A-1"] * 1001)
        assert members_of(ctx, "guests") == []

    def test_other_tenants_see_nothing(self, ctx):
        save(ctx, GUESTS, an_account())
        add_to_segment(ctx, "guests", ["A-1"])
        other = evolve(ctx, acting=evolve(ctx.acting, tenant="other"))
        assert (members_of(other, "guests"), segments_of(other, account("A-1"))) == ([], [])


class TestMigration:
    def test_who_stayed_who_moved_who_joined_and_who_is_gone(self, ctx):
        ends = NOW + DAY

        def stood(n, segment, **fields):
            return a_segment_membership(id=f"{n}-{segment}", record_id=f"A-{n}", scheme="s", segment=segment, **fields)

        save(
            ctx,
            stood(1, "loyal"),
            stood(2, "new", until=ends),
            stood(2, "loyal", since=ends),
            stood(3, "new", until=ends),
            stood(4, "new", since=ends),
            a_segment_membership(id="other", record_id="A-5"),
        )
        moved = migration_between(ctx, "s", NOW, ends)
        assert moved.counts == {("", "new"): 1, ("loyal", "loyal"): 1, ("new", ""): 1, ("new", "loyal"): 1}
        assert (moved.total, moved.stayed) == (4, 1)
        assert sizes(ctx, "s", at=NOW) == {"loyal": 1, "new": 2}

    def test_instants_come_in_order(self, ctx):
        with pytest.raises(InvalidInput, match="must be later"):
            migration_between(ctx, "s", NOW, NOW)


# --- several at once ------------------------------------------------------------------------------


def at_once(*works):
    line = Barrier(len(works))

    def run(work):
        line.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_refreshes_at_the_same_instant_write_every_membership_once(database_url):
    store = SqlStore(database_url, book=BOOK)
    ctx = context(store, Uuid7())
    save(ctx, a_segment(), GUESTS, *(an_account(id=f"A-{n}", industry="Retail") for n in range(30)))
    for industry, joined, left in (("Retail", 30, 0), ("IT", 0, 30), ("Retail", 30, 0)):
        ctx.clock.advance(days=1)
        for n in range(30):
            edit(ctx, f"A-{n}", industry=industry)
        answers = at_once(*(lambda: refresh_segments(ctx, chunk=7) for _ in range(4)))
        assert (sum(each.joined for each in answers), sum(each.left for each in answers)) == (joined, left)
    listed = at_once(*(lambda: add_to_segment(ctx, "guests", [f"A-{n}" for n in range(9)]) for _ in range(4)))
    assert sum(each.joined for each in listed) == 9
    with store.begin(read_only=True) as uow:
        assert uow.segment_memberships.count() == 30 + 30 + 9
    assert len(members_of(ctx, "SG-1")) == 30
    store.close()


def test_a_list_that_is_written_while_its_records_are_merged_loses_nobody_and_keeps_nobody_who_is_gone(database_url):
    store = SqlStore(database_url, book=BOOK)
    ctx = context(store, Uuid7())
    save(ctx, GUESTS, a_segment(when="always()"))
    for turn in range(6):
        stays, goes = account(f"{turn}-stays"), account(f"{turn}-goes")
        save(ctx, *(an_account(id=ref.id, name=CompanyName(legal=ref.id), emails=()) for ref in (stays, goes)))
        listed, *_ = at_once(
            lambda goes=goes: attempt(lambda: add_to_segment(ctx, "guests", [goes.id])),
            lambda stays=stays, goes=goes: merge(ctx, stays, goes, keep=stays.id),
            lambda: refresh_segments(ctx),
        )
        on_it = [each.segment for each in segments_of(ctx, stays)]
        assert ("guests" in on_it) == listed
        assert segments_of(ctx, goes) == []
    refresh_segments(ctx)
    assert names(members_of(ctx, "SG-1")) == [f"{turn}-stays" for turn in range(6)]
    store.close()


def attempt(work):
    try:
        work()
    except NotFound:
        return False
    return True


def test_a_refresh_asks_as_often_however_many_there_are(monkeypatch):
    asked = []
    for name in ("find", "get_many", "scan"):
        kept = getattr(MemoryRepository, name)

        def counted(repository, *args, kept=kept, **options):
            asked.append(kept.__name__)
            return kept(repository, *args, **options)

        monkeypatch.setattr(MemoryRepository, name, counted)
    counts = []
    for many in (10, 400):
        ctx = context(MemoryStore())
        save(ctx, a_segment(), *(an_account(id=f"A-{n}", industry="Retail") for n in range(many)))
        for _ in range(2):
            asked.clear()
            refresh_segments(ctx)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
    assert max(counts) < 15


def test_an_account_is_of_the_entity_that_a_segment_holds():
    with pytest.raises(InvalidInput, match="stands in no segments"):
        a_segment(holds="task")
    with pytest.raises(InvalidCondition):
        a_segment(when="industry ==")
    with pytest.raises(InvalidInput, match="ends before"):
        a_segment_membership(until=NOW - DAY)
    assert Account.entity == a_segment().holds
