"""Looking into pools, and putting records into them."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.rules.reclaim import Cap, ClaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.pool_desk import browse, place
from crmkit.services.pools import claim, give_back
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_member, a_pool, an_account

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THEN = NOW - 2 * DAY


def ref(id="A-1"):
    return Ref(entity="account", id=id)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def pooled(number, **changes):
    fields = {"id": f"A-{number}", "pool_id": "PO-1", "pool_since": THEN + number * HOUR, "owner_id": None}
    return an_account(**{**fields, **changes})


POOL = a_pool(member_ids=("wei",), admin_ids=("keeper",), visible_fields=("name",), masked_fields=("name",))
PEOPLE = a_member(id="wei"), a_member(id="li"), a_member(id="keeper"), a_member(id="off", status="on_leave")


class TestBrowsing:
    def test_members_see_some_administrators_all_others_nothing(self, ctx):
        keep(ctx, POOL, *PEOPLE, pooled(1))
        seen = browse(ctx, "PO-1", "wei").records[0]
        assert (seen.record, seen.since) == (ref(), THEN + HOUR)
        assert set(seen.fields) == {"name"}
        assert "*" in seen.fields["name"]
        assert "*" not in browse(ctx, "PO-1", "keeper").records[0].fields["name"]
        for stranger in ("li", "off"):
            with pytest.raises(NotAllowed):
                browse(ctx, "PO-1", stranger)
        with pytest.raises(InvalidInput):
            browse(ctx, "PO-1", "wei", limit=0)

    def test_the_newest_come_first_page_by_page(self, ctx):
        keep(ctx, POOL, *PEOPLE, *map(pooled, range(5)))
        first = browse(ctx, "PO-1", "wei", limit=3)
        assert [each.record.id for each in first.records] == ["A-4", "A-3", "A-2"]
        rest = browse(ctx, "PO-1", "wei", limit=3, before=first.records[-1].since)
        assert [each.record.id for each in rest.records] == ["A-1", "A-0"]
        assert browse(ctx, "PO-1", "wei", before=THEN).records == ()

    def test_different_records_count_against_the_budget_and_one_seen_before_is_free(self, ctx):
        budget = a_pool(views=Limit(most=3, per="day"), admin_ids=("keeper",))
        keep(
            ctx, budget, *PEOPLE, a_calendar(id="cn"), *map(pooled, range(6)), policies=[ClaimPolicy(calendar_id="cn")]
        )
        assert browse(ctx, "PO-1", "wei", limit=2).left == 1
        again = browse(ctx, "PO-1", "wei", limit=6)
        assert ([each.record.id for each in again.records], again.left) == (["A-5", "A-4", "A-3"], 0)
        assert browse(ctx, "PO-1", "li", limit=1).left == 2
        assert len(browse(ctx, "PO-1", "keeper", limit=6).records) == 6
        ctx.clock.advance(days=1)
        assert browse(ctx, "PO-1", "wei", limit=1).left == 2

    def test_the_budget_holds_for_pages_asked_for_at_once(self, ctx):
        keep(ctx, a_pool(views=Limit(most=4, per="day")), *PEOPLE, *map(pooled, range(12)))
        barrier, seen = Barrier(6), set()

        def one(number):
            barrier.wait()
            page = browse(ctx, "PO-1", "wei", limit=2, before=THEN + (2 * number + 2) * HOUR)
            seen.update(each.record.id for each in page.records)

        threads = [Thread(target=one, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 4


class TestPlacing:
    def test_what_nobody_owns_goes_straight_into_a_pool_or_on_to_another(self, ctx):
        keep(ctx, POOL, a_pool(id="PO-2", admin_ids=("keeper",)), *PEOPLE, an_account(owner_id=None))
        assert place(ctx, ref(), "PO-1", "keeper").previous_pool_id is None
        moved = place(ctx, ref(), "PO-2", "keeper")
        assert (moved.previous_pool_id, moved.pool_id) == ("PO-1", "PO-2")
        with ctx.store.begin(read_only=True) as uow:
            causes = [(each.cause, each.from_pool_id, each.to_pool_id) for each in uow.ownership.find(order=["at"])]
        assert causes == [("pooled", None, "PO-1"), ("pooled", "PO-1", "PO-2")]

    def test_only_an_administrator_and_only_what_fits(self, ctx):
        others = a_pool(id="PO-2", enabled=False), a_pool(id="PO-3", holds="lead"), a_pool(id="PO-4")
        keep(ctx, POOL, *others, *PEOPLE, pooled(1), an_account(id="A-2", owner_id="wei"))
        for id, pool_id, by in (
            ("A-1", "PO-4", "wei"),
            ("A-1", "PO-2", "keeper"),
            ("A-1", "PO-3", "keeper"),
            ("A-1", "PO-1", "keeper"),
            ("A-2", "PO-1", "keeper"),
        ):
            with pytest.raises(NotAllowed):
                place(ctx, ref(id), pool_id, by)
        assert place(ctx, ref(), "PO-4", "keeper").pool_id == "PO-4"
        assert place(ctx, ref(), "PO-1", "li").pool_id == "PO-1"


class TestCaps:
    def test_the_rule_that_counts_for_the_member_is_asked(self, ctx):
        policy = ClaimPolicy(holding_cap=1, caps=(Cap(most=2, member_ids=("wei",), uncounted="standing == 'key'"),))
        keep(
            ctx,
            a_pool(),
            *PEOPLE,
            *map(pooled, range(5)),
            pooled(9, standing="key", owner_id="wei", pool_id=None),
            policies=[policy],
        )
        granted = [claim(ctx, ref(f"A-{number}"), "wei").granted for number in range(3)]
        assert granted == [True, True, False]
        assert [claim(ctx, ref(f"A-{number}"), "li").granted for number in (3, 4)] == [True, False]

    @pytest.mark.parametrize(("counts", "granted"), [(False, True), (True, False)])
    def test_what_a_manager_gives_counts_towards_quotas_only_if_the_policy_says_so(self, ctx, counts, granted):
        policy = ClaimPolicy(quotas=(Limit(most=1, per="day"),), counts_assigned=counts)
        keep(ctx, a_pool(), *PEOPLE, pooled(1), pooled(2), policies=[policy])
        assign_to(ctx, ref("A-1"), "wei")
        assert claim(ctx, ref("A-2"), "wei").granted is granted


def test_moved_on_by_nobody_it_can_be_given_back_again(ctx):
    keep(ctx, a_pool(), *PEOPLE, pooled(1))
    claim(ctx, ref(), "wei")
    assert give_back(ctx, ref(), "wei").pool_id == "PO-1"
