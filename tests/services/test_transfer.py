"""Transfers: what goes along, what stays, what is refused, and how it is undone."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.transfer import PassedOn
from crmkit.errors import InvalidInput, NotAllowed, NotFound, StorageFailed
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.transfer import KeptAccess, Related, TransferPolicy
from crmkit.services import transfer as module
from crmkit.services.context import Context
from crmkit.services.pools import Batch
from crmkit.services.transfer import plan_transfer, transfer
from crmkit.services.undo_transfer import undo_transfer
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_collaboration,
    a_contact,
    a_filing,
    a_lead,
    a_member,
    a_pipeline,
    a_pool,
    a_request,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
)

DAY = timedelta(days=1)
EARLIER = NOW - 10 * DAY
FIRM = Ref(entity="account", id="A-1")
WEI, EVA = a_member(id="wei"), a_member(id="eva")


class Orders:
    """Orders of a host: each names a customer and the member who looks after it."""

    name = "order"

    def __init__(self, **rows):
        self.rows = rows

    def find(self, record):
        return [key for key, names in self.rows.items() if record.id in names]

    def move(self, keys, old, new):
        for key in keys:
            if key == "broken":
                raise RuntimeError(key)
            self.rows[key] = [new.id if name == old.id else name for name in self.rows[key]]


def context(*references):
    return Context(
        store=MemoryStore(),
        clock=FixedClock(),
        ids=FixedIds(),
        notifier=Inbox(),
        book=RuleBook.standard(),
        references=references,
    )


@pytest.fixture
def ctx():
    return context()


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def firm(id="A-1", **changes):
    return an_account(id=id, **{"owner_id": "wei", "owned_since": EARLIER, **changes})


def about(entity="account", id="A-1"):
    return {"subject_entity": entity, "subject_id": id}


def on_file():
    return {"record_entity": "account", "record_id": "A-1"}


def everything():
    """A customer with something of every kind, most of it Wei's."""
    yield a_pipeline()
    yield firm()
    yield a_contact()
    yield an_opportunity(id="open", owner_id="wei")
    yield an_opportunity(id="won", owner_id="wei", status="won", stage="won")
    yield an_opportunity(id="other", owner_id="lu")
    yield a_task(id="todo", owner_id="wei", **about())
    yield a_task(id="done", owner_id="wei", status="done", **about())
    yield a_task(id="visit", owner_id="wei", **about("contact", "C-1"))
    yield a_task(id="offer", owner_id="wei", **about("opportunity", "open"))
    yield a_request(id="ask", assignee_id="wei", requested_by="lu", **about("opportunity", "open"))
    yield a_request(id="eva-asks", assignee_id="wei", requested_by="eva", **about())
    yield an_interaction(id="call", member_id="wei", next_at=NOW + DAY, **about())
    yield a_filing(id="filed", member_id="wei", state="approved", **on_file())
    yield a_filing(id="theirs", member_id="lu", state="approved", line="valves", **on_file())
    yield a_filing(id="ended", member_id="wei", state="expired", **on_file())
    yield a_lead(id="enquiry", owner_id="wei", account_id="A-1")


def get(ctx, plural, id):
    with ctx.store.begin(read_only=True) as uow:
        return getattr(uow, plural).get(id)


def owner(ctx, id="A-1"):
    return get(ctx, "accounts", id).owner_id


def entries(ctx, id="A-1"):
    with ctx.store.begin(read_only=True) as uow:
        return [
            (entry.cause.value, entry.from_owner_id, entry.to_owner_id or entry.to_pool_id, entry.transfer_id)
            for entry in uow.ownership.find(F.record_id == id, order=["at", "id"])
        ]


def codes(decision):
    return [reason.code for reason in decision.reasons]


def notices(ctx, entity, id):
    with ctx.store.begin(read_only=True) as uow:
        return [(entry.type, entry.recipients) for entry in uow.trail.of(Ref(entity=entity, id=id))]


class TestOneCustomer:
    def test_what_belongs_to_it_goes_along(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        run = transfer(ctx, [FIRM], "eva")
        assert (run.transferred, owner(ctx)) == ((FIRM,), "eva")
        assert get(ctx, "opportunities", "open").owner_id == "eva"
        assert {id: get(ctx, "tasks", id).owner_id for id in ("todo", "visit", "offer")} == {
            "todo": "eva",
            "visit": "eva",
            "offer": "eva",
        }
        assert get(ctx, "requests", "ask").assignee_id == "eva"
        assert get(ctx, "leads", "enquiry").owner_id == "eva"
        assert get(ctx, "filings", "filed").member_id == "eva"

    def test_what_is_done_or_somebody_elses_stays(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        transfer(ctx, [FIRM], "eva")
        assert get(ctx, "opportunities", "won").owner_id == "wei"
        assert get(ctx, "opportunities", "other").owner_id == "lu"
        assert get(ctx, "tasks", "done").owner_id == "wei"
        assert {id: get(ctx, "filings", id).member_id for id in ("theirs", "ended")} == {"theirs": "lu", "ended": "wei"}

    def test_nobody_comes_to_decide_on_their_own_request(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        decision = transfer(ctx, [FIRM], "eva").decisions[0]
        assert get(ctx, "requests", "eva-asks").assignee_id == "wei"
        assert "transfer.stays.own_request" in [step.reason.code for step in decision.steps]

    def test_the_history_names_the_journal(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        transfer(ctx, [FIRM], "eva")
        [entry] = entries(ctx)
        assert entry[:3] == ("transferred", "wei", "eva")
        journal = get(ctx, "transfers", entry[3])
        assert (journal.record_id, journal.from_owner_id, journal.to_owner_id) == ("A-1", "wei", "eva")

    def test_both_owners_hear_of_it_and_the_new_one_of_what_is_planned(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        transfer(ctx, [FIRM], "eva")
        assert notices(ctx, "account", "A-1")[-2:] == [
            ("ownership.assigned", ("eva",)),
            ("ownership.transferred", ("wei",)),
        ]
        assert notices(ctx, "interaction", "call")[-1] == ("record.subject_transferred", ("eva",))

    def test_who_has_left_is_told_nothing(self, ctx):
        keep(ctx, a_member(id="wei", status="left", left_at=EARLIER), EVA, firm())
        transfer(ctx, [FIRM], "eva")
        assert notices(ctx, "account", "A-1")[-1] == ("ownership.transferred", ())

    def test_a_lead_takes_its_deals_along(self, ctx):
        deal = an_opportunity(account_id=None, lead_id="L-1", owner_id="wei")
        keep(ctx, WEI, EVA, a_lead(owner_id="wei"), deal, a_task(owner_id="wei", **about("lead", "L-1")))
        transfer(ctx, [Ref(entity="lead", id="L-1")], "eva")
        assert get(ctx, "opportunities", "O-1").owner_id == get(ctx, "tasks", "T-1").owner_id == "eva"

    def test_into_a_pool_nothing_goes_along_without_somebody_to_take_it(self, ctx):
        keep(ctx, WEI, a_pool(), *everything())
        [decision] = transfer(ctx, [FIRM], to_pool="PO-1").decisions
        after = get(ctx, "accounts", "A-1")
        assert (after.owner_id, after.pool_id, after.pool_since) == (None, "PO-1", NOW)
        assert entries(ctx)[0][:3] == ("transferred", "wei", "PO-1")
        assert {step.reason.code for step in decision.steps if step.record.entity == "task"} == {
            "transfer.stays.nobody"
        }

    def test_a_repeat_with_the_same_key_gets_the_same_answer(self, ctx):
        keep(ctx, WEI, EVA, firm())
        first = transfer(ctx, [FIRM], "eva", idempotency_key="k")
        assert transfer(ctx, [FIRM], "eva", idempotency_key="k") == first
        assert len(entries(ctx)) == 1


class TestPolicy:
    def test_related_records_may_end_with_it(self, ctx):
        policy = TransferPolicy(
            related=(
                Related(of="task", states=("open",), treatment="close"),
                Related(of="opportunity", states=("open",), treatment="close"),
            )
        )
        keep(ctx, WEI, EVA, *everything(), policies=[policy])
        transfer(ctx, [FIRM], "eva")
        assert get(ctx, "tasks", "todo").status == "cancelled"
        deal = get(ctx, "opportunities", "open")
        assert (deal.status, deal.lost_reason, deal.owner_id) == ("lost", "transfer", "wei")
        assert get(ctx, "opportunities", "other").status == "open"

    def test_an_approval_on_its_way_may_hold_it_up(self, ctx):
        policy = TransferPolicy(related=(Related(of="request", states=("open",), treatment="block"),))
        keep(ctx, WEI, EVA, firm(), a_request(assignee_id="boss", **about()), policies=[policy])
        [refused] = transfer(ctx, [FIRM], "eva").refused
        assert codes(refused) == ["transfer.related.block"]
        assert owner(ctx) == "wei"

    def test_closed_requests_may_be_told_of(self, ctx):
        policy = TransferPolicy(related=(Related(of="request", states=("closed",), treatment="notify"),))
        ended = a_request(id="ended", closed_at=EARLIER, **about())
        keep(ctx, WEI, EVA, firm(), ended, a_request(id="running", **about()), policies=[policy])
        [decision] = transfer(ctx, [FIRM], "eva").decisions
        assert [step.record.id for step in decision.steps] == ["ended"]

    def test_a_legal_hold_forbids_it_while_it_lasts(self, ctx):
        hold = Evidence(kind="legal_hold", source="case 7", since=EARLIER, until=NOW + DAY)
        keep(ctx, WEI, EVA, firm(evidence=(hold,)))
        assert codes(transfer(ctx, [FIRM], "eva").refused[0]) == ["transfer.held"]
        ctx.clock.advance(days=1)
        assert transfer(ctx, [FIRM], "eva").transferred == (FIRM,)

    def test_a_lead_under_legal_hold_stays_when_its_customer_goes(self, ctx):
        hold = Evidence(kind="legal_hold", source="case 7", since=EARLIER)
        keep(ctx, WEI, EVA, firm(), a_lead(owner_id="wei", account_id="A-1", evidence=(hold,)))
        [decision] = transfer(ctx, [FIRM], "eva").decisions
        assert [step.reason.code for step in decision.steps] == ["transfer.stays.held"]

    def test_without_any_word_nothing_goes_along(self, ctx):
        keep(ctx, WEI, EVA, *everything(), policies=[TransferPolicy(related=())])
        assert transfer(ctx, [FIRM], "eva").decisions[0].steps == ()

    def keeping(self, ctx, *records, level="write", days=7):
        keep(ctx, EVA, *records, policies=[TransferPolicy(former_owner=KeptAccess(level=level, days=days))])
        return transfer(ctx, [FIRM], "eva")

    def shares(self, ctx):
        with ctx.store.begin(read_only=True) as uow:
            found = uow.collaborations.find()
            return [(each.member_id, each.level.value, each.expires_at, each.holds(ctx.clock.now())) for each in found]

    def test_the_former_owner_may_keep_a_share_until_the_undo(self, ctx):
        run = self.keeping(ctx, WEI, firm())
        assert self.shares(ctx) == [("wei", "write", NOW + 7 * DAY, True)]
        undo_transfer(ctx, run.transfer_id)
        assert self.shares(ctx) == [("wei", "write", NOW + 7 * DAY, False)]

    def test_a_share_without_an_end_may_be_kept(self, ctx):
        self.keeping(ctx, WEI, firm(), level="read", days=None)
        assert self.shares(ctx) == [("wei", "read", None, True)]

    def test_a_share_they_had_besides_stays_and_one_that_had_ended_holds_again(self, ctx):
        self.keeping(ctx, WEI, firm(), a_collaboration(member_id="wei"))
        assert self.shares(ctx) == [("wei", "read", None, True)]
        with ctx.store.begin() as uow:
            uow.save(uow.collaborations.get("CO-1").end(now=NOW))
            uow.commit()
        transfer(ctx, [FIRM], "wei")
        transfer(ctx, [FIRM], "eva")
        assert ("wei", "write", NOW + 7 * DAY, True) in self.shares(ctx)

    def test_who_is_not_there_keeps_nothing(self, ctx):
        self.keeping(ctx, a_member(id="wei", status="on_leave"), firm())
        assert self.shares(ctx) == []

    def test_rows_of_the_host_follow_where_the_policy_names_them(self):
        orders = Orders(one=["A-1", "wei"], two=["A-1", "lu"], three=["A-2", "wei"])
        ctx = context(orders)
        keep(ctx, WEI, EVA, firm(), policies=[TransferPolicy(related=(Related(of="order", treatment="follow"),))])
        run = transfer(ctx, [FIRM], "eva")
        assert orders.rows == {"one": ["A-1", "eva"], "two": ["A-1", "lu"], "three": ["A-2", "wei"]}
        undo_transfer(ctx, run.transfer_id)
        assert orders.rows["one"] == ["A-1", "wei"]

    def test_rows_of_the_host_are_not_asked_for_otherwise(self):
        ctx = context(Orders(one=["A-1", "wei"]))
        keep(ctx, WEI, EVA, firm())
        assert transfer(ctx, [FIRM], "eva").decisions[0].steps == ()


class TestWhoReceives:
    def test_every_reason_against_it_is_told(self, ctx):
        keep(ctx, a_member(id="wei", status="on_leave", capacity=0), firm())
        assert codes(transfer(ctx, [FIRM], "wei").refused[0]) == [
            "transfer.already",
            "transfer.inactive",
            "transfer.capacity",
        ]

    def test_what_nobody_owns_is_assigned_instead(self, ctx):
        keep(ctx, EVA, firm(owner_id=None))
        assert codes(transfer(ctx, [FIRM], "eva").refused[0]) == ["transfer.no_owner"]

    def test_what_does_not_exist_is_named(self, ctx):
        keep(ctx, WEI, EVA, firm())
        run = transfer(ctx, [FIRM, Ref(entity="account", id="A-9")], "eva")
        assert (run.transferred, codes(run.refused[0])) == ((FIRM,), ["transfer.missing"])

    def test_nothing_but_what_does_not_exist_changes_nothing(self, ctx):
        keep(ctx, EVA)
        assert transfer(ctx, [FIRM], "eva").transferred == ()

    def test_a_member_or_a_pool_that_does_not_exist_is_not_found(self, ctx):
        keep(ctx, firm())
        with pytest.raises(NotFound):
            transfer(ctx, [FIRM], "nobody")
        with pytest.raises(NotFound):
            transfer(ctx, [FIRM], to_pool="nowhere")

    @pytest.mark.parametrize("pool", [a_pool(enabled=False), a_pool(holds="lead")])
    def test_a_pool_that_takes_no_such_records_is_not_allowed(self, ctx, pool):
        keep(ctx, firm(), pool)
        with pytest.raises(NotAllowed, match="takes no account"):
            transfer(ctx, [FIRM], to_pool="PO-1")

    @pytest.mark.parametrize(
        ("refs", "to"),
        [
            ([], {"to_member": "eva"}),
            ([FIRM, FIRM], {"to_member": "eva"}),
            ([FIRM, Ref(entity="lead", id="L-1")], {"to_member": "eva"}),
            ([Ref(entity="contact", id="C-1")], {"to_member": "eva"}),
            ([FIRM], {}),
            ([FIRM], {"to_member": "eva", "to_pool": "PO-1"}),
        ],
    )
    def test_what_makes_no_sense_is_invalid(self, ctx, refs, to):
        with pytest.raises(InvalidInput):
            transfer(ctx, refs, **to)

    def test_a_plan_says_the_same_and_writes_nothing(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        plan = plan_transfer(ctx, [FIRM], "eva")
        assert owner(ctx) == "wei"
        assert plan.decisions == transfer(ctx, [FIRM], "eva").decisions


def firms(count, **changes):
    return [firm(id=f"A-{number:04}", **changes) for number in range(count)]


def refs(records):
    return [record.ref for record in records]


class TestMany:
    def test_each_is_decided_for_itself_and_the_room_counts_down(self, ctx):
        known = firms(4)
        keep(ctx, WEI, a_member(id="eva", capacity=3), *known, a_lead(owner_id="eva"))
        run = transfer(ctx, refs(known), "eva")
        assert [decision.transferred for decision in run.decisions] == [True, True, False, False]
        assert codes(run.refused[0]) == ["transfer.capacity"]

    def test_leads_that_go_along_take_room_too(self, ctx):
        keep(ctx, WEI, a_member(id="eva", capacity=2), *firms(2), a_lead(owner_id="wei", account_id="A-0000"))
        run = transfer(ctx, refs(firms(2)), "eva")
        assert [decision.transferred for decision in run.decisions] == [True, False]

    def test_all_or_nothing(self, ctx):
        known = firms(3)
        keep(ctx, WEI, a_member(id="eva", capacity=2), *known)
        run = transfer(ctx, refs(known), "eva", batch=Batch.ALL_OR_NOTHING)
        assert [codes(decision) for decision in run.decisions] == [
            ["transfer.batch"],
            ["transfer.batch"],
            ["transfer.capacity"],
        ]
        assert owner(ctx, "A-0000") == "wei"

    def test_all_of_them(self, ctx):
        known = firms(3)
        keep(ctx, WEI, EVA, *known)
        assert len(transfer(ctx, refs(known), "eva", batch=Batch.ALL_OR_NOTHING).transferred) == 3

    def test_all_or_nothing_is_for_five_hundred(self, ctx):
        with pytest.raises(InvalidInput, match="too many"):
            transfer(ctx, refs(firms(501)), "eva", batch=Batch.ALL_OR_NOTHING)

    def test_chunks_are_one_run_that_is_undone_as_one(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
        known = firms(5)
        keep(ctx, WEI, EVA, *known)
        run = transfer(ctx, refs(known), "eva", idempotency_key="k")
        assert run.transferred == tuple(refs(known))
        assert transfer(ctx, refs(known), "eva", idempotency_key="k") == run
        assert plan_transfer(ctx, refs(known), "wei").transferred == tuple(refs(known))
        assert len(undo_transfer(ctx, run.transfer_id, idempotency_key="u").given_back) == 5

    @pytest.mark.parametrize("key", [None, "k"])
    def test_one_that_fails_is_named_and_holds_nobody_up(self, key):
        ctx = context(Orders(broken=["A-0001", "wei"], fine=["A-0002", "wei"]))
        policy = TransferPolicy(related=(Related(of="order", treatment="follow"),))
        keep(ctx, WEI, EVA, *firms(3), policies=[policy])
        run = transfer(ctx, refs(firms(3)), "eva", idempotency_key=key)
        assert [owner(ctx, f"A-000{number}") for number in range(3)] == ["eva", "wei", "eva"]
        assert (codes(run.refused[0]), run.refused[0].reasons[0].params["error"]) == (
            ["transfer.failed"],
            "RuntimeError",
        )

    def test_the_first_one_may_fail_too(self):
        ctx = context(Orders(broken=["A-0000", "wei"]))
        keep(ctx, WEI, EVA, *firms(2), policies=[TransferPolicy(related=(Related(of="order", treatment="follow"),))])
        run = transfer(ctx, refs(firms(2)), "eva")
        assert [decision.transferred for decision in run.decisions] == [False, True]
        assert undo_transfer(ctx, run.transfer_id).given_back[0].id == "A-0001"

    def test_a_store_that_fails_on_the_way_stops_the_run(self):
        orders = Orders(broken=["A-0000", "wei"])
        ctx = context(orders)
        keep(ctx, WEI, EVA, *firms(2), policies=[TransferPolicy(related=(Related(of="order", treatment="follow"),))])
        failures = iter([RuntimeError("broken"), StorageFailed("gone")])

        def move(keys, old, new):
            raise next(failures)

        orders.move = move
        with pytest.raises(StorageFailed):
            transfer(ctx, refs(firms(2)), "eva")

    def test_one_alone_or_all_or_nothing_that_fails_says_so(self):
        ctx = context(Orders(broken=["A-0000", "wei"]))
        keep(ctx, WEI, EVA, *firms(2), policies=[TransferPolicy(related=(Related(of="order", treatment="follow"),))])
        with pytest.raises(RuntimeError):
            transfer(ctx, refs(firms(1)), "eva")
        with pytest.raises(RuntimeError):
            transfer(ctx, refs(firms(2)), "eva", batch=Batch.ALL_OR_NOTHING)

    def test_a_hundred_customers_take_as_many_queries_as_one(self, ctx, monkeypatch):
        known = firms(101)
        todo = [a_task(id=f"T-{each.id}", owner_id="wei", **about(id=each.id)) for each in known]
        keep(ctx, WEI, a_member(id="eva", capacity=500), *known, *todo, policies=[ClaimPolicy(holding_cap=500)])
        counted = Counter()

        def counting(name, call):
            def counted_call(*args, **options):
                counted[name] += 1
                return call(*args, **options)

            return counted_call

        for name in ("get", "get_many", "find", "count", "count_by"):
            monkeypatch.setattr(MemoryRepository, name, counting(name, getattr(MemoryRepository, name)))
        transfer(ctx, refs(known[:1]), "eva")
        one = sum(counted.values())
        counted.clear()
        transfer(ctx, refs(known[1:]), "eva")
        assert sum(counted.values()) == one

    def test_rivals_never_fill_a_member_beyond_the_cap(self, database_url):
        store = SqlStore(database_url)
        ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
        known = firms(8)
        keep(ctx, WEI, a_member(id="eva", capacity=3), *known)
        together = Barrier(8)

        def rush(record):
            together.wait()
            return len(transfer(ctx, [record.ref], "eva").transferred)

        with ThreadPoolExecutor(8) as threads:
            taken = sum(threads.map(rush, known))
        store.close()
        assert taken == 3


class TestUndo:
    def test_everything_is_as_it_was(self, ctx):
        reclaim = ReclaimPolicy(protect_days=30)
        before = firm(reclaim_at=NOW + 5 * DAY, last_action_at=EARLIER)
        rest = [record for record in everything() if record.id != "A-1"]
        keep(ctx, WEI, EVA, before, *rest, policies=[reclaim])
        run = transfer(ctx, [FIRM], "eva")
        ctx.clock.advance(days=1)
        undone = undo_transfer(ctx, run.transfer_id)
        after = get(ctx, "accounts", "A-1")
        names = ("owner_id", "owned_since", "reclaim_at", "last_action_at", "clock", "pool_id")
        assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
        assert get(ctx, "tasks", "todo").owner_id == get(ctx, "leads", "enquiry").owner_id == "wei"
        assert get(ctx, "requests", "ask").assignee_id == get(ctx, "filings", "filed").member_id == "wei"
        assert undone.kept == ()
        assert [entry[:3] for entry in entries(ctx)] == [
            ("transferred", "wei", "eva"),
            ("transfer_undone", "eva", "wei"),
        ]

    def test_what_was_changed_since_is_named_and_left_alone(self, ctx):
        keep(ctx, WEI, EVA, a_member(id="na"), *everything())
        run = transfer(ctx, [FIRM], "eva")
        transfer(ctx, [FIRM], "na")
        undone = undo_transfer(ctx, run.transfer_id)
        assert owner(ctx) == "na"
        assert {(str(kept.record), kept.reason.code) for kept in undone.kept} >= {
            ("account:A-1", "transfer.changed_since")
        }
        assert undone.given_back == ()

    def test_one_record_changed_keeps_the_others_from_nothing(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        run = transfer(ctx, [FIRM], "eva")
        with ctx.store.begin() as uow:
            uow.save(changed(uow.tasks.get("todo"), now=NOW, owner_id="lu"))
            uow.commit()
        undone = undo_transfer(ctx, run.transfer_id)
        assert [kept.record.id for kept in undone.kept] == ["todo"]
        assert (owner(ctx), get(ctx, "tasks", "todo").owner_id) == ("wei", "lu")

    def test_what_ended_is_open_again(self, ctx):
        close = tuple(Related(of=of, states=("open",), treatment="close") for of in ("task", "opportunity"))
        keep(ctx, WEI, EVA, *everything(), policies=[TransferPolicy(related=close)])
        undo_transfer(ctx, transfer(ctx, [FIRM], "eva").transfer_id)
        deal = get(ctx, "opportunities", "open")
        assert (deal.stage, deal.status, deal.closed_at) == ("talks", "open", None)
        assert get(ctx, "tasks", "todo").status == "open"

    def test_nothing_goes_back_to_who_is_not_there(self, ctx):
        keep(ctx, WEI, EVA, firm())
        run = transfer(ctx, [FIRM], "eva")
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("wei").move("leave", now=NOW))
            uow.commit()
        [kept] = undo_transfer(ctx, run.transfer_id).kept
        assert (kept.reason.code, owner(ctx)) == ("transfer.owner_gone", "eva")

    def test_what_is_gone_is_named(self, ctx):
        keep(ctx, WEI, EVA, *everything())
        run = transfer(ctx, [FIRM], "eva")
        with ctx.store.begin() as uow:
            uow.save(removed(uow.tasks.get("todo"), PassedOn(at=NOW)))
            uow.commit()
        assert [kept.reason.code for kept in undo_transfer(ctx, run.transfer_id).kept] == ["transfer.gone"]

    def test_rows_of_a_host_that_is_no_longer_there_stay(self):
        ctx = context(Orders(one=["A-1", "wei"]))
        keep(ctx, WEI, EVA, firm(), policies=[TransferPolicy(related=(Related(of="order", treatment="follow"),))])
        run = transfer(ctx, [FIRM], "eva")
        ctx.references[0].rows["one"] = ["A-1", "lu"]
        assert [kept.record.id for kept in undo_transfer(ctx, run.transfer_id).kept] == ["one"]

    def test_it_is_undone_once(self, ctx):
        keep(ctx, WEI, EVA, firm())
        run = transfer(ctx, [FIRM], "eva")
        undo_transfer(ctx, run.transfer_id)
        assert undo_transfer(ctx, run.transfer_id).given_back == ()

    def test_a_transfer_that_does_not_exist_is_not_found(self, ctx):
        with pytest.raises(NotFound):
            undo_transfer(ctx, "T-9")

    def test_from_a_pool_it_comes_back_to_its_owner(self, ctx):
        keep(ctx, WEI, a_pool(), firm())
        run = transfer(ctx, [FIRM], to_pool="PO-1")
        undo_transfer(ctx, run.transfer_id)
        after = get(ctx, "accounts", "A-1")
        assert (after.owner_id, after.pool_id, after.owned_since) == ("wei", None, EARLIER)
