"""A merge is undone: the record that went is back, with what it had."""

import pytest
import sqlalchemy as sa
from attrs import evolve, frozen

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import Duplicate, InvalidInput, NotFound
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import capture_lead
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.lead_form import LeadForm
from crmkit.services.merge import merge, plan_merge, resolve
from crmkit.services.pools import claim
from crmkit.services.unmerge import plan_unmerge, unmerge
from crmkit.testing import (
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_member,
    a_merge,
    a_pipeline,
    a_pool,
    a_request,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
)
from crmkit.testing.history import History, Told

BOOK = RuleBook.standard()


def context(store):
    return Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield context(store)
    assert History.of(store).breaches() == []
    store.close()


def save(ctx, *records):
    ctx.store.run(lambda uow: uow.save(*map(created, records)))


def edit(ctx, cls, id, **fields):
    now = ctx.clock.advance(minutes=1)
    ctx.store.run(lambda uow: uow.save(changed(uow.repository(cls).get(id), now=now, **fields)))


def get(ctx, cls, id):
    with ctx.store.begin(read_only=True) as uow:
        return uow.repository(cls).get(id)


def every(ctx, plural):
    with ctx.store.begin(read_only=True) as uow:
        return list(getattr(uow, plural).find())


def lead(id):
    return Ref(entity="lead", id=id)


def account(id):
    return Ref(entity="account", id=id)


def contact(id):
    return Ref(entity="contact", id=id)


def leads_to(ctx, ref):
    with ctx.store.begin(read_only=True) as uow:
        return resolve(uow, ref).id


def said(ctx, answer, language="en"):
    return BOOK.texts.say_all(answer.plan.reasons, language)


def names(refs):
    return sorted(map(str, refs))


# --- what comes back ------------------------------------------------------------------------------


def test_both_records_and_everything_that_moved_are_as_before(ctx):
    save(
        ctx,
        an_account(id="A-1"),
        an_account(id="A-2", industry="Retail"),
        an_account(id="A-3", parent_id="A-2"),
        a_contact(id="C-1", account_id="A-2"),
        a_lead(id="L-1", account_id="A-2"),
        an_opportunity(id="O-1", account_id="A-2"),
        an_interaction(id="I-1", subject_entity="account", subject_id="A-2"),
        a_task(id="T-1", subject_entity="account", subject_id="A-2"),
        a_request(id="R-1", subject_entity="account", subject_id="A-2"),
        a_contact(id="C-9", account_id="A-1"),
    )
    merge(ctx, account("A-1"), account("A-2"))
    answer = unmerge(ctx, account("A-2"))
    assert answer.plan.outcome == "undo"
    moved = ["account:A-3", "contact:C-1", "interaction:I-1", "lead:L-1", "opportunity:O-1", "request:R-1", "task:T-1"]
    assert names(answer.back) == moved
    assert (answer.elsewhere, answer.staying) == ((), ())
    assert [(each.id, each.industry, each.parent_id) for each in every(ctx, "accounts")] == [
        ("A-1", "", None),
        ("A-2", "Retail", None),
        ("A-3", "", "A-2"),
    ]
    assert [each.account_id for each in every(ctx, "contacts")] == ["A-2", "A-1"]
    assert [each.subject_id for plural in ("tasks", "requests") for each in every(ctx, plural)] == ["A-2", "A-2"]
    assert leads_to(ctx, account("A-2")) == "A-2"


def test_people_in_an_interaction_are_who_they_were(ctx):
    save(
        ctx,
        *(a_contact(id=f"C-{n}") for n in range(1, 4)),
        an_interaction(id="I-1", contact_ids=["C-2", "C-1", "C-9"]),
        an_interaction(id="I-2", subject_entity="contact", subject_id="C-2", contact_ids=["C-2"]),
        an_interaction(id="I-3", contact_ids=["C-2", "C-3"]),
    )
    first = merge(ctx, contact("C-1"), contact("C-2"))
    ctx.clock.advance(minutes=1)
    merge(ctx, contact("C-1"), contact("C-3"))
    unmerge(ctx, first.merge)
    there = {each.id: each.contact_ids for each in every(ctx, "interactions")}
    assert there == {"I-1": ("C-2", "C-1", "C-9"), "I-2": ("C-2",), "I-3": ("C-2", "C-1")}
    unmerge(ctx, contact("C-3"))
    assert get(ctx, type(every(ctx, "interactions")[0]), "I-3").contact_ids == ("C-2", "C-3")


def test_the_record_that_is_back_is_found_by_its_numbers_again(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", phones=[Phone.parse("13900139000")]))
    merge(ctx, lead("L-1"), lead("L-2"))
    unmerge(ctx, lead("L-2"))
    assert capture_lead(ctx, LeadForm(name="李伟", phones=["13900139000"])).lead_id == "L-2"


def test_what_came_since_stays_and_what_was_moved_on_is_left_alone(ctx):
    tasks = [a_task(id=f"T-{n}", subject_entity="lead", subject_id="L-2") for n in range(1, 4)]
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"), a_lead(id="L-3"), *tasks)
    merge(ctx, lead("L-1"), lead("L-2"))
    at = ctx.clock.advance(days=1)
    save(ctx, a_task(id="T-9", subject_entity="lead", subject_id="L-1", created_at=at))
    edit(ctx, type(tasks[0]), "T-2", subject_id="L-3")
    answer = unmerge(ctx, lead("L-2"))
    assert (names(answer.back), names(answer.elsewhere)) == (["task:T-1", "task:T-3"], ["task:T-2"])
    assert names(answer.staying) == ["task:T-9"]
    assert [each.subject_id for each in every(ctx, "tasks")] == ["L-2", "L-3", "L-2", "L-1"]
    assert "1 records came since the merge and stay with L-1." in said(ctx, answer)
    assert "合并后新增的 1 条记录保留在 L-1" in said(ctx, answer, "zh")


def test_an_edit_since_stays_and_is_named(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", title="Buyer", industry="Retail"))
    merge(ctx, lead("L-1"), lead("L-2"))
    edit(ctx, Lead, "L-1", title="Owner")
    answer = unmerge(ctx, lead("L-2"))
    assert [(each.fields, each.returned) for each in answer.plan.fields] == [
        (("title",), "kept"),
        (("industry",), "back"),
    ]
    assert (get(ctx, Lead, "L-1").title, get(ctx, Lead, "L-1").industry) == ("Owner", "")
    assert get(ctx, Lead, "L-2").title == "Buyer"


def test_everybody_has_the_records_they_had(ctx):
    save(
        ctx,
        a_member(id="M-1"),
        a_pool(id="P-1"),
        an_account(id="A-1", pool_id="P-1"),
        an_account(id="A-2", owner_id="M-2"),
    )
    merge(ctx, account("A-1"), account("A-2"), keep="A-1")
    assert get(ctx, Account, "A-1").owner_id == "M-2"
    unmerge(ctx, account("A-2"))
    assert [(each.owner_id, each.pool_id) for each in every(ctx, "accounts")] == [(None, "P-1"), ("M-2", None)]
    causes = [(line.record_id, line.cause, line.from_owner_id, line.to_owner_id) for line in every(ctx, "ownership")]
    assert causes == [
        ("A-2", "merged", "M-2", None),
        ("A-1", "merged", None, "M-2"),
        ("A-1", "unmerged", "M-2", None),
        ("A-2", "unmerged", None, "M-2"),
    ]
    assert claim(ctx, account("A-1"), "M-1").granted


def test_the_history_of_a_record_goes_on_and_knows_when_it_was_away(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", title="Owner"))
    before = ctx.clock.now()
    ctx.clock.advance(days=1)
    merge(ctx, lead("L-1"), lead("L-2"))
    away = ctx.clock.now()
    back = ctx.clock.advance(days=1)
    unmerge(ctx, lead("L-2"))
    edit(ctx, Lead, "L-2", title="Chef")
    with ctx.store.begin(read_only=True) as uow:
        assert [entry.type for entry in uow.trail.of(lead("L-2"))] == [
            "lead.created",
            "record.merged_away",
            "record.restored",
            "lead.changed",
        ]
        assert [
            uow.trail.as_of(Lead, "L-2", at) and uow.trail.as_of(Lead, "L-2", at).title for at in (before, away, back)
        ] == [
            "Owner",
            None,
            "Owner",
        ]


# --- asking ---------------------------------------------------------------------------------------


def test_the_preview_says_what_the_undo_does_and_writes_nothing(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", industry="Retail"), a_task(subject_entity="lead", subject_id="L-2"))
    merge(ctx, lead("L-1"), lead("L-2"))
    ctx.clock.advance(days=1)
    planned = plan_unmerge(ctx, lead("L-2"))
    assert len(every(ctx, "leads")) == 1
    assert unmerge(ctx, lead("L-2")) == planned


def test_undoing_again_says_that_it_was_done(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    made = merge(ctx, lead("L-1"), lead("L-2"))
    unmerge(ctx, made.merge)
    versions = [each.version for each in every(ctx, "leads")]
    for again in (unmerge(ctx, made.merge), unmerge(ctx, lead("L-2")), plan_unmerge(ctx, lead("L-2"))):
        assert said(ctx, again) == "L-2 was split off before."
    assert [each.version for each in every(ctx, "leads")] == versions


def test_the_same_key_gets_the_same_answer(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    merge(ctx, lead("L-1"), lead("L-2"))
    first = unmerge(ctx, lead("L-2"), idempotency_key="u-1")
    assert unmerge(ctx, lead("L-2"), idempotency_key="u-1") == first


def test_what_was_never_merged_is_not_found(ctx):
    save(ctx, a_lead(id="L-1"))
    with pytest.raises(NotFound):
        unmerge(ctx, lead("L-1"))
    with pytest.raises(NotFound):
        unmerge(ctx, Ref(entity="merge", id="MG-1"))


def test_an_id_that_was_given_away_meanwhile_is_not_taken_back():
    ctx = context(MemoryStore())
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    merge(ctx, lead("L-1"), lead("L-2"))
    save(ctx, a_lead(id="L-2", title="Somebody else"))
    with pytest.raises(Duplicate):
        unmerge(ctx, lead("L-2"))
    assert get(ctx, Lead, "L-2").title == "Somebody else"


# --- merges on top of each other ------------------------------------------------------------------


def test_a_merge_whose_survivor_went_on_waits_until_that_one_is_undone(ctx):
    save(ctx, *(a_lead(id=f"L-{n}") for n in range(1, 4)), a_task(subject_entity="lead", subject_id="L-3"))
    lower = merge(ctx, lead("L-2"), lead("L-3"))
    upper = merge(ctx, lead("L-1"), lead("L-2"))
    refused = unmerge(ctx, lower.merge)
    assert refused.plan.outcome == "refuse"
    assert said(ctx, refused) == f"L-2 was merged itself since; undo {upper.merge} first."
    assert [each.id for each in every(ctx, "leads")] == ["L-1"]
    assert unmerge(ctx, upper.merge).plan.outcome == unmerge(ctx, lower.merge).plan.outcome == "undo"
    assert every(ctx, "tasks")[0].subject_id == "L-3"


def test_merges_into_one_survivor_are_undone_in_any_order(ctx):
    save(ctx, *(a_lead(id=f"L-{n}", tags=[f"tag-{n}"]) for n in range(1, 5)))
    for number in (2, 3, 4):
        ctx.clock.advance(minutes=1)
        merge(ctx, lead("L-1"), lead(f"L-{number}"))
    for number, left in ((3, "124"), (2, "14"), (4, "1")):
        unmerge(ctx, lead(f"L-{number}"))
        assert get(ctx, Lead, "L-1").tags == tuple(f"tag-{each}" for each in left)
        assert get(ctx, Lead, f"L-{number}").tags == (f"tag-{number}",)


def test_a_merge_may_be_done_again_after_its_undo(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    for _ in range(2):
        ctx.clock.advance(minutes=1)
        merge(ctx, lead("L-1"), lead("L-2"))
        assert leads_to(ctx, lead("L-2")) == "L-1"
        unmerge(ctx, lead("L-2"))
        assert leads_to(ctx, lead("L-2")) == "L-2"
    assert len(every(ctx, "merges")) == 2


def test_who_comes_back_follows_a_company_that_was_merged_meanwhile_and_goes_back_with_it(ctx):
    save(ctx, an_account(id="A-1"), an_account(id="A-2"), a_contact(id="C-1", account_id="A-1"))
    save(ctx, a_contact(id="C-2", account_id="A-2"))
    merge(ctx, contact("C-1"), contact("C-2"))
    merge(ctx, account("A-1"), account("A-2"))
    unmerge(ctx, contact("C-2"))
    assert get(ctx, Contact, "C-2").account_id == "A-1"
    unmerge(ctx, account("A-2"))
    assert get(ctx, Contact, "C-2").account_id == "A-2"


def test_who_was_moved_and_then_merged_comes_back_to_the_right_company(ctx):
    save(ctx, an_account(id="A-1"), an_account(id="A-2"), a_contact(id="C-1", account_id="A-1"))
    save(ctx, a_contact(id="C-2", account_id="A-2"))
    merge(ctx, account("A-1"), account("A-2"))
    ctx.clock.advance(minutes=1)
    merge(ctx, contact("C-1"), contact("C-2"))
    unmerge(ctx, account("A-2"))
    unmerge(ctx, contact("C-2"))
    assert [each.account_id for each in every(ctx, "contacts")] == ["A-1", "A-2"]


def test_a_journal_of_several_pages_is_read_to_its_end(ctx, monkeypatch):
    monkeypatch.setattr("crmkit.services.merge.MOST_MOVED", 2)
    tasks = [a_task(id=f"T-{n}", subject_entity="lead", subject_id="L-2") for n in range(5)]
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"), *tasks)
    merge(ctx, lead("L-1"), lead("L-2"))
    last_page = every(ctx, "merges")[-1]
    assert last_page.continues is not None
    assert len(unmerge(ctx, last_page.ref).back) == 5
    assert {each.subject_id for each in every(ctx, "tasks")} == {"L-2"}


# --- conversions ----------------------------------------------------------------------------------


def twins():
    phone = {"phones": [Phone.parse("13800138000")], "status": "qualified"}
    return a_lead(id="L-1", **phone), a_lead(id="L-2", **phone)


def test_the_twin_of_a_converted_lead_becomes_the_same_customer(ctx):
    save(ctx, a_pipeline(), *twins())
    first, second = convert_lead(ctx, "L-1"), convert_lead(ctx, "L-2")
    assert (first.account_id, first.contact_id) == (second.account_id, second.contact_id)
    assert merge(ctx, lead("L-1"), lead("L-2")).outcome == "merge"


def test_converting_the_twin_that_went_answers_with_what_the_other_became(ctx):
    save(ctx, a_pipeline(), *twins())
    first = convert_lead(ctx, "L-1")
    merge(ctx, lead("L-1"), lead("L-2"))
    again = convert_lead(ctx, "L-2")
    assert (again.lead_id, again.account_id, again.made) == ("L-1", first.account_id, ())
    unmerge(ctx, lead("L-2"))
    assert get(ctx, Lead, "L-2").status == "qualified"
    assert convert_lead(ctx, "L-2").account_id == first.account_id


def test_a_lead_that_was_converted_after_the_merge_stays_converted(ctx):
    save(ctx, a_pipeline(), a_lead(id="L-1", company=None), a_lead(id="L-2", status="qualified", owner_id="M-1"))
    merge(ctx, lead("L-1"), lead("L-2"), keep="L-1")
    ctx.clock.advance(minutes=1)
    made = convert_lead(ctx, "L-1")
    answer = unmerge(ctx, lead("L-2"))
    assert ("status", "kept") in [(each.fields[0], each.returned) for each in answer.plan.fields]
    assert (get(ctx, Lead, "L-1").status, get(ctx, Lead, "L-1").account_id) == ("converted", made.account_id)
    assert get(ctx, Lead, "L-2").status == "qualified"
    assert convert_lead(ctx, "L-1").account_id == made.account_id


def test_customers_of_converted_leads_are_split_again(ctx):
    save(ctx, an_account(id="A-1"), an_account(id="A-2"), a_lead(id="L-2", status="converted", account_id="A-2"))
    merge(ctx, account("A-1"), account("A-2"))
    assert convert_lead(ctx, "L-2").account_id == "A-1"
    unmerge(ctx, account("A-2"))
    assert convert_lead(ctx, "L-2").account_id == "A-2"


# --- rows of the host -----------------------------------------------------------------------------


@frozen
class Orders:
    """The orders of a shop, in the database that crmkit shares."""

    connection: sa.Connection
    name: str = "order"

    def find(self, record):
        asked = sa.text("SELECT number FROM orders WHERE entity = :entity AND party = :id ORDER BY number")
        return [str(number) for (number,) in self.connection.execute(asked, {"entity": record.entity, "id": record.id})]

    def move(self, keys, old, new):
        moved = sa.text("UPDATE orders SET party = :new WHERE number = :key AND party = :old")
        for key in keys:
            self.connection.execute(moved, {"new": new.id, "key": int(key), "old": old.id})


@pytest.fixture
def shop(database_url):
    engine = sa.create_engine(database_url)
    store = SqlStore(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (number INTEGER, entity TEXT, party TEXT)"))
        connection.execute(sa.text("INSERT INTO orders VALUES (1, 'account', 'A-2'), (2, 'account', 'A-2')"))
        connection.execute(sa.text("INSERT INTO orders VALUES (3, 'account', 'A-1'), (4, 'lead', 'A-2')"))
    save(context(store), an_account(id="A-1"), an_account(id="A-2"))
    yield engine, store
    store.close()
    engine.dispose()


def orders_of(engine):
    with engine.connect() as connection:
        return [party for (party,) in connection.execute(sa.text("SELECT party FROM orders ORDER BY number"))]


def in_one_transaction(shop, work):
    engine, store = shop
    with engine.begin() as connection:
        ctx = Context(
            store=store.joined(connection),
            clock=FixedClock(),
            ids=FixedIds(f"id-{work.__name__}"),
            notifier=Told(),
            book=BOOK,
            references=(Orders(connection),),
        )
        return work(ctx)


def test_rows_of_the_host_move_with_the_merge_and_back_with_its_undo(shop):
    def look(ctx):
        return plan_merge(ctx, account("A-1"), account("A-2"))

    def together(ctx):
        return merge(ctx, account("A-1"), account("A-2"))

    def apart(ctx):
        return unmerge(ctx, account("A-2"))

    assert names(in_one_transaction(shop, look).moves) == ["order:1", "order:2"]
    assert in_one_transaction(shop, together).moved == 2
    assert orders_of(shop[0]) == ["A-1", "A-1", "A-1", "A-2"]
    with shop[0].begin() as connection:
        connection.execute(sa.text("UPDATE orders SET party = 'A-7' WHERE number = 2"))
    answer = in_one_transaction(shop, apart)
    assert (names(answer.back), names(answer.elsewhere)) == (["order:1"], ["order:2"])
    assert orders_of(shop[0]) == ["A-2", "A-7", "A-1", "A-2"]


def test_what_the_host_rolls_back_was_never_merged(shop):
    def together(ctx):
        merge(ctx, account("A-1"), account("A-2"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_one_transaction(shop, together)
    assert orders_of(shop[0]) == ["A-2", "A-2", "A-1", "A-2"]
    assert len(every(context(shop[1]), "accounts")) == 2


def test_a_merge_that_moved_rows_of_the_host_is_not_undone_without_them(shop):
    def together(ctx):
        return merge(ctx, account("A-1"), account("A-2"))

    in_one_transaction(shop, together)
    with pytest.raises(InvalidInput, match="of order are needed"):
        unmerge(context(shop[1]), account("A-2"))


@pytest.mark.parametrize("two", [("order", "order"), ("account",)])
def test_rows_of_the_host_have_names_of_their_own(two):
    ctx = evolve(context(MemoryStore()), references=tuple(Orders(None, name) for name in two))
    save(ctx, an_account(id="A-1"), an_account(id="A-2"))
    with pytest.raises(InvalidInput, match="names of their own"):
        merge(ctx, account("A-1"), account("A-2"))


# --- overtaken ------------------------------------------------------------------------------------


def test_an_undo_that_was_overtaken_while_it_waited_starts_again(monkeypatch):
    ctx = context(MemoryStore())
    save(ctx, an_account(id="A-1"), an_account(id="A-2"), a_contact(id="C-1", account_id="A-1"))
    save(ctx, a_contact(id="C-2", account_id="A-2"))
    merge(ctx, contact("C-1"), contact("C-2"))
    waited = []

    def wait(uow, *locked):
        waited.append(locked)
        if len(waited) == 1:
            # what a rival committed before it let the lock go
            pair = {"record_entity": "account", "survivor_id": "A-3", "loser_id": "A-2"}
            uow.save(created(a_merge(id="X-1", loser=an_account(id="A-2"), **pair)))

    monkeypatch.setattr(MemoryUnitOfWork, "lock", wait)
    assert unmerge(ctx, contact("C-2")).plan.outcome == "undo"
    assert len(waited) == 2
    assert get(ctx, Contact, "C-2").account_id == "A-2"
