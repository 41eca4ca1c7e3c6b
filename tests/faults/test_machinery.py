"""The machine that looks for faults finds those that are planted."""

from bisect import insort
from datetime import timedelta

import attrs
import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import changed, created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import LeadMoved
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import NotFound, OutcomeUnknown, StorageBusy, StorageFailed
from crmkit.services.custody import history
from crmkit.services.pools import claim
from crmkit.testing import NOW, a_lead, an_account, an_ownership_entry
from crmkit.testing.faults import ANSWER_LOST, KINDS, PERSISTENT, TRANSIENT, Fault, FaultyStore, Plan, every_fault
from crmkit.testing.history import History, Told

ACCOUNT = Ref(entity="account", id="A-10")

# --- services with a mistake ----------------------------------------------------------------------


def in_two_transactions(ctx):
    """The row first, its history afterwards."""
    change = ctx.store.run(lambda uow: taken(uow, ctx))
    ctx.store.run(lambda uow: uow.save(history(change, id=ctx.ids.new())))


def taken(uow, ctx):
    change = uow.accounts.get(ACCOUNT.id).claim("M-1", now=ctx.clock.now())
    uow.save(change)
    return change


def without_a_key(ctx):
    """Whoever repeats this after a lost answer has two leads."""
    ctx.store.run(lambda uow: uow.save(a_lead(id=ctx.ids.new(), phones=()).capture()))


def with_a_key_of_its_own_transaction(ctx):
    def known(uow):
        return uow.commands.recall("K", Ref)

    if ctx.store.run(known) is None:
        without_a_key(ctx)
        ctx.store.run(lambda uow: uow.commands.remember("K", ACCOUNT))


def told_from_inside(ctx):
    """The channel hears of what may never be committed, and hears it again when it is tried again."""

    def work(uow):
        if uow.accounts.get(ACCOUNT.id).owner_id is None:
            change = taken(uow, ctx)
            uow.save(history(change, id=ctx.ids.new()))
            ctx.notifier.send("taken")

    ctx.store.run(work)


def with_an_error_of_another_kind(ctx):
    try:
        claim(ctx, ACCOUNT, "M-1", idempotency_key="K")
    except StorageFailed as error:
        raise RuntimeError from error


@pytest.mark.parametrize(
    ("service", "kind", "complaint"),
    [
        (in_two_transactions, PERSISTENT, "the ledger has no line"),
        (without_a_key, ANSWER_LOST, "another state"),
        (with_a_key_of_its_own_transaction, PERSISTENT, "another state"),
        (told_from_inside, TRANSIENT, "another state"),
    ],
    ids=["two transactions", "no key", "key of its own", "told from inside"],
)
def test_a_mistake_in_a_service_is_found(service, kind, complaint, memory_world):
    with pytest.raises(AssertionError, match=complaint) as found:
        every_fault(service, memory_world, kind=kind, same_answer=False, also=lambda ctx: ctx.notifier.notices)

    assert f"After a {kind.name} fault at call" in "".join(found.value.__notes__)


def test_an_error_of_another_kind_is_not_passed_over(memory_world):
    with pytest.raises(RuntimeError):
        every_fault(with_an_error_of_another_kind, memory_world, kind=PERSISTENT)


def test_an_invariant_that_is_broken_is_found(memory_world):
    def nobody_claims(ctx):
        with ctx.store.begin() as uow:
            assert uow.accounts.get(ACCOUNT.id).owner_id is None, "somebody did"

    with pytest.raises(AssertionError, match="somebody did"):
        every_fault(
            lambda ctx: claim(ctx, ACCOUNT, "M-1", idempotency_key="K"),
            memory_world,
            kind=ANSWER_LOST,
            invariants=[nobody_claims],
        )


def test_every_call_is_struck_once(memory_world):
    calls = Plan()
    ctx = memory_world()
    claim(attrs.evolve(ctx, store=FaultyStore(ctx.store, calls)), ACCOUNT, "M-1", idempotency_key="K")

    for kind in KINDS:
        trials = every_fault(lambda ctx: claim(ctx, ACCOUNT, "M-1", idempotency_key="K"), memory_world, kind=kind)
        struck = [trial.call for trial in trials if trial.call.startswith(("store", "uow"))]
        assert struck == (["uow.commit"] if kind is ANSWER_LOST else calls.calls)


# --- ports under a plan ---------------------------------------------------------------------------


def test_a_unit_of_work_takes_nothing_more_after_a_fault():
    store = MemoryStore()
    faulty = FaultyStore(store, Plan(TRANSIENT, at=3))
    with faulty.begin() as uow:
        uow.save(created(a_lead()))
        with pytest.raises(StorageBusy):
            uow.leads.get("L-1")
        for use in (uow.commit, lambda: uow.leads.get("L-1"), lambda: uow.keys.find(["x"])):
            with pytest.raises(StorageFailed):
                use()
        uow.rollback()

    assert History.of(store).rows == {}


def test_a_lasting_fault_lasts():
    faulty = FaultyStore(MemoryStore(), Plan(PERSISTENT, at=2))
    for _ in range(3):
        with pytest.raises(StorageFailed):
            faulty.outbox.claim(limit=faulty.outbox.backlog(), now=NOW, until=NOW)


def test_what_was_committed_stays_though_the_answer_was_lost():
    store = MemoryStore()
    with pytest.raises(OutcomeUnknown):
        FaultyStore(store, Plan(ANSWER_LOST, at=1)).run(lambda uow: uow.save(created(a_lead())))

    assert [ref.id for ref in History.of(store).rows] == ["L-1"]


def test_errors_of_the_store_itself_pass():
    with pytest.raises(NotFound), FaultyStore(MemoryStore(), Plan()).begin() as uow:
        uow.repository(Account).get("nobody")


def test_a_fault_may_do_anything():
    def stumble(call):
        raise KeyError(call)

    with pytest.raises(KeyError, match=r"clock\.now"):
        Plan(Fault(name="stumble", error=stumble), at=1).call("clock.now", lambda: NOW)


# --- a history that cannot have happened ----------------------------------------------------------


@pytest.fixture
def store():
    store = MemoryStore()
    store.run(lambda uow: uow.save(created(an_account(pool_id="PO-1"))))
    return store


def claim_it(store):
    def work(uow):
        change = uow.accounts.get("A-1").claim("M-1", now=NOW)
        uow.save(change, history(change, id="OE-1"))

    store.run(work)


def entries(store):
    return store._state.entries["main"]


def rewrite(store, place, **changes):
    entries(store)[place] = attrs.evolve(entries(store)[place], **changes)


def put(store, **changes):
    rows = store._state.records["main", "account"]
    rows["A-1"] = attrs.evolve(rows["A-1"], **changes)


def claim_it_from_its_owner(store):
    claim_it(store)
    account = store._state.records["main", "account"]["A-1"]
    change = attrs.evolve(account, owner_id=None, pool_id="PO-1").claim("M-2", now=NOW)
    change = attrs.evolve(change, before=account)
    store.run(lambda uow: uow.save(change, history(change, id="OE-2")))


PLANTED = {
    "changed hands without a line": (
        lambda store: store.run(lambda uow: uow.save(uow.accounts.get("A-1").claim("M-1", now=NOW))),
        "account:A-1 went from pool PO-1 to owner M-1 at version 2, and the ledger has no line of it",
    ),
    "a line too many": (
        lambda store: store.run(lambda uow: uow.save(created(an_ownership_entry(cause=Cause.ASSIGNED)))),
        "account:A-1 did not go from nobody to owner M-1, but the ledger says so",
    ),
    "a line that was changed": (
        lambda store: (
            store.run(lambda uow: uow.save(created(an_ownership_entry(cause=Cause.ASSIGNED)))),
            store.run(lambda uow: uow.save(changed(an_ownership_entry(cause=Cause.ASSIGNED), now=NOW, cause="merged"))),
        ),
        "ownership_entry:OE-1 was changed, and it is a line of history",
    ),
    "two winners": (claim_it_from_its_owner, "account:A-1 was claimed by owner M-2 while owner M-1 had it"),
    "a row without its entry": (
        lambda store: entries(store).clear(),
        "account:A-1 is at version 1, its trail at none",
    ),
    "a change without its entry": (
        lambda store: put(store, version=2),
        "account:A-1 is at version 2, its trail at 1",
    ),
    "a beginning that is lost": (
        lambda store: (claim_it(store), entries(store).pop(0)),
        "account:A-1 has a trail that does not begin with how it came into being",
    ),
    "an older version after a newer": (
        lambda store: (claim_it(store), rewrite(store, 0, version=3)),
        "account:A-1 has versions [3, 2] in its trail",
    ),
    "a lost update": (
        lambda store: (claim_it(store), put(store, pool_id="PO-2", owner_id=None)),
        "account:A-1 has another owner_id than its trail says",
    ),
    "an entry that does not follow": (
        lambda store: (claim_it(store), claim_back(store), rewrite(store, 2, changed={"owner_id": ("M-9", None)})),
        "account:A-1 lost a change of owner_id before version 3",
    ),
    "a row that vanished": (
        lambda store: store._state.records["main", "account"].clear(),
        "account:A-1 is gone, and its trail does not tell",
    ),
    "a key that is not kept": (
        lambda store: store._state.keys.clear(),
        "account:A-1 is not found by its company key",
    ),
    "a key of somebody else": (
        lambda store: [insort(holders, ("A-2", "account")) for holders in store._state.keys.values()],
        "account:A-2 is found by a company key that it does not have",
    ),
}


def claim_back(store):
    def work(uow):
        change = uow.accounts.get("A-1").release("PO-1", now=NOW)
        uow.save(change, history(change, id="OE-2"))

    store.run(work)


@pytest.mark.parametrize("planted", PLANTED)
def test_a_breach_is_told(planted, store):
    plant, sentence = PLANTED[planted]
    plant(store)

    assert sentence in History.of(store, told_of=[Ref(entity="account", id="A-1")]).breaches()


def test_a_life_without_a_breach(store):
    claim_it(store)
    claim_back(store)
    store.run(lambda uow: uow.save(changed(uow.accounts.get("A-1"), now=NOW, phones=(Phone.parse("+4989123456"),))))
    store.run(lambda uow: uow.save(created(an_account(id="A-2", owner_id="M-2"))))
    note = LeadMoved(at=NOW, from_status="new", to_status="working")
    store.run(lambda uow: uow.save(removed(uow.accounts.get("A-2"), note)))

    assert History.of(store, told_of=[Ref(entity="account", id="A-2")]).breaches() == []


@pytest.fixture
def notices():
    store = MemoryStore()
    store.run(lambda uow: uow.save(a_lead().capture()))
    for verb in ("work", "qualify"):
        store.run(lambda uow, verb=verb: uow.save(uow.leads.get("L-1").move(verb, now=NOW + timedelta(hours=1))))
    told = Told()
    told.drain(store.outbox, now=NOW)
    return History.of(store), told.notices


def test_notices_that_are_told_in_order_are_no_breach(notices):
    history, (first, second, third) = notices

    assert history.breaches_of([first, first, second, third, third]) == []


def test_a_notice_that_was_lost_is_told(notices):
    history, (first, _, third) = notices

    assert history.breaches_of([first, third]) == ["lead:L-1 never told lead.moved of version 2"]
    assert history.breaches_of([first, third], all_told=False) == []


def test_a_notice_that_came_late_is_told(notices):
    history, (first, second, third) = notices

    assert history.breaches_of([first, third, second]) == ["lead:L-1 told lead.moved of version 2 after a later one"]


def test_a_notice_of_nothing_is_told(notices):
    history, (first, *rest) = notices

    strange = attrs.evolve(first, id="E-9", version=9)
    assert history.breaches_of([first, *rest, strange]) == [
        "lead:L-1 told lead.captured of version 9, which the trail lacks"
    ]
